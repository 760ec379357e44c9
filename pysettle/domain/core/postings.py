"""The table from events to their postings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pysettle.domain.core.accounts import LedgerAccount, Posting, Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted, Event
from pysettle.values import Address

Postings = tuple[Posting, ...]
"""Sides of an entry; none where the event moves no value."""
Handler = Callable[[Books, Emitted, Any], Postings]
"""Given the books before the event and the event with its contract and position: updates all state but the balances,
and returns the postings to balances."""
Handlers = dict[type[Event], Handler]
"""Kind of event -> its handler."""


def registering(handlers: Handlers) -> Callable[..., Callable[[Handler], Handler]]:
    """Return a decorator that puts a handler under the kinds of events it is for."""

    def handles(*kinds: type[Event]) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            handlers.update(dict.fromkeys(kinds, handler))
            return handler

        return register

    return handles


def move(asset: Address, amount: int, source: tuple[Purpose, bytes], target: tuple[Purpose, bytes]) -> Postings:
    """Return the entry that moves an amount of an asset between two (purpose, owner)."""
    return (
        Posting(LedgerAccount(asset, *source), -amount),
        Posting(LedgerAccount(asset, *target), amount),
    )
