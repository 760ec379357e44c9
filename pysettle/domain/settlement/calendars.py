"""The opening hours of a currency: a week, days that differ from it, and a fixed offset from UTC.

The counterpart of `OpeningHours` in the contracts. Days are counted from 1970-01-01 in the time of the currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pysettle.values import DAY_S

DAY_MINUTES = 1_440
"""Minutes in a day."""
DAYS_IN_WORD = 256
"""Days of one bitmap."""
MOST_DAYS_AHEAD = 64
"""Days in which a next opening is looked for."""
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday, the fourth day from Monday."""
_MINUTE_BITS = 12
_DAY_BITS = 2 * _MINUTE_BITS


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of one day, in minutes from its beginning; both zero if it is closed."""

    opens: int
    """Minute of opening."""
    closes: int
    """Minute of closing."""


CLOSED = Hours(0, 0)
"""The hours of a closed day."""


@dataclass(frozen=True, slots=True)
class Week:
    """The opening hours of a currency by the day of the week."""

    days: tuple[Hours, ...]
    """Hours of each day, from Monday on."""
    worked: Hours
    """Hours of a day that is worked instead of a weekend."""
    offset_minutes: int
    """Offset from UTC, east positive."""

    def word(self) -> int:
        """Return the week as the contract holds it."""
        word = 0
        for place, hours in enumerate((*self.days, self.worked)):
            word |= (hours.opens | hours.closes << _MINUTE_BITS) << (_DAY_BITS * place)
        return word | (self.offset_minutes + DAY_MINUTES) << (_DAY_BITS * 8)

    @classmethod
    def of_word(cls, word: int) -> Week | None:
        """Return a week from its word; None for a currency that is always open."""
        if not word:
            return None
        mask = (1 << _MINUTE_BITS) - 1
        parts = [word >> (_DAY_BITS * place) for place in range(8)]
        *days, worked = (Hours(part & mask, part >> _MINUTE_BITS & mask) for part in parts)
        return cls(tuple(days), worked, (word >> (_DAY_BITS * 8)) - DAY_MINUTES)


@dataclass
class Calendar:
    """The opening hours of one currency."""

    week: Week | None = None
    """Its week; None if it is always open."""
    words: dict[int, int] = field(default_factory=dict)
    """Place -> bitmap of the 256 days from there on that differ from their day of the week."""

    def local_s(self, time: int) -> int:
        """Return a time in seconds of the currency: unix seconds with its offset."""
        return time + self.week.offset_minutes * 60 if self.week else time

    def hours_of(self, day: int) -> Hours:
        """Return the hours of a day in the time of the currency."""
        if self.week is None:
            return Hours(0, DAY_MINUTES)
        usual = self.week.days[(day + _FIRST_WEEKDAY) % 7]
        place, bit = divmod(day, DAYS_IN_WORD)
        if self.words.get(place, 0) >> bit & 1:
            return self.week.worked if usual == CLOSED else CLOSED
        return usual

    def is_open(self, time: int) -> bool:
        """Whether the currency is open at a time, in unix seconds."""
        day, second = divmod(self.local_s(time), DAY_S)
        hours = self.hours_of(day)
        return hours.opens * 60 <= second < hours.closes * 60

    def next_opening(self, time: int, last: int) -> int | None:
        """Return the first time from a time on at which the currency is open; None if it is after `last`."""
        day, second = divmod(self.local_s(time), DAY_S)
        while time <= last:
            hours = self.hours_of(day)
            if second < hours.closes * 60:
                opening = time + max(0, hours.opens * 60 - second)
                return opening if opening <= last else None
            time, second, day = time + DAY_S - second, 0, day + 1
        return None


def common_opening(calendars: Sequence[Calendar], time: int) -> int | None:
    """Return the first time from a time on at which all currencies are open; None if there is none soon."""
    last = time + MOST_DAYS_AHEAD * DAY_S
    opening: int | None = time
    while opening is not None and not all(calendar.is_open(opening) for calendar in calendars):
        for calendar in calendars:
            opening = None if opening is None else calendar.next_opening(opening, last)
    return opening


def words_of(days: Iterable[int]) -> Mapping[int, int]:
    """Return mapping place -> bitmap of some days."""
    words: dict[int, int] = {}
    for day in days:
        place, bit = divmod(day, DAYS_IN_WORD)
        words[place] = words.get(place, 0) | 1 << bit
    return words
