"""Reference baskets, the ranking by them, and the compute price index."""

from __future__ import annotations

import pytest
from eth_typing import Address

from pysettle.domain.events import Claimed, Emitted, Event, Position, UsageAttested
from pysettle.domain.messages import ChannelId
from pysettle.domain.prices import (
    SERVICE_CLASSES,
    Delivered,
    IndexPoint,
    basket_cost,
    delivered_usage,
    price_index,
)
from pysettle.domain.usage import DEEPSEEK_V4_PRO_RATE_CARD, DEEPSEEK_V4_PRO_UNIT_PRICE, Meters, RateCard, Usage
from pysettle.errors import UsageError

CHEAP, DEAR = Address(b"\1" * 20), Address(b"\2" * 20)
CHANNEL = ChannelId(b"\3" * 32)
DAY = 86_400
MIDNIGHT = 20_454 * DAY - 8 * 3_600
"""Begin of day 20,454 of UTC+8."""


@pytest.mark.parametrize("name", SERVICE_CLASSES)
def test_a_fifth_of_a_basket_is_of_peak_hours(name: str) -> None:
    """35 of the 168 hours of a week are peak."""
    basket = SERVICE_CLASSES[name].basket
    peak, all_ = sum(basket.peak.lanes()), sum(basket.total.lanes())
    assert round(1_000 * peak / all_) == round(1_000 * 35 / 168)


def test_a_basket_costs_what_its_tokens_do() -> None:
    """Worked out by hand from the price table, in yuan a million: 0.15, 4.50, 13.50 and twice that."""
    off_peak = 432_000 * 15 + 288_000 * 450 + 72_000 * 1_350
    peak = 2 * (114_000 * 15 + 76_000 * 450 + 18_000 * 1_350)
    assert basket_cost("inference", DEEPSEEK_V4_PRO_RATE_CARD, DEEPSEEK_V4_PRO_UNIT_PRICE) == (off_peak + peak) // 100


def test_the_unit_of_a_series_does_not_matter() -> None:
    """Half the price for twice the Tokens is the same price; a fraction is rounded up."""
    card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
    twice = RateCard(Meters(2, 60, 180), Meters(4, 120, 360))
    assert basket_cost("inference", card, 150_000) == basket_cost("inference", twice, 75_000)
    assert basket_cost("inference", RateCard(Meters(output=1), Meters()), 1) == 1


def test_a_class_without_a_basket_is_refused() -> None:
    """Nothing is compared by a basket that nobody published."""
    with pytest.raises(UsageError, match="no reference basket for the service class 'poetry'"):
        basket_cost("poetry", DEEPSEEK_V4_PRO_RATE_CARD, 1)


def test_the_index_is_weighted_by_what_was_delivered() -> None:
    """Three quarters of the units at 10 and one at 21: 12.75, rounded down; the next day only the dear one served."""
    delivered = [
        Delivered(CHEAP, MIDNIGHT, 2),
        Delivered(DEAR, MIDNIGHT + DAY - 1, 1),
        Delivered(CHEAP, MIDNIGHT + 1, 1),
        Delivered(DEAR, MIDNIGHT + DAY, 7),
    ]
    points = price_index({CHEAP: "inference", DEAR: "inference"}, {CHEAP: 10, DEAR: 21}, delivered)
    assert points == (IndexPoint("inference", 20_454, 12, 4), IndexPoint("inference", 20_455, 21, 7))


def test_what_is_only_sold_moves_nothing() -> None:
    """No delivery, no point; and a series that delivered nothing has no weight."""
    assert price_index({CHEAP: "inference"}, {CHEAP: 10}, []) == ()
    assert price_index({CHEAP: "inference"}, {CHEAP: 10}, [Delivered(CHEAP, MIDNIGHT, 0)]) == ()


def told(*transactions: list[Event]) -> list[Emitted]:
    """Return events of transactions, a block each."""
    return [
        Emitted(CHEAP, Position(block, 0, place), event, block)
        for block, events in enumerate(transactions)
        for place, event in enumerate(events)
    ]


def attested(count: int) -> UsageAttested:
    """Return an attestation of output in peak hours, cumulative."""
    return UsageAttested(CHEAP, (CHANNEL,), (Usage(peak=Meters(output=count)).pack(),))


CLAIM = Claimed(CHANNEL, CHEAP, CHEAP, 1, 1)


def test_delivered_is_what_attested_usage_grew_by() -> None:
    """Cumulative counters count once, and an older attestation takes nothing back."""
    history = told([attested(5), CLAIM], [attested(8), CLAIM], [attested(6), CLAIM])
    assert list(delivered_usage(history)) == [Delivered(CHEAP, 0, 5), Delivered(CHEAP, 1, 3)]


def test_what_was_not_claimed_was_not_delivered() -> None:
    """An attestation alone, or a claim of another transaction, is no delivery."""
    assert list(delivered_usage(told([attested(5)], [CLAIM]))) == []
