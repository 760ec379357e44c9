"""Postings of the reserved units of positions: reservations, releases, and the nets of sets."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.accounts import LedgerAccount, Nets, Posting
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.settlement import clearing_events as events
from pysettle.domain.settlement.books import LiquidityBooks, ParticipantBooks
from pysettle.domain.settlement.clearing import LONGEST_CLOSED_S
from pysettle.domain.settlement.clearing_books import ClearingBooks
from pysettle.domain.settlement.contracts import POSITION, RESERVED
from pysettle.errors.states import CycleState

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.PositionReserved)
def _reserved(books: Books, emitted: Emitted, event: events.PositionReserved) -> Postings:
    """Book a reservation: by an active participant, of units that are not frozen, while nothing is paused."""
    record, liquidity = books[ParticipantBooks].records.get((event.currency, event.account)), books[LiquidityBooks]
    if record is None or record.stopped or record.suspended or liquidity.paused[event.currency]:
        books.violated("INV-FROZEN", emitted, f"0x{event.account.hex()} reserved during a stop or a pause")
    held = books.balance(event.currency, POSITION, event.account)
    if objection := liquidity.freezing[event.currency].outgoing_objection(event.account, event.amount, held):
        books.violated("INV-FROZEN", emitted, objection)
    return _exchanged(books, emitted, event, event.amount)


@_handles(events.PositionReleased)
def _released(books: Books, emitted: Emitted, event: events.PositionReleased) -> Postings:
    """Book a release: never during the first hour of a closed cycle."""
    cycle = books[ClearingBooks].cycles[event.currency]
    if cycle.state is CycleState.CLOSED and emitted.timestamp < cycle.since + LONGEST_CLOSED_S:
        detail = f"0x{event.account.hex()} released {event.amount} units while cycle {cycle.number} was closed"
        books.violated("INV-ORDER", emitted, detail)
    return _exchanged(books, emitted, event, -event.amount)


def _exchanged(
    books: Books, emitted: Emitted, event: events.PositionReserved | events.PositionReleased, amount: int
) -> Postings:
    """Book units that one part of a position gives to the other; compare both parts with the statement."""
    if not books.contracts.counts(event.currency):
        return ()
    available = books.balance(event.currency, POSITION, event.account) - amount
    reserved = books.balance(event.currency, RESERVED, event.account) + amount
    if (event.available, event.reserved) != (available, reserved):
        detail = (
            f"position of 0x{event.account.hex()}: {event.available} and {event.reserved} units stated, {available} "
            f"are available and {reserved} reserved"
        )
        books.violated("INV-LIQUIDITY", emitted, detail)
    return move(event.currency, amount, (POSITION, event.account), (RESERVED, event.account))


@_handles(events.PositionsNetted)
def _netted(books: Books, emitted: Emitted, event: events.PositionsNetted) -> Postings:
    """Book the nets of a set: those of its items, and of nothing else."""
    expected = books[ClearingBooks].turnovers.pop((event.currency, event.set), None)
    if books[LiquidityBooks].paused[event.currency]:
        books.violated("INV-FROZEN", emitted, f"set {event.set} settled during a pause of the positions")
    records = books[ParticipantBooks].records
    stated = {}
    for party in event.positions:
        record = records.get((event.currency, party.account))
        if party.received or party.paid:
            stated[record.index if record else 0] = [party.received, party.paid]
    if stated != expected:
        books.violated("INV-NET", emitted, f"the nets of set {event.set} are not those of its items")
    if sum(it.received - it.paid for it in event.positions) != 0:
        books.violated("INV-NET", emitted, f"the nets of set {event.set} do not sum to zero")
        return ()
    return Nets(_moved(books, emitted, event)) if books.contracts.counts(event.currency) else ()


def _moved(books: Books, emitted: Emitted, event: events.PositionsNetted) -> Iterator[Posting]:
    for party in event.positions:
        reserved = books.balance(event.currency, RESERVED, party.account) + party.received - party.paid
        if reserved != party.reserved:
            detail = f"position of 0x{party.account.hex()}: {party.reserved} units stated, {reserved} are reserved"
            books.violated("INV-LIQUIDITY", emitted, detail)
        if party.received != party.paid:
            account = LedgerAccount(event.currency, RESERVED, party.account)
            yield Posting(account, party.received - party.paid)
