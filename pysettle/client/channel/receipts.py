"""Usage receipts against a network: the terms of their channels, and the account that has to have signed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pysettle.domain.channel.receipts import ReceiptFile, ReceiptTerms
from pysettle.errors import UsageError
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.messages import ChannelId


def receipt_terms(network: SettlementNetwork, file: ReceiptFile) -> dict[ChannelId, ReceiptTerms]:
    """Return the terms of the channels of receipts.

    Raises:
        UsageError: the receipts are of another chain or hub, or one is of a channel that was never opened.
    """
    hub, chain_id = network.hub.address, network.chain.chain_id
    if (file.chain_id, file.hub) != (chain_id, hub):
        raise UsageError(
            f"these receipts are of the hub 0x{file.hub.hex()} on chain {file.chain_id}, not of 0x{hub.hex()} on chain "
            f"{chain_id}: name the right --workspace",
            hub=file.hub,
            chain_id=file.chain_id,
        )
    opened = network.channel_lists.opened()
    listed = {series.address: series for series in network.compute_lists.series()}
    terms = {}
    for place, it in enumerate(file.receipts, start=1):
        channel_id = it.receipt.channel_id
        if channel_id not in opened:
            raise UsageError(
                f"receipt {place} is of channel 0x{channel_id.hex()}, which nobody opened: see `pysettle channel list`",
                channel_id=channel_id,
            )
        series = listed.get(SeriesId(opened[channel_id].receiver))
        signer = series.provider if series else opened[channel_id].receiver_authorizer
        terms[channel_id] = ReceiptTerms(signer, series.rate_card if series else None)
    return terms
