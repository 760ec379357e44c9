"""What compute costs, comparably: reference baskets of usage, the ranking of series, and the compute price index.

A Token is worth what its series' rate card makes of it, so that unit prices of two series say nothing beside each
other. A reference basket is an amount of usage that every series of a service class prices by its own card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.money.wallets import day_at
from pysettle.errors import UsageError
from pysettle.money import PRICE_BASIS, price_rounded_up
from pysettle.values import SeriesId


@dataclass(frozen=True, slots=True)
class ServiceClass:
    """A kind of service: what its three meters count, and the usage that its series are compared by."""

    name: str
    """Name in the terms of a series."""
    meters: tuple[str, str, str]
    """What each meter counts."""
    basket: Usage
    """Reference basket."""


SERVICE_CLASSES: Mapping[str, ServiceClass] = {
    it.name: it
    for it in (
        # A million LLM tokens of chat: ten of input to one of output, six tenths of it cached, over a week of 168
        # hours, of which 35 are peak.
        ServiceClass(
            "inference",
            ("cached input tokens", "input tokens", "output tokens"),
            Usage(Meters(432_000, 288_000, 72_000), Meters(114_000, 76_000, 18_000)),
        ),
        # A hundred accelerator hours around the clock.
        ServiceClass("gpu-time", ("-", "accelerator seconds", "-"), Usage(Meters(0, 285_000, 0), Meters(0, 75_000, 0))),
        ServiceClass(
            "data-access", ("cached reads", "reads", "-"), Usage(Meters(0, 792_000, 0), Meters(0, 208_000, 0))
        ),
    )
}
"""Published baskets by service class. They change with a version of this software, and never by what is sold."""


def basket_cost(service_class: str, rate_card: RateCard, unit_price: int) -> int:
    """Return what the reference basket of a class costs by a series' terms, in micro-yuan.

    Rounding: up to one micro-yuan, as a purchase of its Tokens would.

    Raises:
        UsageError: no basket is published for the class.
    """
    if service_class not in SERVICE_CLASSES:
        known = ", ".join(SERVICE_CLASSES)
        raise UsageError(f"no reference basket for the service class {service_class!r}: there is one for {known}")
    return price_rounded_up(rate_card.tokens(SERVICE_CLASSES[service_class].basket), unit_price)


@dataclass(frozen=True, slots=True)
class Priced:
    """What a series asks, for the index."""

    service_class: str
    """Kind of service."""
    unit_price: int
    """Micro-yuan per 1,000,000 Tokens."""
    cost: int
    """Micro-yuan for the reference basket of its class."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Tokens that a payer signed for and that were claimed for attested usage."""

    series: SeriesId
    """Whose Tokens they are."""
    timestamp: int
    """Unix second of the claim."""
    tokens: int
    """Tokens claimed: what the usage costs by the rate card, within what was signed."""


@dataclass(frozen=True, slots=True)
class IndexPoint:
    """The compute price index of a service class on a day."""

    service_class: str
    """Kind of service."""
    day: int
    """Day of UTC+8, counted from 1970-01-01."""
    cost: int
    """Micro-yuan that was paid for a reference basket, on average."""
    paid: int
    """Micro-yuan paid for all that was delivered."""


def price_index(series: Mapping[SeriesId, Priced], delivered: Iterable[Delivered]) -> tuple[IndexPoint, ...]:
    """Return the compute price index: what was paid a day for delivered usage, by how many baskets that was.

    It is a unit value index. What is sold and not delivered does not count, and what is delivered counts by what was
    paid for it and not by what a provider says it counted, which costs nothing to say.

    Args:
        series: Series -> what it asks.
        delivered: Delivered usage, in any order.

    Returns:
        Ordered by class and day, of days on which anything was paid. Amounts are rounded down to one micro-yuan.
    """
    paid: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    baskets: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for item in delivered:
        priced = series[item.series]
        at, value = (
            (priced.service_class, day_at(item.timestamp)),
            Fraction(item.tokens * priced.unit_price, PRICE_BASIS),
        )
        # What costs nothing a basket is no price.
        if priced.cost and value:
            paid[at] += value
            baskets[at] += value / priced.cost
    return tuple(IndexPoint(*at, cost=value // baskets[at], paid=value // 1) for at, value in sorted(paid.items()))
