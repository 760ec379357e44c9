"""Questions to job escrows at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, call_data
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.contracts import DUE, JOB_ESCROW


def dues(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask job escrows for the due amounts of accounts."""
    for escrow in sorted(books.contracts[JOB_ESCROW]):
        for account, amount in books.held_for(DUE):
            data = call_data("due(address,address)", account.owner, account.asset)
            call = f"due(0x{account.owner.hex()}, 0x{account.asset.hex()})"
            yield Question(f"jobs 0x{escrow.hex()}", escrow, call, data, (amount,))


def orders(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask job escrows for the terms and the states of each order and its milestones."""
    for order_id, order in books[JobBooks].orders.items():
        terms, about = order.terms, f"order 0x{order_id.hex()}"
        payer, buyer, provider, arbiter, currency = (
            int.from_bytes(party, "big")
            for party in (order.payer, terms.buyer, terms.provider, terms.arbiter, terms.currency)
        )
        expected: tuple[int, ...] = (payer, order.state, terms.accept_before, terms.review_s, buyer, terms.bond)
        expected += (provider, terms.arbitration_s, terms.default_bps, arbiter, currency)
        yield Question(about, order.escrow, "order(id)", call_data("order(bytes32)", order_id), expected)
        # An array: its offset, its length, its words.
        expected = (32, len(order.milestones))
        for stage in order.milestones:
            expected += (stage.amount, stage.deliver_before, stage.state, stage.since)
        yield Question(about, order.escrow, "milestonesOf(id)", call_data("milestonesOf(bytes32)", order_id), expected)
