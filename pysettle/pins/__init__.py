"""Pins: by which the code of a contract is told to be the published one, without its sources and without a compiler.

A pin keeps of one contract the hash and the length of its creation code, those of its runtime code with zeros in the
places of immutables, these places by name, and its functions. Each released version of this package has a file of pins
in this folder, kept for ever; those of the current build are made from its artifacts. The audit and the client judge
code by pins alone. Chains are not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from pysettle.documents import as_bytes, as_list, as_object, as_whole, parse_json, read_whole
from pysettle.domain.catalogue import contracts_used, kinds
from pysettle.errors import UsageError
from pysettle.evm import abi, artifacts
from pysettle.hashing import keccak
from pysettle.pins.selectors import canonical_type, selector, signature
from pysettle.values import Address

FOLDER = Path(__file__).parent
"""Where the files of released versions are, each named `VERSION.json`."""
SCHEMA = "pysettle.pins/1"
"""Name and version of the form of a file."""
MULTICALL3_ADDRESS = Address(bytes.fromhex("ca11bde05977b3631167028862be2a173976ca11"))
"""Canonical address of Multicall3, through which x402's facilitators and viem read many values in one call."""
UNLISTED = {"Multicall3": MULTICALL3_ADDRESS}
"""Contract that is pinned although no bundle lists it -> its canonical address."""
PUBLISHED_BY_OTHERS = {
    "Multicall3": bytes.fromhex("d5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891"),
}
"""Contract -> hash of the code that its authors deploy at its canonical address (mds1/multicall3, 3,808 bytes).

Ours has the same functions, compiled anew; public chains and their forks have the published one.
"""

_CONTRACT_FIELDS = {
    "creation",
    "arguments",
    "runtime",
    "immutables",
    "uses",
    "functions",
    "interface",
    "sources",
    "source_hash",
}


@dataclass(frozen=True, slots=True)
class CodeHash:
    """Code as a pin keeps it."""

    keccak256: bytes
    """Its hash, 32 bytes; immutables are zero in it."""
    size: int
    """Its length in bytes."""

    @classmethod
    def of(cls, code: bytes) -> CodeHash:
        """Return the hash and the length of code."""
        return cls(keccak(code), len(code))

    def __str__(self) -> str:
        """Return both for a person."""
        return f"{self.size} bytes with the hash 0x{self.keccak256.hex()}"


@dataclass(frozen=True, slots=True)
class Pin:
    """What is published of the code of one contract."""

    name: str
    """Name of the contract."""
    version: str
    """Version of pysettle that published it."""
    creation: CodeHash
    """Its creation code, without arguments."""
    arguments: tuple[tuple[str, str], ...]
    """(name, type) of each argument of its constructor; a struct has the type of a tuple."""
    runtime: CodeHash
    """Its code after deployment, zero where immutables go."""
    immutables: Mapping[str, tuple[tuple[int, int], ...]]
    """Immutable -> (start, length) in bytes of each of its places in the runtime code."""
    uses: Mapping[str, str]
    """Immutable or argument that is a contract of the network -> name of the contract there."""
    functions: tuple[str, ...]
    """Signatures of its functions, sorted."""
    interface: str
    """SHA-256 of its ABI and storage layout as hex, by `interface_hash`."""
    sources: Mapping[str, str]
    """Source unit -> SHA-256 of its text as hex, for its own unit and all that it imports."""
    source_hash: str
    """SHA-256 over `sources`, the compiler's version and its settings, as hex."""

    def arguments_of(self, creation_input: bytes) -> dict[str, Any] | None:
        """Return the arguments by their names, if an input is the creation code and arguments; None if not.

        The arguments must be encoded in the one way of Solidity, so that nothing is hidden behind them.
        """
        code, data = creation_input[: self.creation.size], creation_input[self.creation.size :]
        if CodeHash.of(code) != self.creation:
            return None
        types = [kind for _, kind in self.arguments]
        try:
            values = abi.decode(types, data)
            is_exact = abi.encode(types, values) == data
        except ValueError:
            return None
        return {name: value for (name, _), value in zip(self.arguments, values, strict=True)} if is_exact else None

    def is_creation_code(self, creation_input: bytes) -> bool:
        """Whether an input begins with the creation code, whatever follows it."""
        return CodeHash.of(creation_input[: self.creation.size]) == self.creation

    def immutables_of(self, code: bytes) -> dict[str, bytes] | None:
        """Return the value of each immutable in deployed code; None if the code is another."""
        if len(code) != self.runtime.size:
            return None
        blank, values = bytearray(code), dict[str, bytes]()
        for name, places in self.immutables.items():
            for start, length in places:
                value = code[start : start + length]
                if values.setdefault(name, value) != value:
                    return None
                blank[start : start + length] = bytes(length)
        return values if keccak(bytes(blank)) == self.runtime.keccak256 else None

    def to_dict(self) -> dict[str, Any]:
        """Return its entry in a file."""
        return {
            "creation": _hash_to_dict(self.creation),
            "arguments": [list(it) for it in self.arguments],
            "runtime": _hash_to_dict(self.runtime),
            "immutables": {name: [list(it) for it in places] for name, places in sorted(self.immutables.items())},
            "uses": dict(sorted(self.uses.items())),
            "functions": {f"0x{selector(it).hex()}": it for it in self.functions},
            "interface": self.interface,
            "sources": dict(sorted(self.sources.items())),
            "source_hash": self.source_hash,
        }


@dataclass(frozen=True)
class Pins:
    """What is published, of one version or of several."""

    pins: tuple[Pin, ...]
    """The pins; of each contract the newest first."""
    files: frozenset[str] = frozenset()
    """SHA-256, as hex, of each file of sources or interfaces that an export of these versions writes."""

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that published them."""
        return tuple(dict.fromkeys(pin.version for pin in self.pins))

    def of(self, name: str) -> tuple[Pin, ...]:
        """Return the pins of a contract, the newest first; none if it is not published."""
        return tuple(pin for pin in self.pins if pin.name == name)

    def to_document(self) -> dict[str, Any]:
        """Return the document of one version."""
        (of,) = self.versions
        contracts = {it.name: it.to_dict() for it in self.pins}
        return {"schema": SCHEMA, "version": of, "contracts": contracts, "files": sorted(self.files)}

    @classmethod
    def from_bytes(cls, content: bytes, source: str) -> Pins:
        """Read a file of pins.

        Args:
            content: The file.
            source: What to call it.

        Raises:
            UsageError: it is no file of pins.
        """
        try:
            document = as_object(parse_json(content), {"schema", "version", "contracts", "files"}, "the document")
            if document["schema"] != SCHEMA or not isinstance(document["version"], str):
                raise ValueError(f"the schema is not {SCHEMA!r}")
            if not isinstance(document["contracts"], dict):
                raise ValueError("contracts are not an object")
            entries = document["contracts"].items()
            files = frozenset(as_bytes(f"0x{it}", 32).hex() for it in as_list(document["files"], "files"))
            return cls(tuple(_pin_from_dict(name, document["version"], it) for name, it in entries), files)
        except (ValueError, TypeError) as problem:
            raise UsageError(
                f"{source} is no file of pins ({problem}): name one that `pysettle audit pins` printed", path=source
            ) from problem

    @classmethod
    def read(cls, file: Path) -> Pins:
        """Read a file of pins.

        Raises:
            UsageError: it cannot be read, or is no file of pins.
        """
        try:
            with file.open("rb") as stream:
                content = read_whole(stream, file.name)
        except OSError as problem:
            raise UsageError(
                f"{file} cannot be read ({problem.strerror or problem}): name a file of pins", path=file
            ) from problem
        return cls.from_bytes(content, str(file))


def interface_hash(entry: Any) -> str:
    """Return the SHA-256 as hex of a contract's source unit, ABI and storage layout, as a bundle has them."""
    return sha256(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def is_planted(code: bytes, storage: Mapping[int, int], *, is_named: bool) -> bool:
    """Whether the storage of an account in a genesis is planted: in a contract of ours, or where one may be created.

    Storage without code serves nothing but a contract that is created over it, whose state it would be from birth. No
    contract of ours needs storage in a genesis.

    Args:
        code: Code of the account.
        storage: Its storage.
        is_named: Whether a contract of ours stands there, or shall stand there.
    """
    return bool(storage) and (is_named or not code)


@cache
def of_build() -> Pins:
    """Return the pins of this build, made from its artifacts.

    Raises:
        ArtifactError: an artifact is missing, or stale.
    """
    from importlib.metadata import version

    from pysettle.pins.files import contract_files

    names = (*(kind.name for kind in kinds()), *UNLISTED)
    pins = tuple(_pin_of(artifacts.load(name), version("pysettle")) for name in sorted(names))
    return Pins(pins, frozenset(sha256(it).hexdigest() for it in contract_files().values()))


@cache
def published(folder: Path = FOLDER) -> Pins:
    """Return the pins of this build, and those of every released version after them, the newest first.

    Args:
        folder: Where the files of released versions are.

    Raises:
        ArtifactError: an artifact is missing, or stale.
        UsageError: a file in the folder cannot be read.
    """
    by_version = sorted(folder.glob("*.json"), key=lambda it: [*map(int, re.findall("[0-9]+", it.stem))], reverse=True)
    versions = [of_build(), *map(Pins.read, by_version)]
    return Pins(tuple(pin for it in versions for pin in it.pins), frozenset().union(*(it.files for it in versions)))


def _pin_of(artifact: artifacts.Artifact, of_version: str) -> Pin:
    inputs = [argument for it in artifact.abi if it["type"] == "constructor" for argument in it["inputs"]]
    return Pin(
        name=artifact.contract_name,
        version=of_version,
        creation=CodeHash.of(artifact.bytecode),
        arguments=tuple((it["name"], canonical_type(it)) for it in inputs),
        runtime=CodeHash.of(artifact.runtime_bytecode),
        immutables=artifact.immutable_references,
        uses=contracts_used(artifact.contract_name),
        functions=tuple(sorted(signature(it) for it in artifact.abi if it["type"] == "function")),
        interface=interface_hash(
            {"source": artifact.source_path, "abi": list(artifact.abi), "storage_layout": artifact.storage_layout}
        ),
        sources=artifact.sources,
        source_hash=artifact.source_hash,
    )


def _pin_from_dict(name: str, of_version: str, entry: Any) -> Pin:
    fields = as_object(entry, _CONTRACT_FIELDS, f"the pin of {name}")
    for it in ("immutables", "uses", "functions", "sources"):
        if not isinstance(fields[it], dict):
            raise ValueError(f"{it} of {name} are not an object")
    arguments = tuple(_texts(it) for it in as_list(fields["arguments"], "arguments"))
    if unknown := fields["uses"].keys() - {*fields["immutables"], *(it for it, _ in arguments)}:
        raise ValueError(f"{name} has no immutable or argument {min(unknown)}")
    return Pin(
        name=name,
        version=of_version,
        creation=_hash_from_dict(fields["creation"]),
        arguments=arguments,
        runtime=_hash_from_dict(fields["runtime"]),
        immutables={
            immutable: tuple(_place(it) for it in as_list(places, immutable))
            for immutable, places in fields["immutables"].items()
        },
        uses=fields["uses"],
        functions=tuple(sorted(map(str, fields["functions"].values()))),
        interface=str(fields["interface"]),
        sources=fields["sources"],
        source_hash=str(fields["source_hash"]),
    )


def _hash_to_dict(code: CodeHash) -> dict[str, Any]:
    return {"keccak256": "0x" + code.keccak256.hex(), "bytes": code.size}


def _hash_from_dict(entry: Any) -> CodeHash:
    fields = as_object(entry, {"keccak256", "bytes"}, "a code")
    return CodeHash(as_bytes(fields["keccak256"], 32), as_whole(fields["bytes"], "bytes"))


def _texts(entry: Any) -> tuple[str, str]:
    name, kind = _pair(entry)
    if not isinstance(name, str) or not isinstance(kind, str):
        raise ValueError(f"{entry!r} is not the name and the type of an argument")
    return name, kind


def _place(entry: Any) -> tuple[int, int]:
    start, length = _pair(entry)
    return as_whole(start, "a place"), as_whole(length, "a length")


def _pair(entry: Any) -> Iterable[Any]:
    pair = as_list(entry, "a pair")
    if len(pair) != 2:
        raise ValueError(f"{entry!r} has not two items")
    return pair
