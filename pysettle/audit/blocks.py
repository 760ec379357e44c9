"""The first rungs of the audit: the header chain, and the roots that headers state of bodies and receipts.

Reads `chain.rlp` and `receipts.rlp` by their bytes alone, block by block: no engine, no state. Every byte of a block or
of its receipts is under one of the hashes checked here or is a length that has only one right value, so that no byte
can change unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from pysettle.audit.encoding import (
    EncodingError,
    check_nesting,
    encode_list,
    encode_string,
    list_items,
    list_parts,
    number,
    ordered_root,
    read_items,
    string,
)
from pysettle.audit.report import Check, Divergence, at_block
from pysettle.hashing import keccak

_HEADER_WIDTHS = (32, 32, 20, 32, 32, 32, 256, None, None, None, None, None, None, 32, 8, None, 32, None, None, 32, 32)
"""Bytes of each field of a Prague header, None for numbers and extra data. Not every engine looks at all of them."""
_BODY_ITEMS = 4
"""Header, transactions, ommers, withdrawals."""
_EARLIER = {15: 3, 16: 3, 17: 4, 20: 4, 21: 4}
"""Fields of a header of any fork up to Prague -> items of its block."""
_WITHDRAWALS_ROOT = 16
_NO_WITHDRAWALS = ordered_root(())
_LIST = 0xC0
"""The least first byte of an RLP list."""
_TRANSACTIONS_NESTING = 5
"""The transactions, one of them, its access list, one entry of it, the entry's slots."""

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """One block as its bytes state it; the hash and the body are recomputed from them."""

    raw: bytes
    """RLP of the whole block."""
    hash: bytes
    """Keccak-256 of the header's bytes."""
    parent_hash: bytes
    """Stated hash of the block before."""
    number: int
    """Stated height."""
    timestamp: int
    """Stated chain time, unix seconds."""
    state_root: bytes
    """Stated root of the state after the block."""
    transactions_root: bytes
    """Stated root of the transactions."""
    receipts_root: bytes
    """Stated root of the receipts."""
    withdrawals_root: bytes
    """Stated root of the withdrawals."""
    ommers_hash: bytes
    """Stated hash of the list of ommers."""
    transactions: tuple[bytes, ...]
    """Transactions as they are hashed (EIP-2718)."""
    ommers: bytes
    """RLP of the list of ommers."""
    withdrawals: tuple[bytes, ...]
    """RLP of each withdrawal."""


class Unreadable(Exception):
    """A block, or its receipts, that cannot be read; `.divergence` has its height and the reason."""

    def __init__(self, divergence: Divergence) -> None:
        """Store the divergence."""
        self.divergence = divergence
        super().__init__(str(divergence.finding))


def read_foreign_blocks(stream: BinaryIO, size: int) -> Iterator[SealedBlock]:
    """Yield the blocks of a chain file of any fork up to Prague, one after the other.

    Args:
        stream: Blocks 1 to N, RLP one after the other.
        size: Bytes of them.

    Raises:
        Unreadable: at the first block that cannot be read.
    """
    detail = "cannot be read, it begins at byte {} of the blocks: {}"
    return _read(stream, size, read_foreign_block, Check.HEADERS, detail)


def read_blocks(stream: BinaryIO, size: int) -> Iterator[SealedBlock]:
    """Yield the blocks of `chain.rlp`, one after the other.

    Args:
        stream: Blocks 1 to N, RLP one after the other.
        size: Bytes of them.

    Raises:
        Unreadable: at the first block that cannot be read.
    """
    return _read(stream, size, read_block, Check.HEADERS, "cannot be read, it begins at byte {} of chain.rlp: {}")


def read_receipts(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, ...]]:
    """Yield the receipts of each block of `receipts.rlp` in their hashed form, one block after the other.

    Args:
        stream: A list of receipts for each of the blocks 1 to N, RLP one after the other.
        size: Bytes of them.

    Raises:
        Unreadable: at the first block with unreadable receipts.
    """
    detail = "its receipts cannot be read, they begin at byte {} of receipts.rlp: {}"
    return _read(stream, size, _receipts_of_block, Check.ROOTS, detail)


def _read(stream: BinaryIO, size: int, reader: Callable[[bytes], _Read], check: Check, detail: str) -> Iterator[_Read]:
    items, height, position = read_items(stream, size), 0, 0
    while True:
        height += 1
        try:
            raw = next(items, None)
            if raw is None:
                return
            value = reader(raw)
        except EncodingError as problem:
            raise Unreadable(at_block(check, height, detail.format(position, problem))) from None
        position += len(raw)
        yield value


def _receipts_of_block(raw: bytes) -> tuple[bytes, ...]:
    # Nobody reads receipts by recursion: their inside is checked where it is read.
    receipts = tuple([raw[start if raw[start] >= _LIST else payload : end] for start, payload, end in list_parts(raw)])
    if b"" in receipts:
        raise EncodingError("one of them is empty")
    return receipts


def receipts_rlp(receipts: Sequence[bytes]) -> bytes:
    """Return the receipts of a block in the form of `receipts.rlp`: a list, a typed one (EIP-2718) as a string.

    Args:
        receipts: The receipts as they are hashed.
    """
    return encode_list([receipt if receipt[:1] >= b"\xc0" else encode_string(receipt) for receipt in receipts])


def read_block(raw: bytes) -> SealedBlock:
    """Read the RLP of one block.

    Raises:
        EncodingError: it is no block of Prague, or not in the one way that RLP allows.
    """
    parts = list_items(raw)
    if len(parts) != _BODY_ITEMS:
        raise EncodingError(f"{len(parts)} items, a Prague block has {_BODY_ITEMS}")
    fields = list_items(raw, *parts[0])
    if len(fields) != len(_HEADER_WIDTHS):
        raise EncodingError(f"{len(fields)} header fields, a Prague header has {len(_HEADER_WIDTHS)}")
    return _sealed(raw, parts, fields, 1)


def read_foreign_block(raw: bytes) -> SealedBlock:
    """Read the RLP of one block of any fork up to Prague; its ommers may be headers.

    Raises:
        EncodingError: it is no such block, or not in the one way that RLP allows.
    """
    parts = list_items(raw)
    fields = list_items(raw, *parts[0]) if parts else []
    if _EARLIER.get(len(fields)) != len(parts):
        raise EncodingError(f"{len(parts)} items and {len(fields)} header fields: no fork up to Prague has such blocks")
    return _sealed(raw, parts, fields, 2)


def _sealed(
    raw: bytes, parts: list[tuple[int, int]], fields: list[tuple[int, int]], ommers_nesting: int
) -> SealedBlock:
    header, transactions, ommers, *rest = parts
    values = [string(raw, *place, length=width) for place, width in zip(fields, _HEADER_WIDTHS, strict=False)]
    for part, nesting in ((header, 1), (transactions, _TRANSACTIONS_NESTING), (ommers, ommers_nesting)):
        check_nesting(raw, *part, nesting)
    list_items(raw, *ommers)
    for withdrawals in rest:
        check_nesting(raw, *withdrawals, 2)
    return SealedBlock(
        raw=raw,
        hash=keccak(raw[header[0] : header[1]]),
        parent_hash=values[0],
        ommers_hash=values[1],
        state_root=values[3],
        transactions_root=values[4],
        receipts_root=values[5],
        number=number(raw, *fields[8]),
        timestamp=number(raw, *fields[11]),
        withdrawals_root=values[_WITHDRAWALS_ROOT] if rest else _NO_WITHDRAWALS,
        transactions=tuple(_hashed(raw, *place) for place in list_parts(raw, *transactions)),
        ommers=raw[ommers[0] : ommers[1]],
        withdrawals=tuple(raw[start:end] for part in rest for start, end in list_items(raw, *part)),
    )


def _hashed(raw: bytes, start: int, payload: int, end: int) -> bytes:
    """Return a transaction as it is hashed: a legacy one is an RLP list, any other a string with its type.

    Args:
        raw: Bytes that contain it.
        start: Its first byte.
        payload: First byte of its payload.
        end: The byte after it.
    """
    if raw[start] >= _LIST:
        return raw[start:end]
    if payload == end:
        raise EncodingError(f"byte {start}: an empty transaction")
    check_nesting(raw, payload + 1, end, _TRANSACTIONS_NESTING - 1)
    return raw[payload:end]


class HeaderCheck:
    """Check H: numbers, parents, timestamps that never fall, every hash the manifest's; stores the first divergence.

    The genesis is a state, not a header, so its hash and the time of block 1 after it are checked at its re-execution,
    and so is that timestamps rise: anvil seals several blocks in one second.
    """

    def __init__(self, hashes: Sequence[bytes], head_state_root: bytes) -> None:
        """Begin before block 1.

        Args:
            hashes: Hash of every block from the genesis on, as the manifest states them.
            head_state_root: State root of the last block, as the manifest states it.
        """
        self.divergences: list[Divergence] = []
        self._hashes, self._head_state_root = hashes, head_state_root
        self._height, self._time, self._state_root = 0, -1, b""

    def see(self, block: SealedBlock) -> None:
        """Check the next block."""
        self._height += 1
        height, hashes = self._height, self._hashes
        if height >= len(hashes):
            return self._add(height, f"is not in the manifest, which ends with block {len(hashes) - 1}")
        for name, expected, got in (
            ("number", height, block.number),
            ("parent hash", hashes[height - 1], block.parent_hash),
            ("hash", hashes[height], block.hash),
        ):
            if expected != got:
                return self._add(height, differs(name, expected, got))
        if block.timestamp < self._time:
            self._add(height, f"timestamp {block.timestamp} is before {self._time}, that of the block before")
        self._time, self._state_root = block.timestamp, block.state_root
        return None

    def close(self, unread: Divergence | None) -> list[Divergence]:
        """Return the first divergence.

        Args:
            unread: The divergence that ended the reading before the end of the file, None without one.
        """
        height, last = self._height, len(self._hashes) - 1
        if unread and not self.divergences:
            self.divergences.append(unread)
        elif height < last:
            detail = f"is missing: chain.rlp ends {last - height} blocks before the manifest's last block {last}"
            self._add(height + 1, detail)
        elif height and self._state_root != self._head_state_root:
            self._add(height, differs("head state root", self._head_state_root, self._state_root))
        return self.divergences

    def _add(self, height: int, detail: str) -> None:
        if not self.divergences:
            self.divergences.append(at_block(Check.HEADERS, height, detail))


class RootCheck:
    """Check R: roots of transactions, ommers, withdrawals and receipts recomputed; it stores the first divergence."""

    def __init__(self) -> None:
        """Begin before block 1."""
        self.divergences: list[Divergence] = []
        self._height = 0

    def see(self, block: SealedBlock, receipts: Iterator[tuple[bytes, ...]] | None) -> None:
        """Check the next block.

        Args:
            block: The block.
            receipts: Yields the receipts of this block and those after it as they are hashed; None where they could
                not be had.
        """
        self._height += 1
        if self.divergences:
            return
        try:
            hashed = None if receipts is None else next(receipts, None)
        except Unreadable as problem:
            self.divergences.append(problem.divergence)
            return
        if receipts is not None and hashed is None:
            self._add("has no receipts: receipts.rlp ends before it")
        for name, expected, got in (
            ("transactions root", block.transactions_root, ordered_root(block.transactions)),
            ("ommers hash", block.ommers_hash, keccak(block.ommers)),
            ("withdrawals root", block.withdrawals_root, ordered_root(block.withdrawals)),
            ("receipts root", block.receipts_root, block.receipts_root if hashed is None else ordered_root(hashed)),
        ):
            if expected != got:
                self._add(differs(name, expected, got))

    def close(self, receipts: Iterator[tuple[bytes, ...]] | None) -> list[Divergence]:
        """Return the first divergence.

        Args:
            receipts: The iterator given to `see`; after the last block it should be empty.
        """
        try:
            if not self.divergences and receipts is not None and next(receipts, None) is not None:
                self._height += 1
                self._add("is not in chain.rlp, and receipts.rlp has receipts of it")
        except Unreadable as problem:
            self.divergences.append(problem.divergence)
        return self.divergences

    def _add(self, detail: str) -> None:
        if not self.divergences:
            self.divergences.append(at_block(Check.ROOTS, self._height, detail))


def differs(name: str, expected: bytes | int, got: bytes | int) -> str:
    """Return the detail of a finding on two values that should be equal."""
    shown = ["0x" + value.hex() if isinstance(value, bytes) else str(value) for value in (expected, got)]
    return f"{name}: expected {shown[0]}, got {shown[1]}"
