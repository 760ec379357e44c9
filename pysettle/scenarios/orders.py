"""The settlements of a case from their handing in to their end, with our own count of all positions."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from pysettle.domain.settlement.calendars import common_opening
from pysettle.errors import ContractReverted
from pysettle.errors.settlement.corridors import CurrencyClosed
from pysettle.evm.backend import Receipt
from pysettle.evm.genesis import BLOCK_INTERVAL_S
from pysettle.money import Currency
from pysettle.scenarios import correspondents
from pysettle.scenarios.borders import Bank, Borders, Side, Submitted
from pysettle.scenarios.case import Expectation, Settled
from pysettle.values import Units

LEAD_S = 60
"""Seconds from a refusal in closed hours to the value time of the next try."""


@dataclass(frozen=True, slots=True)
class Order:
    """A settlement as banks hand it in."""

    sides: tuple[Side, ...]
    """Its legs."""
    handed_in: int
    """Unix second at which the banks handed it in."""

    @property
    def text(self) -> str:
        """The settlement in words."""
        return " for ".join(it.text() for it in self.sides)

    @property
    def kind(self) -> str:
        """Payment or PvP."""
        return "payment" if len(self.sides) == 1 else "PvP"


class Orders:
    """The settlements of a case, at the chain time of the case."""

    def __init__(self, borders: Borders) -> None:
        """Begin without settlements."""
        self.borders = borders
        self.held: Counter[tuple[Bank, Currency]] = Counter()
        """(bank, currency) -> units of its position, by our own count."""
        self.issued: Counter[Currency] = Counter()
        """Currency -> units that were issued."""
        self.settled: list[Settled] = []
        """The settlements that came to their end, in that order."""
        self.final: list[Order] = []
        """Those of them that are final."""
        self.differing = 0
        """Value times of the contract that are not those of the calendars."""
        self._waiting: list[tuple[int, int, Order, Submitted]] = []
        self._numbers = count()

    def fund(self, amounts: Mapping[Bank, Units]) -> None:
        """Issue its own currency to each bank, into its position."""
        self.borders.fund(amounts)
        for bank, units in amounts.items():
            self.held[bank, bank.home] += units
            self.issued[bank.home] += units

    def hand_in(self, sides: Sequence[Side], at: int, *, value_time: int = 0, customers: bytes = bytes(32)) -> int:
        """Have banks sign a settlement and submit it one block later; return the time from which it settles.

        If a currency is closed, they sign it again for the next common opening.

        Args:
            sides: Its legs.
            at: Unix second at which they hand it in, if it has not passed.
            value_time: Unix second from which it may settle; 0 for at once.
            customers: Hash of the data of its customers.
        """
        borders = self.borders
        order = Order(tuple(sides), max(at, borders.chain.block().timestamp))
        borders.wait_until(order.handed_in + BLOCK_INTERVAL_S)
        try:
            instruction = borders.instruction(order.sides, value_time=value_time, customers=customers)
            submitted = borders.submit(instruction)
        except CurrencyClosed as refusal:
            borders.refused(order.text, refusal)
            later = borders.instruction(order.sides, value_time=borders.now + LEAD_S, customers=customers)
            submitted = borders.submit(later)
        self._move(order.sides, debit=True)
        if submitted.instruction.value_time <= submitted.at:
            self._finish(order, submitted, submitted.receipt)
            return submitted.at
        due = borders.settlement.due_at(submitted.settlement_id)
        calendars = [borders.calendars[it.currency] for it in order.sides]
        self.differing += due != common_opening(calendars, submitted.instruction.value_time)
        heapq.heappush(self._waiting, (due, next(self._numbers), order, submitted))
        return due

    def settle_due(self, until: int) -> None:
        """Settle each waiting instruction that is due by a time."""
        while self._waiting and self._waiting[0][0] <= until:
            due, _, order, submitted = heapq.heappop(self._waiting)
            self.borders.wait_until(due)
            self._finish(order, submitted, self.borders.settle(submitted))

    def try_early(self, words: str) -> None:
        """Try to settle the first waiting instruction before its time, and record the refusal."""
        _, _, order, submitted = self._waiting[0]
        try:
            self.borders.settle(submitted)
        except ContractReverted as refusal:
            self.borders.refused(f"{words}: {order.text}", refusal)

    def send_home(self, words: str) -> bool:
        """Try to send the legs of the first waiting instruction home; return whether the contract did."""
        _, _, order, submitted = self._waiting[0]
        try:
            receipt = self.borders.unwind(submitted)
        except ContractReverted as refusal:
            self.borders.refused(f"{words}: {order.text}", refusal)
            return False
        heapq.heappop(self._waiting)
        for side in order.sides:
            self.held[side.debtor, side.currency] += side.amount
        self._record(order, submitted, receipt, final=None)
        return True

    def conserved(self) -> Iterable[Expectation]:
        """Yield that all issued units of each currency are in the positions, as our own count has them."""
        borders = self.borders
        for currency, units in self.issued.items():
            supply = borders.network.system(currency).token.total_supply()
            positions = {bank: borders.available(bank, currency) for bank in borders.banks}
            differing = sum(units != self.held[bank, currency] for bank, units in positions.items())
            expected = f"{currency.text(units)} in supply and in positions, 0 of them differ"
            actual = f"{currency.text(supply)} in supply and in positions, {differing} of them differ"
            if sum(positions.values()) != supply:
                actual = f"{currency.text(supply)} in supply, {currency.text(sum(positions.values()))} in positions"
            yield Expectation.equal(f"{currency.value} conserved", expected, actual)
        yield Expectation.equal("value times apart from the calendars", "0 of all", f"{self.differing} of all")

    def _finish(self, order: Order, submitted: Submitted, receipt: Receipt) -> None:
        self._move(order.sides, debit=False)
        self.final.append(order)
        self._record(order, submitted, receipt, final=self.borders.time_of(receipt))

    def _record(self, order: Order, submitted: Submitted, receipt: Receipt, *, final: int | None) -> None:
        """Record the end of a settlement, beside its path through correspondent banks."""
        calendars, first = self.borders.calendars, order.sides[0]
        if len(order.sides) == 1:
            path = correspondents.payment(order.handed_in, calendars[first.currency], calendars[first.creditor.home])
        else:
            path = correspondents.exchange(order.handed_in, [calendars[it.currency] for it in order.sides])
        at, transaction = submitted.at, receipt.transaction_hash
        self.settled.append(Settled(order.text, order.kind, order.handed_in, at, final, path, transaction))

    def _move(self, sides: Iterable[Side], *, debit: bool) -> None:
        """Count the debits of an instruction, or its credits."""
        for side in sides:
            bank, units = (side.debtor, -side.amount) if debit else (side.creditor, side.amount)
            self.held[bank, side.currency] += units
