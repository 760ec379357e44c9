"""The path through correspondent banks, by hand: cut-offs, a holiday, the value date; and the rates of a day."""

from __future__ import annotations

import datetime as dt

from pysettle.domain.settlement.calendar_file import read_calendars
from pysettle.money import Currency
from pysettle.scenarios.borders import CALENDARS
from pysettle.scenarios.correspondents import TraditionalPath, exchange, payment
from pysettle.scenarios.rates import rates_at

CALENDAR = read_calendars(CALENDARS.read_text(), "calendars.txt")
CNY, HKD, THB, AED = (CALENDAR[currency] for currency in (Currency.CNY, Currency.HKD, Currency.THB, Currency.AED))


def at(text: str) -> int:
    """Return a time as a unix second."""
    return int(dt.datetime.fromisoformat(text).timestamp())


def test_a_payment_waits_for_cut_off_statement_and_opening() -> None:
    """Before the closing it is settled at once; the payee's bank has it by statement, when its own country opens."""
    friday = at("2022-09-09T10:00+08:00")
    assert payment(friday, CNY, HKD) == TraditionalPath(friday, at("2022-09-09T17:15+08:00"), 0)
    assert payment(friday, HKD, CNY) == TraditionalPath(friday, at("2022-09-13T08:30+08:00"), 0)
    # After the closing on Friday; Monday is a holiday in both countries.
    late = at("2022-09-09T17:15+08:00")
    tuesday = at("2022-09-13T08:30+08:00")
    assert payment(late, CNY, HKD) == TraditionalPath(tuesday, at("2022-09-13T17:15+08:00"), 0)


def test_an_exchange_has_its_value_date_on_the_second_common_day() -> None:
    """The holiday of one country counts for neither; each side opens at its own hour."""
    friday = at("2022-09-09T10:00+08:00")
    value = at("2022-09-14T08:30+07:00")
    assert exchange(friday, (CNY, THB)) == TraditionalPath(value, value, 3_600)
    assert exchange(friday, (THB, AED)).exposed_s == 2.5 * 3_600
    assert exchange(at("2022-09-07T10:00+08:00"), (CNY, HKD)).final == at("2022-09-09T08:30+08:00")


def test_rates_are_those_of_the_day() -> None:
    """Crossed by the euro, the dirham by its peg, rounded down; a weekend has the rates of Friday."""
    rates = rates_at(at("2022-08-15T12:00+00:00"))
    assert rates.exchanged(1_000_000_000, Currency.HKD, Currency.CNY) == 864_210_000
    assert rates.of_dollars(1_000, Currency.AED, 1) == 3_672_000_000
    assert rates.of_dollars(1_000, Currency.CNY, 100) == 6_700_000_000
    assert rates_at(at("2022-08-20T12:00+00:00")) == rates_at(at("2022-08-19T12:00+00:00")) != rates
