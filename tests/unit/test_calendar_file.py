"""Calendar files: right ones are read whole, and each wrong line is named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pysettle.domain.settlement.calendar_file import read_calendars
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week, common_opening
from pysettle.errors import UsageError
from pysettle.values import Currency

EXAMPLE = Path(__file__).parents[2] / "pysettle" / "scenarios" / "calendars.txt"
RIGHT = """\
# hours of an example
currency HKD
offset +08:00
mon-fri 08:30-18:30
sat 09:00-12:00  in the morning
worked 09:00-10:00
holiday 2026-02-17..2026-02-22  Lunar New Year
work 2026-02-15
currency AED
offset -01:30
sun 00:00-24:00
"""


def at(text: str) -> int:
    """Return a moment with its offset as unix seconds."""
    return int(dt.datetime.fromisoformat(text).timestamp())


def test_a_right_file_is_read_whole() -> None:
    """Each currency has its week, its days and its offset; a span of holidays leaves closed days as they are."""
    found = read_calendars(RIGHT, "hours.txt")
    assert [*found] == [Currency.HKD, Currency.AED]
    hkd, aed = found.values()
    week = Week((Hours(510, 1_110),) * 5 + (Hours(540, 720), CLOSED), Hours(540, 600), 480)
    assert hkd.week == week
    assert Week.of_word(week.word()) == week
    assert aed.week == Week((CLOSED,) * 6 + (Hours(0, 1_440),), CLOSED, -90)
    days = [f"2026-02-{day} 09:30+08:00" for day in range(13, 24)]
    is_open = [hkd.is_open(at(day)) for day in days]
    assert is_open == [True, True, True, True, False, False, False, False, False, False, True]


def test_hours_end_before_their_last_second() -> None:
    """A currency is open from its first minute to the second before its closing."""
    hkd = read_calendars(RIGHT, "hours.txt")[Currency.HKD]
    for text, expected in (
        ("2026-02-16 08:29:59+08:00", False),
        ("2026-02-16 08:30:00+08:00", True),
        ("2026-02-16 18:29:59+08:00", True),
        ("2026-02-16 18:30:00+08:00", False),
    ):
        assert hkd.is_open(at(text)) == expected


WRONG = {
    "an amount": ("currency HKD\nfive", "line 2 of f: write one word"),
    "no currency": ("# nothing\n", "line 1 of f: the file has no currency"),
    "an unknown currency": ("currency USD", "line 1 of f: 'USD' is none of"),
    "hours before a currency": ("offset +08:00", "line 1 of f: the file begins with a currency"),
    "a currency twice": ("currency HKD\noffset +08:00\nmon 01:00-02:00\ncurrency HKD", "line 4 of f: HKD has a part"),
    "no offset": ("currency HKD\nmon 01:00-02:00", "line 1 of f: this currency has no offset"),
    "a wrong offset": ("currency HKD\noffset 8", "line 2 of f: '8' is no offset"),
    "an offset of more than a day": ("currency HKD\noffset +24:01", "line 2 of f: '\\+24:01' is no offset"),
    "a wrong day of the week": ("currency HKD\nfri-mon 01:00-02:00", "line 2 of f: 'fri-mon' is no statement"),
    "hours that end first": ("currency HKD\nmon 02:00-01:00", "line 2 of f: '02:00-01:00' is no span"),
    "hours after midnight": ("currency HKD\nmon 02:00-24:01", "line 2 of f: '02:00-24:01' is no span"),
    "no hours": ("currency HKD\noffset +08:00", "line 1 of f: this currency is never open"),
    "a date that is none": ("currency HKD\nholiday 2026-02-30", "line 2 of f: '2026-02-30' is no date"),
    "a date before 1970": ("currency HKD\nholiday 1969-12-31", "line 2 of f: '1969-12-31' is no date"),
    "a span backwards": ("currency HKD\nholiday 2026-02-03..2026-02-02", "line 2 of f: a span of dates"),
    "a working day that is worked": (
        "currency HKD\nmon-fri 01:00-02:00\nworked 01:00-02:00\nwork 2026-02-16",
        "line 4 of f: 2026-02-16 is open",
    ),
    "a worked weekend without hours": (
        "currency HKD\nmon-fri 01:00-02:00\nwork 2026-02-15",
        "line 3 of f: the hours of a worked weekend come first",
    ),
    "a date twice": (
        "currency HKD\nmon-fri 01:00-02:00\nholiday 2026-02-16\nholiday 2026-02-16..2026-02-17",
        "line 4 of f: 2026-02-16 has a statement already: holiday 2026-02-16",
    ),
    "a week after a date": (
        "currency HKD\nmon 01:00-02:00\nholiday 2026-02-16\ntue 01:00-02:00",
        "line 4 of f: the days of the week come before",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_line_is_named(name: str) -> None:
    """The message has the line and the reason."""
    text, words = WRONG[name]
    with pytest.raises(UsageError, match=words):
        read_calendars(text, "f")


def test_golden_week_against_dubai() -> None:
    """In the example file, yuan that are due in the National Day holiday wait for the first common hour."""
    found = read_calendars(EXAMPLE.read_text(), EXAMPLE.name)
    assert set(found) == {Currency.CNY, Currency.HKD, Currency.THB, Currency.AED}
    cny, aed = found[Currency.CNY], found[Currency.AED]
    due = at("2022-10-03 10:00+08:00")
    assert aed.is_open(at("2022-10-03 10:00+04:00"))
    # Saturday 8 and Sunday 9 October are worked in China; Dubai is closed then.
    assert cny.next_opening(due, due + 64 * 86_400) == at("2022-10-08 08:30+08:00")
    assert common_opening([cny, aed], due) == at("2022-10-10 08:00+04:00")
