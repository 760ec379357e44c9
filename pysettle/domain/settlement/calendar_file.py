"""A calendar file: the opening hours of currencies as text, one statement a line.

```
currency HKD
offset +08:00
mon-fri 08:30-18:30
worked 08:30-18:30
holiday 2026-02-17..2026-02-19  Lunar New Year
work 2026-02-14  instead of a holiday
```

`currency` begins the part of a currency. `holiday` closes days that are open by their day of the week; weekends within
its span stay closed. `work` opens a day that is closed. Text after two spaces, and after `#`, is a comment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pysettle.domain.settlement.calendars import CLOSED, DAY_MINUTES, Calendar, Hours, Week, words_of
from pysettle.errors import UsageError
from pysettle.values import Currency

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])", re.ASCII)
_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_FIRST_DAY = dt.date(1970, 1, 1)
_MOST_DAYS = 366


class _WrongLineError(ValueError):
    """A line cannot be read; the message says why."""


@dataclass
class _Part:
    """The part of one currency, as far as it was read."""

    line: int
    offset_minutes: int | None = None
    days: list[Hours] = field(default_factory=lambda: [CLOSED] * 7)
    worked: Hours = CLOSED
    changed: dict[int, str] = field(default_factory=dict)
    """Day -> the statement that changes it."""


def read_calendars(text: str, name: str) -> dict[Currency, Calendar]:
    """Return the calendar of each currency of a file.

    Args:
        text: Content of the file.
        name: Name of the file, for messages.

    Raises:
        UsageError: a line cannot be read or contradicts another one; the message names the line.
    """
    parts: dict[Currency, _Part] = {}
    part: _Part | None = None
    for number, words in _statements(text):
        try:
            if words[0] == "currency":
                currency = _currency(words[1:])
                if currency in parts:
                    raise _WrongLineError(f"{currency.value} has a part already, from line {parts[currency].line} on")
                part = parts[currency] = _Part(number)
            elif part is None:
                raise _WrongLineError("the file begins with a currency, such as `currency HKD`")
            else:
                _read(part, words)
        except _WrongLineError as problem:
            raise UsageError(f"line {number} of {name}: {problem}", path=name, line=number) from None
    if not parts:
        raise UsageError(f"line 1 of {name}: the file has no currency, such as `currency HKD`", path=name, line=1)
    return {currency: _calendar(of, name) for currency, of in parts.items()}


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, words) of each statement."""
    for number, line in enumerate(text.splitlines(), 1):
        statement = line.partition("#")[0].strip().partition("  ")[0]
        if words := statement.split():
            yield number, words


def _read(part: _Part, words: list[str]) -> None:
    """Read one statement into a part."""
    if len(words) != 2:
        raise _WrongLineError("write one word and one value; a comment follows two spaces")
    word, value = words
    if word == "offset":
        part.offset_minutes = _offset(value)
    elif word == "worked":
        part.worked = _hours(value)
    elif word in ("holiday", "work"):
        _change(part, word, value)
    else:
        if part.changed:
            raise _WrongLineError("the days of the week come before the first date")
        for day in _weekdays(word):
            part.days[day] = CLOSED if value == "closed" else _hours(value)


def _change(part: _Part, word: str, value: str) -> None:
    """Read a date, or a span of dates, that differs from its day of the week."""
    first, _, last = value.partition("..")
    begin, end = _day(first), _day(last or first)
    if not 0 <= end - begin < _MOST_DAYS:
        raise _WrongLineError("a span of dates ends after it begins, within a year")
    for day in range(begin, end + 1):
        is_closed = part.days[(day + 3) % 7] == CLOSED
        date = _FIRST_DAY + dt.timedelta(days=day)
        if word == "work" and not is_closed:
            raise _WrongLineError(f"{date} is open by its day of the week")
        if day in part.changed:
            raise _WrongLineError(f"{date} has a statement already: {part.changed[day]}")
        if is_closed == (word == "work"):
            part.changed[day] = f"{word} {value}"
    if word == "work" and part.worked == CLOSED:
        raise _WrongLineError("the hours of a worked weekend come first, such as `worked 08:30-17:00`")


def _calendar(part: _Part, name: str) -> Calendar:
    if part.offset_minutes is None:
        raise UsageError(
            f"line {part.line} of {name}: this currency has no offset, such as `offset +08:00`",
            path=name,
            line=part.line,
        )
    if all(hours == CLOSED for hours in part.days):
        raise UsageError(
            f"line {part.line} of {name}: this currency is never open; write `mon-fri 08:30-17:00`",
            path=name,
            line=part.line,
        )
    return Calendar(Week(tuple(part.days), part.worked, part.offset_minutes), dict(words_of(part.changed)))


def _currency(words: list[str]) -> Currency:
    if len(words) != 1 or words[0] not in {currency.value for currency in Currency}:
        codes = ", ".join(currency.value for currency in Currency)
        raise _WrongLineError(f"{' '.join(words)!r} is none of the currencies {codes}")
    return Currency(words[0])


def _offset(value: str) -> int:
    matched = _OFFSET.fullmatch(value)
    minutes = 0 if matched is None else int(matched[2]) * 60 + int(matched[3])
    if matched is None or minutes > DAY_MINUTES:
        raise _WrongLineError(f"{value!r} is no offset from UTC, such as +08:00")
    return -minutes if matched[1] == "-" else minutes


def _hours(value: str) -> Hours:
    if matched := _SPAN.fullmatch(value):
        first, second, third, fourth = (int(part) for part in matched.groups())
        opens, closes = first * 60 + second, third * 60 + fourth
        if opens < closes <= DAY_MINUTES:
            return Hours(opens, closes)
    raise _WrongLineError(f"{value!r} is no span of a day, such as 08:30-17:00, and 24:00 at most")


def _weekdays(word: str) -> range:
    first, _, last = word.partition("-")
    if first in _DAYS and (last or first) in _DAYS and _DAYS.index(first) <= _DAYS.index(last or first):
        return range(_DAYS.index(first), _DAYS.index(last or first) + 1)
    raise _WrongLineError(f"{word!r} is no statement: write currency, offset, mon-fri, worked, holiday or work")


def _day(value: str) -> int:
    """Return a date as a day from 1970-01-01."""
    if _DATE.fullmatch(value):
        try:
            day = (dt.date.fromisoformat(value) - _FIRST_DAY).days
        except ValueError:
            day = -1
        if day >= 0:
            return day
    raise _WrongLineError(f"{value!r} is no date, such as 2026-02-17")
