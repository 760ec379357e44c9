"""Postings of the events of the clearing house."""

from __future__ import annotations

from collections import defaultdict

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, registering
from pysettle.domain.settlement import clearing_events as events
from pysettle.domain.settlement import clearing_rule
from pysettle.domain.settlement.books import LiquidityBooks, ParticipantBooks
from pysettle.domain.settlement.clearing import (
    LEAST_OPEN_S,
    LONGEST_CLOSED_S,
    OPERATOR_ALONE_S,
    BatchHeader,
    BatchItem,
    half_id,
    places_of,
)
from pysettle.domain.settlement.clearing_books import BatchRecord, ClearingBooks, CycleRecord, DueItem, SettledHalf
from pysettle.domain.settlement.clearing_rule import is_blocked, member
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.errors.states import CycleState
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)

# --------------------------------------------------------------------------------------------- queues


@_handles(events.BatchQueued)
def _queued(books: Books, emitted: Emitted, event: events.BatchQueued) -> Postings:
    """Book a batch: its debtor is active, it is the next of its order, and it is due in the cycle that runs or next."""
    clearing, header = books[ClearingBooks], BatchHeader.from_word(event.header)
    record = books[ParticipantBooks].records.get((event.currency, event.debtor))
    if record is None or record.index != header.debtor or record.stopped or record.suspended:
        books.violated("INV-FROZEN", emitted, f"0x{event.debtor.hex()} queued obligations and was not active")
    cycle = clearing.cycles[event.currency]
    due = cycle.number + (cycle.state is CycleState.CLOSED)
    place = (event.currency, header.debtor, header.priority, header.index)
    before = (*place[:3], header.index - 1)
    if place in clearing.batches or (header.index and before not in clearing.batches) or header.cycle != due:
        books.violated("INV-ORDER", emitted, f"batch {header.index} of 0x{event.debtor.hex()} was queued out of turn")
    items = tuple(map(BatchItem.from_word, event.items))
    is_pair, everything = any(event.pair), (1 << len(items)) - 1
    queued, held = (0, everything) if is_pair else (everything, 0)
    clearing.last = BatchRecord(header, event.payload, items, queued, held, pair=event.pair)
    clearing.batches[place] = clearing.queues[event.currency, header.debtor][header] = clearing.last
    return ()


@_handles(events.ItemsHeldSet)
def _held(books: Books, emitted: Emitted, event: events.ItemsHeldSet) -> Postings:
    batch = _changed(books, emitted, event)
    if batch is not None:
        among = batch.queued if event.held else batch.held
        _check_among(books, emitted, event.items, 0 if batch.is_pair else among)
        batch.queued ^= event.items
        batch.held ^= event.items
    return ()


@_handles(events.ItemsCancelled, events.ItemsRejected)
def _ended(books: Books, emitted: Emitted, event: events.ItemsCancelled | events.ItemsRejected) -> Postings:
    batch = _changed(books, emitted, event)
    if batch is not None:
        _check_among(books, emitted, event.items, batch.queued | batch.held)
        batch.end(event.items)
        batch.ended = tuple(batch.items[place] for place in places_of(event.items) if place < len(batch.items))
        books[ClearingBooks].end(event.currency, batch)
    return ()


_Change = events.ItemsHeldSet | events.ItemsCancelled | events.ItemsRejected


def _changed(books: Books, emitted: Emitted, event: _Change) -> BatchRecord | None:
    """Return the batch that a party changes, unless it is due in a closed cycle; its books remember it."""
    clearing, header = books[ClearingBooks], BatchHeader.from_word(event.header)
    cycle, batch = clearing.cycles[event.currency], clearing.record(event.currency, header)
    is_fixed = cycle.state is CycleState.CLOSED and header.cycle <= cycle.number
    if is_fixed and emitted.timestamp < cycle.since + LONGEST_CLOSED_S:
        books.violated("INV-ORDER", emitted, f"items changed that are due in the closed cycle {cycle.number}")
    if batch is None:
        books.violated("INV-ONCE", emitted, "items changed of a batch that was not queued")
    clearing.last = batch
    return batch


def _check_among(books: Books, emitted: Emitted, items: int, among: int) -> None:
    if items & ~among or not items:
        books.violated("INV-ONCE", emitted, f"the items {places_of(items & ~among)} of a batch had ended before")


# --------------------------------------------------------------------------------------------- cycles


@_handles(events.ClearingOperatorSet)
def _operator(books: Books, emitted: Emitted, event: events.ClearingOperatorSet) -> Postings:
    cycle = books[ClearingBooks].cycles[event.currency]
    if cycle.state is CycleState.NONE:
        cycle.number, cycle.state, cycle.since = 1, CycleState.OPEN, emitted.timestamp
    cycle.operator = event.operator
    return ()


@_handles(events.CycleClosed)
def _closed(books: Books, emitted: Emitted, event: events.CycleClosed) -> Postings:
    cycle = books[ClearingBooks].cycles[event.currency]
    wait = LEAST_OPEN_S if event.caller == cycle.operator else OPERATOR_ALONE_S
    if event.cycle != cycle.number or cycle.state is not CycleState.OPEN or emitted.timestamp < cycle.since + wait:
        books.violated("INV-FINAL", emitted, f"cycle {event.cycle} was closed, and was not open long enough")
    cycle.state, cycle.since = CycleState.CLOSED, emitted.timestamp
    return ()


@_handles(events.CycleEnded)
def _cycle_ended(books: Books, emitted: Emitted, event: events.CycleEnded) -> Postings:
    cycle = books[ClearingBooks].cycles[event.currency]
    state = CycleState.SETTLED if cycle.sets else CycleState.UNWOUND
    if event.cycle != cycle.number or cycle.state is not CycleState.CLOSED or event.state != state:
        books.violated("INV-FINAL", emitted, f"cycle {event.cycle} ended, and was not closed or not {state.word}")
    _check_caller(books, emitted, cycle, event.caller, LONGEST_CLOSED_S)
    clearing_rule.ended(books, emitted, event)
    books[ClearingBooks].cycles[event.currency] = CycleRecord(
        event.cycle + 1, CycleState.OPEN, emitted.timestamp, operator=cycle.operator
    )
    return ()


@_handles(events.SetSettled)
def _settled(books: Books, emitted: Emitted, event: events.SetSettled) -> Postings:
    """Book the items of a set: each waited, was due and in the order of its debtor; its sums wait for the nets."""
    clearing = books[ClearingBooks]
    cycle = clearing.cycles[event.currency]
    if cycle.state is CycleState.CLOSED:
        clearing_rule.answer(books, emitted.timestamp)
        cycle.sets += 1
    clearing.sets += 1
    is_closed = cycle.state is CycleState.CLOSED
    if is_closed:
        _check_caller(books, emitted, cycle, event.caller, OPERATOR_ALONE_S)
        if emitted.timestamp >= cycle.since + LONGEST_CLOSED_S:
            books.violated("INV-FINAL", emitted, f"set {event.set} settled after the hour of cycle {cycle.number}")
    if event.set != clearing.sets or event.cycle != cycle.number - (not is_closed):
        books.violated("INV-FINAL", emitted, f"set {event.set} of cycle {event.cycle}, and not the next one")
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    last: dict[int, BatchHeader] = {}
    for word, settled in event.batches:
        header = BatchHeader.from_word(word)
        batch = clearing.record(event.currency, header)
        if batch is None or settled & ~batch.payable or header.cycle > event.cycle:
            books.violated(
                "INV-ONCE", emitted, f"a batch of set {event.set} was not queued, not due, or settled before"
            )
            continue
        for place in places_of(settled):
            creditor, amount = batch.items[place]
            sums[creditor][0] += amount
            sums[header.debtor][1] += amount
            if is_closed:
                cycle.settled_count += 1
                cycle.settled_units += amount
                clearing_rule.compare(books, DueItem(event.currency, header, place))
        batch.end(settled)
        clearing.end(event.currency, batch)
        if settled and batch.is_pair:
            clearing.halves.append(_half(books, event.currency, batch, settled))
        if settled:
            last[header.debtor] = max(header, last.get(header.debtor, header))
            _check_crossing(books, emitted, event.currency, batch, settled)
    clearing.turnovers[event.currency, event.set] = dict(sums)
    _check_order(books, emitted, event, last)
    return ()


def _half(books: Books, currency: Address, batch: BatchRecord, settled: int) -> SettledHalf:
    """Return a half of pairs that settled, whose items have one creditor."""
    debtor, creditor = (member(books, currency, it)[0] for it in (batch.header.debtor, batch.items[0].creditor))
    half = half_id(currency, batch.header.debtor, batch.items)
    return SettledHalf(batch.pair, settled, half, currency, debtor, creditor)


def _check_order(books: Books, emitted: Emitted, event: events.SetSettled, last: dict[int, BatchHeader]) -> None:
    """INV-ORDER: no item waits that is due before another one of its debtor that settled, and could be credited."""
    clearing = books[ClearingBooks]
    settled = dict(event.batches)
    due = [batch for debtor in sorted(last) for batch in clearing.queues[event.currency, debtor].values()]
    for batch in due:
        header, waiting, end = batch.header, batch.queued, last[batch.header.debtor]
        if header.cycle > event.cycle or header > end:
            continue
        if header == end:
            waiting &= (1 << settled[header.word].bit_length()) - 1
        for place in places_of(waiting):
            account, record = member(books, event.currency, batch.items[place].creditor)
            if not is_blocked(books, event.currency, account, record):
                detail = f"item {place} of batch {header.index} of debtor {header.debtor} was passed over"
                books.violated("INV-ORDER", emitted, detail)
    creditors = {creditor for word in settled for creditor in _creditors(clearing, event, word)}
    for number in sorted({*last} | creditors):
        account, record = member(books, event.currency, number)
        outgoing, incoming, amount = books[LiquidityBooks].freezing[event.currency].frozen(account)
        is_frozen = (number in last and (outgoing or amount)) or (number in creditors and incoming)
        if record is None or record.stopped or record.suspended or is_frozen:
            books.violated("INV-FROZEN", emitted, f"0x{account.hex()} settled in set {event.set}, stopped or frozen")


def _check_caller(books: Books, emitted: Emitted, cycle: CycleRecord, caller: Address, alone_s: int) -> None:
    """INV-FINAL: for some time after the closing nobody but the operator acts."""
    passed = emitted.timestamp - cycle.since
    if caller != cycle.operator and passed < alone_s:
        detail = f"0x{caller.hex()} acted in the place of the operator of cycle {cycle.number} after {passed} s"
        books.violated("INV-FINAL", emitted, detail)


def _check_crossing(books: Books, emitted: Emitted, currency: Address, batch: BatchRecord, settled: int) -> None:
    """INV-CORRIDOR: creditors are of the jurisdiction that the batch was admitted for; borders are crossed in hours."""
    header = batch.header
    if header.crosses and not books[CorridorBooks].calendars[currency].is_open(emitted.timestamp):
        detail = f"batch {header.index} of debtor {header.debtor} crossed a border in closed hours"
        books.violated("INV-CORRIDOR", emitted, detail)
    for place in places_of(settled):
        account, record = member(books, currency, batch.items[place].creditor)
        if record is not None and record.jurisdiction != header.target:
            detail = f"0x{account.hex()} is of another jurisdiction than its batch was admitted for"
            books.violated("INV-CORRIDOR", emitted, detail)


def _creditors(clearing: ClearingBooks, event: events.SetSettled, word: int) -> set[int]:
    batch = clearing.record(event.currency, BatchHeader.from_word(word))
    settled = dict(event.batches)[word]
    return {batch.items[place].creditor for place in places_of(settled)} if batch else set()
