"""A sanctions hit before value time: one bank is stopped, and every leg of its instruction goes home.

Three banks of three countries pay each other in a ring, each in its own currency, for the next day. Until a party is
stopped nobody can leave. The stop in one currency ends the instruction in all three, and no bank has paid without being
paid. Through correspondent banks the two legs that settle first would be gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from pysettle.audit.verify import Report
from pysettle.domain.settlement.corridors import NEVER, CorridorTerms
from pysettle.money import UNITS_PER_WHOLE, Currency
from pysettle.scenarios.borders import Borders, Side
from pysettle.scenarios.case import CaseResult, Expectation, Figure, Origin, prove
from pysettle.scenarios.orders import Orders
from pysettle.scenarios.rates import rates_at
from pysettle.values import DAY_S, HOUR_S, Seconds, Units

START = 1_790_553_600
"""2026-09-28T00:00:00Z, a Monday."""
RING = (Currency.CNY, Currency.HKD, Currency.AED)
"""Each pays the next one, the last one pays the first one."""
_DRAWN_FROM, _DRAWN_TO = 500, 1_500
"""Thousand US dollars of each leg, at least and at most."""
_FUNDED = 3
_LIMIT = Units(100_000_000 * UNITS_PER_WHOLE)
TERMS = CorridorTerms(_LIMIT, _LIMIT, NEVER, Seconds(DAY_S), _LIMIT)
"""Terms of each corridor."""
_SIGNED_AT, _VALUE_AT, _HIT_AT = START + 5 * HOUR_S, START + DAY_S + 5 * HOUR_S, START + DAY_S + HOUR_S


class Stop:
    """The run of the case."""

    def __init__(self, seed: int) -> None:
        """Open three currencies with a bank each, and a corridor along each side of the ring."""
        self.seed = seed
        self.dollars = 1_000 * Random(seed).randint(_DRAWN_FROM, _DRAWN_TO)  # noqa: S311 - reproducible, no secret
        borders = self.borders = Borders(seed, START, dict.fromkeys(RING, 1))
        self.orders = Orders(borders)
        borders.admit((bank, currency) for bank in borders.banks for currency in RING)
        ways = list(zip(RING, (*RING[1:], RING[0]), strict=True))
        borders.open_corridors(ways, dict.fromkeys(RING, TERMS))
        rates = rates_at(START)
        self.amounts = {currency: rates.of_dollars(self.dollars, currency, 1) for currency in RING}
        self.orders.fund({bank: Units(_FUNDED * self.amounts[bank.home]) for bank in borders.banks})
        banks = {bank.home: bank for bank in borders.banks}
        self.sides = [Side(it, banks[it], banks[other], self.amounts[it]) for it, other in ways]
        self.before = self._positions()
        self.went_home = False

    def run(self) -> None:
        """Sign for tomorrow; try to leave; stop the bank of Dubai; send all legs home; settle after the stop."""
        borders, orders, dubai = self.borders, self.orders, self.sides[-1].debtor
        orders.hand_in(self.sides, _SIGNED_AT, value_time=_VALUE_AT)
        self.earmarked = self._positions()
        orders.send_home("sent home without a reason")
        borders.wait_until(_HIT_AT)
        borders.set_stop(dubai, Currency.AED, stopped=True)
        borders.wait_until(_VALUE_AT)
        orders.try_early("settled at its value time")
        self.went_home = orders.send_home("sent home")
        self.after = self._positions()
        # The hit was a false one: the stop is lifted, and the banks sign again.
        borders.set_stop(dubai, Currency.AED, stopped=False)
        orders.hand_in(self.sides, borders.now)

    def _positions(self) -> dict[str, int]:
        """Return bank -> available units of its own currency."""
        return {bank.name: self.borders.available(bank, bank.home) for bank in self.borders.banks}

    def result(self, out: Path | None) -> CaseResult:
        """Export and verify the bundle, and return the figures."""
        borders = self.borders
        report = prove(borders.chain, borders.network, borders.labels(), out)
        return CaseResult(
            title="A sanctions hit before value time",
            seed=self.seed,
            steps=(),
            figures=tuple(self._figures()),
            settled=tuple(self.orders.settled),
            refusals=tuple(borders.refusals),
            expectations=tuple(self._expectations(report)),
            report=report,
            bundle=out,
        )

    def _figures(self) -> Iterator[Figure]:
        dollars = self.dollars * UNITS_PER_WHOLE
        yield Figure.of_money("each leg", Origin.DRAWN, dollars, "USD")
        for side in self.sides:
            name = f"{side.debtor.name} pays {side.creditor.name}, ECB rates or peg"
            yield Figure.of_money(name, Origin.COMPUTED, side.amount, side.currency.value)

    def _expectations(self, report: Report) -> Iterator[Expectation]:
        for bank in self.borders.banks:
            name, amount = bank.name, self.amounts[bank.home]
            funds, words = self.before[name], bank.home.text
            waiting = f"{words(Units(funds - amount))} while it waits, {words(Units(funds))} after the stop"
            actual = (
                f"{words(Units(self.earmarked[name]))} while it waits, {words(Units(self.after[name]))} after the stop"
            )
            yield Expectation.equal(f"position of {name}", waiting, actual)
        home, final = sum(it.final is None for it in self.orders.settled), len(self.orders.final)
        yield Expectation.equal("instructions", "1 sent home, 1 final", f"{home} sent home, {final} final")
        errors = ", ".join(it.error for it in self.borders.refusals)
        yield Expectation.equal("refusals", "InstructionNotBlocked, ParticipantStopped", errors)
        yield from self.orders.conserved()
        yield Expectation.of_audit(report)
