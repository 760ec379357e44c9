"""Checks of purchases abroad between two transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pysettle.domain.compute.books import ComputeBooks
from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.compute.events import Purchased
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.money.books import AccountBooks
from pysettle.domain.settlement.contracts import FOREIGN_EXCHANGE, PURCHASE_POLICY
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.domain.settlement.corridors import DOMESTIC, corridor_id
from pysettle.domain.settlement.exchange_events import PositionExchanged, PurchasedAbroad


def purchases(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-LINK: a purchase abroad, the exchange of its positions and the sale of its Tokens come together or not."""
    exchanged: Counter[tuple[bytes, bytes, bytes, int, int]] = Counter()
    sold: Counter[tuple[bytes, bytes, int]] = Counter()
    for emitted in scope.events:
        event = emitted.event
        if isinstance(event, PurchasedAbroad):
            quote = event.quote
            exchanged[event.provider, quote.paid, quote.sold, quote.paid_amount, quote.sold_amount] -= 1
            sold[event.series, emitted.emitter, quote.sold_amount] -= 1
        elif isinstance(event, PositionExchanged):
            exchanged[event.provider, event.paid, event.sold, event.paid_amount, event.sold_amount] += 1
        elif isinstance(event, Purchased) and event.payer in books.contracts[FOREIGN_EXCHANGE]:
            sold[emitted.emitter, event.payer, event.paid] += 1
    for (provider, *_, amount), number in exchanged.items():
        if number:
            words = "were exchanged without a purchase" if number > 0 else "of a purchase were not exchanged"
            yield Finding("INV-LINK", f"position of 0x{provider.hex()}", f"{amount} units {words}")
    for (series, _, amount), number in sold.items():
        if number:
            words = "paid without a purchase abroad" if number > 0 else "of a purchase abroad bought nothing"
            yield Finding("INV-LINK", f"series 0x{series.hex()}", f"{amount} units {words}")
    for (series, _), buyer in books[ComputeBooks].buyers.items():
        yield Finding("INV-LINK", f"series 0x{series.hex()}", f"the purchase of 0x{buyer.hex()} did not follow")


def policies(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-CORRIDOR: a series with a policy sells to known jurisdictions, domestic or with an open corridor."""
    for emitted in scope.events:
        event, series = emitted.event, emitted.emitter
        if not isinstance(event, Purchased) or event.payer in books.contracts[FOREIGN_EXCHANGE]:
            continue
        if books[ComputeBooks].policies.get(series) not in books.contracts[PURCHASE_POLICY]:
            continue
        currency = books.contracts[COMPUTE_TOKEN][series].currency
        jurisdiction = books[AccountBooks].wallets[currency].registration(event.beneficiary).jurisdiction
        way = books[CorridorBooks].records.get(corridor_id(jurisdiction, DOMESTIC, currency))
        if jurisdiction != DOMESTIC and (way is None or not way.is_open):
            detail = f"{event.tokens} Tokens went to 0x{event.beneficiary.hex()} of jurisdiction {jurisdiction}"
            yield Finding("INV-CORRIDOR", f"series 0x{series.hex()}", f"{detail}, without an open corridor")


def unlisted_policies(books: Books) -> Iterator[Finding]:
    """Yield a notice of each market or series with a policy that is not listed: nobody knows its rule."""
    for place, policy in sorted(books[ComputeBooks].policies.items()):
        if policy not in books.contracts[PURCHASE_POLICY]:
            detail = f"its purchases have the policy 0x{policy.hex()}, which is not listed in the manifest"
            yield Finding("INV-CORRIDOR", f"market or series 0x{place.hex()}", detail, Severity.NOTICE)
