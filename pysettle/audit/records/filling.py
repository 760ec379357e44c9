"""An auditor's index, filled by a verification from what it executed or proved, and kept only if that came to its end.

The file lies outside the bundle. It names the hash of the manifest, so that no question about one bundle is answered
from the index of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pysettle.audit.bundle import Bundle, Manifest
from pysettle.audit.encoding import created_address
from pysettle.audit.engines import CallRefused, ExecutedTransaction, read_transaction
from pysettle.audit.powers import CODE as POWERS
from pysettle.audit.powers import Powers
from pysettle.audit.records.index import Index, Position
from pysettle.audit.records.recording import Booked, Recorded, Recorder
from pysettle.audit.report import Check, Report, asked_at
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.questions import call_data
from pysettle.domain.ledger import Ledger
from pysettle.errors import UsageError
from pysettle.hashing import keccak
from pysettle.pins.calls import error_of, function_of
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.audit.ledger import Call

_SYMBOL_MAX = 32
"""Most bytes of a symbol; a longer one is left out."""


class Filling:
    """One filling of an index, as the ledger's `Records`."""

    def __init__(self, index: Index, contracts: Contracts, hash_of: Callable[[int], bytes]) -> None:
        """Continue after the rows of an index.

        Args:
            index: The index, in a transaction.
            contracts: The listed contracts.
            hash_of: Returns the hash of a block.
        """
        self._contracts, self._hash_of = contracts, hash_of
        self.recorder = Recorder(index, contracts)
        self._gas_before = 0
        self.is_filled = False
        """Whether the verification came to the head."""

    def block(self, number: int, timestamp: int) -> None:
        """Begin a block; errors as `Recorder.block`."""
        self._gas_before = 0
        self.recorder.block(number, timestamp, self._hash_of(number))

    def transaction(self, block: int, place: int, it: ExecutedTransaction, booked: Sequence[Booked]) -> None:
        """Keep a transaction with its events."""
        recorded = recorded_from(it, self._contracts, self._gas_before)
        self._gas_before = it.cumulative_gas
        self.recorder.transaction(block, place, recorded, booked)

    def close(self, ledger: Ledger, powers: Powers, notices: Sequence[Finding], call: Call | None) -> None:
        """Keep the books at the head, and the powers with the notices about them."""
        self.recorder.powers(powers.records(), (it for it in notices if it.code == POWERS))
        self.close_books(ledger, call)
        self.is_filled = True

    def close_books(self, ledger: Ledger, call: Call | None) -> None:
        """Keep the balances, and the contracts with the symbols that they state."""
        self.recorder.contracts(symbols(self._contracts, call) if call else {})
        self.recorder.close(ledger)


def settle(index: Index, manifest: Manifest, report: Report) -> None:
    """Write how far an index goes, and the outcome of the verification."""
    last = len(manifest.hashes) - 1
    index.settle(Position(manifest_hash(manifest), last, manifest.hashes[last], report.level, report.verdict))


def manifest_hash(manifest: Manifest) -> str:
    """Return the SHA-256 of a manifest's file, as hex: a manifest has one form."""
    return sha256(manifest.to_bytes()).hexdigest()


@contextmanager
def filling(file: Path | None, bundle: Bundle, level: str) -> Iterator[tuple[Filling | None, Callable[[Report], None]]]:
    """Fill an index in the block; it is kept only if the verification came to the head.

    Args:
        file: The index; None for no index at all.
        bundle: The bundle.
        level: Requested level.

    Yields:
        The filling, None without a file; and a function that writes the outcome of the verification.

    Raises:
        UsageError: the file lies in the bundle, is the index of another one, or is something else; or the verification
            keeps no books.
    """
    if file is None:
        yield None, lambda _: None
        return
    check_outside(file, bundle.directory)
    if not bundle.manifest.contracts.addresses():
        raise UsageError("the bundle lists no contract, so that there are no books, and no index of them")
    if Check.LEDGER not in asked_at(level):
        raise UsageError(f"level {level} keeps no books, and an index is of them: ask for level R or more", level=level)
    is_new = not file.exists()
    with Index.open(file) as index:
        check_identity(index, bundle.manifest)
        try:
            with index.transaction():
                index.empty()
                begun = Filling(index, bundle.manifest.contracts, bundle.manifest.hashes.__getitem__)
                begun.recorder.labels(bundle.manifest.labels)
                yield begun, partial(settle, index, bundle.manifest)
                if not begun.is_filled:
                    raise _Unfilled
        except BaseException as problem:
            if is_new:
                file.unlink(missing_ok=True)
            if not isinstance(problem, _Unfilled):
                raise


class _Unfilled(Exception):
    """The verification did not come to the head, so that there is nothing to keep."""


def check_identity(index: Index, manifest: Manifest) -> Position | None:
    """Return the position of an index; None if it is empty.

    Raises:
        UsageError: it is the index of another bundle.
    """
    position, expected = index.position(), manifest_hash(manifest)
    if position and position.identity != expected:
        raise UsageError(
            f"{index.file} is the index of another bundle, with the manifest 0x{position.identity}; this one has "
            f"0x{expected}: name another file, or delete it",
            path=index.file,
        )
    return position


def is_filled(file: Path, manifest: Manifest) -> bool:
    """Whether a file is the filled index of a bundle; errors as `check_identity`. No file is made."""
    if not file.exists():
        return False
    with Index.open(file) as index:
        return check_identity(index, manifest) is not None


def check_outside(file: Path, directory: Path) -> None:
    """Check that an index is not in the bundle that it is of.

    Raises:
        UsageError: it is.
    """
    if directory.resolve() in file.resolve().parents:
        raise UsageError(f"{file} is in the bundle, which nothing changes: name a file outside it", path=file)


def recorded_from(it: ExecutedTransaction, contracts: Contracts, gas_before: int) -> Recorded:
    """Return a transaction as the index stores it.

    Args:
        it: The transaction.
        contracts: The listed contracts.
        gas_before: Gas that the block used before it.
    """
    signed = it.signed or read_transaction(it.raw)
    hashed = bytes(it.signed.hash) if it.signed else keccak(it.raw)
    reverted, gas_used = it.revert_data, it.cumulative_gas - gas_before
    error = error_of(reverted) if reverted else None
    if signed is None:
        return Recorded(hashed, it.succeeded, gas_used, error=error, revert_data=reverted)
    sender, receiver = Address(bytes(signed.sender)), Address(bytes(signed.to)) if signed.to else None
    kind = contracts.kind_of(receiver) if receiver else None
    return Recorded(
        hashed,
        it.succeeded,
        gas_used,
        sender,
        receiver,
        created_address(sender, signed.nonce) if receiver is None and it.succeeded else None,
        signed.nonce,
        signed.value,
        function_of(kind.name, signed.data) if kind else None,
        error,
        reverted,
    )


def symbols(contracts: Contracts, call: Call) -> dict[Address, str]:
    """Return the symbol that each listed asset states at the head."""
    found = {}
    for kind in contracts.assets:
        for asset in contracts[kind]:
            try:
                answer = call(asset, call_data("symbol()"))
            except CallRefused:
                continue
            size = int.from_bytes(answer[32:64], "big")
            text = answer[64 : 64 + min(size, _SYMBOL_MAX + 1)].decode(errors="replace")
            if 0 < size <= _SYMBOL_MAX and text.isprintable():
                found[asset] = text
    return found
