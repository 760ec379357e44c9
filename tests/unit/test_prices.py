"""Reference baskets, the ranking by them, and the compute price index."""

from __future__ import annotations

import pytest
from eth_typing import Address

from pysettle.domain.channel.delivered import delivered_usage
from pysettle.domain.channel.events import ChannelCreated, Claimed
from pysettle.domain.compute.prices import (
    SERVICE_CLASSES,
    Delivered,
    IndexPoint,
    Priced,
    basket_cost,
    price_index,
)
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.events import Emitted, Event, Position
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.errors import UsageError
from pysettle.scenarios.deepseek import DEEPSEEK_V4_PRO_RATE_CARD, DEEPSEEK_V4_PRO_UNIT_PRICE

CHEAP, DEAR = Address(b"\1" * 20), Address(b"\2" * 20)
PROVIDER, BUYER, METER = Address(b"\3" * 20), Address(b"\4" * 20), Address(b"\5" * 20)
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


PRICED = {
    CHEAP: Priced("inference", unit_price=1_000_000, cost=10),
    DEAR: Priced("inference", unit_price=3_000_000, cost=21),
}
"""A Token of the cheap series is a micro-yuan, one of the dear series three."""


def test_the_index_is_what_was_paid_by_the_baskets_it_paid_for() -> None:
    """30 at 10 a basket are 3 baskets, 21 at 21 are one: 51 for four, 12.75, rounded down; the next day one series."""
    delivered = [
        Delivered(CHEAP, MIDNIGHT, 20),
        Delivered(DEAR, MIDNIGHT + DAY - 1, 7),
        Delivered(CHEAP, MIDNIGHT + 1, 10),
        Delivered(DEAR, MIDNIGHT + DAY, 1),
    ]
    points = price_index(PRICED, delivered)
    assert points == (IndexPoint("inference", 20_454, 12, 51), IndexPoint("inference", 20_455, 21, 3))


def test_what_is_only_sold_moves_nothing() -> None:
    """No delivery, no point; neither has what is free of charge a price."""
    assert price_index(PRICED, []) == ()
    assert price_index(PRICED, [Delivered(CHEAP, MIDNIGHT, 0)]) == ()
    free = {CHEAP: Priced("inference", unit_price=1_000_000, cost=0)}
    assert price_index(free, [Delivered(CHEAP, MIDNIGHT, 5)]) == ()


def test_a_dear_series_moves_it_by_what_is_paid_alone() -> None:
    """A hundred yuan at 10 a basket, one at ten million: 101 yuan by some ten million baskets."""
    priced = {**PRICED, DEAR: Priced("inference", 1_000_000, cost=10**13)}
    (point,) = price_index(priced, [Delivered(CHEAP, MIDNIGHT, 10**8), Delivered(DEAR, MIDNIGHT, 10**6)])
    assert (point.cost, point.paid) == (10, 101 * 10**6)


def told(*transactions: list[Event]) -> list[Emitted]:
    """Return events of transactions, a block each."""
    return [
        Emitted(CHEAP, Position(block, 0, place), event, block)
        for block, events in enumerate(transactions)
        for place, event in enumerate(events)
    ]


def opened(number: int, payer: Address, token: Address = CHEAP) -> ChannelCreated:
    """Return the opening of a channel."""
    config = ChannelConfig(payer, payer, token, METER, token, 900, bytes(32))
    return ChannelCreated(ChannelId(bytes([number]) * 32), config)


def claim(number: int, amount: int, token: Address = CHEAP, receiver: Address = CHEAP) -> Claimed:
    """Return a claim on a channel."""
    return Claimed(ChannelId(bytes([number]) * 32), receiver, token, amount, amount)


def test_delivered_is_what_was_claimed_of_others() -> None:
    """The provider's own channels do not count, nor those of another token, or of another receiver."""
    providers = {CHEAP: PROVIDER}
    history = told(
        [opened(1, BUYER), opened(2, PROVIDER), opened(3, BUYER, DEAR)],
        [claim(1, 5), claim(2, 1_000), claim(3, 7, DEAR, DEAR)],
        [claim(1, 3), claim(1, 9, CHEAP, BUYER), claim(4, 11)],
    )
    assert list(delivered_usage(history, providers)) == [Delivered(CHEAP, 1, 5), Delivered(CHEAP, 2, 3)]
