"""The books and the creations of a history from its blocks and receipts alone, which R proves. Nothing is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO

from pysettle.audit.blocks import Unreadable, read_blocks, read_receipts
from pysettle.audit.bundle import CHAIN_FILE, RECEIPTS_FILE
from pysettle.audit.encoding import EncodingError
from pysettle.audit.engines import ExecutedTransaction, Unproven, creation_by, read_transaction
from pysettle.audit.genuine import GenuineCheck
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.proofs import Proofs, ProofSource, ProvenState
from pysettle.audit.receipts import outcomes
from pysettle.audit.records.filling import symbols
from pysettle.audit.report import Check, Divergence, at_block
from pysettle.domain.core.contracts import Contracts
from pysettle.errors import ChainError
from pysettle.pins import published

OpenFile = Callable[[str], tuple[BinaryIO, int]]
"""Opens a file of a bundle by its name; returns it with its length in bytes."""


def follow(open_file: OpenFile, books: LedgerCheck, code: GenuineCheck | None) -> tuple[bytes, Divergence | None]:
    """Take every block to the books, and to the check of code, if it is asked.

    Returns:
        RLP of the last block, empty if there is none; and the first block that cannot be read, as a finding of L.
    """
    height, last = 0, b""
    with ExitStack() as stack:
        (blocks, blocks_size), (receipts, receipts_size) = open_file(CHAIN_FILE), open_file(RECEIPTS_FILE)
        stack.enter_context(blocks)
        stack.enter_context(receipts)
        both = zip(read_blocks(blocks, blocks_size), read_receipts(receipts, receipts_size), strict=False)
        try:
            for height, (block, hashed) in enumerate(both, start=1):
                transactions = outcomes(hashed, block.transactions)
                books.apply(height, block.timestamp, transactions)
                if code:
                    code.see(height, _with_creations(transactions))
                last = block.raw
        except (EncodingError, Unreadable) as problem:
            detail = f"its receipts are not those of any transaction: {problem}"
            return last, at_block(Check.LEDGER, height, detail)
    return last, None


def _with_creations(found: Iterable[ExecutedTransaction]) -> Iterator[ExecutedTransaction]:
    """Yield the outcomes of transactions, with the contract that each of them creates."""
    for outcome in found:
        signed = read_transaction(outcome.raw)
        yield outcome._replace(creation=creation_by(signed) if signed else None)


def needed_proofs(
    open_file: OpenFile, contracts: Contracts, chain_id: int, state_root: bytes, source: ProofSource
) -> Proofs:
    """Collect the proofs that the checks of a bundle need: all that they read of the state after its last block.

    Args:
        open_file: Opens the files of the bundle, which R passes.
        contracts: Listed contracts.
        chain_id: Chain id (EIP-155).
        state_root: Root that the last block states.
        source: Where to get the proofs.

    Raises:
        ChainError: the source gives no proofs, or none under this root.
    """
    books, code = LedgerCheck(contracts), GenuineCheck(contracts, published(), (), {})
    head, unread = follow(open_file, books, code)
    if unread:
        raise ChainError(
            f"{unread.finding.subject} cannot be booked: {unread.finding.detail}", subject=unread.finding.subject
        )
    state = ProvenState(chain_id, head, Proofs(), source)
    try:
        for address in contracts.addresses():
            state.code(address)
        code.close(0, state)
        books.close(0, chain_id, state.call)
        symbols(contracts, state.call)
        proofs, _ = state.read().split(state_root)
    except (ValueError, Unproven) as problem:
        raise ChainError(f"the proofs of the node are not of its last block: {problem}") from None
    if state.missing:
        raise ChainError(f"the proofs of the node are not of its last block: {state.missing[0]}", missing=state.missing)
    return proofs
