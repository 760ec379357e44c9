"""Postings of the events of participants and positions. Positions in a currency that is not counted have none."""

from __future__ import annotations

from pysettle.domain.core.accounts import OWN, Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.money.books import AccountBooks
from pysettle.domain.money.events import FreezeSet
from pysettle.domain.settlement import events
from pysettle.domain.settlement.books import (
    LiquidityBooks,
    ParticipantBooks,
    ParticipantRecord,
    SettlementBooks,
)
from pysettle.domain.settlement.contracts import EARMARK, POSITION
from pysettle.domain.settlement.exchange_events import PositionExchanged
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)

# ------------------------------------------------------------------------------------------ participants


@_handles(events.ParticipantAdmitted)
def _admitted(books: Books, emitted: Emitted, event: events.ParticipantAdmitted) -> Postings:
    """Book a registration: an institution keeps its number and its stops, and a new one gets the next number."""
    participants, key = books[ParticipantBooks], (event.currency, event.account)
    record = participants.records.get(key)
    if record is None:
        participants.counts[event.currency] += 1
        record = ParticipantRecord(participants.counts[event.currency], 0, event.settlement_agent)
        participants.records[key] = record
        participants.accounts[event.currency, record.index] = event.account
    if event.index != record.index:
        detail = f"participant 0x{event.account.hex()} has the number {event.index}, and not {record.index}"
        books.violated("INV-ONCE", emitted, detail)
    record.jurisdiction, record.settlement_agent = event.jurisdiction, event.settlement_agent
    return ()


@_handles(events.StopsSet)
def _stops(books: Books, emitted: Emitted, event: events.StopsSet) -> Postings:
    record = books[ParticipantBooks].records[event.currency, event.account]
    record.suspended, record.stopped = event.suspended, event.stopped
    if not any(event.ground):
        books.violated("INV-FROZEN", emitted, f"0x{event.account.hex()} was stopped or released without a ground")
    return ()


# --------------------------------------------------------------------------------------------- positions


@_handles(events.PaidIn)
def _paid_in(books: Books, emitted: Emitted, event: events.PaidIn) -> Postings:
    currency, account = event.currency, event.account
    record = books[ParticipantBooks].records.get((currency, account))
    liquidity = books[LiquidityBooks]
    if record is None:
        books.violated("INV-LIQUIDITY", emitted, f"0x{account.hex()} paid in and was not admitted to the currency")
    elif record.stopped or record.suspended:
        books.violated("INV-FROZEN", emitted, f"0x{account.hex()} paid in during a stop")
    if liquidity.paused[currency]:
        books.violated("INV-FROZEN", emitted, f"0x{account.hex()} paid in during a pause of the positions")
    if objection := liquidity.freezing[currency].incoming_objection(account, event.amount):
        books.violated("INV-FROZEN", emitted, objection)
    _check_available(books, emitted, event, event.amount)
    return _counted(books, currency, event.amount, (OWN, emitted.emitter), (POSITION, account))


@_handles(events.PaidOut)
def _paid_out(books: Books, emitted: Emitted, event: events.PaidOut) -> Postings:
    """Book a payout; out of a frozen position it goes to an account that is frozen outgoing in the currency, or not."""
    currency, account = event.currency, event.account
    is_held_there, _, _ = books[AccountBooks].freezing[currency].frozen(account)
    held = books.balance(currency, POSITION, account)
    objection = books[LiquidityBooks].freezing[currency].outgoing_objection(account, event.amount, held)
    if objection and not is_held_there:
        books.violated("INV-FROZEN", emitted, f"{objection}, out of its position")
    _check_available(books, emitted, event, -event.amount)
    return _counted(books, currency, event.amount, (POSITION, account), (OWN, emitted.emitter))


@_handles(events.PositionSeized)
def _seized(books: Books, emitted: Emitted, event: events.PositionSeized) -> Postings:
    if not any(event.legal_basis):
        books.violated("INV-FROZEN", emitted, f"{event.amount} units were seized without a legal basis")
    _check_available(books, emitted, event, -event.amount)
    position, own = (POSITION, event.account), (OWN, emitted.emitter)
    return _counted(books, event.currency, event.amount, position, own)


@_handles(events.PositionMoved)
def _moved(books: Books, emitted: Emitted, event: events.PositionMoved) -> Postings:
    currency, amount = event.currency, event.amount
    for party in (event.debtor, event.creditor):
        _check_begins(books, emitted, currency, party)
    _check_debit(books, emitted, currency, event.debtor, amount)
    _check_credit(books, emitted, currency, event.creditor, amount)
    for account, stated, change in (
        (event.debtor, event.debtor_available, -amount),
        (event.creditor, event.creditor_available, amount),
    ):
        _compare(books, emitted, currency, account, stated, change)
    return _counted(books, currency, amount, (POSITION, event.debtor), (POSITION, event.creditor))


@_handles(PositionExchanged)
def _exchanged(books: Books, emitted: Emitted, event: PositionExchanged) -> Postings:
    """Book an exchange: the units of the buyer have come in, and those of the provider leave."""
    provider, own = event.provider, (OWN, emitted.emitter)
    for currency in (event.paid, event.sold):
        _check_begins(books, emitted, currency, provider)
    _check_debit(books, emitted, event.sold, provider, event.sold_amount)
    _check_credit(books, emitted, event.paid, provider, event.paid_amount)
    _compare(books, emitted, event.sold, provider, event.sold_available, -event.sold_amount)
    _compare(books, emitted, event.paid, provider, event.paid_available, event.paid_amount)
    position = POSITION, provider
    return (
        *_counted(books, event.paid, event.paid_amount, own, position),
        *_counted(books, event.sold, event.sold_amount, position, own),
    )


@_handles(events.PositionEarmarked)
def _earmarked(books: Books, emitted: Emitted, event: events.PositionEarmarked) -> Postings:
    _check_begins(books, emitted, event.currency, event.account)
    _check_debit(books, emitted, event.currency, event.account, event.amount)
    _check_available(books, emitted, event, -event.amount)
    earmark = EARMARK, event.settlement_id
    return _counted(books, event.currency, event.amount, (POSITION, event.account), earmark)


@_handles(events.EarmarkDelivered)
def _delivered(books: Books, emitted: Emitted, event: events.EarmarkDelivered) -> Postings:
    """Book a delivery; no debtor of such a leg is stopped, or frozen outgoing in whole or in part."""
    record = books[SettlementBooks].records.get(event.settlement_id)
    for leg in record.instruction.legs if record else ():
        if (leg.asset, leg.creditor, leg.amount) == (event.currency, event.account, event.amount):
            _check_party(books, emitted, event.currency, leg.debtor)
            outgoing, _, amount = books[LiquidityBooks].freezing[event.currency].frozen(leg.debtor)
            if outgoing or amount:
                detail = f"0x{leg.debtor.hex()} settled what it had earmarked, and its position was frozen"
                books.violated("INV-FROZEN", emitted, detail)
    _check_credit(books, emitted, event.currency, event.account, event.amount)
    _check_available(books, emitted, event, event.amount)
    earmark = EARMARK, event.settlement_id
    return _counted(books, event.currency, event.amount, earmark, (POSITION, event.account))


@_handles(events.EarmarkReturned)
def _sent_home(books: Books, emitted: Emitted, event: events.EarmarkReturned) -> Postings:
    _check_available(books, emitted, event, event.amount)
    earmark = EARMARK, event.settlement_id
    return _counted(books, event.currency, event.amount, earmark, (POSITION, event.account))


@_handles(events.PositionFreezeSet)
def _freeze(books: Books, _emitted: Emitted, event: events.PositionFreezeSet) -> Postings:
    books[LiquidityBooks].freezing[event.currency].set(FreezeSet(event.account, event.outgoing, event.incoming))
    return ()


@_handles(events.PositionFrozenAmountSet)
def _frozen_amount(books: Books, _emitted: Emitted, event: events.PositionFrozenAmountSet) -> Postings:
    books[LiquidityBooks].freezing[event.currency].set_amount(event.account, event.amount)
    return ()


@_handles(events.LiquidityPauseSet)
def _paused(books: Books, _emitted: Emitted, event: events.LiquidityPauseSet) -> Postings:
    books[LiquidityBooks].paused[event.currency] = event.paused
    return ()


def _check_debit(books: Books, emitted: Emitted, currency: Address, debtor: Address, amount: int) -> None:
    """Check that a settlement may debit a position: its party is active, and nothing of the amount is frozen."""
    _check_party(books, emitted, currency, debtor)
    held = books.balance(currency, POSITION, debtor)
    if objection := books[LiquidityBooks].freezing[currency].outgoing_objection(debtor, amount, held):
        books.violated("INV-FROZEN", emitted, f"{objection}, out of its position")


def _check_credit(books: Books, emitted: Emitted, currency: Address, creditor: Address, amount: int) -> None:
    """Check that a settlement may credit a position."""
    _check_party(books, emitted, currency, creditor)
    if objection := books[LiquidityBooks].freezing[currency].incoming_objection(creditor, amount):
        books.violated("INV-FROZEN", emitted, objection)


def _check_begins(books: Books, emitted: Emitted, currency: Address, account: Address) -> None:
    record = books[ParticipantBooks].records.get((currency, account))
    if record is not None and record.suspended:
        books.violated("INV-FROZEN", emitted, f"0x{account.hex()} began a settlement while it was suspended")


def _check_party(books: Books, emitted: Emitted, currency: Address, account: Address) -> None:
    record = books[ParticipantBooks].records.get((currency, account))
    if record is None or record.stopped:
        standing = "was not admitted" if record is None else "is stopped"
        books.violated("INV-FROZEN", emitted, f"0x{account.hex()} settled in a currency in which it {standing}")
    if books[LiquidityBooks].paused[currency]:
        books.violated("INV-FROZEN", emitted, f"0x{account.hex()} settled during a pause of the positions")


_Stating = (
    events.PaidIn
    | events.PaidOut
    | events.PositionSeized
    | events.PositionEarmarked
    | events.EarmarkDelivered
    | events.EarmarkReturned
)
"""Events that state the available units of one position."""


def _check_available(books: Books, emitted: Emitted, event: _Stating, change: int) -> None:
    _compare(books, emitted, event.currency, event.account, event.available, change)


def _compare(books: Books, emitted: Emitted, currency: Address, account: Address, stated: int, change: int) -> None:
    """Compare the position that an event states with the books after its change."""
    expected = books.balance(currency, POSITION, account) + change
    if books.contracts.counts(currency) and stated != expected:
        detail = f"position of 0x{account.hex()}: {stated} units stated, {expected} are available"
        books.violated("INV-LIQUIDITY", emitted, detail)


def _counted(
    books: Books, currency: Address, amount: int, source: tuple[Purpose, bytes], target: tuple[Purpose, bytes]
) -> Postings:
    return move(currency, amount, source, target) if books.contracts.counts(currency) else ()
