"""SCALE-BOOKS: the cost of check L for a transaction, in books of many holders beside books of few."""

from __future__ import annotations

import time
from collections.abc import Iterator

from eth_typing import Address

from pysettle.audit.engines import ExecutedTransaction
from pysettle.audit.ledger import LedgerCheck
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Event, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.events import IssuanceQuotaSet, Issued, ReserveAttested
from tests.audit.logs import log
from tests.benchmarks.measure import Goal, Row, in_turns

MANY, FEW = 10_000, 500
_TRANSACTIONS = 4_000
_CODE = "SCALE-BOOKS"
_CURRENCY, _BANK, _DESK = (Address(bytes([number]) * 20) for number in range(1, 4))
_CONTRACTS = Contracts({CURRENCY_TOKEN: {_CURRENCY: None}, ISSUANCE_DESK: {_DESK: CurrencyTerms(_CURRENCY)}})
_UNITS = 10**6


class Town:
    """Books of one currency, with as many holders as are asked for."""

    def __init__(self, holders: int) -> None:
        """Issue to each of them."""
        self.check = LedgerCheck(_CONTRACTS)
        self._holders = [_account(number) for number in range(holders)]
        self._block = self._strangers = 0
        supply = holders * _UNITS
        self._seal(
            [
                _transaction(ReserveAttested(1, _BANK, supply, 0, 2**40)),
                _transaction(IssuanceQuotaSet(_BANK, supply)),
                *(
                    _transaction(
                        Issued(_BANK, holder, _UNITS, supply - _UNITS * (place + 1)),
                        Transfer(ZERO_ADDRESS, holder, _UNITS),
                    )
                    for place, holder in enumerate(self._holders)
                ),
            ]
        )

    def pay(self, count: int, start: int) -> float:
        """Book as many transactions, half payments between holders and half of nothing to new addresses; return s."""
        transactions = []
        for number in range(start, start + count):
            payer = self._holders[number * 7 % len(self._holders)]
            payee = self._holders[number * 13 % len(self._holders)]
            if number % 2:
                self._strangers += 1
                transactions.append(_transaction(Transfer(payer, _account(10**9 + self._strangers), 0)))
            else:
                transactions.append(_transaction(Transfer(payer, payee, 1)))
        return self._seal(transactions)

    def _seal(self, transactions: list[ExecutedTransaction]) -> float:
        self._block += 1
        began = time.process_time()
        self.check.apply(self._block, 1, transactions)
        took = time.process_time() - began
        assert not self.check.divergences, self.check.divergences[0]
        return took


def scale_books() -> Iterator[Row]:
    """Measure what a transaction costs the books of 10,000 holders, and those of 500."""
    many, few = Town(MANY), Town(FEW)

    def microseconds(town: Town, number: int) -> float:
        return town.pay(_TRANSACTIONS, number * _TRANSACTIONS) / _TRANSACTIONS * 1e6

    figure, anchor = in_turns(
        _CODE, lambda number: microseconds(many, number), lambda number: microseconds(few, number)
    )
    yield Row(_CODE, Goal(1.3, most=True), figure, "microseconds a transaction", anchor)


def _account(number: int) -> Address:
    return Address((2**100 + number).to_bytes(20, "big"))


def _transaction(*told: Event) -> ExecutedTransaction:
    emitted = ((_CURRENCY if isinstance(event, Transfer) else _DESK, event) for event in told)
    return ExecutedTransaction(True, 0, tuple(log(*it) for it in emitted))
