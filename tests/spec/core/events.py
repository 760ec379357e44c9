"""Events of the contracts that move no value, which the books leave out and the specification emits all the same.

They are not registered with the decoder of `pysettle.domain`: no ledger reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.core.events import Event
from pysettle.domain.core.messages import ChannelConfig, ChannelId


@dataclass(frozen=True, slots=True)
class Approval(Event):
    """An owner lets a spender transfer (ERC-20)."""

    SIGNATURE = "Approval(address indexed owner,address indexed spender,uint256 value)"
    owner: Address
    spender: Address
    value: int


@dataclass(frozen=True, slots=True)
class PayeeOnlySet(Event):
    """A payee reserves the submission of authorizations to it, or gives that up."""

    SIGNATURE = "PayeeOnlySet(address indexed payee,bool enabled)"
    payee: Address
    enabled: bool


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The currency is paused."""

    SIGNATURE = "Paused(address account)"
    account: Address


@dataclass(frozen=True, slots=True)
class Unpaused(Event):
    """The pause is over."""

    SIGNATURE = "Unpaused(address account)"
    account: Address


@dataclass(frozen=True, slots=True)
class ChannelClosed(Event):
    """The last value left a channel."""

    SIGNATURE = (
        "ChannelClosed(bytes32 indexed channelId,(address,address,address,address,address,uint40,bytes32) config)"
    )
    channel_id: ChannelId
    config: ChannelConfig
