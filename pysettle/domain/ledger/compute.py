"""What the events of series, hub and meter do to the books."""

from __future__ import annotations

from pysettle.domain import events
from pysettle.domain.events import Emitted
from pysettle.domain.ledger.accounts import Purpose
from pysettle.domain.ledger.books import Books
from pysettle.domain.ledger.handlers import Handlers, Postings, move, registering
from pysettle.domain.usage import Usage

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.Purchased)
def _purchased(books: Books, emitted: Emitted, event: events.Purchased) -> Postings:
    series = emitted.emitter
    books.stated_supply[series] += event.tokens
    currency = books.contracts.series[series].currency
    return move(currency, event.paid, (Purpose.OWN, series), (Purpose.ESCROW, series))


@_handles(events.Redeemed, events.Refunded)
def _paid_out(books: Books, emitted: Emitted, event: events.Redeemed) -> Postings:
    series = emitted.emitter
    books.stated_supply[series] -= event.tokens
    currency = books.contracts.series[series].currency
    return move(currency, event.paid, (Purpose.ESCROW, series), (Purpose.OWN, series))


@_handles(events.Swept)
def _swept(books: Books, emitted: Emitted, event: events.Swept) -> Postings:
    series = emitted.emitter
    currency = books.contracts.series[series].currency
    remainder = books.balance(currency, Purpose.ESCROW, series)
    if books.supply(series) != 0:
        books.violated("INV-BACKING", emitted, f"swept while {books.supply(series)} Tokens are outstanding")
    # What the sweep takes beyond the remainder was donated, and is unallocated already.
    return move(currency, remainder, (Purpose.ESCROW, series), (Purpose.OWN, series))


@_handles(events.ChannelCreated)
def _channel_created(books: Books, emitted: Emitted, event: events.ChannelCreated) -> Postings:
    books.channels[event.channel_id].config = event.config
    return ()


@_handles(events.Deposited)
def _deposited(books: Books, emitted: Emitted, event: events.Deposited) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (Purpose.OWN, hub), (Purpose.CHANNEL, event.channel_id))


@_handles(events.UsageClaimed)
def _usage_claimed(books: Books, emitted: Emitted, event: events.UsageClaimed) -> Postings:
    terms = books.contracts.series.get(event.series)
    if terms is None:
        return ()
    metered = terms.rate_card.tokens(Usage.unpack(event.usage))
    if metered != event.metered or event.claimed > metered:
        books.violated(
            "INV-USAGE", emitted, f"usage costs {metered} Tokens, stated {event.metered}, claimed {event.claimed}"
        )
    record = books.channels[event.channel_id]
    record.highest_attested = max(record.highest_attested, metered)
    return ()


@_handles(events.Claimed)
def _claimed(books: Books, emitted: Emitted, event: events.Claimed) -> Postings:
    record = books.channels[event.channel_id]
    if event.total_claimed != record.total_claimed + event.amount or event.amount <= 0:
        books.violated(
            "INV-USAGE",
            emitted,
            f"claim of {event.amount} on top of {record.total_claimed} states a total of {event.total_claimed}",
        )
    if event.token in books.contracts.series and event.total_claimed > record.highest_attested:
        books.violated(
            "INV-USAGE",
            emitted,
            f"{event.total_claimed} Tokens claimed, attested usage costs {record.highest_attested}",
        )
    record.total_claimed = event.total_claimed
    return move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.CLAIM, event.receiver))


@_handles(events.Settled)
def _settled(books: Books, emitted: Emitted, event: events.Settled) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (Purpose.CLAIM, event.receiver), (Purpose.OWN, hub))


@_handles(events.ChannelRefunded)
def _channel_refunded(books: Books, emitted: Emitted, event: events.ChannelRefunded) -> Postings:
    hub = emitted.emitter
    record = books.channels[event.channel_id]
    if event.nonce < record.refund_nonce:
        books.violated("INV-ONCE", emitted, f"refund nonce {event.nonce} was spent before")
    record.refund_nonce = event.nonce + 1
    return move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.OWN, hub))


@_handles(events.WithdrawFinalized)
def _withdrawn(books: Books, emitted: Emitted, event: events.WithdrawFinalized) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.OWN, hub))
