"""What the events of lockers do to the books."""

from __future__ import annotations

from pysettle.domain.toy.books import LockerBooks
from pysettle.domain.toy.contracts import LOCKER, STORED
from pysettle.domain.toy.events import Returned, Stored

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, move, registering

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(Stored)
def _stored(books: Books, emitted: Emitted, event: Stored) -> Postings:
    locker = emitted.emitter
    books[LockerBooks].stated[locker, event.account] = event.stored
    currency = books.contracts[LOCKER][locker].currency
    return move(currency, event.amount, (OWN, locker), (STORED, event.account))


@_handles(Returned)
def _returned(books: Books, emitted: Emitted, event: Returned) -> Postings:
    locker = emitted.emitter
    books[LockerBooks].stated[locker, event.account] = event.stored
    currency = books.contracts[LOCKER][locker].currency
    return move(currency, event.amount, (STORED, event.account), (OWN, locker))
