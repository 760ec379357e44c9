"""Channels that pay: their vouchers are checked, their state is read from the chain, lost ones are found again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pysettle.domain.compute.usage import Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked
from pysettle.serve.gateway.claims import Claims
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel
from pysettle.serve.gateway.sdk import wire
from pysettle.serve.gateway.sdk.wire import ChannelPayment, Offer
from pysettle.serve.gateway.shelf import takes
from pysettle.values import Address, SeriesId, Tokens

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class Correction(Exception):
    """A voucher does not follow the last one of its channel."""

    def __init__(self, channel: Channel) -> None:
        """Store the channel."""
        self.channel = channel
        super().__init__()


class Channels:
    """The channels that pay a gateway."""

    def __init__(self, network: SettlementNetwork, ledger: Ledger, claims: Claims) -> None:
        """Read a network, and remember in a ledger."""
        self._network, self._ledger, self._claims = network, ledger, claims

    async def check(self, content: ChannelPayment, asked: Asked, offer: Offer) -> None:
        """Check that a channel is one that an offer is paid from, and that its payer has signed the voucher.

        This comes before the turn of the channel: a stranger who knows a channel holds nobody up.

        Raises:
            ApiError: it does not, or has not.
        """
        config, voucher = content.config, content.voucher
        refusal = None
        if voucher.channel_id != config.channel_id(self._network.hub.domain):
            refusal = wire.ID_MISMATCH
        elif not takes(offer, config):
            refusal = wire.RECEIVER_MISMATCH
        elif not (await asyncio.to_thread(self._network.hub.are_signed, [(config, voucher)]))[0]:
            refusal = wire.BAD_SIGNATURE
        if refusal is not None:
            header = wire.required_header([offer.requirements()], asked.url, refusal)
            raise ApiError(402, refusal, code=refusal, headers={"PAYMENT-REQUIRED": header})

    async def check_payer(self, payer: Address) -> None:
        """Check that a payer is not frozen at the head: no claim on it could be paid.

        Raises:
            ApiError: it is.
        """
        if (await asyncio.to_thread(self._network.currency.frozen, payer)).outgoing:
            raise ApiError(
                403, f"0x{payer.hex()} is frozen: it is served when its freeze is lifted", code="payer_frozen"
            )

    async def refreshed(self, config: ChannelConfig, channel_id: ChannelId) -> Channel:
        """Return a channel with its state on the chain as it is now.

        A channel that the ledger does not know begins with the claims that the chain has, and the usage attested for
        them. No usage is attested for a channel of e-CNY.
        """
        state = await asyncio.to_thread(self._network.hub.state, config)
        channel = await self._ledger.run(self._ledger.channel, channel_id)
        if channel is None:
            usage = Usage()
            if state.claimed and config.receiver == config.token:
                usage = await asyncio.to_thread(self._claims.attested, SeriesId(config.token), channel_id)
            await self._ledger.run(self._ledger.open, config, channel_id, usage, Tokens(state.claimed))
        await self._ledger.run(self._ledger.update, channel_id, state)
        found = await self._ledger.run(self._ledger.channel, channel_id)
        assert found is not None, "it was stored before"
        return found
