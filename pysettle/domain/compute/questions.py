"""Questions to markets and series at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.compute.books import ComputeBooks
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, LOCKED_STAKE, STAKE
from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, call_data, of_account, of_contract


def terms(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask each series for its stated terms."""
    for series, claimed in books.contracts[COMPUTE_TOKEN].items():
        for signature, figure in (
            ("currency()", int.from_bytes(claimed.currency, "big")),
            ("unitPrice()", claimed.unit_price),
            ("rateCard()", claimed.rate_card.pack()),
            ("compensationBps()", claimed.compensation_bps),
        ):
            yield of_contract(f"series 0x{series.hex()}", series, signature, figure, code="AUDIT-L")


def markets(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask for free and locked stake, and for the halts of series."""
    compute = books[ComputeBooks]
    for market, staked_in in books.contracts[COMPUTE_MARKET].items():
        about, currency = f"market 0x{market.hex()}", staked_in.currency
        for provider in books.owners(currency, STAKE):
            yield of_account(about, market, "freeStake(address)", provider, books.balance(currency, STAKE, provider))
        for series, opened in compute.opened.items():
            stated = int.from_bytes(opened.provider, "big"), books.balance(currency, LOCKED_STAKE, series)
            yield of_account(about, market, "seriesStake(address)", series, *stated)
        # Only a market with a policy is asked for it: those that were published before have none.
        if policy := compute.policies.get(market):
            yield of_contract(about, market, "purchasePolicy()", int.from_bytes(policy, "big"))
    for market, jurisdiction in sorted(compute.admitted):
        data = call_data("isAdmitted(uint256)", jurisdiction.to_bytes(32, "big"))
        yield Question(f"market 0x{market.hex()}", market, f"isAdmitted({jurisdiction})", data, (1,))
    for series in books.contracts[COMPUTE_TOKEN]:
        about = f"series 0x{series.hex()}"
        if policy := compute.policies.get(series):
            yield of_contract(about, series, "policy()", int.from_bytes(policy, "big"))
        yield of_contract(about, series, "haltedAt()", compute.halted.get(series, 0))
        if opening := compute.opened.get(series):
            # The books compared the stake with the compensation of all that may be sold.
            yield of_contract(about, series, "capacity()", opening.capacity)
            yield of_contract(about, series, "expiry()", opening.expiry)
