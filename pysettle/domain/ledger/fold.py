"""The ledger as a fold: events in the order of the chain, one after the other, into the books."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from eth_typing import Address

from pysettle.domain.channel.events import ChannelCreated
from pysettle.domain.compute import postings as compute
from pysettle.domain.core.accounts import Contracts, Entry
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.handlers import Handlers
from pysettle.domain.jobs import postings as jobs
from pysettle.domain.money import interest_postings as interest
from pysettle.domain.money import issuance
from pysettle.domain.money import postings as currency
from pysettle.domain.money import transfers as token

_HANDLERS: Handlers = {
    **token.HANDLERS,
    **currency.HANDLERS,
    **issuance.HANDLERS,
    **compute.HANDLERS,
    **jobs.HANDLERS,
    **interest.HANDLERS,
}


class Ledger(Books):
    """The books, and the one way to change them."""

    def apply(self, emitted: Emitted) -> Entry | None:
        """Apply one event, in the order of the chain; return the entry it made, None when it moved no value.

        An event that contradicts the history is recorded in `violations` and applied all the same: the ledger says
        what the contracts did, not what they should have done.
        """
        asset = _asset_of(emitted)
        if not self.contracts.keeps(emitted.emitter) or not (asset == emitted.emitter or self.contracts.counts(asset)):
            return None
        handler = _HANDLERS.get(type(emitted.event))
        postings = handler(self, emitted, emitted.event) if handler else ()
        self.book(postings)
        return Entry(emitted.position, type(emitted.event).__name__, postings) if postings else None

    def copy(self) -> Ledger:
        """Return a ledger that goes its own way from here."""
        return deepcopy(self)


def _asset_of(emitted: Emitted) -> Address:
    """Return the asset that an event of a hub is about; what names none is about its emitter."""
    event = emitted.event
    asset: Address = (
        event.config.token if isinstance(event, ChannelCreated) else getattr(event, "token", emitted.emitter)
    )
    return asset


def fold(contracts: Contracts, history: Iterable[Emitted]) -> Ledger:
    """Return the ledger after a whole history, given in the order of the chain."""
    ledger = Ledger(contracts)
    for emitted in history:
        ledger.apply(emitted)
    return ledger
