"""The pilot of mBridge in 2022: 20 banks of four jurisdictions, 164 payments and exchanges PvP in three phases.

Published are the days, the banks, the phases, the number of settlements and both totals. The split of the 164 by type,
the parties, the times and the amounts are not published: the seed draws them, so that they give the published totals.
Foreign money is cleared at the end of each day, as some central banks asked for.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from random import Random

from pysettle.audit.verify import Report
from pysettle.domain.settlement.calendars import CLOSED, common_opening
from pysettle.domain.settlement.corridors import NEVER, CorridorTerms
from pysettle.money import UNITS_PER_WHOLE, Currency
from pysettle.scenarios.borders import Bank, Borders, Side
from pysettle.scenarios.case import CaseResult, Expectation, Figure, Origin, prove
from pysettle.scenarios.orders import LEAD_S, Orders
from pysettle.scenarios.rates import rates_at
from pysettle.values import DAY_S, HOUR_S, Seconds

SOURCE = "BIS, press release of 26 October 2022"
PHASES_SOURCE = "fintechnews.hk on the report of October 2022"
FIRST_DAY, LAST_DAY = dt.date(2022, 8, 15), dt.date(2022, 9, 23)
"""Days of the pilot."""
BANKS, SETTLEMENTS = 20, 164
DOLLARS_ISSUED, DOLLARS_SETTLED = 12_000_000, 22_000_000
"""Published totals: over so many US dollars."""
DOLLAR = "USD"
"""Code of the US dollar."""
PHASES = ((Currency.CNY, Currency.HKD), (Currency.AED,), (Currency.THB,))
"""Currencies that join in each phase."""
DAY_END_LIMITS = (0, 50_000)
"""US dollars that a foreign bank keeps at the end of a day: two central banks, drawn, allow nothing."""
LARGEST = 300_000
"""US dollars of one settlement at most, by the terms of each corridor."""
_ABOVE = Fraction(1005, 1000)
"""The drawn amounts give so many times the published totals, which are lower bounds."""
_MINUTE_S = 60
_STEP = 100
"""Drawn amounts are multiples of so many whole currency."""
ALL_CLOSED_S = 14 * HOUR_S
"""Second of a day in UTC at which all four systems are closed."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A settlement as the seed draws it."""

    at: int
    """Unix second at which the banks hand it in."""
    phase: int
    """Its phase, from 0."""
    paid: Currency
    """Currency of its first leg."""
    other: Currency
    """Currency of the country that it goes to, and of the second leg of an exchange."""
    is_exchange: bool
    """Whether it is PvP."""
    weight: int
    """Its share of the amount of all."""


class Pilot:
    """The run of the pilot."""

    title = "mBridge pilot of 2022"
    """Title of the case."""

    def __init__(self, seed: int) -> None:
        """Deploy the network, and draw the settlements."""
        self.seed = seed
        self._random = Random(seed)  # noqa: S311 - reproducible on purpose, and nothing secret is made of it
        currencies = [currency for joining in PHASES for currency in joining]
        start = midnight(FIRST_DAY) - DAY_S
        self.borders = Borders(seed, start, dict.fromkeys(currencies, BANKS // len(currencies)))
        self.cleared_daily = set(self._random.sample(currencies, 2))
        self.terms = {currency: self._terms(currency, start + DAY_S) for currency in currencies}
        self.drawn = self._draw()
        self._shares = {bank: self._random.randint(90, 110) for bank in self.borders.banks}
        self.orders = Orders(self.borders)
        self.dollars_issued = Fraction(0)
        self.clear_outs = self.above_policy = 0

    # Drawing

    def _terms(self, currency: Currency, time: int) -> CorridorTerms:
        """Return the terms of the corridors of a currency; the pilot published no rule of a payload."""
        rates = rates_at(time)
        largest, window, kept = (
            rates.of_dollars(dollars, currency, 1_000)
            for dollars in (LARGEST, 5 * LARGEST, DAY_END_LIMITS[currency not in self.cleared_daily])
        )
        return CorridorTerms(largest, window, NEVER, Seconds(DAY_S), kept)

    def _draw(self) -> list[Drawn]:
        """Draw when and between which countries the banks settle; no value time is after the last day."""
        random, drawn, taken = self._random, list[Drawn](), set[int]()
        end = midnight(LAST_DAY) + DAY_S
        for _ in range(SETTLEMENTS):
            phase = random.randrange(len(PHASES))
            active = [currency for joining in PHASES[: phase + 1] for currency in joining]
            is_exchange = random.random() < 0.4
            weight = random.randint(40, 160)
            while True:
                paid, other = random.sample(active, 2)
                at = self._time(phase, paid)
                calendars = [self.borders.calendars[it] for it in ((paid, other) if is_exchange else (paid,))]
                due = common_opening(calendars, at + LEAD_S)
                if at not in taken and due is not None and due < end:
                    break
            taken.add(at)
            drawn.append(Drawn(at, phase, paid, other, is_exchange, weight))
        return sorted(drawn, key=lambda it: it.at)

    def _time(self, phase: int, paid: Currency) -> int:
        """Draw a minute of a phase in the opening hours of the paid currency, not in its last quarter of an hour."""
        calendar, (first, last) = self.borders.calendars[paid], days_of(phase)
        while True:
            day = self._random.randrange(first, last + 1)
            hours = calendar.hours_of(day)
            if hours == CLOSED:
                continue
            minute = self._random.randrange(hours.opens, hours.closes - 15)
            return day * DAY_S + minute * _MINUTE_S - calendar.local_s(0)

    # The run

    def run(self) -> None:
        """Run the three phases, day by day: settlements, value times, and the end of the day."""
        pending, weights = deque(self.drawn), sum(it.weight for it in self.drawn)
        for day in range(days_of(0)[0], days_of(len(PHASES) - 1)[1] + 1):
            for phase in range(len(PHASES)):
                if days_of(phase)[0] == day:
                    self._open(phase)
            end = (day + 1) * DAY_S
            while pending and pending[0].at < end:
                drawn = pending.popleft()
                self.orders.settle_due(drawn.at)
                dollars = DOLLARS_SETTLED * _ABOVE * drawn.weight / weights
                self.orders.hand_in([*self._sides(drawn, int(dollars))], drawn.at)
            self.orders.settle_due(end - 1)
            self._end_day(day)

    def _open(self, phase: int) -> None:
        """Begin a phase: its countries join with their banks, corridors and money."""
        borders, joining = self.borders, PHASES[phase]
        active = [currency for group in PHASES[: phase + 1] for currency in group]
        borders.wait_until(days_of(phase)[0] * DAY_S)
        new = [(bank, it) for bank in borders.banks for it in active if bank.home in active]
        borders.admit([(bank, it) for bank, it in new if it in joining or bank.home in joining])
        ways = [way for way in permutations(active, 2) if way[0] in joining or way[1] in joining]
        borders.open_corridors(ways, self.terms)
        shares = {bank: self._shares[bank] for currency in joining for bank in borders.banks_of(currency)}
        rates, all_shares = rates_at(borders.now), sum(self._shares.values())
        amounts = {
            bank: rates.of_dollars(int(DOLLARS_ISSUED * _ABOVE * share / all_shares), bank.home, _STEP)
            for bank, share in shares.items()
        }
        self.orders.fund(amounts)
        self.dollars_issued += sum(rates.in_dollars(units, bank.home) for bank, units in amounts.items())

    def _sides(self, drawn: Drawn, dollars: int) -> Iterator[Side]:
        """Draw the banks of a settlement among those that have the money, and yield its legs."""
        rates = rates_at(drawn.at)
        amount = rates.of_dollars(dollars, drawn.paid, _STEP)
        debtor = self._able(drawn.paid, amount)
        if not drawn.is_exchange:
            yield Side(drawn.paid, debtor, self._random.choice(self.borders.banks_of(drawn.other)), amount)
            return
        counter = rates.exchanged(amount, drawn.paid, drawn.other)
        creditor = self._able(drawn.other, counter)
        yield Side(drawn.paid, debtor, creditor, amount)
        yield Side(drawn.other, creditor, debtor, counter)

    def _able(self, currency: Currency, amount: int) -> Bank:
        return self._random.choice(
            [it for it in self.borders.banks_of(currency) if self.orders.held[it, currency] >= amount]
        )

    def _end_day(self, day: int) -> None:
        """Clear foreign money above the limits, when all currencies are closed, and check the positions after it."""
        borders = self.borders
        above = self._above(self.orders.held)
        if not above:
            return
        borders.wait_until(day * DAY_S + ALL_CLOSED_S)
        borders.clear_out(above)
        self.clear_outs += len(above)
        for bank, currency in above:
            limit, kept = self.terms[currency].day_end_limit, borders.available(bank, currency)
            self.above_policy += kept > limit
            self.orders.held[borders.agent_of(bank, currency), currency] += self.orders.held[bank, currency] - kept
            self.orders.held[bank, currency] = kept

    def _above(self, held: Counter[tuple[Bank, Currency]]) -> list[tuple[Bank, Currency]]:
        """Return the foreign positions above the limit at the end of a day."""
        return [
            (bank, currency)
            for (bank, currency), units in held.items()
            if bank.home is not currency and units > self.terms[currency].day_end_limit
        ]

    # The result

    @property
    def dollars_settled(self) -> Fraction:
        """US dollars of the first legs of all settlements, by the rates of their days."""
        final = self.orders.final
        return sum(
            (rates_at(it.handed_in).in_dollars(it.sides[0].amount, it.sides[0].currency) for it in final), Fraction(0)
        )

    def result(self, out: Path | None) -> CaseResult:
        """Export and verify the bundle, and return the figures."""
        borders = self.borders
        report = prove(borders.chain, borders.network, borders.labels(), out)
        return CaseResult(
            title=self.title,
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
        published, drawn, computed = Origin
        yield Figure("days of the pilot", published, f"{FIRST_DAY} to {LAST_DAY}", SOURCE)
        yield Figure.of_count("banks", published, BANKS, SOURCE)
        yield Figure.of_count("payments and PvP", published, SETTLEMENTS, SOURCE)
        for name, dollars in (("issued, over", DOLLARS_ISSUED), ("settled, over", DOLLARS_SETTLED)):
            yield Figure.of_money(name, published, dollars * UNITS_PER_WHOLE, DOLLAR, SOURCE)
        yield Figure("order of the countries", published, "CN and HK, then AE, then TH", PHASES_SOURCE)
        kinds = Counter((it.phase, it.is_exchange) for it in self.drawn)
        for phase in range(len(PHASES)):
            yield Figure.of_count(f"payments handed in, phase {phase + 1}", drawn, kinds[phase, False])
            yield Figure.of_count(f"PvP handed in, phase {phase + 1}", drawn, kinds[phase, True])
        daily = " and ".join(sorted(it.value for it in self.cleared_daily))
        yield Figure("cleared whole at the end of a day", drawn, daily)
        for currency, units in self.orders.issued.items():
            yield Figure.of_money("issued", drawn, units, currency.value)
        for name, amount in (("issued", self.dollars_issued), ("settled", self.dollars_settled)):
            yield Figure.of_money(f"{name}, at ECB rates", computed, in_units(amount), DOLLAR)
        yield from self._computed()
        yield Figure.of_count("clear-outs at the end of a day", computed, self.clear_outs)

    def _computed(self) -> Iterator[Figure]:
        """Yield the figures of the way in which the obligations settle."""
        yield Figure.of_count("value times moved to the next opening", Origin.COMPUTED, len(self.borders.refusals))

    @property
    def settled(self) -> int:
        """Payments and PvP that are final."""
        return len(self.orders.final)

    def _expectations(self, report: Report) -> Iterator[Expectation]:
        yield Expectation.equal("payments and PvP", f"{SETTLEMENTS} settled", f"{self.settled} settled")
        for name, least, amount in (
            ("issued", DOLLARS_ISSUED, self.dollars_issued),
            ("settled", DOLLARS_SETTLED, self.dollars_settled),
        ):
            yield Expectation.above(name, least * UNITS_PER_WHOLE, in_units(amount), DOLLAR)
        yield from self.orders.conserved()
        above = f"{self.above_policy} of all"
        yield Expectation.equal("foreign positions above policy at the end of a day", "0 of all", above)
        yield Expectation.of_audit(report)


def days_of(phase: int) -> tuple[int, int]:
    """Return the first and the last day of a phase, from 1970-01-01; all phases have the same length."""
    first, last = (midnight(day) // DAY_S for day in (FIRST_DAY, LAST_DAY))
    weeks = (last - first + 7) // 7 // len(PHASES)
    begin = first + 7 * weeks * phase
    return begin, min(last, begin + 7 * weeks - 1)


def in_units(dollars: Fraction) -> int:
    """Return millionths of a dollar."""
    return int(dollars * UNITS_PER_WHOLE)


def midnight(day: dt.date) -> int:
    """Return the unix second at which a day begins in UTC."""
    return (day - dt.date(1970, 1, 1)).days * DAY_S
