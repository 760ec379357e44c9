"""The events of foreign exchange: quotes, reference rates, limits and purchases."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event, struct
from pysettle.domain.settlement.quotes import Quote
from pysettle.values import Address, Timestamp, Units

_QUOTE = "(address,address,address,address,uint96,uint96,uint256,uint64)"
struct(_QUOTE, Quote)


@event
@dataclass(frozen=True, slots=True)
class PurchasedAbroad(Event):
    """A buyer bought Tokens by a quote."""

    SIGNATURE = (
        "PurchasedAbroad(address indexed buyer,address indexed provider,address indexed series,"
        f"{_QUOTE} quote,bytes32 corridor,uint256 used)"
    )
    buyer: Address
    provider: Address
    series: Address
    quote: Quote
    corridor: bytes
    used: Units


@event
@dataclass(frozen=True, slots=True)
class QuoteCancelled(Event):
    """A provider used up an id."""

    SIGNATURE = "QuoteCancelled(address indexed provider,uint256 indexed id)"
    provider: Address
    id: int


@event
@dataclass(frozen=True, slots=True)
class ReferenceRateAttested(Event):
    """A central bank attested the reference rate of a currency."""

    SIGNATURE = (
        "ReferenceRateAttested(address indexed paid,address indexed sold,address indexed signer,uint256 rate,"
        "uint256 toleranceBps,uint256 observedAt,uint256 validBefore)"
    )
    paid: Address
    sold: Address
    signer: Address
    rate: int
    tolerance_bps: int
    observed_at: Timestamp
    valid_before: Timestamp


@event
@dataclass(frozen=True, slots=True)
class PurchaseLimitSet(Event):
    """The limits of a wallet class in a corridor were set, by the central bank of a currency."""

    SIGNATURE = (
        "PurchaseLimitSet(bytes32 indexed corridor,address indexed currency,uint8 indexed class,uint256 purchase,"
        "uint256 window)"
    )
    corridor: bytes
    currency: Address
    class_: int
    purchase: Units
    window: Units


@event
@dataclass(frozen=True, slots=True)
class SeriesAdmitted(Event):
    """A series of the market may be paid."""

    SIGNATURE = "SeriesAdmitted(address indexed series)"
    series: Address


@event
@dataclass(frozen=True, slots=True)
class PositionExchanged(Event):
    """Units of a buyer came into the position of a provider, and units of another currency left it."""

    SIGNATURE = (
        "PositionExchanged(address indexed provider,address indexed paid,address indexed sold,uint256 paidAmount,"
        "uint256 soldAmount,uint256 paidAvailable,uint256 soldAvailable)"
    )
    provider: Address
    paid: Address
    sold: Address
    paid_amount: Units
    sold_amount: Units
    paid_available: Units
    sold_available: Units
