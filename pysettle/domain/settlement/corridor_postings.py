"""Postings of the events of corridors: each is compared with terms, windows, hours and payloads. None moves value."""

from __future__ import annotations

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, registering
from pysettle.domain.settlement import corridor_events as events
from pysettle.domain.settlement.books import ParticipantBooks
from pysettle.domain.settlement.calendars import Week
from pysettle.domain.settlement.clearing_books import ClearingBooks
from pysettle.domain.settlement.clearing_events import BatchAdmitted, BatchReleased
from pysettle.domain.settlement.contracts import POSITION, RESERVED
from pysettle.domain.settlement.corridor_books import CorridorBooks, WindowUse
from pysettle.domain.settlement.homes import HomeBooks
from pysettle.errors.states import PayloadState
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)

# ------------------------------------------------------------------------------------------- central banks


@_handles(events.CorridorProposed)
def _proposed(books: Books, emitted: Emitted, event: events.CorridorProposed) -> Postings:
    corridors = books[CorridorBooks]
    _check_revision(books, emitted, event)
    corridors.consents[event.id, event.currency] = (event.revision, event.corridor, event.terms)
    return ()


@_handles(events.CorridorRevised)
def _revised(books: Books, emitted: Emitted, event: events.CorridorRevised) -> Postings:
    """Book terms in force: the other central bank of the pair agreed to the same ones before."""
    corridors, way = books[CorridorBooks], event.corridor
    _check_revision(books, emitted, event)
    pair = (way.currency, way.counter_currency)
    others = [currency for currency in pair if currency != event.currency]
    if corridors.consents.get((event.id, others[0])) != (event.revision, way, event.terms):
        detail = f"corridor 0x{event.id.hex()} came into force without the consent of the other central bank"
        books.violated("INV-CORRIDOR", emitted, detail)
    for currency in pair:
        corridors.consents.pop((event.id, currency), None)
    record = corridors.records[event.id]
    record.corridor, record.terms, record.revision, record.is_open = way, event.terms, event.revision, True
    return ()


@_handles(events.CorridorClosed)
def _closed(books: Books, _emitted: Emitted, event: events.CorridorClosed) -> Postings:
    record = books[CorridorBooks].records[event.id]
    record.revision, record.is_open = event.revision, False
    return ()


@_handles(events.WeekSet)
def _week(books: Books, _emitted: Emitted, event: events.WeekSet) -> Postings:
    books[CorridorBooks].calendars[event.currency].week = Week.of_word(event.week)
    return ()


@_handles(events.DaysSet)
def _days(books: Books, _emitted: Emitted, event: events.DaysSet) -> Postings:
    books[CorridorBooks].calendars[event.currency].words[event.place] = event.bitmap
    return ()


# ------------------------------------------------------------------------------------------- crossings


@_handles(events.TravelPayloadSigned)
def _signed(books: Books, emitted: Emitted, event: events.TravelPayloadSigned) -> Postings:
    corridors = books[CorridorBooks]
    if event.digest in corridors.payloads:
        books.violated("INV-TRAVEL", emitted, f"the statement 0x{event.digest.hex()} was signed twice")
    corridors.payloads[event.digest] = PayloadState.SIGNED
    key = (event.debtor, event.creditor, event.currency, event.amount, event.payload)
    corridors.digests[key] = event.digest
    return ()


@_handles(events.CrossingAdmitted)
def _admitted(books: Books, emitted: Emitted, event: events.CrossingAdmitted) -> Postings:
    """Book an admission: within both limits of the terms in force, and with a signed payload from the threshold on."""
    if _count(books, emitted, event, event.amount):
        _use_payload(books, emitted, event, event.creditor, event.amount)
    return ()


@_handles(BatchAdmitted)
def _batch_admitted(books: Books, emitted: Emitted, event: BatchAdmitted) -> Postings:
    """Book the admission of a batch, which an event before this one named: each item within the limit, and the sum."""
    batch = books[ClearingBooks].last
    items = batch.items if batch else ()
    if event.amount != sum(it.amount for it in items):
        books.violated("INV-CORRIDOR", emitted, f"{event.amount} units were admitted, and not those of the batch")
    if _count(books, emitted, event, max((it.amount for it in items), default=0)):
        way = books[CorridorBooks].records[event.id].corridor
        for item in items:
            creditor = books[ParticipantBooks].account(way.currency, item.creditor) if way else None
            _use_payload(books, emitted, event, creditor, item.amount)
    return ()


def _count(books: Books, emitted: Emitted, event: events.CrossingAdmitted | BatchAdmitted, greatest: int) -> bool:
    """Count an admission whose greatest part is given; return whether its corridor is open."""
    corridors = books[CorridorBooks]
    record, terms = corridors.records[event.id], corridors.records[event.id].terms
    where = f"in corridor 0x{event.id.hex()} by 0x{event.debtor.hex()}"
    if not record.is_open or record.corridor is None:
        books.violated("INV-CORRIDOR", emitted, f"{event.amount} units were admitted {where}, which is not open")
        return False
    if greatest > terms.settlement_limit:
        detail = f"{greatest} units were admitted {where}, above the limit {terms.settlement_limit}"
        books.violated("INV-CORRIDOR", emitted, detail)
    use = corridors.uses[event.id, event.debtor]
    passed = corridors.calendars[record.corridor.currency].local_s(emitted.timestamp) % max(1, terms.window_s)
    if use.since < emitted.timestamp - passed:
        use = corridors.uses[event.id, event.debtor] = WindowUse(emitted.timestamp)
    use.units += event.amount
    _check_used(books, emitted, event, use)
    if use.units > terms.window_limit:
        detail = f"{use.units} units are used {where}, above the limit {terms.window_limit} of a window"
        books.violated("INV-CORRIDOR", emitted, detail)
    return True


@_handles(events.CrossingReleased)
def _released(books: Books, emitted: Emitted, event: events.CrossingReleased) -> Postings:
    """Book a return: the stated use is at most that of before, and at least that without the amount."""
    _discount(books, emitted, event)
    _free_payload(books, event, event.creditor, event.amount)
    return ()


@_handles(BatchReleased)
def _batch_released(books: Books, emitted: Emitted, event: BatchReleased) -> Postings:
    """Book the return of items that an event before this one named."""
    clearing, way = books[ClearingBooks], books[CorridorBooks].records[event.id].corridor
    items = clearing.last.ended if clearing.last else ()
    if event.amount != sum(it.amount for it in items):
        books.violated("INV-CORRIDOR", emitted, f"{event.amount} units were given back, and not those that ended")
    _discount(books, emitted, event)
    for item in items:
        creditor = books[ParticipantBooks].account(way.currency, item.creditor) if way else None
        _free_payload(books, event, creditor, item.amount)
    return ()


def _discount(books: Books, emitted: Emitted, event: events.CrossingReleased | BatchReleased) -> None:
    use = books[CorridorBooks].uses[event.id, event.debtor]
    if event.used not in (use.units, max(0, use.units - event.amount)):
        _check_used(books, emitted, event, use)
    use.units = event.used


@_handles(events.ClearedOut)
def _cleared_out(books: Books, emitted: Emitted, event: events.ClearedOut) -> Postings:
    """Book a clear-out, before its units move: the limit stays, with reserved units, while the currency is closed."""
    corridors = books[CorridorBooks]
    record = corridors.records[event.id]
    if record.corridor is None:
        books.violated("INV-CORRIDOR", emitted, f"corridor 0x{event.id.hex()} had no terms at a clear-out")
        return ()
    currency = record.corridor.currency
    if corridors.calendars[currency].is_open(emitted.timestamp):
        detail = f"0x{event.account.hex()} was cleared out while the currency was open"
        books.violated("INV-CORRIDOR", emitted, detail)
    held = sum(books.balance(currency, purpose, event.account) for purpose in (POSITION, RESERVED))
    left = held - event.amount
    if books.contracts.counts(currency) and left != record.terms.day_end_limit:
        detail = f"0x{event.account.hex()} keeps {left} units after a clear-out, and not {record.terms.day_end_limit}"
        books.violated("INV-CORRIDOR", emitted, detail)
    return ()


def _check_revision(books: Books, emitted: Emitted, event: events.CorridorProposed | events.CorridorRevised) -> None:
    expected = books[CorridorBooks].records[event.id].revision + 1
    if event.revision != expected or event.id != event.corridor.id:
        detail = f"revision {event.revision} of corridor 0x{event.id.hex()}, and not {expected}"
        books.violated("INV-CORRIDOR", emitted, detail)
    if not books[HomeBooks].are_pair(event.corridor):
        detail = f"the pair of corridor 0x{event.id.hex()} are not the home currencies of its jurisdictions"
        books.violated("INV-CORRIDOR", emitted, detail)


_Crossing = events.CrossingAdmitted | events.CrossingReleased | BatchAdmitted | BatchReleased


def _check_used(books: Books, emitted: Emitted, event: _Crossing, use: WindowUse) -> None:
    if event.used != use.units:
        detail = (
            f"0x{event.debtor.hex()} has used {use.units} units of corridor 0x{event.id.hex()}, {event.used} stated"
        )
        books.violated("INV-CORRIDOR", emitted, detail)


def _use_payload(books: Books, emitted: Emitted, event: _Crossing, creditor: Address | None, amount: int) -> None:
    """Use up the statement of both institutions on a payment, from the threshold on."""
    corridors, digest = books[CorridorBooks], _digest_of(books, event, creditor, amount)
    if amount < corridors.records[event.id].terms.travel_threshold:
        return
    if digest is None or corridors.payloads[digest] is not PayloadState.SIGNED:
        detail = f"{amount} units of 0x{event.debtor.hex()} were admitted without a payload that both signed"
        books.violated("INV-TRAVEL", emitted, detail)
        return
    corridors.payloads[digest] = PayloadState.USED


def _free_payload(books: Books, event: _Crossing, creditor: Address | None, amount: int) -> None:
    corridors, digest = books[CorridorBooks], _digest_of(books, event, creditor, amount)
    if digest is not None and corridors.payloads[digest] is PayloadState.USED:
        corridors.payloads[digest] = PayloadState.SIGNED


def _digest_of(books: Books, event: _Crossing, creditor: Address | None, amount: int) -> bytes | None:
    """Return the digest of the statement on a payment; None if nobody signed one."""
    corridors = books[CorridorBooks]
    way = corridors.records[event.id].corridor
    if way is None or creditor is None:
        return None
    return corridors.digests.get((event.debtor, creditor, way.currency, amount, event.payload))
