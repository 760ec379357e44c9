"""Postings of the events of the job escrow. Orders in a currency that is not counted have no postings.

Each step is compared with the order's terms: its state, its time and its amount.
"""

from __future__ import annotations

from pysettle.domain.core.accounts import OWN, Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.jobs import events
from pysettle.domain.jobs.books import JobBooks, MilestoneRecord, OrderRecord
from pysettle.domain.jobs.contracts import DUE, JOB
from pysettle.domain.jobs.terms import MilestoneState, OrderState, share_rounded_down
from pysettle.values import Address, OrderId

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.OrderPlaced)
def _placed(books: Books, emitted: Emitted, event: events.OrderPlaced) -> Postings:
    terms = event.terms
    if event.order_id in books[JobBooks].orders:
        books.violated("INV-ONCE", emitted, f"order 0x{event.order_id.hex()} was placed before")
    books[JobBooks].orders[event.order_id] = OrderRecord(
        emitted.emitter,
        event.payer,
        terms,
        [MilestoneRecord(amount, before) for amount, before in terms.milestones],
        unfinished=terms.total,
    )
    # The payment has to equal the sum of the milestones; otherwise the order is underfunded (INV-JOB).
    return _counted(books, terms.currency, event.total, (OWN, emitted.emitter), (JOB, event.order_id))


@_handles(events.OrderAccepted)
def _accepted(books: Books, emitted: Emitted, event: events.OrderAccepted) -> Postings:
    record = _order(books, emitted, event.order_id)
    _in_time(books, emitted, event.order_id, record.terms.accept_before)
    record.state = OrderState.ACCEPTED
    return ()


@_handles(events.OrderCancelled)
def _cancelled(books: Books, emitted: Emitted, event: events.OrderCancelled) -> Postings:
    record = _order(books, emitted, event.order_id)
    record.state = OrderState.CANCELLED
    for stage in record.milestones:
        stage.state = MilestoneState.REFUNDED
    record.unfinished = 0
    record.refunded += event.amount
    return _due(books, record, event.order_id, record.payer, event.amount)


@_handles(events.MilestoneDelivered)
def _delivered(books: Books, emitted: Emitted, event: events.MilestoneDelivered) -> Postings:
    _, stage = _milestone(books, emitted, event.order_id, event.milestone, MilestoneState.DUE)
    _in_time(books, emitted, event.order_id, stage.deliver_before)
    stage.state, stage.since = MilestoneState.DELIVERED, emitted.timestamp
    return ()


@_handles(events.MilestoneDisputed)
def _disputed(books: Books, emitted: Emitted, event: events.MilestoneDisputed) -> Postings:
    record, stage = _milestone(books, emitted, event.order_id, event.milestone, MilestoneState.DELIVERED)
    _in_time(books, emitted, event.order_id, stage.since + record.terms.review_s)
    stage.state, stage.since = MilestoneState.DISPUTED, emitted.timestamp
    record.bonds += record.terms.bond
    own, job = (OWN, emitted.emitter), (JOB, event.order_id)
    return _counted(books, record.terms.currency, event.bond, own, job)


@_handles(events.MilestoneReleased)
def _released(books: Books, emitted: Emitted, event: events.MilestoneReleased) -> Postings:
    record, stage = _milestone(books, emitted, event.order_id, event.milestone, MilestoneState.DELIVERED)
    _end(record, stage, MilestoneState.RELEASED)
    record.released += event.amount
    return _due(books, record, event.order_id, record.terms.provider, event.amount)


@_handles(events.MilestoneRefunded)
def _refunded(books: Books, emitted: Emitted, event: events.MilestoneRefunded) -> Postings:
    starts = (MilestoneState.DUE, MilestoneState.DELIVERED, MilestoneState.DISPUTED)
    record, stage = _milestone(books, emitted, event.order_id, event.milestone, *starts)
    _end(record, stage, MilestoneState.REFUNDED)
    record.refunded += event.amount
    return (
        *_due(books, record, event.order_id, record.payer, event.amount),
        *_due(books, record, event.order_id, record.terms.buyer, event.bond),
    )


@_handles(events.MilestoneRuled)
def _ruled(books: Books, emitted: Emitted, event: events.MilestoneRuled) -> Postings:
    record, stage = _milestone(books, emitted, event.order_id, event.milestone, MilestoneState.DISPUTED)
    _check_ruling(books, emitted, event, record, stage)
    _end(record, stage, MilestoneState.RULED)
    record.released += event.to_provider
    record.refunded += event.to_payer
    terms = record.terms
    return (
        *_due(books, record, event.order_id, terms.provider, event.to_provider),
        *_due(books, record, event.order_id, record.payer, event.to_payer),
        *_due(books, record, event.order_id, terms.provider if event.bond_to_provider else terms.buyer, event.bond),
    )


@_handles(events.DuePaid)
def _paid(books: Books, emitted: Emitted, event: events.DuePaid) -> Postings:
    return _counted(books, event.currency, event.amount, (DUE, event.account), (OWN, emitted.emitter))


def _order(books: Books, emitted: Emitted, order_id: OrderId) -> OrderRecord:
    """Return an order that can still be accepted or cancelled: only one of the two can happen, once."""
    record = books[JobBooks].orders[order_id]
    if record.state is not OrderState.PLACED:
        was = record.state.name.lower()
        books.violated("INV-FINAL", emitted, f"order 0x{order_id.hex()} was {was} before")
    return record


def _milestone(
    books: Books, emitted: Emitted, order_id: OrderId, milestone: int, *starts: MilestoneState
) -> tuple[OrderRecord, MilestoneRecord]:
    """Return a milestone for a step that starts from certain states, of an order that was accepted."""
    record = books[JobBooks].orders[order_id]
    stage = record.milestones[milestone]
    about = f"milestone {milestone} of order 0x{order_id.hex()}"
    if stage.state.is_final:
        books.violated("INV-FINAL", emitted, f"{about} had ended before")
    elif record.state is not OrderState.ACCEPTED:
        books.violated("INV-JOB", emitted, f"{about} goes on, and the order was not accepted")
    elif stage.state not in starts:
        step = type(emitted.event).__name__
        books.violated("INV-JOB", emitted, f"{about} was {stage.state.name.lower()}, from where no {step} starts")
    return record, stage


def _in_time(books: Books, emitted: Emitted, order_id: OrderId, end: int) -> None:
    if emitted.timestamp >= end:
        detail = (
            f"{type(emitted.event).__name__} of order 0x{order_id.hex()} at {emitted.timestamp}, too late from {end}"
        )
        books.violated("INV-JOB", emitted, detail)


def _check_ruling(
    books: Books, emitted: Emitted, event: events.MilestoneRuled, record: OrderRecord, stage: MilestoneRecord
) -> None:
    """Compare a ruling with the order: the arbiter rules in its time; the default comes after it and is as agreed.

    Only a party that gets the whole amount from the arbiter also gets the bond.
    """
    terms, end = record.terms, stage.since + record.terms.arbitration_s
    about = f"milestone {event.milestone} of order 0x{event.order_id.hex()}"
    by_arbiter = any(event.grounds)
    if by_arbiter:
        _in_time(books, emitted, event.order_id, end)
    elif emitted.timestamp < end or event.to_provider != share_rounded_down(stage.amount, terms.default_bps):
        books.violated(
            "INV-JOB", emitted, f"{about} was not ruled by the default of its order, without a ruling of the arbiter"
        )
    if event.bond_to_provider != (by_arbiter and event.to_provider == stage.amount):
        books.violated("INV-JOB", emitted, f"the bond of {about} did not go to the party of the ruling")


def _end(record: OrderRecord, stage: MilestoneRecord, state: MilestoneState) -> None:
    if stage.state is MilestoneState.DISPUTED:
        record.bonds -= record.terms.bond
    if not stage.state.is_final:
        record.unfinished -= stage.amount
    stage.state = state


def _due(books: Books, record: OrderRecord, order_id: OrderId, account: Address, amount: int) -> Postings:
    return _counted(books, record.terms.currency, amount, (JOB, order_id), (DUE, account))


def _counted(
    books: Books, currency: Address, amount: int, source: tuple[Purpose, bytes], target: tuple[Purpose, bytes]
) -> Postings:
    return move(currency, amount, source, target) if books.contracts.counts(currency) else ()
