"""The bundle: a directory of files that proves a history to somebody who trusts nobody. Form `pysettle.bundle/1`.

Knows the files and their manifest. Knows no engine and no chain; what the files claim is for `verify` to judge. The
field tables are in `docs/bundle-format.md`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from eth_typing import Address

from pysettle.audit.encoding import EncodingError, hex_bytes
from pysettle.documents import parse_json
from pysettle.domain.compute.usage import RATE_BITS, Meters, RateCard
from pysettle.domain.ledger import Contracts, SeriesTerms
from pysettle.errors import BundleError, UsageError

SCHEMA = "pysettle.bundle/1"
"""Name and version of the manifest's form."""
FORK = "prague"
"""The rules every block of a bundle is under."""
GENESIS_FILE = "genesis.json"
"""Block 0 in geth's form."""
CHAIN_FILE = "chain.rlp"
"""Blocks 1 to the head, RLP one after the other, as geth's `export` writes them."""
MANIFEST_FILE = "manifest.json"
"""What the bundle claims."""

_SIZE_MAX = 4 * 2**30
_FIELDS = {
    "schema",
    "simulation",
    "chain_id",
    "fork",
    "blocks",
    "head_state_root",
    "files",
    "contracts",
}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the manifest says of one file."""

    sha256: bytes
    """Its SHA-256, 32 bytes."""
    size: int
    """Its length in bytes."""


@dataclass(frozen=True)
class Manifest:
    """What a bundle claims; nothing of it is true because it stands here."""

    chain_id: int
    """Chain id (EIP-155)."""
    hashes: tuple[bytes, ...]
    """Hash of every block from the genesis, in order; never empty."""
    head_state_root: bytes
    """Root of the state after the last block."""
    files: Mapping[str, FileEntry]
    """Mapping file name -> its entry, for exactly `genesis.json` and `chain.rlp`."""
    contracts: Contracts
    """Contracts whose books are to be kept."""

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
        }
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Read the file `manifest.json`.

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
                "verify it with the version that wrote it"
            )
        try:
            return cls._from_document(document)
        except EncodingError as problem:
            raise _unreadable(str(problem)) from None

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> Manifest:
        _object(document, _FIELDS, "the manifest")
        if document["simulation"] is not True or document["fork"] != FORK:
            raise EncodingError(f"simulation must be true and fork {FORK!r}")
        blocks = _object(document["blocks"], {"first", "last", "hashes"}, "blocks")
        hashes = tuple(hex_bytes(value, 32) for value in _list(blocks["hashes"], "blocks.hashes"))
        if not hashes or _whole(blocks["first"], "blocks.first") != 0:
            raise EncodingError("blocks must begin with block 0, the genesis")
        if _whole(blocks["last"], "blocks.last") != len(hashes) - 1:
            raise EncodingError(f"blocks.last is not {len(hashes) - 1}, as the number of hashes says")
        files = document["files"]
        if not isinstance(files, dict) or files.keys() != {GENESIS_FILE, CHAIN_FILE}:
            raise EncodingError(f"files must name {GENESIS_FILE} and {CHAIN_FILE}, and nothing else")
        return cls(
            chain_id=_decimal(document["chain_id"], 256, "chain_id"),
            hashes=hashes,
            head_state_root=hex_bytes(document["head_state_root"], 32),
            files={name: _file_from_dict(files[name]) for name in sorted(files)},
            contracts=_contracts_from_list(_list(document["contracts"], "contracts")),
        )


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest was read; its other files are read when they are asked for."""

    directory: Path
    """Where the files are."""
    manifest: Manifest
    """What it claims."""

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
                f"{path} cannot be read ({problem.strerror or problem}): name the directory of a bundle"
            ) from None

    def read_file(self, name: str) -> bytes:
        """Return one of the manifest's files.

        Raises:
            OSError: it is not there, is no regular file, or cannot be read.
        """
        assert name in self.manifest.files, name
        return _read_file(self.directory / name)


def write_bundle(
    directory: Path,
    *,
    chain_id: int,
    genesis: bytes,
    chain: bytes,
    hashes: Sequence[bytes],
    head_state_root: bytes,
    contracts: Contracts,
) -> Bundle:
    """Write a bundle whole or not at all: beside its place first, then moved there.

    An older bundle in the directory is replaced; anything else in it is refused.

    Args:
        directory: Where the bundle shall be; made with its parents.
        chain_id: Chain id (EIP-155).
        genesis: The file `genesis.json`.
        chain: The file `chain.rlp`.
        hashes: Hash of every block from the genesis.
        head_state_root: Root of the state after the last block.
        contracts: Contracts whose books are to be kept.

    Raises:
        UsageError: the directory holds something that is no bundle.
        BundleError: the bundle cannot be written.
    """
    contents = {GENESIS_FILE: genesis, CHAIN_FILE: chain}
    files = {name: FileEntry(sha256(content).digest(), len(content)) for name, content in sorted(contents.items())}
    manifest = Manifest(chain_id, tuple(hashes), head_state_root, files, contracts)
    contents[MANIFEST_FILE] = manifest.to_bytes()
    target = directory.resolve()
    try:
        check_replaceable(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            new.mkdir()
            for name, content in contents.items():
                (new / name).write_bytes(content)
            _move_into_place(new, target, old)
    except OSError as problem:
        raise BundleError(f"the bundle cannot be written to {directory}: {problem.strerror or problem}") from None
    return Bundle(directory, manifest)


def check_replaceable(target: Path) -> None:
    """Check that a bundle may be written to a directory: it is not there, empty, or an older bundle.

    Raises:
        UsageError: it holds something else, which is left alone.
    """
    if not target.exists():
        return
    names = {path.name for path in target.iterdir()} if target.is_dir() else {target.name}
    manifest = target / MANIFEST_FILE
    is_bundle = manifest.is_file() and b'"pysettle.bundle/' in manifest.read_bytes()
    if names and not (is_bundle and names <= {GENESIS_FILE, CHAIN_FILE, MANIFEST_FILE}):
        raise UsageError(f"{target} holds something that is no bundle, and is left as it is: name another directory")


def _move_into_place(new: Path, target: Path, old: Path) -> None:
    replaces = target.exists()
    if replaces:
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if replaces:
            old.rename(target)
        raise


def _read_file(path: Path) -> bytes:
    """Return a regular file; a link or a device could be anything, and could never end."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(f"{path.name} is not a regular file")
    if path.stat().st_size > _SIZE_MAX:
        raise OSError(f"{path.name} is longer than {_SIZE_MAX} bytes")
    return path.read_bytes()


# -------------------------------------------------------------------------- fields of the manifest


def _contracts_to_list(contracts: Contracts) -> list[dict[str, Any]]:
    def named(name: str, addresses: frozenset[Address]) -> list[dict[str, Any]]:
        return [{"name": name, "address": _hex(address)} for address in sorted(addresses)]

    series = [
        {
            "name": "ComputeToken",
            "address": _hex(address),
            "currency": _hex(terms.currency),
            "unit_price": str(terms.unit_price),
            "compensation_bps": str(terms.compensation_bps),
            "rate_card": {
                "off_peak": [str(rate) for rate in terms.rate_card.off_peak.lanes()],
                "peak": [str(rate) for rate in terms.rate_card.peak.lanes()],
            },
        }
        for address, terms in sorted(contracts.series.items())
    ]
    return [
        *named("CurrencyToken", contracts.currencies),
        *series,
        *named("ChannelHub", contracts.hubs),
        *named("UsageMeter", contracts.meters),
        *named("InterestPayments", contracts.interest),
        *named("JobEscrow", contracts.jobs),
        *(
            {"name": "ComputeMarket", "address": _hex(market), "currency": _hex(currency)}
            for market, currency in sorted(contracts.markets.items())
        ),
    ]


def _contracts_from_list(entries: list[Any]) -> Contracts:
    names = ("CurrencyToken", "ChannelHub", "UsageMeter", "InterestPayments", "JobEscrow")
    plain: dict[str, set[Address]] = {name: set() for name in names}
    series: dict[Address, SeriesTerms] = {}
    markets: dict[Address, Address] = {}
    seen: set[Address] = set()
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if name == "ComputeToken":
            _object(
                entry, {"name", "address", "currency", "unit_price", "compensation_bps", "rate_card"}, "a ComputeToken"
            )
        elif name == "ComputeMarket":
            _object(entry, {"name", "address", "currency"}, "a ComputeMarket")
        elif name in plain:
            _object(entry, {"name", "address"}, f"a {name}")
        else:
            raise EncodingError(f"contracts: a contract named {str(name)[:80]!r} is not known")
        address = Address(hex_bytes(entry["address"], 20))
        if address in seen:
            raise EncodingError(f"contracts: {entry['address']} is listed twice")
        seen.add(address)
        if name == "ComputeToken":
            series[address] = _terms_from_dict(entry)
        elif name == "ComputeMarket":
            markets[address] = Address(hex_bytes(entry["currency"], 20))
        else:
            plain[name].add(address)
    currencies = frozenset(plain["CurrencyToken"])
    sold_for = {address: terms.currency for address, terms in series.items()}
    for address, currency in (sold_for | markets).items():
        if currency not in currencies:
            raise EncodingError(f"contracts: the currency of {_hex(address)} is not listed as a CurrencyToken")
    return Contracts(
        currencies,
        series,
        hubs=frozenset(plain["ChannelHub"]),
        meters=frozenset(plain["UsageMeter"]),
        interest=frozenset(plain["InterestPayments"]),
        jobs=frozenset(plain["JobEscrow"]),
        markets=markets,
    )


def _terms_from_dict(entry: dict[str, Any]) -> SeriesTerms:
    card = _object(entry["rate_card"], {"off_peak", "peak"}, "a rate_card")
    windows = []
    for window in ("off_peak", "peak"):
        rates = [_decimal(rate, RATE_BITS, "a rate") for rate in _list(card[window], "a rate_card window")]
        if len(rates) != 3:
            raise EncodingError(f"a rate_card window has {len(rates)} rates, not cached input, input and output")
        windows.append(Meters(*rates))
    return SeriesTerms(
        currency=Address(hex_bytes(entry["currency"], 20)),
        unit_price=_decimal(entry["unit_price"], 64, "unit_price"),
        rate_card=RateCard(*windows),
        compensation_bps=_decimal(entry["compensation_bps"], 16, "compensation_bps"),
    )


def _file_from_dict(entry: Any) -> FileEntry:
    _object(entry, {"sha256", "bytes"}, "a file")
    digest = entry["sha256"]
    if not isinstance(digest, str):
        raise EncodingError("a file's sha256 is not text")
    return FileEntry(hex_bytes("0x" + digest, 32), _whole(entry["bytes"], "a file's bytes"))


def _object(value: Any, fields: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != fields:
        raise EncodingError(f"{what} must be an object with exactly the fields {', '.join(sorted(fields))}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise EncodingError(f"{what} is not a list")
    return value


def _whole(value: Any, what: str) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise EncodingError(f"{what} is not a whole number from 0")
    return value


def _decimal(value: Any, bits: int, what: str) -> int:
    """Read a number written as text, as numbers that may exceed 2^53 are."""
    # 78 digits hold 256 bits; longer text is refused before it is converted.
    if isinstance(value, str) and len(value) <= 78 and value.isascii() and value.isdigit():
        number = int(value)
        if number < 1 << bits and str(number) == value:
            return number
    raise EncodingError(f"{what} is not a decimal number of at most {bits} bits, written as text")


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _unreadable(problem: str) -> BundleError:
    return BundleError(f"the bundle's {MANIFEST_FILE} cannot be read: {problem}; export the bundle anew")
