"""The listed contracts of channels, and the purposes for which a hub holds value of others."""

from __future__ import annotations

from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Kind
from pysettle.values import Address

CHANNEL = Purpose("channel", short="INV-CHANNEL")
"""Deposited and not claimed. Owner: the channel id."""
CLAIM = Purpose("claim", short="INV-CHANNEL")
"""Claimed and not settled. Owner: the receiver."""
PAYOUT = Purpose("payout", short="INV-CHANNEL")
"""Held by a hub for an account since the token refused to pay it. Owner: the account."""


def _held_by_hub(books: Books, asset: Address, _hub: Address) -> int:
    return books.total(asset, CHANNEL, CLAIM, PAYOUT)


CHANNEL_HUB: Kind[None] = Kind("ChannelHub", held=_held_by_hub, code="INV-CHANNEL", is_placed=True)
USAGE_METER: Kind[None] = Kind("UsageMeter", uses={"hub": "ChannelHub"})
DEPOSIT_COLLECTOR: Kind[None] = Kind(
    "ERC3009DepositCollector", has_books=False, uses={"hub": "ChannelHub"}, is_placed=True
)
"""Carries deposits from payers to a hub."""
