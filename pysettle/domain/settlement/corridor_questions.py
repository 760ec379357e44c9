"""Questions to the corridors at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, call_data
from pysettle.domain.settlement.contracts import CORRIDORS
from pysettle.domain.settlement.corridor_books import CorridorBooks


def corridors(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask corridors for their terms, the use of each debtor, each calendar and each payload."""
    for contract in sorted(books.contracts[CORRIDORS]):
        about, known = f"corridors 0x{contract.hex()}", books[CorridorBooks]
        for identifier, record in sorted(known.records.items()):
            counter = int.from_bytes(record.corridor.counter_currency, "big") if record.corridor else 0
            expected = (*record.terms.fields(), counter, record.revision, int(record.is_open))
            data = call_data("corridorOf(bytes32)", identifier)
            yield Question(about, contract, f"corridorOf(0x{identifier.hex()})", data, expected)
        for (identifier, debtor), use in sorted(known.uses.items()):
            data = call_data("used(bytes32,address)", identifier, debtor)
            call = f"used(0x{identifier.hex()}, 0x{debtor.hex()})"
            yield Question(about, contract, call, data, (use.units, use.since))
        for currency, calendar in sorted(known.calendars.items()):
            week = calendar.week.word() if calendar.week else 0
            data = call_data("week(address)", currency)
            yield Question(about, contract, f"week(0x{currency.hex()})", data, (week,))
            for place, bitmap in sorted(calendar.words.items()):
                data = call_data("changedDays(address,uint256)", currency, place.to_bytes(32, "big"))
                yield Question(about, contract, f"changedDays(0x{currency.hex()}, {place})", data, (bitmap,))
        for digest, state in sorted(known.payloads.items()):
            data = call_data("payloadState(bytes32)", digest)
            yield Question(about, contract, f"payloadState(0x{digest.hex()})", data, (int(state),))
