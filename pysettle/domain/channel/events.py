"""The events of channel hubs and usage meters."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event, struct
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.values import Address, Amount

_CONFIG = "(address,address,address,address,address,uint40,bytes32)"
struct(_CONFIG, ChannelConfig)


@event
@dataclass(frozen=True, slots=True)
class ChannelCreated(Event):
    """First deposit into a channel; carries its terms."""

    SIGNATURE = f"ChannelCreated(bytes32 indexed channelId,{_CONFIG} config)"
    channel_id: ChannelId
    config: ChannelConfig

    @property
    def token(self) -> Address:
        """Asset that the channel holds."""
        return self.config.token


@event
@dataclass(frozen=True, slots=True)
class Deposited(Event):
    """Value was deposited into a channel."""

    SIGNATURE = (
        "Deposited(bytes32 indexed channelId,address indexed payer,address indexed token,"
        "uint128 amount,uint128 balance)"
    )
    channel_id: ChannelId
    payer: Address
    token: Address
    amount: Amount
    balance: Amount


@event
@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """A cumulative claim was recorded."""

    SIGNATURE = (
        "Claimed(bytes32 indexed channelId,address indexed receiver,address indexed token,"
        "uint128 amount,uint128 totalClaimed)"
    )
    channel_id: ChannelId
    receiver: Address
    token: Address
    amount: Amount
    total_claimed: Amount


@event
@dataclass(frozen=True, slots=True)
class Settled(Event):
    """Everything claimed and unsettled was transferred to the receiver."""

    SIGNATURE = "Settled(address indexed receiver,address indexed token,address indexed sender,uint128 amount)"
    receiver: Address
    token: Address
    sender: Address
    amount: Amount


@event
@dataclass(frozen=True, slots=True)
class ChannelRefunded(Event):
    """The receiving side returned unclaimed value to the payer (the hub's `Refunded`)."""

    SIGNATURE = (
        "Refunded(bytes32 indexed channelId,address indexed payer,address indexed token,uint128 amount,uint256 nonce)"
    )
    channel_id: ChannelId
    payer: Address
    token: Address
    amount: Amount
    nonce: int


@event
@dataclass(frozen=True, slots=True)
class WithdrawInitiated(Event):
    """The payer gave notice of a withdrawal."""

    SIGNATURE = (
        "WithdrawInitiated(bytes32 indexed channelId,address indexed payer,uint128 amount,uint256 finalizableAt)"
    )
    channel_id: ChannelId
    payer: Address
    amount: Amount
    finalizable_at: int


@event
@dataclass(frozen=True, slots=True)
class WithdrawFinalized(Event):
    """A noticed withdrawal was completed."""

    SIGNATURE = (
        "WithdrawFinalized(bytes32 indexed channelId,address indexed payer,address indexed token,uint128 amount)"
    )
    channel_id: ChannelId
    payer: Address
    token: Address
    amount: Amount


@event
@dataclass(frozen=True, slots=True)
class ClaimRefused(Event):
    """A row of a claim was left out; `result` is a `ClaimResult` of the hub."""

    SIGNATURE = "ClaimRefused(bytes32 indexed channelId,uint8 result)"
    channel_id: ChannelId
    result: int


@event
@dataclass(frozen=True, slots=True)
class PayoutCredited(Event):
    """The token refused a payout of the hub, which holds it for the payee."""

    SIGNATURE = "PayoutCredited(address indexed account,address indexed token,uint128 amount,uint256 credit)"
    account: Address
    token: Address
    amount: Amount
    credit: Amount


@event
@dataclass(frozen=True, slots=True)
class CreditWithdrawn(Event):
    """The hub paid an account its credit."""

    SIGNATURE = "CreditWithdrawn(address indexed account,address indexed token,uint256 amount)"
    account: Address
    token: Address
    amount: Amount


@event
@dataclass(frozen=True, slots=True)
class UsageAttested(Event):
    """A provider attested the cumulative usage of channels of its series."""

    SIGNATURE = "UsageAttested(address indexed series,bytes32[] channelIds,uint256[] usages)"
    series: Address
    channel_ids: tuple[ChannelId, ...]
    usages: tuple[int, ...]
