"""Checks of the legs that cross a border between two transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding
from pysettle.domain.settlement import corridor_events, events
from pysettle.domain.settlement.books import SettlementBooks
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.domain.settlement.crossings import crossings

_Crossing = tuple[bytes, bytes, bytes, int, bytes]
"""Id of the corridor, debtor, creditor, units and payload."""


def admissions(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-CORRIDOR: exactly the legs that cross a border are admitted and given back, and they settle in open hours."""
    admitted: Counter[_Crossing] = Counter()
    released: Counter[_Crossing] = Counter()
    for emitted in scope.events:
        event = emitted.event
        if isinstance(event, corridor_events.CrossingAdmitted | corridor_events.CrossingReleased):
            of_kind = admitted if isinstance(event, corridor_events.CrossingAdmitted) else released
            of_kind[event.id, event.debtor, event.creditor, event.amount, event.payload] += 1
        if not isinstance(event, events.InstructionSettled | events.InstructionEarmarked | events.InstructionUnwound):
            continue
        record = books[SettlementBooks].records.get(event.settlement_id)
        if record is None:
            continue  # an event named it that could not be booked
        is_settled = isinstance(event, events.InstructionSettled)
        for identifier, leg in crossings(books, record.instruction.legs):
            key = (identifier, leg.debtor, leg.creditor, leg.amount, record.instruction.customers)
            if isinstance(event, events.InstructionUnwound):
                released[key] -= 1
            elif not (is_settled and record.waited):
                admitted[key] -= 1
            if is_settled and not books[CorridorBooks].calendars[leg.asset].is_open(emitted.timestamp):
                detail = f"{leg.amount} units of 0x{leg.asset.hex()} settled in closed hours"
                yield Finding("INV-CORRIDOR", f"settlement 0x{event.settlement_id.hex()}", detail)
    for word, found in (("admitted", admitted), ("given back", released)):
        for (identifier, debtor, _, amount, _), number in found.items():
            if number:
                words = f"was {word} without an instruction" if number > 0 else f"was not {word}"
                detail = f"a leg of {amount} units of 0x{debtor.hex()} {words}"
                yield Finding("INV-CORRIDOR", f"corridor 0x{identifier.hex()}", detail)
