"""Usage, rate cards and price windows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pysettle.domain.compute.usage import Meters, PeakHours, RateCard, Usage, Window
from pysettle.errors import InvalidAmount
from pysettle.money import price_rounded_up
from pysettle.scenarios.deepseek import (
    DEEPSEEK_V4_PRO_PEAK_HOURS,
    DEEPSEEK_V4_PRO_RATE_CARD,
    DEEPSEEK_V4_PRO_UNIT_PRICE,
)


def meters(limit: int) -> st.SearchStrategy[Meters]:
    """Meters with every number below a limit."""
    number = st.integers(min_value=0, max_value=limit - 1)
    return st.builds(Meters, number, number, number)


USAGES = st.builds(Usage, meters(2**42), meters(2**42))
CARDS = st.builds(RateCard, meters(2**32), meters(2**32))


@given(USAGES, CARDS)
def test_packed_words_read_back(usage: Usage, card: RateCard) -> None:
    """Packing loses nothing, and stays within the bits that the contracts check."""
    assert Usage.unpack(usage.pack()) == usage
    assert RateCard.unpack(card.pack()) == card
    assert usage.pack() < 2**252
    assert card.pack() < 2**192


@pytest.mark.parametrize("usage", [Usage(Meters(2**42)), Usage(peak=Meters(output=2**42)), Usage(Meters(-1))])
def test_counters_out_of_range_are_refused(usage: Usage) -> None:
    """A counter that does not fit its lane is refused instead of bleeding into the next (P-2)."""
    with pytest.raises(InvalidAmount, match="does not fit 42 bits"):
        usage.pack()


@given(USAGES, USAGES, CARDS)
def test_cost_is_additive(first: Usage, second: Usage, card: RateCard) -> None:
    """Usage costs the same whether it is counted at once or in parts: nothing is rounded."""
    assert card.tokens(first + second) == card.tokens(first) + card.tokens(second)


@pytest.mark.parametrize(
    ("usage", "yuan_per_million"),
    [
        (Usage(off_peak=Meters(cached_input=10**6)), 150_000),
        (Usage(off_peak=Meters(input=10**6)), 4_500_000),
        (Usage(off_peak=Meters(output=10**6)), 13_500_000),
        (Usage(peak=Meters(cached_input=10**6)), 300_000),
        (Usage(peak=Meters(input=10**6)), 9_000_000),
        (Usage(peak=Meters(output=10**6)), 27_000_000),
    ],
)
def test_the_rate_card_states_the_published_prices(usage: Usage, yuan_per_million: int) -> None:
    """A million LLM tokens on each meter cost what the provider's price table says, in micro-yuan."""
    tokens = DEEPSEEK_V4_PRO_RATE_CARD.tokens(usage)
    assert price_rounded_up(tokens, DEEPSEEK_V4_PRO_UNIT_PRICE) == yuan_per_million


@pytest.mark.parametrize(
    ("moment", "window"),
    [
        ("2026-03-04 00:59:59", Window.OFF_PEAK),
        ("2026-03-04 01:00:00", Window.PEAK),
        ("2026-03-04 03:59:59", Window.PEAK),
        ("2026-03-04 04:00:00", Window.OFF_PEAK),
        ("2026-03-04 06:00:00", Window.PEAK),
        ("2026-03-04 09:59:59", Window.PEAK),
        ("2026-03-04 10:00:00", Window.OFF_PEAK),
        ("2026-03-07 02:00:00", Window.OFF_PEAK),
        ("2026-03-08 02:00:00", Window.OFF_PEAK),
    ],
)
def test_peak_hours_are_half_open_and_on_working_days(moment: str, window: Window) -> None:
    """01:00-04:00 and 06:00-10:00 UTC from Monday to Friday are peak; their ends, Saturday and Sunday are not."""
    timestamp = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    assert DEEPSEEK_V4_PRO_PEAK_HOURS.window(timestamp) is window


def test_holidays_are_off_peak() -> None:
    """A public holiday is off-peak although it is a Wednesday."""
    timestamp = int(datetime(2026, 3, 4, 2, tzinfo=UTC).timestamp())
    assert PeakHours(((1, 4),)).window(timestamp) is Window.PEAK
    assert PeakHours(((1, 4),), frozenset({date(2026, 3, 4)})).window(timestamp) is Window.OFF_PEAK
