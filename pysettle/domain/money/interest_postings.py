"""What the events of InterestPayments do to the books: no value moves by them, but no row and no day may come twice.

Issuance and payment of interest are the currency's events, like any other institution's.
"""

from __future__ import annotations

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.handlers import Handlers, Postings, registering
from pysettle.domain.money import events

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.InterestDeclared)
def _declared(books: Books, emitted: Emitted, event: events.InterestDeclared) -> Postings:
    earliest = books.interest_declared_to[emitted.emitter]
    if event.first_day < earliest:
        books.violated("INV-ONCE", emitted, f"interest from day {event.first_day}, days to {earliest} were declared")
    books.interest_declared_to[emitted.emitter] = max(earliest, event.end_day)
    return ()


@_handles(events.InterestPaid)
def _paid(books: Books, emitted: Emitted, event: events.InterestPaid) -> Postings:
    key = (emitted.emitter, event.period_id, event.index)
    if key in books.paid_interest:
        books.violated("INV-ONCE", emitted, f"row {event.index} of period {event.period_id} was paid before")
    books.paid_interest.add(key)
    return ()
