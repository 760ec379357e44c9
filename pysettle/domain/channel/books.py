"""The state of channels in the books."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.values import Address


@dataclass
class ChannelRecord:
    """One channel of a counted asset, from its events, without its balance. Only `ChannelCreated` begins it."""

    hub: Address
    """ChannelHub that it is a channel of."""
    config: ChannelConfig
    """Its terms."""
    total_claimed: int = 0
    """Claimed, cumulative, in smallest units of its token."""
    highest_attested: int = 0
    """Highest cost of attested usage by the rate card, recomputed here, in Tokens."""
    refund_nonce: int = 0
    """Refund nonce expected next at the least."""


@dataclass
class ChannelBooks:
    """Channels, from their events, without their balances."""

    channels: dict[ChannelId, ChannelRecord] = field(default_factory=dict)
    """Channel id -> the channel; channels of assets that are not counted are left out."""
    claimed_of_frozen: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(series, payer) -> Tokens claimed from its channels while it was frozen outgoing in the series' currency."""
