"""A provider's deliveries, updated from the chain: deposits, withdrawals, refunds and claims of their channels."""

from __future__ import annotations

from pysettle.client.channel.hub import ChannelHub
from pysettle.client.core.blocks import is_on_chain
from pysettle.domain.channel.events import ChannelRefunded, Claimed, Deposited, WithdrawFinalized, WithdrawInitiated
from pysettle.domain.channel.metering import Delivery
from pysettle.domain.compute.usage import RateCard
from pysettle.domain.core import events
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.evm.backend import Block

_CHANGES = (
    Deposited,
    WithdrawInitiated,
    WithdrawFinalized,
    ChannelRefunded,
    Claimed,
)
"""Events that change the state of a channel."""


class DeliveryFollower:
    """Deliveries of one hub, which `update` gives the state of their channels on the chain.

    A server calls `update` after each block, or every few minutes: the shortest notice runs for 15 minutes. It has to
    claim the deliveries that `update` returns, in time.
    """

    def __init__(self, hub: ChannelHub) -> None:
        """Begin without deliveries."""
        self._hub = hub
        self._deliveries: dict[ChannelId, Delivery] = {}
        self._head: Block | None = None
        """The block up to which every delivery knows its channel; None before the first `update`."""
        self._unsettled: set[ChannelId] = set()
        """Channels read apart from the head: the chain may replace the block of that read unnoticed."""

    def open(self, config: ChannelConfig, rate_card: RateCard) -> Delivery:
        """Begin to deliver on a channel, as the chain has it now: with the notice of a withdrawal that runs already.

        Args:
            config: Terms of the channel.
            rate_card: Rate card of its series.
        """
        state = self._hub.state(config)
        delivery = Delivery(self._hub.domain, config, rate_card, state.balance)
        delivery.update(state)
        self._deliveries[delivery.channel_id] = delivery
        self._unsettled.add(delivery.channel_id)
        return delivery

    def close(self, delivery: Delivery) -> None:
        """End a delivery: it gets no further updates."""
        del self._deliveries[delivery.channel_id]
        self._unsettled.discard(delivery.channel_id)

    def update(self) -> tuple[Delivery, ...]:
        """Update each delivery with the changes of its channel.

        Returns:
            Deliveries with served requests that the payer may withdraw unless they are claimed before `claim_before`;
            ordered by that time.

        Raises:
            ChainUnreachable: the node does not answer; the next call reads the missing part.
        """
        head = self._hub.chain.block()
        read = self._changed(head) | self._unsettled
        for channel_id in sorted(read):
            delivery = self._deliveries[channel_id]
            delivery.update(self._hub.state(delivery.config))
        self._head, self._unsettled = head, set() if self._hub.chain.block().hash == head.hash else read
        due = [
            (delivery.claim_before, delivery.channel_id)
            for delivery in self._deliveries.values()
            if delivery.claim_before is not None
        ]
        return tuple(self._deliveries[channel_id] for _, channel_id in sorted(due))

    def _changed(self, head: Block) -> set[ChannelId]:
        """Return the channels that something happened to; all where the chain replaced the last block seen."""
        last = self._head
        if last is None or not is_on_chain(self._hub.chain, last.number, last.hash):
            return set(self._deliveries)
        changed = set()
        logs = self._hub.chain.logs(
            from_block=last.number + 1,
            to_block=head.number,
            addresses=[self._hub.address],
            topics=events.topics(*_CHANGES),
        )
        for log in logs:
            event = events.decode(log.topics, log.data)
            if isinstance(event, _CHANGES) and event.channel_id in self._deliveries:
                changed.add(event.channel_id)
        return changed
