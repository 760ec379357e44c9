"""Deliveries through channels, from their events: the weights of the compute price index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pysettle.domain.channel.events import ChannelCreated, Claimed
from pysettle.domain.compute.prices import Delivered
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.messages import ChannelId
from pysettle.values import Address, SeriesId


def delivered_usage(history: Iterable[Emitted], providers: Mapping[SeriesId, Address]) -> Iterator[Delivered]:
    """Yield the deliveries: every claim of a Token channel with another payer than the provider.

    A provider that pays itself through another account cannot be recognised; its influence on the index is limited by
    the money that it ties up.

    Args:
        history: Events of the hub, in the order of the chain.
        providers: Series -> its provider; other tokens are skipped.
    """
    payers: dict[ChannelId, Address] = {}
    for emitted in history:
        event = emitted.event
        if isinstance(event, ChannelCreated):
            payers[event.channel_id] = event.config.payer
        elif isinstance(event, Claimed) and event.receiver == event.token:
            payer, series = payers.get(event.channel_id), SeriesId(event.token)
            if payer and series in providers and payer != providers[series]:
                yield Delivered(series, emitted.timestamp, event.amount)
