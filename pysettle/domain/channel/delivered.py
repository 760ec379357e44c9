"""What was delivered through channels, as their events tell it: the weights of the compute price index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pysettle.domain.channel.events import ChannelCreated, Claimed
from pysettle.domain.compute.prices import Delivered
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.messages import ChannelId
from pysettle.values import Address, SeriesId


def delivered_usage(history: Iterable[Emitted], providers: Mapping[SeriesId, Address]) -> Iterator[Delivered]:
    """Yield what was delivered: every claim of a Token channel whose payer is another than the provider.

    Who pays itself by way of another account is not told apart. It moves the index by no more than what it ties up.

    Args:
        history: Events of the hub, in the order of the chain.
        providers: Series -> its provider; other tokens are passed over.
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
