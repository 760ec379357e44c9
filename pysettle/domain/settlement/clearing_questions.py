"""Questions to the clearing house at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, call_data
from pysettle.domain.settlement.clearing_books import ClearingBooks
from pysettle.domain.settlement.contracts import CLEARING_HOUSE


def clearing(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask the clearing house for the items of each batch, the cycle of each currency, and the number of sets."""
    known = books[ClearingBooks]
    for contract in sorted(books.contracts[CLEARING_HOUSE]):
        about = f"clearing house 0x{contract.hex()}"
        yield Question(about, contract, "setCount()", call_data("setCount()"), (known.sets,))
        for currency, cycle in sorted(known.cycles.items()):
            expected = (int.from_bytes(cycle.operator, "big"), cycle.number, cycle.since, int(cycle.state), cycle.sets)
            data = call_data("cycleOf(address)", currency)
            yield Question(about, contract, f"cycleOf(0x{currency.hex()})", data, expected)
        for (currency, *place), batch in sorted(known.batches.items()):
            words = [number.to_bytes(32, "big") for number in place]
            data = call_data("itemsOf(address,uint256,uint256,uint256)", currency, *words)
            call = f"itemsOf(0x{currency.hex()}, {', '.join(map(str, place))})"
            yield Question(about, contract, call, data, (batch.queued, batch.held))
