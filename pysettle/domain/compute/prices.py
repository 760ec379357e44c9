"""Comparable prices of compute: reference baskets of usage, the ranking of series, and the compute price index.

The value of a Token depends on the rate card of its series, so that unit prices of two series cannot be compared. A
reference basket is an amount of usage that every series of a service class prices by its own card.
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
    """A kind of service: its three meters, and the usage for a comparison of its series."""

    name: str
    """Name in the terms of a series."""
    meters: tuple[str, str, str]
    """Unit of each meter."""
    basket: Usage
    """Reference basket."""


SERVICE_CLASSES: Mapping[str, ServiceClass] = {
    service_class.name: service_class
    for service_class in (
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
"""Published baskets by service class. They change only with a version of this software."""


def basket_cost(service_class: str, rate_card: RateCard, unit_price: int) -> int:
    """Return the price of the reference basket of a class by a series' terms, in micro-yuan.

    Rounding: up to one micro-yuan, as a purchase of its Tokens would.

    Raises:
        UsageError: no basket is published for the class.
    """
    if service_class not in SERVICE_CLASSES:
        known = ", ".join(SERVICE_CLASSES)
        raise UsageError(
            f"no reference basket for the service class {service_class!r}: there is one for {known}",
            service_class=service_class,
        )
    return price_rounded_up(rate_card.tokens(SERVICE_CLASSES[service_class].basket), unit_price)


@dataclass(frozen=True, slots=True)
class Priced:
    """Terms of a series, for the index."""

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
    """Series of the Tokens."""
    timestamp: int
    """Unix second of the claim."""
    tokens: int
    """Tokens claimed: the price of the usage by the rate card, within the signed ceiling."""


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
    """Return the compute price index: payments of a day for delivered usage, divided by its number of baskets.

    It is a unit value index. Tokens sold and not delivered do not count. Deliveries count by the payment for them, not
    by the provider's statement of usage, which costs nothing.

    Args:
        series: Series -> its terms.
        delivered: Delivered usage, in any order.

    Returns:
        Points ordered by class and day, for days with payments. Amounts are rounded down to one micro-yuan.
    """
    paid: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    baskets: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for item in delivered:
        priced = series[item.series]
        at, value = (
            (priced.service_class, day_at(item.timestamp)),
            Fraction(item.tokens * priced.unit_price, PRICE_BASIS),
        )
        # A price of zero a basket is left out.
        if priced.cost and value:
            paid[at] += value
            baskets[at] += value / priced.cost
    return tuple(IndexPoint(*at, cost=value // baskets[at], paid=value // 1) for at, value in sorted(paid.items()))
