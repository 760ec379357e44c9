"""The double-entry ledger of the network: a fold of events, in the order of the chain, into the books.

Every event that moves value is one balanced entry: its postings sum to zero in each asset. Entries never change; the
state is a fold over them. A `Transfer` moves value between *holders*. The events of settlement move value between the
*purposes* a contract holds it for: a channel, a receiver's claims, a series' escrow, a pending redemption, a credit.
A balance of a contract without a purpose is unallocated. It is zero unless somebody donated to the contract, so that
the books of the hub and of every series can be compared with their ERC-20 balances.

The column of an event knows its postings; this module only applies each event once.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from pysettle.domain.catalogue import COLUMNS
from pysettle.domain.core.accounts import Entry
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers

_HANDLERS: Handlers = {kind: handler for column in COLUMNS.values() for kind, handler in column.postings.items()}


class Ledger(Books):
    """The books, and the one way to change them."""

    def apply(self, emitted: Emitted) -> Entry | None:
        """Apply one event, in the order of the chain; return its entry, None if it moved no value.

        An event that contradicts the history is recorded in `violations` and applied all the same: the ledger records
        the actions of the contracts, right or wrong.
        """
        event, emitter = emitted.event, emitted.emitter
        # The asset that it is about, where it names one: books are kept of counted assets alone.
        asset = getattr(event, "token", emitter)
        if not self.contracts.keeps(emitter) or not (asset == emitter or self.contracts.counts(asset)):
            return None
        handler = _HANDLERS.get(type(event))
        postings = handler(self, emitted, event) if handler else ()
        self.book(postings)
        return Entry(emitted.position, type(event).__name__, postings) if postings else None

    def copy(self) -> Ledger:
        """Return a ledger that goes its own way from here."""
        return deepcopy(self)


def fold(contracts: Contracts, history: Iterable[Emitted]) -> Ledger:
    """Return the ledger after a whole history, given in the order of the chain."""
    ledger = Ledger(contracts)
    for emitted in history:
        ledger.apply(emitted)
    return ledger
