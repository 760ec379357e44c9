"""The lists of channels, and the price index of deliveries by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pysettle.client.core.blocks import emitted
from pysettle.client.core.ids import beginning_with
from pysettle.client.store import Entries, ReadModel, Value
from pysettle.domain.channel.delivered import delivered_usage
from pysettle.domain.channel.events import ChannelCreated, Claimed
from pysettle.domain.compute.prices import IndexPoint, Priced, basket_cost, price_index
from pysettle.domain.core import events
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.evm.transactions import TransactionSender
from pysettle.values import Address, Amount

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


def _fold_channel(before: Value | None, event: ChannelCreated, emitter: Address, sender: TransactionSender) -> Value:
    fields = event.config.fields()
    return {"config": [field.hex() if isinstance(field, bytes) else field for field in fields]}


def models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models of channels.

    Args:
        address: Returns the address of a contract of the network, by its name.
    """

    def hub(_: Callable[[str], Entries]) -> list[Address]:
        return [address("ChannelHub")]

    return (ReadModel("channels", 1, (ChannelCreated,), hub, lambda _, event: event.channel_id, _fold_channel),)


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """State of a channel. Amounts are in smallest units of its token."""

    id: ChannelId
    """Its id."""
    config: ChannelConfig
    """Its terms."""
    balance: Amount
    """Balance, claimed units included."""
    claimed: Amount
    """Cumulative claims."""
    noticed: Amount
    """Amount of a pending withdrawal; zero when there is none."""
    noticed_at: int
    """Unix second of the notice."""

    @property
    def is_metered(self) -> bool:
        """Whether it is in Tokens, which come back to their series, and are claimed by usage."""
        return self.config.token == self.config.receiver


def channel_in(opened: Iterable[ChannelId], text: str) -> ChannelId:
    """Return the one of several channels' ids that begins with hex digits; errors are those of `beginning_with`."""
    return beginning_with(text, opened, "channel", "channel list")


class ChannelLists:
    """The channels of a network's hub, at the head of the chain."""

    def __init__(self, network: SettlementNetwork) -> None:
        """List the channels of a network."""
        self._network = network

    def opened(self) -> dict[ChannelId, ChannelConfig]:
        """Return mapping id -> terms of the channels that were ever opened, in that order."""
        (entries,) = self._network.store.read("channels")
        return {ChannelId(key): _config(value["config"]) for key, value in entries.items()}

    def channels(self) -> tuple[ChannelStanding, ...]:
        """Return every channel that was ever opened, in that order."""
        return tuple(self.standing(*item) for item in self.opened().items())

    def channel(self, text: str) -> ChannelStanding:
        """Return the channel with an id that begins with hex digits.

        Raises:
            UsageError: none has such an id, or several have.
        """
        opened = self.opened()
        channel_id = channel_in(opened, text)
        return self.standing(channel_id, opened[channel_id])

    def standing(self, channel_id: ChannelId, config: ChannelConfig) -> ChannelStanding:
        """Return the state of a channel."""
        hub = self._network.hub
        return ChannelStanding(channel_id, config, *hub.channel(channel_id), *hub.pending_withdrawal(channel_id))

    def price_index(self) -> tuple[IndexPoint, ...]:
        """Return the compute price index of every class and day on which something was delivered."""
        comparable = [listed for listed in self._network.compute_lists.series() if listed.is_comparable]
        priced = {}
        for listed in comparable:
            cost = basket_cost(listed.service_class, listed.rate_card, listed.unit_price)
            priced[listed.address] = Priced(listed.service_class, listed.unit_price, cost)
        providers = {listed.address: listed.provider for listed in comparable}
        return price_index(priced, delivered_usage(self._deliveries(), providers))

    def _deliveries(self) -> Iterator[Emitted]:
        """Return the events of deliveries by day, in the order of the chain."""
        hub, chain = self._network.hub, self._network.chain
        topics = events.topics(ChannelCreated, Claimed)
        logs = chain.logs(from_block=hub.first_block, addresses=[hub.address], topics=topics)
        return emitted(chain, logs)


def _config(fields: list[Any]) -> ChannelConfig:
    *addresses, delay_s, salt = fields
    payer, payer_authorizer, receiver, receiver_authorizer, token = (Address(bytes.fromhex(text)) for text in addresses)
    return ChannelConfig(payer, payer_authorizer, receiver, receiver_authorizer, token, delay_s, bytes.fromhex(salt))
