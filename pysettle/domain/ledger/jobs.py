"""What the events of the job escrow do to the books. Orders in a currency that is not counted move nothing in them."""

from __future__ import annotations

from eth_typing import Address

from pysettle.domain import events
from pysettle.domain.events import Emitted
from pysettle.domain.ledger.accounts import Purpose
from pysettle.domain.ledger.books import Books, OrderRecord
from pysettle.domain.ledger.handlers import Handlers, Postings, move, registering

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.OrderPlaced)
def _placed(books: Books, emitted: Emitted, event: events.OrderPlaced) -> Postings:
    if event.order_id in books.orders:
        books.violated("INV-ONCE", emitted, f"order 0x{event.order_id.hex()} was placed before")
    books.orders[event.order_id] = OrderRecord(event)
    return _counted(books, event.currency, event.total, (Purpose.OWN, emitted.emitter), (Purpose.JOB, event.order_id))


@_handles(events.OrderCancelled)
def _cancelled(books: Books, emitted: Emitted, event: events.OrderCancelled) -> Postings:
    record = books.orders[event.order_id]
    if record.cancelled or record.ended:
        books.violated("INV-FINAL", emitted, f"order 0x{event.order_id.hex()} had ended before")
    record.cancelled = True
    record.refunded += event.amount
    return _due(books, record, event.order_id, event.payer, event.amount)


@_handles(events.MilestoneDisputed)
def _disputed(books: Books, emitted: Emitted, event: events.MilestoneDisputed) -> Postings:
    record = books.orders[event.order_id]
    record.bonds += event.bond
    own, job = (Purpose.OWN, emitted.emitter), (Purpose.JOB, event.order_id)
    return _counted(books, record.placed.currency, event.bond, own, job)


@_handles(events.MilestoneReleased)
def _released(books: Books, emitted: Emitted, event: events.MilestoneReleased) -> Postings:
    record = _ending(books, emitted, event.order_id, event.milestone)
    record.released += event.amount
    return _due(books, record, event.order_id, record.placed.provider, event.amount)


@_handles(events.MilestoneRefunded)
def _refunded(books: Books, emitted: Emitted, event: events.MilestoneRefunded) -> Postings:
    record = _ending(books, emitted, event.order_id, event.milestone)
    record.refunded += event.amount
    record.bonds -= event.bond
    return (
        *_due(books, record, event.order_id, record.placed.payer, event.amount),
        *_due(books, record, event.order_id, record.placed.buyer, event.bond),
    )


@_handles(events.MilestoneRuled)
def _ruled(books: Books, emitted: Emitted, event: events.MilestoneRuled) -> Postings:
    record = _ending(books, emitted, event.order_id, event.milestone)
    record.released += event.to_provider
    record.refunded += event.to_payer
    record.bonds -= event.bond
    placed = record.placed
    return (
        *_due(books, record, event.order_id, placed.provider, event.to_provider),
        *_due(books, record, event.order_id, placed.payer, event.to_payer),
        *_due(books, record, event.order_id, placed.provider if event.bond_to_provider else placed.buyer, event.bond),
    )


@_handles(events.DuePaid)
def _paid(books: Books, emitted: Emitted, event: events.DuePaid) -> Postings:
    return _counted(books, event.currency, event.amount, (Purpose.DUE, event.account), (Purpose.OWN, emitted.emitter))


def _ending(books: Books, emitted: Emitted, order_id: bytes, milestone: int) -> OrderRecord:
    """Note that a milestone ends, which it does once, in an order that was not cancelled."""
    record = books.orders[order_id]
    if record.cancelled or milestone in record.ended:
        books.violated("INV-FINAL", emitted, f"milestone {milestone} of order 0x{order_id.hex()} had ended before")
    record.ended.add(milestone)
    return record


def _due(books: Books, record: OrderRecord, order_id: bytes, account: Address, amount: int) -> Postings:
    return _counted(books, record.placed.currency, amount, (Purpose.JOB, order_id), (Purpose.DUE, account))


def _counted(
    books: Books, currency: Address, amount: int, source: tuple[Purpose, bytes], target: tuple[Purpose, bytes]
) -> Postings:
    return move(currency, amount, source, target) if books.contracts.counts(currency) else ()
