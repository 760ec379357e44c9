"""Claims of a gateway: usage that its provider attests, claimed on the chain by the UsageMeter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pysettle.client.channel.hub import UsageRow
from pysettle.domain.channel.events import UsageAttested
from pysettle.domain.compute.usage import Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.domain.core.signing import Signer
from pysettle.serve.gateway.ledger import Channel
from pysettle.values import SeriesId, Tokens

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

BATCH = 100
"""Most channels of one claim: some 60,000 gas each."""


class Claims:
    """Claims and refund approvals of one provider."""

    def __init__(self, network: SettlementNetwork, provider: Signer, relayer: Signer) -> None:
        """Attest with the provider's key, pay gas with the relayer's."""
        self._network, self._provider, self._relayer = network, provider, relayer

    def claim(self, channels: Sequence[Channel]) -> Tokens:
        """Claim what channels of one series have used and not paid; return the claimed Tokens.

        A row that the hub refuses costs itself alone.

        Raises:
            ChainError: a transaction was not sealed.
        """
        due = [
            channel for channel in channels if channel.voucher is not None and channel.charged > channel.state.claimed
        ]
        claimed = 0
        for start in range(0, len(due), BATCH):
            rows = [UsageRow(it.config, it.usage, it.voucher) for it in due[start : start + BATCH] if it.voucher]
            series = SeriesId(rows[0].config.token)
            attestation = self._network.meter.attest(self._provider, series, rows, self._network.hub)
            hub, meter = self._network.hub, self._network.meter
            (receipt,) = self._network.send(hub.claim_metered(self._relayer, meter, series, rows, attestation))
            wanted = [(it.id, min(it.charged, row.voucher.ceiling)) for it, row in zip(due[start:], rows, strict=False)]
            claimed += sum(outcome.amount for outcome in hub.outcomes(receipt, wanted))
        return Tokens(claimed)

    def settle(self, series: SeriesId) -> Tokens:
        """Have the claimed Tokens delivered to their series; return their number."""
        hub = self._network.hub
        claimed, settled = hub.receiver_totals(series, series)
        if claimed > settled:
            self._network.send(hub.settle(self._relayer, series, series))
        return Tokens(claimed - settled)

    def approve_refund(self, config: ChannelConfig, nonce: int, amount: Tokens, claimed: Tokens) -> bytes:
        """Sign a refund, as the provider; the hub passes it to the meter."""
        return self._network.meter.approve_refund(self._provider, config, nonce, amount, claimed, self._network.hub)

    def attested(self, series: SeriesId, channel_id: ChannelId) -> Usage:
        """Return the usage that was attested for a channel last: the counters of a channel whose row was lost."""
        usage = Usage()
        for event in self._network.meter.emitted(UsageAttested, [series.rjust(32, b"\0")]):
            for attested_id, packed in zip(event.channel_ids, event.usages, strict=True):
                if attested_id == channel_id:
                    usage = Usage.unpack(packed)
        return usage
