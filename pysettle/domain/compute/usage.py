"""Metered usage, rate cards, and the price of usage in Tokens: three meters in two price windows.

A rate card turns fragmented services into one unit. All numbers are integers, so there is no rounding here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from operator import mul

from pysettle.documents import parse_json
from pysettle.errors import InvalidAmount, UsageError
from pysettle.hashing import keccak
from pysettle.values import Tokens

USAGE_BITS = 42
"""Bits of one cumulative counter in a packed usage word."""

RATE_BITS = 32
"""Bits of one rate in a packed rate card."""


class Window(IntEnum):
    """Price window; the value is its place in a rate card."""

    OFF_PEAK = 0
    PEAK = 1


@dataclass(frozen=True, slots=True)
class Meters:
    """One number for each of the three meters of inference: LLM tokens counted, or Tokens each of them costs."""

    cached_input: int = 0
    """Input served from the provider's cache."""
    input: int = 0
    """Input that is not cached."""
    output: int = 0
    """Output generated."""

    def __add__(self, other: Meters) -> Meters:
        """Add meter by meter."""
        return Meters(self.cached_input + other.cached_input, self.input + other.input, self.output + other.output)

    def lanes(self) -> tuple[int, int, int]:
        """Return the meters in the order contracts pack them."""
        return (self.cached_input, self.input, self.output)


def _pack(lanes: tuple[int, ...], bits: int, name: str) -> int:
    word = 0
    for place, lane in enumerate(lanes):
        if not 0 <= lane < 1 << bits:
            raise InvalidAmount(
                f"{name} {lane} does not fit {bits} bits; split it over more channels or series",
                lane=lane,
                bits_count=bits,
            )
        word |= lane << (bits * place)
    return word


def _unpack(word: int, bits: int) -> tuple[Meters, Meters]:
    lanes = [word >> (bits * place) & ((1 << bits) - 1) for place in range(6)]
    return Meters(*lanes[:3]), Meters(*lanes[3:])


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted LLM tokens by meter and window; cumulative in an attestation."""

    off_peak: Meters = Meters()
    """Counts outside peak hours."""
    peak: Meters = Meters()
    """Counts in peak hours."""

    @classmethod
    def of(cls, meters: Meters, window: Window) -> Usage:
        """Return usage that falls into one window."""
        return cls(peak=meters) if window is Window.PEAK else cls(off_peak=meters)

    def __add__(self, other: Usage) -> Usage:
        """Add counter by counter."""
        return Usage(self.off_peak + other.off_peak, self.peak + other.peak)

    @property
    def total(self) -> Meters:
        """Both windows together."""
        return self.off_peak + self.peak

    def counters(self) -> tuple[int, ...]:
        """Return the six counters in the order contracts pack them, off-peak before peak."""
        return self.off_peak.lanes() + self.peak.lanes()

    def pack(self) -> int:
        """Return the word that contracts and attestations carry: six counters of 42 bits, off-peak lowest.

        Raises:
            InvalidAmount: a counter is negative or needs more than 42 bits.
        """
        return _pack(self.counters(), USAGE_BITS, "a usage counter of")

    @classmethod
    def unpack(cls, word: int) -> Usage:
        """Read a packed usage word."""
        return cls(*_unpack(word, USAGE_BITS))


@dataclass(frozen=True, slots=True)
class RateCard:
    """Tokens consumed for each LLM token, by meter and window.

    Example:
        >>> card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
        >>> card.tokens(Usage(off_peak=Meters(input=4808, output=10)))
        145140
    """

    off_peak: Meters
    """Rates outside peak hours."""
    peak: Meters
    """Rates in peak hours."""

    def tokens(self, usage: Usage) -> Tokens:
        """Return the price of usage in Tokens: the sum over six counters of rate times count, exact."""
        rates = self.off_peak.lanes() + self.peak.lanes()
        return Tokens(sum(map(mul, rates, usage.counters())))

    def pack(self) -> int:
        """Return the word a series carries: six rates of 32 bits, off-peak lowest.

        Raises:
            InvalidAmount: a rate is negative or needs more than 32 bits.
        """
        return _pack(self.off_peak.lanes() + self.peak.lanes(), RATE_BITS, "a rate of")

    @classmethod
    def unpack(cls, word: int) -> RateCard:
        """Read a packed rate card."""
        return cls(*_unpack(word, RATE_BITS))


@dataclass(frozen=True)
class PeakHours:
    """When the peak window applies: daily hours on working days, in UTC."""

    hours: tuple[tuple[int, int], ...]
    """Half-open intervals [start, end) of hours of the day, UTC."""
    holidays: frozenset[date] = frozenset()
    """Days (UTC) that are off-peak although Monday to Friday."""
    working_days: frozenset[date] = frozenset()
    """Saturdays and Sundays (UTC) that are worked, in return for a holiday, and have peak hours."""

    @classmethod
    def from_json(cls, text: str) -> PeakHours:
        """Read the document of a series' windows, as `to_json` writes it.

        Raises:
            UsageError: it is not such a document.
        """
        try:
            document = parse_json(text)
            hours = tuple((_hour(start), _hour(end)) for start, end in document["hours"])
            days = [frozenset(map(date.fromisoformat, document[name])) for name in ("holidays", "working_days")]
        except (ValueError, KeyError, TypeError) as problem:
            raise UsageError(
                f"the peak hours cannot be read ({problem}): see `pysettle market open --help`"
            ) from problem
        if not all(0 <= start < end <= 24 for start, end in hours):
            raise UsageError(f"peak hours {list(hours)} are not intervals of hours of a day (UTC)", hours=list(hours))
        return cls(hours, *days)

    def to_json(self) -> str:
        """Write the document of peak hours, of which a series has the hash: sorted, equal for equal windows."""
        days = {
            "holidays": sorted(day.isoformat() for day in self.holidays),
            "working_days": sorted(day.isoformat() for day in self.working_days),
        }
        return json.dumps({"hours": [list(hours) for hours in sorted(self.hours)], **days}, separators=(",", ":"))

    def hash(self) -> bytes:
        """Return keccak-256 of the document."""
        return keccak(self.to_json().encode())

    def window(self, timestamp: int) -> Window:
        """Return the price window of a moment.

        Args:
            timestamp: Unix seconds.
        """
        moment = datetime.fromtimestamp(timestamp, UTC)
        day = moment.date()
        if day in self.holidays or (moment.weekday() >= 5 and day not in self.working_days):
            return Window.OFF_PEAK
        peak = any(start <= moment.hour < end for start, end in self.hours)
        return Window.PEAK if peak else Window.OFF_PEAK


def _hour(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{value!r} is no whole number of hours")
    return value
