"""The legs of an instruction that cross a border, by the participants in the books."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.settlement.books import ParticipantBooks
from pysettle.domain.settlement.calendars import common_opening
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind


def crossings(books: Books, legs: tuple[Leg, ...]) -> Iterator[tuple[bytes, Leg]]:
    """Yield the legs between positions of two jurisdictions, each with the id of its corridor."""
    records = books[ParticipantBooks].records
    for leg in legs:
        if leg.kind is LegKind.TOKEN:
            continue
        parties = (records.get((leg.asset, account)) for account in (leg.debtor, leg.creditor))
        ends = [0 if party is None else party.jurisdiction for party in parties]
        if ends[0] != ends[1]:
            yield corridor_id(ends[0], ends[1], leg.asset), leg


def due_time(books: Books, instruction: Instruction) -> int:
    """Return the time from which a waiting instruction settles: its value time, or the next common opening.

    The contract refuses an instruction without a common opening soon; such a one is due at its value time here.
    """
    calendars = books[CorridorBooks].calendars
    currencies = [calendars[leg.asset] for _, leg in crossings(books, instruction.legs)]
    return common_opening(currencies, instruction.value_time) or instruction.value_time
