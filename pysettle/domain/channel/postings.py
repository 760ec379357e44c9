"""Postings of the events of hubs and meters. Channels of assets that are not counted have no postings."""

from __future__ import annotations

from pysettle.domain.channel.books import ChannelBooks, ChannelRecord
from pysettle.domain.channel.contracts import CHANNEL, CLAIM, PAYOUT
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
from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.compute.usage import USAGE_BITS, Usage
from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.money.books import AccountBooks
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(ChannelCreated)
def _channel_created(books: Books, emitted: Emitted, event: ChannelCreated) -> Postings:
    # A channel that was emptied without a claim is created again; its refund nonce continues.
    books[ChannelBooks].channels.setdefault(event.channel_id, ChannelRecord(emitted.emitter, event.config))
    return ()


@_handles(Deposited)
def _deposited(books: Books, emitted: Emitted, event: Deposited) -> Postings:
    hub = emitted.emitter
    _channel(books, emitted, event)
    return move(event.token, event.amount, (OWN, hub), (CHANNEL, event.channel_id))


@_handles(UsageAttested)
def _usage_attested(books: Books, emitted: Emitted, event: UsageAttested) -> Postings:
    terms = books.contracts[COMPUTE_TOKEN].get(event.series)
    if terms is None:
        return ()
    for channel_id, usage in zip(event.channel_ids, event.usages, strict=False):
        # A provider may attest any usage. Without a channel of its series it cannot claim anything, since each
        # claim comes with an attestation of its own. The hub leaves out malformed rows and prices the others.
        record = books[ChannelBooks].channels.get(channel_id)
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
    if event.token in books.contracts[COMPUTE_TOKEN] and event.total_claimed > attested:
        detail = f"{event.total_claimed} Tokens claimed, attested usage costs {attested}"
        books.violated("INV-USAGE", emitted, detail)
    if record:
        record.total_claimed = event.total_claimed
        _note_frozen(books, event, record.config.payer)
    return move(event.token, event.amount, (CHANNEL, event.channel_id), (CLAIM, event.receiver))


def _note_frozen(books: Books, event: Claimed, payer: Address) -> None:
    """Count claims on a payer that is frozen outgoing in the currency of its Tokens."""
    terms = books.contracts[COMPUTE_TOKEN].get(event.token)
    if terms and payer in books[AccountBooks].freezing[terms.currency].outgoing:
        books[ChannelBooks].claimed_of_frozen[event.token, payer] += event.amount


@_handles(Settled)
def _settled(books: Books, emitted: Emitted, event: Settled) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (CLAIM, event.receiver), (OWN, hub))


@_handles(ChannelRefunded)
def _channel_refunded(books: Books, emitted: Emitted, event: ChannelRefunded) -> Postings:
    hub = emitted.emitter
    if record := _channel(books, emitted, event):
        if event.nonce < record.refund_nonce:
            books.violated("INV-ONCE", emitted, f"refund nonce {event.nonce} was spent before")
        record.refund_nonce = event.nonce + 1
    return move(event.token, event.amount, (CHANNEL, event.channel_id), (OWN, hub))


@_handles(WithdrawFinalized)
def _withdrawn(books: Books, emitted: Emitted, event: WithdrawFinalized) -> Postings:
    hub = emitted.emitter
    _channel(books, emitted, event)
    return move(event.token, event.amount, (CHANNEL, event.channel_id), (OWN, hub))


@_handles(PayoutCredited)
def _payout_credited(books: Books, emitted: Emitted, event: PayoutCredited) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (OWN, hub), (PAYOUT, event.account))


@_handles(CreditWithdrawn)
def _credit_withdrawn(books: Books, emitted: Emitted, event: CreditWithdrawn) -> Postings:
    hub = emitted.emitter
    return move(event.token, event.amount, (PAYOUT, event.account), (OWN, hub))


_OfChannel = Deposited | Claimed | ChannelRefunded | WithdrawFinalized
"""Events of a channel after its creation."""


def _channel(books: Books, emitted: Emitted, event: _OfChannel) -> ChannelRecord | None:
    """Return the channel that an event goes on with; it must have been created, for the asset that moves."""
    record = books[ChannelBooks].channels.get(event.channel_id)
    if record is None or record.config.token != event.token:
        change = f"{type(event).__name__} of channel 0x{event.channel_id.hex()} in 0x{event.token.hex()}"
        books.violated("INV-CHANNEL", emitted, f"{change}, which was not created for that asset")
        return None
    return record
