"""What compute costs, comparably: reference baskets of usage, the ranking of series, and the compute price index.

A Token is worth what its series' rate card makes of it, so that unit prices of two series say nothing beside each
other. A reference basket is an amount of usage that every series of a service class prices by its own card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.events import Claimed, Emitted, UsageAttested
from pysettle.domain.messages import ChannelId
from pysettle.domain.usage import Meters, RateCard, Usage
from pysettle.domain.wallets import day_at
from pysettle.errors import UsageError
from pysettle.money import price_rounded_up


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
class Delivered:
    """Usage that was delivered and claimed on one channel at once."""

    series: Address
    """Whose Tokens paid for it."""
    timestamp: int
    """Unix second of the claim."""
    units: int
    """Metered units, all meters together."""


@dataclass(frozen=True, slots=True)
class IndexPoint:
    """The compute price index of a service class on a day."""

    service_class: str
    """Kind of service."""
    day: int
    """Day of UTC+8, counted from 1970-01-01."""
    cost: int
    """Micro-yuan for the reference basket, weighted by what was delivered."""
    units: int
    """Metered units delivered."""


def price_index(
    classes: Mapping[Address, str], costs: Mapping[Address, int], delivered: Iterable[Delivered]
) -> tuple[IndexPoint, ...]:
    """Return the compute price index: per class and day, the basket's cost weighted by delivered usage.

    What is sold does not count, so that who buys of itself moves nothing: only usage that was served to a payer, who
    signed for it, and was claimed.

    Args:
        classes: Series -> its service class.
        costs: Series -> micro-yuan its terms ask for the basket.
        delivered: Delivered usage, in any order.

    Returns:
        Ordered by class and day. Costs are rounded down to one micro-yuan.
    """
    weights: dict[tuple[str, int], dict[Address, int]] = defaultdict(lambda: defaultdict(int))
    for item in delivered:
        weights[classes[item.series], day_at(item.timestamp)][item.series] += item.units
    points = []
    for (service_class, day), by_series in sorted(weights.items()):
        if total := sum(by_series.values()):
            weighted = sum(costs[series] * units for series, units in by_series.items())
            points.append(IndexPoint(service_class, day, weighted // total, total))
    return tuple(points)


def delivered_usage(history: Iterable[Emitted]) -> Iterator[Delivered]:
    """Yield what was delivered: the growth of attested usage on channels that were claimed in the same transaction.

    Args:
        history: Events of hub and meter, in the order of the chain.
    """
    attested: dict[ChannelId, tuple[tuple[int, int], Address, int]] = {}
    delivered: dict[ChannelId, int] = defaultdict(int)
    for emitted in history:
        event, transaction = emitted.event, (emitted.position.block_number, emitted.position.transaction_index)
        if isinstance(event, UsageAttested):
            for channel_id, word in zip(event.channel_ids, event.usages, strict=False):
                counted = sum(Usage.unpack(word).total.lanes())
                attested[channel_id] = (transaction, event.series, counted)
        elif isinstance(event, Claimed) and (found := attested.get(event.channel_id)) and found[0] == transaction:
            _, series, counted = found
            if counted > delivered[event.channel_id]:
                yield Delivered(series, emitted.timestamp, counted - delivered[event.channel_id])
                delivered[event.channel_id] = counted
