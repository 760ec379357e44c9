"""The bundle: a directory of files that proves a history without trust in anybody. Form `pysettle.bundle/2`.

This module knows the files and their manifest, and no engine and no chain; `verify` judges the claims of the files. The
field tables are in `docs/reference/bundle.md`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from pysettle.documents import as_bytes, as_decimal, as_list, as_object, as_whole, parse_json, read_whole
from pysettle.domain.catalogue import kinds
from pysettle.domain.core.contracts import Contracts, Kind
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.errors import BundleError
from pysettle.pins.files import INTERFACES_FILE, SOURCES_FILE
from pysettle.values import Address

SCHEMA = "pysettle.bundle/2"
"""Name and version of the manifest's form."""
FORK = "prague"
"""The rules every block of a bundle is under."""
GENESIS_FILE = "genesis.json"
"""Block 0 in geth's form."""
CHAIN_FILE = "chain.rlp"
"""Blocks 1 to the head, RLP one after the other, as geth's `export` writes them."""
RECEIPTS_FILE = "receipts.rlp"
"""The receipts of blocks 1 to the head: a list for each block, RLP one after the other."""
PROOFS_FILE = "proofs.json"
"""Nodes that prove the state of the listed contracts; only where the exporter had no `genesis.json`."""
MANIFEST_FILE = "manifest.json"
"""Claims of the bundle."""

CHAIN_FILES = {CHAIN_FILE, RECEIPTS_FILE}
"""The files that every bundle has."""
STATE_FILES = {GENESIS_FILE, PROOFS_FILE}
"""The files that a bundle has where its source could give them."""
CONTRACT_FILES = {SOURCES_FILE, INTERFACES_FILE}
"""The files that a bundle has which lists contracts, and no other."""

_TEXT_MAX = 200
_PIECE = 2**20
_FIELDS = {
    "schema",
    "simulation",
    "chain_id",
    "fork",
    "blocks",
    "head_state_root",
    "files",
    "contracts",
    "source",
    "labels",
}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The manifest's entry of one file."""

    sha256: bytes
    """Its SHA-256, 32 bytes."""
    size: int
    """Its length in bytes."""


class Reading(Enum):
    """How the blocks were read from their source."""

    FILE = "file"
    """From the chain of this package, in its file or in memory."""
    RAW = "raw"
    """From a node, in its stored form."""
    REBUILT = "rebuilt"
    """From a node's JSON, put together and hashed again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the blocks come from, as the exporter claims."""

    reading: Reading
    """How they were read."""
    producer: str
    """The stated maker: a program and its version."""


@dataclass(frozen=True)
class Manifest:
    """Claims of a bundle; each of them has to be checked."""

    chain_id: int
    """Chain id (EIP-155)."""
    hashes: tuple[bytes, ...]
    """Hash of every block from the genesis, in order; never empty."""
    head_state_root: bytes
    """Root of the state after the last block."""
    files: Mapping[str, FileEntry]
    """Mapping file name -> its entry."""
    contracts: Contracts
    """Contracts of the network."""
    source: Source
    """Source of the blocks. No check relies on it, nor on the labels."""
    labels: Mapping[Address, str] = field(default_factory=dict)
    """Account -> name that the exporter calls it by."""

    @property
    def has_genesis(self) -> bool:
        """Whether the bundle has the file that its blocks can be executed from."""
        return GENESIS_FILE in self.files

    @property
    def has_proofs(self) -> bool:
        """Whether the bundle has the file that proves the state of its contracts."""
        return PROOFS_FILE in self.files

    def to_bytes(self) -> bytes:
        """Return the file `manifest.json`; the same manifest gives the same bytes."""
        document = {
            "schema": SCHEMA,
            "simulation": True,
            "chain_id": str(self.chain_id),
            "fork": FORK,
            "blocks": {"first": 0, "last": len(self.hashes) - 1, "hashes": [_hex(value) for value in self.hashes]},
            "head_state_root": _hex(self.head_state_root),
            "files": {name: {"sha256": entry.sha256.hex(), "bytes": entry.size} for name, entry in self.files.items()},
            "contracts": _contracts_to_list(self.contracts),
            "source": {"reading": self.source.reading.value, "producer": self.source.producer},
            "labels": {_hex(account): name for account, name in self.labels.items()},
        }
        return json_bytes(document)

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Read the file `manifest.json`, which has one form: the claims determine its bytes.

        Raises:
            BundleError: it is not a manifest of the known form; the message names the field.
        """
        try:
            document = parse_json(content)
        except ValueError as problem:
            raise _unreadable(f"it is not JSON ({problem})") from None
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise BundleError(
                f"the bundle's {MANIFEST_FILE} has the schema {str(schema)[:80]!r}, this version reads {SCHEMA!r}: "
                "verify it with the version that wrote it",
                schema_found=schema,
            )
        try:
            manifest = cls._from_document(document)
        except ValueError as problem:
            raise _unreadable(str(problem)) from None
        if manifest.to_bytes() != content:
            raise _unreadable("it says so in other bytes than an export writes")
        return manifest

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> Manifest:
        as_object(document, _FIELDS, "the manifest")
        if document["simulation"] is not True or document["fork"] != FORK:
            raise ValueError(f"simulation must be true and fork {FORK!r}")
        blocks = as_object(document["blocks"], {"first", "last", "hashes"}, "blocks")
        hashes = tuple(as_bytes(value, 32) for value in as_list(blocks["hashes"], "blocks.hashes"))
        if not hashes or as_whole(blocks["first"], "blocks.first") != 0:
            raise ValueError("blocks must begin with block 0, the genesis")
        if as_whole(blocks["last"], "blocks.last") != len(hashes) - 1:
            raise ValueError(f"blocks.last is not {len(hashes) - 1}, the number of hashes less one")
        contracts = _contracts_from_list(as_list(document["contracts"], "contracts"))
        files, needed = document["files"], CHAIN_FILES | (CONTRACT_FILES if contracts.addresses() else set())
        if not isinstance(files, dict) or files.keys() - STATE_FILES != needed:
            possible = " and ".join(sorted(STATE_FILES))
            raise ValueError(f"files must name {', '.join(sorted(needed))}, {possible} if they are there, and no more")
        return cls(
            chain_id=as_decimal(document["chain_id"], 256, "chain_id"),
            hashes=hashes,
            head_state_root=as_bytes(document["head_state_root"], 32),
            files={name: _file_from_dict(files[name]) for name in sorted(files)},
            contracts=contracts,
            source=_source_from_dict(document["source"]),
            labels=_labels_from_dict(document["labels"]),
        )


@dataclass(frozen=True)
class Bundle:
    """A bundle with its manifest; the other files are read at their first use."""

    directory: Path
    """Where the files are."""
    manifest: Manifest
    """Its claims."""

    @classmethod
    def read(cls, directory: Path) -> Bundle:
        """Open a bundle.

        Raises:
            BundleError: there is no manifest, or it cannot be read.
        """
        path = directory / MANIFEST_FILE
        try:
            return cls(directory, Manifest.from_bytes(_read_file(path)))
        except OSError as problem:
            raise BundleError(
                f"{path} cannot be read ({problem.strerror or problem}): name the directory of a bundle", path=path
            ) from None

    def read_file(self, name: str) -> bytes:
        """Return one of the manifest's files.

        Raises:
            OSError: it is not there, is no regular file, or cannot be read, or is too long to be read whole.
        """
        assert name in self.manifest.files, name
        return _read_file(self.directory / name)

    def open_file(self, name: str) -> tuple[BinaryIO, int]:
        """Open one of the manifest's files; return it with its length in bytes.

        Raises:
            OSError: it is not there, is no regular file, or cannot be read.
        """
        assert name in self.manifest.files, name
        return _open_file(self.directory / name)


def _read_file(path: Path) -> bytes:
    stream, _ = _open_file(path)
    with stream:
        return read_whole(stream, path.name)


def _open_file(path: Path) -> tuple[BinaryIO, int]:
    """Open a regular file; a link or a device could be anything, and could never end."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(f"{path.name} is not a regular file")
    stream = path.open("rb")
    return stream, os.fstat(stream.fileno()).st_size


def sha256_of(stream: BinaryIO) -> bytes:
    """Return the SHA-256 of a file, of which one piece at a time is held."""
    digest = sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.digest()


def json_bytes(document: Any) -> bytes:
    """Return a document in the one form that the JSON files of a bundle have, `genesis.json` apart."""
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


# -------------------------------------------------------------------------- fields of the manifest


def _contracts_to_list(contracts: Contracts) -> list[dict[str, Any]]:
    return [
        {"name": kind.name, "address": _hex(address), **(kind.form.write(terms) if kind.form else {})}
        for kind in kinds()
        for address, terms in sorted(contracts[kind].items())
    ]


def _contracts_from_list(entries: list[Any]) -> Contracts:
    by_name = {kind.name: kind for kind in kinds()}
    listed: dict[Kind[Any], dict[Address, Any]] = {kind: {} for kind in by_name.values()}
    seen: set[Address] = set()
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        kind = by_name.get(name) if isinstance(name, str) else None
        if kind is None:
            raise ValueError(f"contracts: a contract named {str(name)[:80]!r} is not known")
        as_object(entry, {"name", "address", *(kind.form.fields if kind.form else ())}, f"a {name}")
        address = Address(as_bytes(entry["address"], 20))
        if address in seen:
            raise ValueError(f"contracts: {entry['address']} is listed twice")
        seen.add(address)
        listed[kind][address] = kind.form.read(entry) if kind.form else None
    for address, terms in ((address, terms) for of_kind in listed.values() for address, terms in of_kind.items()):
        if isinstance(terms, CurrencyTerms) and terms.currency not in listed[CURRENCY_TOKEN]:
            raise ValueError(f"contracts: the currency of {_hex(address)} is not listed as a CurrencyToken")
    desks = Counter(terms.currency for terms in listed[ISSUANCE_DESK].values())
    for currency in listed[CURRENCY_TOKEN]:
        if desks[currency] != 1:
            raise ValueError(f"contracts: {desks[currency]} desks of {_hex(currency)} are listed, not one")
    return Contracts({kind: of_kind for kind, of_kind in listed.items() if of_kind})


def _file_from_dict(entry: Any) -> FileEntry:
    as_object(entry, {"sha256", "bytes"}, "a file")
    digest = entry["sha256"]
    if not isinstance(digest, str):
        raise ValueError("a file's sha256 is not text")
    return FileEntry(as_bytes("0x" + digest, 32), as_whole(entry["bytes"], "a file's bytes"))


def _source_from_dict(entry: Any) -> Source:
    as_object(entry, {"reading", "producer"}, "source")
    return Source(Reading(entry["reading"]), _text(entry["producer"], "source.producer"))


def _labels_from_dict(labels: Any) -> dict[Address, str]:
    if not isinstance(labels, dict):
        raise ValueError("labels are not an object")
    return {Address(as_bytes(account, 20)): _text(name, "a label") for account, name in labels.items()}


def _text(value: Any, name: str) -> str:
    """Return text that a terminal may have as it is."""
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX or not value.isprintable():
        raise ValueError(f"{name} is not a text of 1 to {_TEXT_MAX} printable characters")
    return value


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _unreadable(problem: str) -> BundleError:
    return BundleError(f"the bundle's {MANIFEST_FILE} cannot be read: {problem}; export the bundle again")
