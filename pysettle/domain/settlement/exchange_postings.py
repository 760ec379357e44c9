"""Postings of the events of foreign exchange: each purchase is compared with its quote, the rate and all limits."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.compute.books import ComputeBooks
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, registering
from pysettle.domain.money.books import AccountBooks
from pysettle.domain.money.wallets import day_at
from pysettle.domain.settlement import exchange_events as events
from pysettle.domain.settlement.books import ParticipantBooks
from pysettle.domain.settlement.corridor_books import CorridorBooks, WindowUse
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.domain.settlement.exchange_books import ExchangeBooks
from pysettle.domain.settlement.quotes import LONGEST_QUOTE_S, Quote, ReferenceRate
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.PurchasedAbroad)
def _purchased(books: Books, emitted: Emitted, event: events.PurchasedAbroad) -> Postings:
    """Book a purchase, which counts under its buyer; the events of its units follow."""
    _use(books, emitted, event.provider, event.quote.id)
    for objection in _frozen(books, event):
        books.violated("INV-FROZEN", emitted, objection)
    for objection in (*_of_quote(books, emitted, event.quote), *_of_corridor(books, emitted, event)):
        books.violated("INV-CORRIDOR", emitted, f"purchase of 0x{event.buyer.hex()}: {objection}")
    books[ComputeBooks].buyers[event.series, emitted.emitter] = event.buyer
    return ()


@_handles(events.QuoteCancelled)
def _cancelled(books: Books, emitted: Emitted, event: events.QuoteCancelled) -> Postings:
    _use(books, emitted, event.provider, event.id)
    return ()


@_handles(events.ReferenceRateAttested)
def _attested(books: Books, emitted: Emitted, event: events.ReferenceRateAttested) -> Postings:
    rates = books[ExchangeBooks].rates
    last = rates.get(event.paid)
    if event.observed_at > emitted.timestamp or (last and event.observed_at <= last.observed_at):
        books.violated("INV-CORRIDOR", emitted, f"the rate of 0x{event.paid.hex()} is of {event.observed_at}")
    times = event.observed_at, event.valid_before
    rates[event.paid] = ReferenceRate(event.paid, event.sold, event.rate, event.tolerance_bps, *times)
    return ()


@_handles(events.PurchaseLimitSet)
def _limit(books: Books, _emitted: Emitted, event: events.PurchaseLimitSet) -> Postings:
    books[ExchangeBooks].limits[event.corridor, event.class_] = (event.purchase, event.window)
    return ()


@_handles(events.SeriesAdmitted)
def _admitted(books: Books, emitted: Emitted, event: events.SeriesAdmitted) -> Postings:
    if event.series not in books[ComputeBooks].opened:
        books.violated("INV-LINK", emitted, f"0x{event.series.hex()} was admitted, and no market opened it")
    books[ExchangeBooks].admitted.add((emitted.emitter, event.series))
    return ()


def _use(books: Books, emitted: Emitted, provider: Address, quote_id: int) -> None:
    used = books[ExchangeBooks].used
    if (provider, quote_id) in used:
        books.violated("INV-ONCE", emitted, f"0x{provider.hex()} used the quote {quote_id} twice")
    used.add((provider, quote_id))


def _frozen(books: Books, event: events.PurchasedAbroad) -> Iterator[str]:
    """Yield each freeze of the buyer in a currency of the purchase."""
    for currency in (event.quote.paid, event.quote.sold):
        if any(books[AccountBooks].freezing[currency].frozen(event.buyer)):
            yield f"0x{event.buyer.hex()} bought abroad while it was frozen in 0x{currency.hex()}"
    for currency in (event.quote.paid, event.quote.sold):
        record = books[ParticipantBooks].records.get((currency, event.provider))
        if record is None or record.suspended or record.stopped:
            yield f"0x{event.provider.hex()} sold 0x{currency.hex()} and is no active participant"


def _of_quote(books: Books, emitted: Emitted, quote: Quote) -> Iterator[str]:
    """Yield each rule of quotes that a purchase violates."""
    if not emitted.timestamp < quote.valid_before <= emitted.timestamp + LONGEST_QUOTE_S:
        yield f"the quote {quote.id} is valid before {quote.valid_before}"
    rate = books[ExchangeBooks].rates.get(quote.paid)
    if rate is None or emitted.timestamp >= rate.valid_before:
        yield f"there was no recent reference rate of 0x{quote.paid.hex()}"
    elif not rate.admits(quote.paid_amount, quote.sold_amount):
        yield f"{quote.sold_amount} units for {quote.paid_amount} are off the reference rate {rate.rate}"
    for currency in (quote.paid, quote.sold):
        if not books[CorridorBooks].calendars[currency].is_open(emitted.timestamp):
            yield f"0x{currency.hex()} was closed"


def _of_corridor(books: Books, emitted: Emitted, event: events.PurchasedAbroad) -> Iterator[str]:
    """Yield each rule of the corridor that a purchase violates, and count it."""
    quote, exchange, wallets = event.quote, books[ExchangeBooks], books[AccountBooks].wallets
    registration = wallets[quote.paid].registration(event.buyer)
    opened = books[ComputeBooks].opened.get(event.series)
    provider = opened.provider if opened else Address(bytes(20))
    to = wallets[quote.sold].registration(provider).jurisdiction
    if event.corridor != corridor_id(registration.jurisdiction, to, quote.sold):
        yield f"it was counted to the corridor 0x{event.corridor.hex()}"
    record = books[CorridorBooks].records[event.corridor]
    way, terms = record.corridor, record.terms
    if way is None or not record.is_open or way.counter_currency != quote.paid:
        yield f"the corridor 0x{event.corridor.hex()} was not open for it"
        return
    amount, class_ = quote.sold_amount, int(registration.class_on(day_at(emitted.timestamp)))
    purchase, window = exchange.limits.get((event.corridor, class_), (0, 0))
    if amount >= terms.travel_threshold:
        yield f"{amount} units reach the threshold of the Travel Rule"
    if amount > min(purchase, terms.settlement_limit):
        yield f"{amount} units are above the limit of one purchase"
    use = exchange.uses[event.corridor, event.buyer]
    passed = books[CorridorBooks].calendars[quote.sold].local_s(emitted.timestamp) % max(1, terms.window_s)
    if use.since < emitted.timestamp - passed:
        use = exchange.uses[event.corridor, event.buyer] = WindowUse(emitted.timestamp)
    use.units += amount
    if use.units > min(window, terms.window_limit):
        yield f"{use.units} units are above the limit of a window"
    if use.units != event.used:
        yield f"{event.used} used units are stated, and {use.units} were counted"
