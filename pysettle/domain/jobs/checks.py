"""Checks of job orders between two transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.contracts import JOB


def orders(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-JOB: per order the funding is released, refunded or for open milestones; the escrow holds these and bonds."""
    for order_id in _named(books, scope):
        order = books[JobBooks].orders.get(order_id)
        if order is None:
            continue  # an event named it that could not be booked
        funded, open_ = order.terms.total, order.unfinished
        held = books.balance(order.terms.currency, JOB, order_id)
        short = books.contracts.counts(order.terms.currency) and held != open_ + order.bonds
        if order.released + order.refunded + open_ != funded or short:
            detail = f"{funded} units funded; {order.released} released, {order.refunded} refunded, {open_} open; "
            detail += f"{order.bonds} put up in disputes; {held} held"
            yield Finding("INV-JOB", f"order 0x{order_id.hex()}", detail)


def _named(books: Books, scope: Scope) -> Iterable[bytes]:
    """Return the orders that may have changed: an event names each."""
    if scope.is_whole:
        return books[JobBooks].orders
    named = (getattr(emitted.event, "order_id", None) for emitted in scope.events)
    return dict.fromkeys(order_id for order_id in named if order_id is not None)
