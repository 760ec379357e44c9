"""Questions to the foreign exchange at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, call_data
from pysettle.domain.settlement.contracts import FOREIGN_EXCHANGE
from pysettle.domain.settlement.exchange_books import ExchangeBooks


def purchases(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask the foreign exchange for used quotes, rates and limits, and its currency for the allowances of series."""
    known = books[ExchangeBooks]
    for contract in sorted(books.contracts[FOREIGN_EXCHANGE]):
        about = f"foreign exchange 0x{contract.hex()}"
        for provider, number in sorted(known.used):
            data = call_data("isUsed(address,uint256)", provider, number.to_bytes(32, "big"))
            yield Question(about, contract, f"isUsed(0x{provider.hex()}, {number})", data, (1,))
        for paid, rate in sorted(known.rates.items()):
            pair = int.from_bytes(paid, "big"), int.from_bytes(rate.sold, "big")
            expected = (*pair, rate.rate, rate.tolerance_bps, rate.observed_at, rate.valid_before)
            data = call_data("referenceRate(address)", paid)
            yield Question(about, contract, f"referenceRate(0x{paid.hex()})", data, expected)
        for (corridor, class_), limit in sorted(known.limits.items()):
            data = call_data("classLimit(bytes32,uint8)", corridor, class_.to_bytes(32, "big"))
            yield Question(about, contract, f"classLimit(0x{corridor.hex()}, {class_})", data, limit)
        for (corridor, buyer), use in sorted(known.uses.items()):
            data = call_data("used(bytes32,address)", corridor, buyer)
            yield Question(about, contract, f"used(0x{corridor.hex()}, 0x{buyer.hex()})", data, (use.units, use.since))
        for exchange, series in sorted(known.admitted):
            if exchange == contract and series in books.contracts[COMPUTE_TOKEN]:
                currency = books.contracts[COMPUTE_TOKEN][series].currency
                data = call_data("allowance(address,address)", contract, series)
                call = f"allowance(0x{contract.hex()}, 0x{series.hex()})"
                yield Question(about, currency, call, data, (2**256 - 1,))
