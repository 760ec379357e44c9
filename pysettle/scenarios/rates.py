"""Reference rates of the days, by which the scenarios convert amounts between currencies and into US dollars.

The rates are those of the European Central Bank, against the euro. It has none of the dirham, whose peg to the dollar
stands in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from pysettle.money import UNITS_PER_MINOR, UNITS_PER_WHOLE, Currency
from pysettle.values import Units

FILE = Path(__file__).with_name("ecb_rates.csv")
"""The rates, with their source."""
DIRHAM_PEG = Fraction("3.6725")
"""Dirham for one US dollar."""


@dataclass(frozen=True, slots=True)
class DayRates:
    """The rates of one day."""

    for_dollar: Mapping[Currency, Fraction]
    """Currency -> its amount for one US dollar."""

    def of_dollars(self, dollars: int, currency: Currency, step: int) -> Units:
        """Return an amount of dollars in a currency.

        Args:
            dollars: Whole US dollars.
            currency: The currency.
            step: Whole currency that the result is a multiple of.

        Rounding: down, to the step.
        """
        whole = dollars * self.for_dollar[currency] // step * step
        return Units(int(whole) * UNITS_PER_WHOLE)

    def exchanged(self, units: Units, paid: Currency, bought: Currency) -> Units:
        """Return the units of a currency that another one buys.

        Rounding: down, to a minor unit.
        """
        minor = units * self.for_dollar[bought] / self.for_dollar[paid] // UNITS_PER_MINOR
        return Units(int(minor) * UNITS_PER_MINOR)

    def in_dollars(self, units: int, currency: Currency) -> Fraction:
        """Return an amount in US dollars, exactly."""
        return Fraction(units, UNITS_PER_WHOLE) / self.for_dollar[currency]


@cache
def rates() -> Mapping[dt.date, DayRates]:
    """Return the rates of each day of the file."""
    header, *rows = [line.split(",") for line in FILE.read_text().splitlines() if not line.startswith("#")]
    return {dt.date.fromisoformat(date): _of(dict(zip(header[1:], cells, strict=True))) for date, *cells in rows}


def rates_at(time: int) -> DayRates:
    """Return the latest rates of a time, in unix seconds: those of its day in UTC, or of the last day before it."""
    day = dt.datetime.fromtimestamp(time, dt.UTC).date()
    return rates()[max(known for known in rates() if known <= day)]


def _of(cells: Mapping[str, str]) -> DayRates:
    dollar = Fraction(cells["USD"])
    found = {Currency(code): Fraction(text) / dollar for code, text in cells.items() if code != "USD"}
    return DayRates({**found, Currency.AED: DIRHAM_PEG})
