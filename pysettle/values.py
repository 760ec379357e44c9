"""Values of the network as types: units, Tokens, times and ids, with their text forms.

The errors, which contain such values, use this module. `money` and `reading` read values that a person wrote.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NewType, Protocol, TypeAlias

if TYPE_CHECKING:
    from eth_typing import Address as Address
    from eth_typing import Hash32 as Hash32
else:
    # The same at run time: importing eth_typing takes twice as long as importing click.
    Address = NewType("Address", bytes)
    Hash32 = NewType("Hash32", bytes)

Units = NewType("Units", int)
"""An amount of a currency, in its smallest unit: micro-yuan for e-CNY."""
Tokens = NewType("Tokens", int)
"""A number of Tokens."""
Amount: TypeAlias = Units | Tokens
"""Units of a currency or a number of Tokens, of a contract that takes both."""
Timestamp = NewType("Timestamp", int)
"""A unix second of chain time."""
Seconds = NewType("Seconds", int)
"""A duration in seconds."""
Day = NewType("Day", int)
"""A day of UTC+8, counted from 1970-01-01."""

ChannelId = NewType("ChannelId", bytes)
"""Id of a channel: 32 bytes."""
ComputeId = NewType("ComputeId", bytes)
"""Id of registered compute: 32 bytes."""
OrderId = NewType("OrderId", bytes)
"""Id of an order of batch compute: 32 bytes."""
SeriesId = NewType("SeriesId", Address)
"""A series: the address of its contract."""

UNITS_PER_WHOLE = Units(1_000_000)
"""Units in one whole of a currency: every currency token has 6 decimals, so one unit is a micro-yuan for e-CNY."""

HOUR_S = 3_600
"""Seconds in an hour."""

DAY_S = 86_400
"""Seconds in a day; the calendar of the network knows no daylight saving."""

_CALENDAR_END = 253_402_300_800
"""Unix second of the year 10000, which datetime cannot hold."""
_DURATIONS = (("day", DAY_S), ("hour", HOUR_S), ("minute", 60))


class Asset(Protocol):
    """Something that amounts are counted in."""

    @property
    def word(self) -> str:
        """The word after an amount; empty if there is none."""

    def figure(self, units: int) -> str:
        """Write an amount of it without the word."""


class Currency(Enum):
    """A currency of the network, by its ISO 4217 code; every token of it is simulated."""

    CNY = "CNY"
    HKD = "HKD"
    THB = "THB"
    AED = "AED"

    @property
    def symbol(self) -> str:
        """Symbol of its token, for example `eCNY`."""
        return f"e{self.value}"

    @property
    def token_name(self) -> str:
        """Name of its token, and of its EIP-712 domain."""
        return f"e-{self.value} token (simulated)"

    @property
    def jurisdiction(self) -> int:
        """ISO 3166-1 number of the jurisdiction whose central bank issues it: its ISO 4217 number too."""
        return {Currency.CNY: 156, Currency.HKD: 344, Currency.THB: 764, Currency.AED: 784}[self]

    @property
    def word(self) -> str:
        """The word behind an amount of it: "yuan", and of every other currency its code."""
        return "yuan" if self is Currency.CNY else self.value

    def figure(self, units: int) -> str:
        """Write units as a person reads them, without the currency."""
        return to_text(units)

    def text(self, units: int) -> str:
        """Write units as a person reads them, with the currency.

        Example:
            >>> Currency.CNY.text(12_500_000), Currency.HKD.text(12_500_000)
            ('12.50 yuan', '12.50 HKD')
        """
        return f"{to_text(units)} {self.word}"


@dataclass(frozen=True, slots=True)
class Counted:
    """An asset that is no currency of its own."""

    word: str
    """The word behind an amount of it."""
    whole: bool
    """Whether its smallest unit is one of it."""

    def figure(self, units: int) -> str:
        """Write an amount of it without the word."""
        return f"{units:,}" if self.whole else to_text(units)


TOKENS = Counted("Tokens", whole=True)
SOME_CURRENCY = Counted("", whole=False)
"""A currency of which it is not known which."""


def to_text(units: int) -> str:
    """Write units as a person reads them: thousands apart, at least two decimals, no unit lost.

    Example:
        >>> to_text(1_234_500_000), to_text(84_589_479), to_text(-1)
        ('1,234.50', '84.589479', '-0.000001')
    """
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), UNITS_PER_WHOLE)
    digits = f"{fraction:06}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole:,}.{digits}"


def time_text(timestamp: int) -> str:
    """Write a unix second as a person reads it.

    Example:
        >>> time_text(1_772_618_400)
        '2026-03-04 10:00:00 UTC'
    """
    if timestamp >= _CALENDAR_END:
        return "the end of time"
    return f"{dt.datetime.fromtimestamp(timestamp, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def day_text(day: int) -> str:
    """Write a day that is counted from 1970-01-01.

    Example:
        >>> day_text(20_516)
        '2026-03-04'
    """
    return time_text(day * DAY_S).removesuffix(" 00:00:00 UTC")


def duration_text(seconds: int) -> str:
    """Write a duration in the largest unit that divides it.

    Example:
        >>> duration_text(900), duration_text(901), duration_text(86_400)
        ('15 minutes', '901 seconds', '1 day')
    """
    word, length = next((unit for unit in _DURATIONS if seconds and seconds % unit[1] == 0), ("second", 1))
    number = seconds // length
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
