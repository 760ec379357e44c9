"""The first rungs of the audit: the header chain, and the roots that headers state of their bodies.

Reads `chain.rlp` by its bytes alone: no engine, no state. Every byte of a block is under one of the hashes checked
here or is a length that has only one right value, so that no byte can change unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pysettle.audit.encoding import EncodingError, check_nesting, item_at, list_items, number, ordered_root, string
from pysettle.audit.report import Check, Divergence, at_block
from pysettle.hashing import keccak

_HEADER_WIDTHS = (32, 32, 20, 32, 32, 32, 256, None, None, None, None, None, None, 32, 8, None, 32, None, None, 32, 32)
"""Bytes of each field of a Prague header, None for numbers and extra data. Not every engine looks at all of them."""
_BODY_ITEMS = 4
"""Header, transactions, ommers, withdrawals."""
_TRANSACTIONS_NESTING = 5
"""The transactions, one of them, its access list, one entry of it, the entry's slots."""


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


def read_blocks(content: bytes) -> tuple[tuple[SealedBlock, ...], Divergence | None]:
    """Read `chain.rlp`: the blocks up to the first that cannot be read, and what is wrong with that one.

    Args:
        content: Blocks 1 to N, RLP one after the other.
    """
    blocks: list[SealedBlock] = []
    position = 0
    while position < len(content):
        try:
            _, end, _ = item_at(content, position, len(content))
            blocks.append(read_block(content[position:end]))
        except EncodingError as problem:
            height = len(blocks) + 1
            detail = f"cannot be read, it begins at byte {position} of chain.rlp: {problem}"
            return tuple(blocks), at_block(Check.HEADERS, height, detail)
        position = end
    return tuple(blocks), None


def read_block(raw: bytes) -> SealedBlock:
    """Read the RLP of one block.

    Raises:
        EncodingError: it is no block of Prague, or not in the one way that RLP allows.
    """
    parts = list_items(raw)
    if len(parts) != _BODY_ITEMS:
        raise EncodingError(f"{len(parts)} items, a Prague block has {_BODY_ITEMS}")
    header, transactions, ommers, withdrawals = parts
    fields = list_items(raw, *header)
    if len(fields) != len(_HEADER_WIDTHS):
        raise EncodingError(f"{len(fields)} header fields, a Prague header has {len(_HEADER_WIDTHS)}")
    values = [string(raw, *place, length=width) for place, width in zip(fields, _HEADER_WIDTHS, strict=True)]
    for part, nesting in ((header, 1), (transactions, _TRANSACTIONS_NESTING), (ommers, 1), (withdrawals, 2)):
        check_nesting(raw, *part, nesting)
    list_items(raw, *ommers)
    return SealedBlock(
        raw=raw,
        hash=keccak(raw[header[0] : header[1]]),
        parent_hash=values[0],
        ommers_hash=values[1],
        state_root=values[3],
        transactions_root=values[4],
        number=number(raw, *fields[8]),
        timestamp=number(raw, *fields[11]),
        withdrawals_root=values[16],
        transactions=tuple(_transaction(raw, *place) for place in list_items(raw, *transactions)),
        ommers=raw[ommers[0] : ommers[1]],
        withdrawals=tuple(raw[start:end] for start, end in list_items(raw, *withdrawals)),
    )


def _transaction(raw: bytes, start: int, end: int) -> bytes:
    """Return a transaction as it is hashed: a legacy one is an RLP list, any other a string with its type in front."""
    payload, payload_end, is_list = item_at(raw, start, end)
    if is_list:
        return raw[start:end]
    if payload == payload_end:
        raise EncodingError(f"byte {start}: an empty transaction")
    check_nesting(raw, payload + 1, payload_end, _TRANSACTIONS_NESTING - 1)
    return raw[payload:payload_end]


def check_headers(
    blocks: Sequence[SealedBlock], unread: Divergence | None, hashes: Sequence[bytes], head_state_root: bytes
) -> list[Divergence]:
    """Check level H: numbers, parents, rising timestamps, every hash the manifest's; return the first divergence.

    The genesis is a state, not a header, so its hash and block 1's time after it are checked where it is re-executed.

    Args:
        blocks: Blocks 1 to N as read.
        unread: What ended the reading before the end of the file, None when nothing did.
        hashes: Hash of every block from the genesis on, as the manifest states them.
        head_state_root: State root of the last block, as the manifest states it.
    """
    time_before = -1
    for height, block in enumerate(blocks, start=1):
        if height >= len(hashes):
            return [at_block(Check.HEADERS, height, f"is not in the manifest, whose last block is {len(hashes) - 1}")]
        for what, expected, got in (
            ("number", height, block.number),
            ("parent hash", hashes[height - 1], block.parent_hash),
            ("hash", hashes[height], block.hash),
        ):
            if expected != got:
                return [at_block(Check.HEADERS, height, differs(what, expected, got))]
        if block.timestamp <= time_before:
            detail = f"timestamp {block.timestamp} is not after {time_before}, that of the block before"
            return [at_block(Check.HEADERS, height, detail)]
        time_before = block.timestamp
    if unread:
        return [unread]
    if len(blocks) + 1 < len(hashes):
        missing = len(hashes) - 1 - len(blocks)
        detail = f"is missing: chain.rlp ends {missing} blocks before the manifest's last block {len(hashes) - 1}"
        return [at_block(Check.HEADERS, len(blocks) + 1, detail)]
    if blocks and blocks[-1].state_root != head_state_root:
        detail = differs("head state root", head_state_root, blocks[-1].state_root)
        return [at_block(Check.HEADERS, len(blocks), detail)]
    return []


def check_bodies(blocks: Iterable[SealedBlock]) -> list[Divergence]:
    """Check level R: roots of transactions, ommers and withdrawals recomputed; return the first divergence.

    Receipts are not in this form of the bundle: their root is recomputed by re-execution, at level S.
    """
    for height, block in enumerate(blocks, start=1):
        for what, expected, got in (
            ("transactions root", block.transactions_root, ordered_root(block.transactions)),
            ("ommers hash", block.ommers_hash, keccak(block.ommers)),
            ("withdrawals root", block.withdrawals_root, ordered_root(block.withdrawals)),
        ):
            if expected != got:
                return [at_block(Check.ROOTS, height, differs(what, expected, got))]
    return []


def differs(what: str, expected: bytes | int, got: bytes | int) -> str:
    """Return the detail of a finding on two values that should be equal."""
    shown = ["0x" + value.hex() if isinstance(value, bytes) else str(value) for value in (expected, got)]
    return f"{what}: expected {shown[0]}, got {shown[1]}"
