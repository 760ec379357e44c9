"""Postings of the events of any token, currency or series."""

from __future__ import annotations

from pysettle.domain.core.accounts import ISSUANCE, OWN, Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import AuthorizationCanceled, AuthorizationUsed, Emitted, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.domain.money.movements import check_movement
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(Transfer)
def _transfer(books: Books, emitted: Emitted, event: Transfer) -> Postings:
    token = emitted.emitter
    if token in books.contracts[CURRENCY_TOKEN]:
        check_movement(books, emitted, event)

    def side(holder: Address) -> tuple[Purpose, bytes]:
        return (ISSUANCE, token) if holder == ZERO_ADDRESS else (OWN, holder)

    return move(token, event.value, side(event.sender), side(event.receiver))


@_handles(AuthorizationUsed, AuthorizationCanceled)
def _authorization(books: Books, emitted: Emitted, event: AuthorizationUsed) -> Postings:
    key = (emitted.emitter, event.authorizer, event.nonce)
    if key in books.spent_authorizations:
        books.violated("INV-ONCE", emitted, f"authorization 0x{event.nonce.hex()} was spent before")
    books.spent_authorizations.add(key)
    return ()
