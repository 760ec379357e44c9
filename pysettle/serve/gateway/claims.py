"""Claims of a gateway: attested usage by the UsageMeter, charges in e-CNY by the account that authorizes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pysettle.client.channel.hub import UsageRow
from pysettle.domain.channel.events import UsageAttested
from pysettle.domain.channel.messages import refund_digest
from pysettle.domain.compute.usage import Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.domain.core.signing import Signer
from pysettle.evm.transactions import Transaction
from pysettle.serve.gateway.payments import Channel
from pysettle.values import Address, Amount, SeriesId, Tokens, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

BATCH = 100
"""Most channels of one claim: some 60,000 gas each."""


class Claims:
    """Claims and refund approvals of one provider.

    Claims of Tokens are the UsageMeter's, by usage that the provider attests. Claims of e-CNY are the relayer's, which
    the channels name as their receiver authorizer: the provider, their receiver, is paid whatever it is that claims.
    """

    def __init__(self, network: SettlementNetwork, provider: Signer, relayer: Signer) -> None:
        """Attest with the provider's key, pay gas with the relayer's."""
        self._network, self._provider, self._relayer = network, provider, relayer

    def claim(self, channels: Sequence[Channel]) -> Amount:
        """Claim what channels in one token have used and not paid; return the claimed amount.

        A row that the hub refuses costs itself alone.

        Raises:
            ChainError: a transaction was not sealed.
        """
        due = [
            channel for channel in channels if channel.voucher is not None and channel.charged > channel.state.claimed
        ]
        claimed = 0
        for start in range(0, len(due), BATCH):
            batch = due[start : start + BATCH]
            wanted = [(it.id, min(it.charged, it.voucher.ceiling)) for it in batch if it.voucher]
            (receipt,) = self._network.send(self._transaction(batch))
            claimed += sum(outcome.amount for outcome in self._network.hub.outcomes(receipt, wanted))
        return Tokens(claimed)

    def _transaction(self, batch: Sequence[Channel]) -> Transaction:
        hub, meter = self._network.hub, self._network.meter
        if batch[0].is_in_tokens:
            rows = [UsageRow(it.config, it.usage, it.voucher) for it in batch if it.voucher]
            series = SeriesId(batch[0].config.token)
            attestation = meter.attest(self._provider, series, rows, hub)
            return hub.claim_metered(self._relayer, meter, series, rows, attestation)
        claims = [(it.config, it.voucher, Units(min(it.charged, it.voucher.ceiling))) for it in batch if it.voucher]
        return hub.try_claim(self._relayer, claims)

    def settle(self, token: Address) -> Amount:
        """Have claims in a token paid: Tokens to their series, e-CNY to the provider; return the amount."""
        hub = self._network.hub
        receiver = self._provider.address if token == self._network.currency.address else token
        claimed, settled = hub.receiver_totals(receiver, token)
        if claimed > settled:
            self._network.send(hub.settle(self._relayer, receiver, token))
        return Tokens(claimed - settled)

    def approve_refund(self, config: ChannelConfig, nonce: int, amount: Amount, claimed: Amount) -> bytes:
        """Sign a refund: of Tokens as the provider, whose approval the hub passes to the meter; of e-CNY as relayer."""
        hub, meter = self._network.hub, self._network.meter
        if config.receiver_authorizer == meter.address:
            return meter.approve_refund(self._provider, config, nonce, Tokens(amount), Tokens(claimed), hub)
        return self._relayer.sign(refund_digest(hub.domain, config.channel_id(hub.domain), nonce, amount))

    def attested(self, series: SeriesId, channel_id: ChannelId) -> Usage:
        """Return the usage that was attested for a channel last: the counters of a channel whose row was lost."""
        usage = Usage()
        for event in self._network.meter.emitted(UsageAttested, [series.rjust(32, b"\0")]):
            for attested_id, packed in zip(event.channel_ids, event.usages, strict=True):
                if attested_id == channel_id:
                    usage = Usage.unpack(packed)
        return usage
