"""What the events of markets, series, hub and meter do to the books."""

from __future__ import annotations

from collections import defaultdict

from eth_typing import Address

from pysettle.domain.channel.events import (
    ChannelCreated,
    ChannelRefunded,
    Claimed,
    CreditWithdrawn,
    Deposited,
    PayoutCredited,
    Settled,
    UsageAttested,
    WithdrawFinalized,
)
from pysettle.domain.compute.events import (
    Halted,
    Purchased,
    Redeemed,
    Refunded,
    SeriesHalted,
    SeriesOpened,
    Staked,
    StakeReleased,
    StakeWithdrawn,
    Swept,
)
from pysettle.domain.compute.usage import USAGE_BITS, Usage
from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books, ChannelRecord, HaltRecord, Sale
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.handlers import Handlers, Postings, move, registering
from pysettle.money import compensation_rounded_down, stake_rounded_up

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)

_SHORTLY_S = 3_600
"""Seconds before a halt in which a purchase may have been made for the compensation."""


@_handles(Purchased)
def _purchased(books: Books, emitted: Emitted, event: Purchased) -> Postings:
    series = emitted.emitter
    books.stated_supply[series] += event.tokens
    books.bought[series, event.payer] += event.tokens
    sales = books.sales[series]
    sales.append(Sale(emitted.timestamp, event.payer, event.tokens))
    while sales[0].timestamp <= emitted.timestamp - _SHORTLY_S:
        sales.popleft()
    currency = books.contracts.series[series].currency
    return move(currency, event.paid, (Purpose.OWN, series), (Purpose.ESCROW, series))


@_handles(Refunded)
def _refunded(books: Books, emitted: Emitted, event: Refunded) -> Postings:
    terms = books.contracts.series[emitted.emitter]
    bps = terms.compensation_bps if emitted.emitter in books.halted else 0
    compensation = compensation_rounded_down(event.tokens, terms.unit_price, bps)
    if event.compensation != compensation:
        detail = f"{event.compensation} units of compensation stated for {event.tokens} Tokens, they get {compensation}"
        books.violated("INV-REPLAY", emitted, detail)
    return _paid_out(books, emitted, event)


@_handles(Redeemed)
def _paid_out(books: Books, emitted: Emitted, event: Redeemed | Refunded) -> Postings:
    series = emitted.emitter
    books.stated_supply[series] -= event.tokens
    currency = books.contracts.series[series].currency
    return move(currency, event.paid, (Purpose.ESCROW, series), (Purpose.OWN, series))


@_handles(Swept)
def _swept(books: Books, emitted: Emitted, event: Swept) -> Postings:
    series = emitted.emitter
    currency = books.contracts.series[series].currency
    # Never the other way: what is owed and missing is not made up for by what was donated.
    remainder = max(0, books.balance(currency, Purpose.ESCROW, series) - books.owed(series))
    # What the sweep takes beyond the remainder was donated, and is unallocated already.
    return move(currency, remainder, (Purpose.ESCROW, series), (Purpose.OWN, series))


@_handles(Halted)
def _halted(books: Books, emitted: Emitted, event: Halted) -> Postings:
    series = emitted.emitter
    if series in books.halted:
        books.violated("INV-FINAL", emitted, "the series was halted before")
    books.halted[series] = emitted.timestamp
    delivered = books.balance(series, Purpose.OWN, series)
    if event.undelivered != books.supply(series) - delivered:
        detail = f"{event.undelivered} Tokens stated as undelivered, {books.supply(series) - delivered} are"
        books.violated("INV-REPLAY", emitted, detail)
    currency = books.contracts.series[series].currency
    return move(currency, event.compensation, (Purpose.OWN, series), (Purpose.ESCROW, series))


@_handles(Staked)
def _staked(books: Books, emitted: Emitted, event: Staked) -> Postings:
    market = emitted.emitter
    currency = books.contracts.markets[market]
    _check_free(books, emitted, event, event.amount)
    return move(currency, event.amount, (Purpose.OWN, market), (Purpose.STAKE, event.provider))


@_handles(StakeWithdrawn)
def _stake_withdrawn(books: Books, emitted: Emitted, event: StakeWithdrawn) -> Postings:
    market = emitted.emitter
    currency = books.contracts.markets[market]
    _check_free(books, emitted, event, -event.amount)
    return move(currency, event.amount, (Purpose.STAKE, event.provider), (Purpose.OWN, market))


def _check_free(books: Books, emitted: Emitted, event: Staked | StakeWithdrawn, change: int) -> None:
    currency = books.contracts.markets[emitted.emitter]
    free = books.balance(currency, Purpose.STAKE, event.provider) + change
    if free != event.free:
        detail = f"the free stake of 0x{event.provider.hex()} is {free} after a change by {change}, stated {event.free}"
        books.violated("INV-REPLAY", emitted, detail)


@_handles(SeriesOpened)
def _series_opened(books: Books, emitted: Emitted, event: SeriesOpened) -> Postings:
    if event.series in books.opened:
        books.violated("INV-ONCE", emitted, f"series 0x{event.series.hex()} was opened before")
    books.opened[event.series], books.markets_of[event.series] = event, emitted.emitter
    currency = books.contracts.markets[emitted.emitter]
    if terms := books.contracts.series.get(event.series):
        needed = stake_rounded_up(event.capacity, terms.unit_price, terms.compensation_bps)
        if event.stake != needed:
            detail = f"{event.stake} units locked for the {event.capacity} Tokens of series 0x{event.series.hex()}"
            books.violated("INV-BACKING", emitted, f"{detail}, {needed} cover their compensation")
    return move(currency, event.stake, (Purpose.STAKE, event.provider), (Purpose.LOCKED_STAKE, event.series))


@_handles(StakeReleased)
def _stake_released(books: Books, emitted: Emitted, event: StakeReleased) -> Postings:
    currency, opened = books.contracts.markets[emitted.emitter], books.opened.get(event.series)
    _check_unlocked(books, emitted, event, event.amount)
    if opened and emitted.timestamp < opened.expiry:
        detail = f"stake of series 0x{event.series.hex()} released at {emitted.timestamp}, before {opened.expiry}"
        books.violated("INV-BACKING", emitted, detail)
    return move(currency, event.amount, (Purpose.LOCKED_STAKE, event.series), (Purpose.STAKE, event.provider))


def _check_unlocked(books: Books, emitted: Emitted, event: StakeReleased | SeriesHalted, amount: int) -> None:
    """Note what is wrong with the end of a series' stake: all of it is unlocked, and the rest is its provider's."""
    currency, opened = books.contracts.markets[emitted.emitter], books.opened.get(event.series)
    locked = books.balance(currency, Purpose.LOCKED_STAKE, event.series)
    if amount != locked:
        detail = f"{amount} units of the stake of series 0x{event.series.hex()} unlocked, {locked} were locked"
        books.violated("INV-BACKING", emitted, detail)
    if opened is None or opened.provider != event.provider:
        whose = f"of 0x{opened.provider.hex()}" if opened else "that no market opened"
        detail = f"stake of series 0x{event.series.hex()} {whose} returned to 0x{event.provider.hex()}"
        books.violated("INV-BACKING", emitted, detail)


@_handles(SeriesHalted)
def _series_halted(books: Books, emitted: Emitted, event: SeriesHalted) -> Postings:
    market = emitted.emitter
    currency = books.contracts.markets[market]
    _check_unlocked(books, emitted, event, event.compensation + event.released)
    bought: defaultdict[Address, int] = defaultdict(int)
    for sale in books.sales.pop(event.series, ()):
        if sale.timestamp > emitted.timestamp - _SHORTLY_S:
            bought[sale.payer] += sale.tokens
    books.halts.append(HaltRecord(event, bought))
    locked = (Purpose.LOCKED_STAKE, event.series)
    return (
        *move(currency, event.released, locked, (Purpose.STAKE, event.provider)),
        *move(currency, event.compensation, locked, (Purpose.OWN, market)),
    )


@_handles(ChannelCreated)
def _channel_created(books: Books, emitted: Emitted, event: ChannelCreated) -> Postings:
    # A channel that was emptied before anything was claimed is created anew; its refund nonce goes on.
    books.channels.setdefault(event.channel_id, ChannelRecord(emitted.emitter, event.config))
    return ()


@_handles(Deposited)
def _deposited(books: Books, emitted: Emitted, event: Deposited) -> Postings:
    hub = emitted.emitter
    _channel(books, emitted, event)
    return move(event.token, event.amount, (Purpose.OWN, hub), (Purpose.CHANNEL, event.channel_id))


@_handles(UsageAttested)
def _usage_attested(books: Books, emitted: Emitted, event: UsageAttested) -> Postings:
    terms = books.contracts.series.get(event.series)
    if terms is None:
        return ()
    for channel_id, usage in zip(event.channel_ids, event.usages, strict=False):
        # A provider may attest what it likes. Where no channel of its series is, nothing can be claimed either: each
        # claim comes with an attestation of its own. The hub leaves out what is malformed, and prices the rest.
        record = books.channels.get(channel_id)
        if record and record.config.token == event.series and usage >> (6 * USAGE_BITS) == 0:
            record.highest_attested = max(record.highest_attested, terms.rate_card.tokens(Usage.unpack(usage)))
    return ()


@_handles(Claimed)
def _claimed(books: Books, emitted: Emitted, event: Claimed) -> Postings:
    record = _channel(books, emitted, event)
    before, attested = (record.total_claimed, record.highest_attested) if record else (0, 0)
    if event.total_claimed != before + event.amount or event.amount <= 0:
        detail = f"claim of {event.amount} on top of {before} states a total of {event.total_claimed}"
        books.violated("INV-USAGE", emitted, detail)
    if event.token in books.contracts.series and event.total_claimed > attested:
        detail = f"{event.total_claimed} Tokens claimed, attested usage costs {attested}"
        books.violated("INV-USAGE", emitted, detail)
    if record:
        record.total_claimed = event.total_claimed
        _note_frozen(books, event, record.config.payer)
    return move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.CLAIM, event.receiver))


def _note_frozen(books: Books, event: Claimed, payer: Address) -> None:
    """Count what is claimed of a payer that is frozen outgoing in the currency of its Tokens."""
    terms = books.contracts.series.get(event.token)
    if terms and payer in books.freezing[terms.currency].outgoing:
        books.claimed_of_frozen[event.token, payer] += event.amount


@_handles(Settled)
def _settled(books: Books, emitted: Emitted, event: Settled) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (Purpose.CLAIM, event.receiver), (Purpose.OWN, hub))


@_handles(ChannelRefunded)
def _channel_refunded(books: Books, emitted: Emitted, event: ChannelRefunded) -> Postings:
    hub = emitted.emitter
    if record := _channel(books, emitted, event):
        if event.nonce < record.refund_nonce:
            books.violated("INV-ONCE", emitted, f"refund nonce {event.nonce} was spent before")
        record.refund_nonce = event.nonce + 1
    return move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.OWN, hub))


@_handles(WithdrawFinalized)
def _withdrawn(books: Books, emitted: Emitted, event: WithdrawFinalized) -> Postings:
    hub = emitted.emitter
    _channel(books, emitted, event)
    return move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.OWN, hub))


@_handles(PayoutCredited)
def _payout_credited(books: Books, emitted: Emitted, event: PayoutCredited) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (Purpose.OWN, hub), (Purpose.PAYOUT, event.account))


@_handles(CreditWithdrawn)
def _credit_withdrawn(books: Books, emitted: Emitted, event: CreditWithdrawn) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (Purpose.PAYOUT, event.account), (Purpose.OWN, hub))


_OfChannel = Deposited | Claimed | ChannelRefunded | WithdrawFinalized
"""What happens to a channel after its creation."""


def _channel(books: Books, emitted: Emitted, event: _OfChannel) -> ChannelRecord | None:
    """Return the channel that an event goes on with; it must have been created, for the asset that moves."""
    record = books.channels.get(event.channel_id)
    if record is None or record.config.token != event.token:
        what = f"{type(event).__name__} of channel 0x{event.channel_id.hex()} in 0x{event.token.hex()}"
        books.violated("INV-CHANNEL", emitted, f"{what}, which was not created for that asset")
        return None
    return record
