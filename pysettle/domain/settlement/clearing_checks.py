"""Checks of the clearing house between two transactions: sets with positions, batches with corridors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding
from pysettle.domain.settlement.clearing import BatchHeader, bits, pair_id, places_of
from pysettle.domain.settlement.clearing_books import ClearingBooks, SettledHalf
from pysettle.domain.settlement.clearing_events import (
    BatchAdmitted,
    BatchQueued,
    BatchReleased,
    ItemsCancelled,
    ItemsRejected,
)
from pysettle.domain.settlement.corridors import corridor_id

_Crossing = tuple[type, bytes, int, bytes]
"""Kind of the corridors' event, id of the corridor, units and payload."""


def nets(books: Books, _scope: Scope) -> Iterator[Finding]:
    """INV-NET: each set has moved positions by its nets, in its own transaction."""
    waiting = books[ClearingBooks].turnovers
    for currency, number in list(waiting):
        del waiting[currency, number]
        yield Finding("INV-NET", f"set {number}", f"its nets in 0x{currency.hex()} have moved no position")


def pairs(books: Books, _scope: Scope) -> Iterator[Finding]:
    """INV-LINK: of PvP pairs both halves settle in one transaction, those to which both debtors agreed, or none."""
    halves = books[ClearingBooks].halves
    books[ClearingBooks].answer = None  # the rule answers anew for the next transaction
    while halves:
        first = halves.pop()
        other = next((it for it in halves if _are_linked(first, it)), None)
        if other is None:
            yield Finding("INV-LINK", f"pair 0x{first.pair.hex()}", "one half settled without the other one")
        else:
            halves.remove(other)


def _are_linked(first: SettledHalf, second: SettledHalf) -> bool:
    """Tell whether two halves are those of the same pairs: the debtor of each is the creditor of the other."""
    of_both = {pair_id(first.half, second.half), pair_id(second.half, first.half)}
    is_same = first.pair == second.pair and first.settled == second.settled and first.pair in of_both
    are_opposite = (first.debtor, first.creditor) == (second.creditor, second.debtor)
    return is_same and are_opposite and first.currency != second.currency


def crossings(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-CORRIDOR: exactly the batches that cross a border are admitted, and what ends of them is given back."""
    counted: Counter[_Crossing] = Counter()
    for emitted in scope.events:
        event = emitted.event
        if isinstance(event, BatchAdmitted | BatchReleased):
            counted[type(event), event.id, event.amount, event.payload] += 1
        elif isinstance(event, BatchQueued | ItemsCancelled | ItemsRejected):
            header = BatchHeader.from_word(event.header)
            batch = books[ClearingBooks].record(event.currency, header)
            if batch is None or not header.crosses:
                continue
            is_new = isinstance(event, BatchQueued)
            items = bits(range(len(batch.items))) if isinstance(event, BatchQueued) else event.items
            amount: int = sum(batch.items[place].amount for place in places_of(items) if place < len(batch.items))
            identifier = corridor_id(header.origin, header.target, event.currency)
            counted[BatchAdmitted if is_new else BatchReleased, identifier, amount, batch.payload] -= 1
    for (kind, identifier, amount, _), number in counted.items():
        if number:
            deed = "admitted" if kind is BatchAdmitted else "given back"
            words = f"were {deed} without a batch" if number > 0 else f"were not {deed}"
            yield Finding("INV-CORRIDOR", f"corridor 0x{identifier.hex()}", f"{amount} units of a batch {words}")
