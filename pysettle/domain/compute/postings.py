"""Postings of the events of markets and series."""

from __future__ import annotations

from collections import defaultdict

from pysettle.domain.compute.books import ComputeBooks, HaltRecord, Sale, owed
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, ESCROW, LOCKED_STAKE, STAKE
from pysettle.domain.compute.events import (
    Halted,
    ProviderJurisdictionSet,
    Purchased,
    PurchasePolicySet,
    Redeemed,
    Refunded,
    SeriesHalted,
    SeriesOpened,
    Staked,
    StakeReleased,
    StakeWithdrawn,
    Swept,
)
from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.money.books import AccountBooks
from pysettle.money import compensation_rounded_down, stake_rounded_up
from pysettle.values import HOUR_S, Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)

_SHORTLY_S = HOUR_S
"""Seconds before a halt in which a purchase may have been made for the compensation."""


@_handles(Purchased)
def _purchased(books: Books, emitted: Emitted, event: Purchased) -> Postings:
    series = emitted.emitter
    books.stated_supply[series] += event.tokens
    # A contract may pay for the buyer that an event just before has named.
    buyer = books[ComputeBooks].buyers.pop((series, event.payer), event.payer)
    books[ComputeBooks].bought[series, buyer] += event.tokens
    sales = books[ComputeBooks].sales[series]
    sales.append(Sale(emitted.timestamp, buyer, event.tokens))
    while sales[0].timestamp <= emitted.timestamp - _SHORTLY_S:
        sales.popleft()
    currency = books.contracts[COMPUTE_TOKEN][series].currency
    return move(currency, event.paid, (OWN, series), (ESCROW, series))


@_handles(Refunded)
def _refunded(books: Books, emitted: Emitted, event: Refunded) -> Postings:
    terms = books.contracts[COMPUTE_TOKEN][emitted.emitter]
    bps = terms.compensation_bps if emitted.emitter in books[ComputeBooks].halted else 0
    compensation = compensation_rounded_down(event.tokens, terms.unit_price, bps)
    if event.compensation != compensation:
        detail = f"{event.compensation} units of compensation stated for {event.tokens} Tokens, they get {compensation}"
        books.violated("INV-REPLAY", emitted, detail)
    return _paid_out(books, emitted, event)


@_handles(Redeemed)
def _paid_out(books: Books, emitted: Emitted, event: Redeemed | Refunded) -> Postings:
    series = emitted.emitter
    books.stated_supply[series] -= event.tokens
    currency = books.contracts[COMPUTE_TOKEN][series].currency
    return move(currency, event.paid, (ESCROW, series), (OWN, series))


@_handles(Swept)
def _swept(books: Books, emitted: Emitted, event: Swept) -> Postings:
    series = emitted.emitter
    currency = books.contracts[COMPUTE_TOKEN][series].currency
    # Never the other way: a donation does not cover a missing owed amount.
    remainder = max(0, books.balance(currency, ESCROW, series) - owed(books, series))
    # A swept amount above the remainder was donated, and is unallocated already.
    return move(currency, remainder, (ESCROW, series), (OWN, series))


@_handles(Halted)
def _halted(books: Books, emitted: Emitted, event: Halted) -> Postings:
    series = emitted.emitter
    if series in books[ComputeBooks].halted:
        books.violated("INV-FINAL", emitted, "the series was halted before")
    books[ComputeBooks].halted[series] = emitted.timestamp
    delivered = books.balance(series, OWN, series)
    if event.undelivered != books.supply(series) - delivered:
        detail = f"{event.undelivered} Tokens stated as undelivered, {books.supply(series) - delivered} are"
        books.violated("INV-REPLAY", emitted, detail)
    currency = books.contracts[COMPUTE_TOKEN][series].currency
    return move(currency, event.compensation, (OWN, series), (ESCROW, series))


@_handles(Staked)
def _staked(books: Books, emitted: Emitted, event: Staked) -> Postings:
    market = emitted.emitter
    currency = books.contracts[COMPUTE_MARKET][market].currency
    _check_free(books, emitted, event, event.amount)
    return move(currency, event.amount, (OWN, market), (STAKE, event.provider))


@_handles(StakeWithdrawn)
def _stake_withdrawn(books: Books, emitted: Emitted, event: StakeWithdrawn) -> Postings:
    market = emitted.emitter
    currency = books.contracts[COMPUTE_MARKET][market].currency
    _check_free(books, emitted, event, -event.amount)
    return move(currency, event.amount, (STAKE, event.provider), (OWN, market))


def _check_free(books: Books, emitted: Emitted, event: Staked | StakeWithdrawn, change: int) -> None:
    currency = books.contracts[COMPUTE_MARKET][emitted.emitter].currency
    free = books.balance(currency, STAKE, event.provider) + change
    if free != event.free:
        detail = f"the free stake of 0x{event.provider.hex()} is {free} after a change by {change}, stated {event.free}"
        books.violated("INV-REPLAY", emitted, detail)


@_handles(PurchasePolicySet)
def _policy(books: Books, emitted: Emitted, event: PurchasePolicySet) -> Postings:
    _set_policy(books, emitted.emitter, event.policy if any(event.policy) else None)
    return ()


@_handles(ProviderJurisdictionSet)
def _jurisdiction(books: Books, emitted: Emitted, event: ProviderJurisdictionSet) -> Postings:
    change = books[ComputeBooks].admitted.add if event.admitted else books[ComputeBooks].admitted.discard
    change((emitted.emitter, event.jurisdiction))
    return ()


def _set_policy(books: Books, place: Address, policy: Address | None) -> None:
    """Set the policy of a market or of a series."""
    if policy is None:
        books[ComputeBooks].policies.pop(place, None)
    else:
        books[ComputeBooks].policies[place] = policy


@_handles(SeriesOpened)
def _series_opened(books: Books, emitted: Emitted, event: SeriesOpened) -> Postings:
    if event.series in books[ComputeBooks].opened:
        books.violated("INV-ONCE", emitted, f"series 0x{event.series.hex()} was opened before")
    books[ComputeBooks].opened[event.series], books[ComputeBooks].markets_of[event.series] = event, emitted.emitter
    currency = books.contracts[COMPUTE_MARKET][emitted.emitter].currency
    if policy := books[ComputeBooks].policies.get(emitted.emitter):
        _set_policy(books, event.series, policy)
        jurisdiction = books[AccountBooks].wallets[currency].registration(event.provider).jurisdiction
        if (emitted.emitter, jurisdiction) not in books[ComputeBooks].admitted:
            detail = f"0x{event.provider.hex()} of jurisdiction {jurisdiction} opened series 0x{event.series.hex()}"
            books.violated("INV-CORRIDOR", emitted, detail)
    if terms := books.contracts[COMPUTE_TOKEN].get(event.series):
        needed = stake_rounded_up(event.capacity, terms.unit_price, terms.compensation_bps)
        if event.stake != needed:
            detail = f"{event.stake} units locked for the {event.capacity} Tokens of series 0x{event.series.hex()}"
            books.violated("INV-BACKING", emitted, f"{detail}, {needed} cover their compensation")
    return move(currency, event.stake, (STAKE, event.provider), (LOCKED_STAKE, event.series))


@_handles(StakeReleased)
def _stake_released(books: Books, emitted: Emitted, event: StakeReleased) -> Postings:
    currency, opened = (
        books.contracts[COMPUTE_MARKET][emitted.emitter].currency,
        books[ComputeBooks].opened.get(event.series),
    )
    _check_unlocked(books, emitted, event, event.amount)
    if opened and emitted.timestamp < opened.expiry:
        detail = f"stake of series 0x{event.series.hex()} released at {emitted.timestamp}, before {opened.expiry}"
        books.violated("INV-BACKING", emitted, detail)
    return move(currency, event.amount, (LOCKED_STAKE, event.series), (STAKE, event.provider))


def _check_unlocked(books: Books, emitted: Emitted, event: StakeReleased | SeriesHalted, amount: int) -> None:
    """Record violations at the end of a series' stake: all of it is unlocked, and its rest belongs to the provider."""
    currency, opened = (
        books.contracts[COMPUTE_MARKET][emitted.emitter].currency,
        books[ComputeBooks].opened.get(event.series),
    )
    locked = books.balance(currency, LOCKED_STAKE, event.series)
    if amount != locked:
        detail = f"{amount} units of the stake of series 0x{event.series.hex()} unlocked, {locked} were locked"
        books.violated("INV-BACKING", emitted, detail)
    if opened is None or opened.provider != event.provider:
        owner = f"of 0x{opened.provider.hex()}" if opened else "that no market opened"
        detail = f"stake of series 0x{event.series.hex()} {owner} returned to 0x{event.provider.hex()}"
        books.violated("INV-BACKING", emitted, detail)


@_handles(SeriesHalted)
def _series_halted(books: Books, emitted: Emitted, event: SeriesHalted) -> Postings:
    market = emitted.emitter
    currency = books.contracts[COMPUTE_MARKET][market].currency
    _check_unlocked(books, emitted, event, event.compensation + event.released)
    bought: defaultdict[Address, int] = defaultdict(int)
    for sale in books[ComputeBooks].sales.pop(event.series, ()):
        if sale.timestamp > emitted.timestamp - _SHORTLY_S:
            bought[sale.buyer] += sale.tokens
    books[ComputeBooks].halts.append(HaltRecord(event, bought))
    locked = (LOCKED_STAKE, event.series)
    return (
        *move(currency, event.released, locked, (STAKE, event.provider)),
        *move(currency, event.compensation, locked, (OWN, market)),
    )
