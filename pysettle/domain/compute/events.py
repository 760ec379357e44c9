"""The events of markets and of the series that they open."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event
from pysettle.values import Address, ComputeId, SeriesId, Tokens, Units

# -------------------------------------------------------------------------------------- ComputeToken


@event
@dataclass(frozen=True, slots=True)
class Purchased(Event):
    """Currency came in and Tokens were created (DvP)."""

    SIGNATURE = "Purchased(address indexed payer,address indexed beneficiary,uint256 tokens,uint256 paid)"
    payer: Address
    beneficiary: Address
    tokens: Tokens
    paid: Units


@event
@dataclass(frozen=True, slots=True)
class Consumed(Event):
    """A holder gave Tokens back against service outside a channel."""

    SIGNATURE = "Consumed(address indexed holder,uint256 tokens)"
    holder: Address
    tokens: Tokens


@event
@dataclass(frozen=True, slots=True)
class Redeemed(Event):
    """Delivered Tokens were destroyed and their backing paid to the provider."""

    SIGNATURE = "Redeemed(address indexed provider,uint256 tokens,uint256 paid)"
    provider: Address
    tokens: Tokens
    paid: Units


@event
@dataclass(frozen=True, slots=True)
class Refunded(Event):
    """A holder's Tokens were destroyed after expiry or halt; their backing was paid back, and compensation with it."""

    SIGNATURE = "Refunded(address indexed holder,uint256 tokens,uint256 paid,uint256 compensation)"
    holder: Address
    tokens: Tokens
    paid: Units
    compensation: Units


@event
@dataclass(frozen=True, slots=True)
class Halted(Event):
    """The series was halted: holders get refunds and compensation for undelivered Tokens."""

    SIGNATURE = "Halted(uint256 undelivered,uint256 compensation)"
    undelivered: Tokens
    compensation: Units


@event
@dataclass(frozen=True, slots=True)
class Swept(Event):
    """The provider withdrew the surplus over the claims of outstanding Tokens."""

    SIGNATURE = "Swept(address indexed provider,uint256 amount)"
    provider: Address
    amount: Units


# ------------------------------------------------------------------------------------- ComputeMarket


@event
@dataclass(frozen=True, slots=True)
class ComputeRegistered(Event):
    """Compute was registered that an attester signed for."""

    SIGNATURE = (
        "ComputeRegistered(bytes32 indexed computeId,address indexed provider,address indexed attester,"
        "bytes32 accelerator,uint64 units,uint64 tokensPerUnitSecond,uint64 validFrom,uint64 validBefore,"
        "uint256 capacity)"
    )
    compute_id: ComputeId
    provider: Address
    attester: Address
    accelerator: bytes
    units: int
    tokens_per_unit_second: int
    valid_from: int
    valid_before: int
    capacity: Tokens


@event
@dataclass(frozen=True, slots=True)
class Staked(Event):
    """A provider staked; `free` is its free stake afterwards."""

    SIGNATURE = "Staked(address indexed provider,uint256 amount,uint256 free)"
    provider: Address
    amount: Units
    free: Units


@event
@dataclass(frozen=True, slots=True)
class StakeWithdrawn(Event):
    """A provider took stake back that was not locked."""

    SIGNATURE = "StakeWithdrawn(address indexed provider,uint256 amount,uint256 free)"
    provider: Address
    amount: Units
    free: Units


@event
@dataclass(frozen=True, slots=True)
class SeriesOpened(Event):
    """A series was opened, which took capacity from compute and locked stake."""

    SIGNATURE = (
        "SeriesOpened(address indexed series,address indexed provider,bytes32 indexed computeId,"
        "bytes32 serviceClass,uint256 capacity,uint256 expiry,uint256 stake)"
    )
    series: SeriesId
    provider: Address
    compute_id: ComputeId
    service_class: bytes
    capacity: Tokens
    expiry: int
    stake: Units


@event
@dataclass(frozen=True, slots=True)
class SeriesHalted(Event):
    """The halter of a series halted it on the ground in its terms."""

    SIGNATURE = (
        "SeriesHalted(address indexed series,address indexed halter,bytes32 indexed ground,"
        "bytes32 evidence,address provider,uint256 compensation,uint256 released)"
    )
    series: SeriesId
    halter: Address
    ground: bytes
    evidence: bytes
    provider: Address
    compensation: Units
    released: Units


@event
@dataclass(frozen=True, slots=True)
class StakeReleased(Event):
    """A series expired without a halt, and its stake is no longer locked."""

    SIGNATURE = "StakeReleased(address indexed series,address indexed provider,uint256 amount)"
    series: SeriesId
    provider: Address
    amount: Units


@event
@dataclass(frozen=True, slots=True)
class PurchasePolicySet(Event):
    """Series that are opened from now on have this policy."""

    SIGNATURE = "PurchasePolicySet(address indexed policy)"
    policy: Address


@event
@dataclass(frozen=True, slots=True)
class ProviderJurisdictionSet(Event):
    """Providers of a jurisdiction may open series with a policy, or may not any more."""

    SIGNATURE = "ProviderJurisdictionSet(uint256 indexed jurisdiction,bool admitted)"
    jurisdiction: int
    admitted: bool
