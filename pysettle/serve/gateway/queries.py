"""Questions about a channel: its payer signs them, or they come with the key of one of its payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pysettle.domain.channel.receipts import receipt_domain
from pysettle.domain.core.messages import ChannelId
from pysettle.domain.core.signing import recover
from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.reading import read_whole
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import key_of_header
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

TIME_HEADER, SIGNATURE_HEADER = "x-query-time", "x-query-signature"
QUERY_S = 300
"""Most seconds between the time that a question states and the chain's."""
_QUERY = StructType("ChannelQuery(bytes32 channelId,uint64 askedAt)")


def query_digest(domain: Domain, channel_id: ChannelId, asked_at: int) -> bytes:
    """Return the 32 bytes that a payer signs to ask about its channel; the domain is that of usage receipts."""
    return domain.digest(_QUERY.hash(channel_id, asked_at))


def channel_answer(
    network: SettlementNetwork, ledger: Ledger, channel_id: ChannelId, headers: Mapping[str, str]
) -> dict[str, Any]:
    """Return a channel, as ledger and chain have it.

    Raises:
        ApiError: there is no such channel of whoever asks.
    """
    channel = ledger.channel(channel_id)
    if channel is None or not (_holds_key(ledger, channel, headers) or _has_signed(network, channel, headers)):
        raise ApiError(404, "there is no such channel of this key or this signer", code="channel_not_found")
    ledger.update(channel_id, network.hub.state(channel.config))
    found = ledger.channel(channel_id)
    assert found is not None, "channels stay in the ledger"
    return _document(found)


def _holds_key(ledger: Ledger, channel: Channel, headers: Mapping[str, str]) -> bool:
    key = headers.get("idempotency-key")
    payment = ledger.find(key_of_header(key), None) if key else None
    return payment is not None and payment.channel == channel.id


def _has_signed(network: SettlementNetwork, channel: Channel, headers: Mapping[str, str]) -> bool:
    time, signature = headers.get(TIME_HEADER), headers.get(SIGNATURE_HEADER)
    if time is None or signature is None:
        return False
    try:
        asked_at, signed = read_whole(time), bytes.fromhex(signature.removeprefix("0x"))
        digest = query_digest(receipt_domain(network.chain.chain_id, network.hub.address), channel.id, asked_at)
        signer = recover(digest, signed)
    except (ValueError, OverflowError):
        return False
    owners = {channel.config.payer, channel.config.payer_authorizer}
    return signer in owners and abs(network.chain.clock.now() - asked_at) <= QUERY_S


def _document(channel: Channel) -> dict[str, Any]:
    state, config = channel.state, channel.config
    is_in_tokens = config.receiver == config.token
    names = ("cached_input", "input", "output")
    return {
        "object": "channel",
        "id": "0x" + channel.id.hex(),
        "payer": "0x" + config.payer.hex(),
        "token": "0x" + config.token.hex(),
        "unit": "tokens" if is_in_tokens else "micro_yuan",
        "balance": str(state.balance),
        "charged": str(channel.charged),
        "claimed": str(state.claimed),
        "free": str(channel.free),
        "ceiling": str(channel.voucher.ceiling if channel.voucher else 0),
        "withdrawing": str(state.noticed),
        "withdrawable_at": state.withdrawable_at or None,
        "usage": {
            window: dict(zip(names, map(str, meters.lanes()), strict=True))
            for window, meters in (("off_peak", channel.usage.off_peak), ("peak", channel.usage.peak))
        },
    }
