"""Golden Week against Dubai: China is closed for a week while the United Arab Emirates are open.

A payment needs the hours of its own currency, and an exchange those of both. A value time in closed hours moves to the
next opening, and nobody can settle before it. On the worked Saturday after the week only China is open.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pysettle.audit.verify import Report
from pysettle.domain.settlement.corridors import NEVER, CorridorTerms
from pysettle.money import UNITS_PER_WHOLE, Currency
from pysettle.scenarios.borders import Bank, Borders, Side
from pysettle.scenarios.case import CaseResult, Expectation, Figure, Origin, prove
from pysettle.scenarios.orders import Orders
from pysettle.scenarios.rates import rates_at
from pysettle.values import DAY_S, Seconds, Units, time_text

START = "2026-09-29T00:00"
"""Chain time of the genesis, in UTC."""
_CNY, _AED = Currency.CNY, Currency.AED
_DRAWN_FROM, _DRAWN_TO = 500, 900
"""Thousand yuan of each exchange and payment, at least and at most."""
_FUNDS = {_CNY: Units(10_000_000 * UNITS_PER_WHOLE), _AED: Units(5_000_000 * UNITS_PER_WHOLE)}
_LIMIT = Units(2_000_000 * UNITS_PER_WHOLE)
TERMS = CorridorTerms(_LIMIT, Units(5 * _LIMIT), NEVER, Seconds(DAY_S), _LIMIT)
"""Terms of both corridors."""
_DUE = {
    "exchange before Golden Week": "2026-10-08T04:00",
    "payment in e-CNY in Golden Week": "2026-10-08T00:30",
    "exchange in Golden Week": "2026-10-08T04:00",
    "exchange on the worked Saturday": "2026-10-12T04:00",
}
"""Settlement -> the opening to which its value time moves, in UTC, by the calendars of both countries."""


class Holiday:
    """The run of the case."""

    def __init__(self, seed: int) -> None:
        """Open both currencies with two banks each, and a corridor in each direction."""
        self.seed = seed
        thousands = Random(seed).randint(_DRAWN_FROM, _DRAWN_TO)  # noqa: S311 - reproducible on purpose, no secret
        self.paid = Units(thousands * 1_000 * UNITS_PER_WHOLE)
        self.borders = Borders(seed, _at(START), {_CNY: 2, _AED: 2})
        self.orders = Orders(self.borders)
        self.borders.admit((bank, currency) for bank in self.borders.banks for currency in (_CNY, _AED))
        self.borders.open_corridors(((_CNY, _AED), (_AED, _CNY)), {_CNY: TERMS, _AED: TERMS})
        self.orders.fund({bank: _FUNDS[bank.home] for bank in self.borders.banks})
        self.due: dict[str, int] = {}
        """Settlement -> its time by the contract, for those that wait."""

    def run(self) -> None:
        """Hand in six settlements before, in and after the holiday, each in open hours of one country at least."""
        orders, (cn1, cn2, ae1, ae2) = self.orders, self.borders.banks
        before = self._exchange(cn1, ae1, "2026-09-30T05:00")
        # Both countries are open now; the banks want the first day of Golden Week, 09:00 in Dubai.
        self.due["exchange before Golden Week"] = orders.hand_in(
            before, _at("2026-09-30T05:00"), value_time=_at("2026-10-01T05:00")
        )
        self.borders.wait_until(_at("2026-10-01T05:00"))
        orders.try_early("settled on the value time that was asked for")
        orders.hand_in([Side(_AED, ae1, cn2, self._in_dirham("2026-10-01T06:00"))], _at("2026-10-01T06:00"))
        self.due["payment in e-CNY in Golden Week"] = orders.hand_in(
            [Side(_CNY, cn2, ae2, self.paid)], _at("2026-10-05T05:00")
        )
        self.due["exchange in Golden Week"] = orders.hand_in(
            self._exchange(cn2, ae2, "2026-10-06T05:00"), _at("2026-10-06T05:00")
        )
        saturday = _at("2026-10-10T05:00")
        orders.settle_due(saturday)
        orders.hand_in([Side(_CNY, cn1, ae2, self.paid)], saturday)
        self.due["exchange on the worked Saturday"] = orders.hand_in(
            self._exchange(cn1, ae1, "2026-10-10T06:00"), _at("2026-10-10T06:00")
        )
        orders.settle_due(_at("2026-10-12T04:00"))

    def _exchange(self, payer: Bank, other: Bank, at: str) -> list[Side]:
        return [Side(_CNY, payer, other, self.paid), Side(_AED, other, payer, self._in_dirham(at))]

    def _in_dirham(self, at: str) -> Units:
        return rates_at(_at(at)).exchanged(self.paid, _CNY, _AED)

    def result(self, out: Path | None) -> CaseResult:
        """Export and verify the bundle, and return the figures."""
        borders = self.borders
        report = prove(borders.chain, borders.network, borders.labels(), out)
        return CaseResult(
            title="Golden Week against Dubai",
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
        notice = "State Council of China, by chinesecalendar 1.11.0"
        yield Figure("China closed for Golden Week", Origin.PUBLISHED, "2026-10-01 to 2026-10-07", notice)
        yield Figure("China open on a Saturday", Origin.PUBLISHED, "2026-10-10", notice)
        yield Figure("dirham for one US dollar", Origin.PUBLISHED, "3.6725", "peg of the dirham")
        yield Figure.of_money("e-CNY of each exchange", Origin.DRAWN, self.paid, _CNY.value)
        bought = self._in_dirham("2026-09-30T05:00")
        yield Figure.of_money("bought before Golden Week, ECB rates", Origin.COMPUTED, bought, _AED.value)
        for name, due in self.due.items():
            yield Figure(name, Origin.COMPUTED, time_text(due))

    def _expectations(self, report: Report) -> Iterator[Expectation]:
        for name, due in _DUE.items():
            yield Expectation.equal(name, time_text(_at(due)), time_text(self.due[name]))
        yield Expectation.equal("settlements", "6 final", f"{len(self.orders.final)} final")
        errors = Counter(it.error for it in self.borders.refusals)
        expected = "CurrencyClosed 3, ValueTimeNotReached 1"
        yield Expectation.equal("refusals", expected, ", ".join(f"{it} {errors[it]}" for it in sorted(errors)))
        yield from self.orders.conserved()
        yield Expectation.of_audit(report)


def _at(text: str) -> int:
    """Return a time in UTC as a unix second."""
    return int((dt.datetime.fromisoformat(text) - dt.datetime.fromisoformat("1970-01-01")).total_seconds())
