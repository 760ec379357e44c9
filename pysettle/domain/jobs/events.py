"""The events of job escrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pysettle.domain.core.events import Event, event, struct
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.values import Address, OrderId, Units

_TERMS = "(address,address,address,address,bytes32,uint40,uint32,uint32,uint16,uint96,(uint96,uint40)[],bytes32)"


def _terms(*members: Any) -> OrderTerms:
    """Return the terms of an order, which Solidity packs in another order."""
    *others, default_bps, bond, milestones, salt = members
    values: list[Any] = [*others, milestones, default_bps, bond, salt]
    return OrderTerms(*values)


struct(_TERMS, _terms)


@event
@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """An order was placed and paid for."""

    SIGNATURE = (
        "OrderPlaced(bytes32 indexed orderId,address indexed payer,address indexed provider,uint256 total,"
        f"{_TERMS} terms)"
    )
    order_id: OrderId
    payer: Address
    provider: Address
    total: Units
    terms: OrderTerms


@event
@dataclass(frozen=True, slots=True)
class OrderAccepted(Event):
    """The provider accepted an order."""

    SIGNATURE = "OrderAccepted(bytes32 indexed orderId,address indexed provider)"
    order_id: OrderId
    provider: Address


@event
@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """An order ended before the provider accepted; all of it is due to the payer."""

    SIGNATURE = "OrderCancelled(bytes32 indexed orderId,address indexed payer,uint256 amount)"
    order_id: OrderId
    payer: Address
    amount: Units


@event
@dataclass(frozen=True, slots=True)
class MilestoneDelivered(Event):
    """The provider delivered a milestone."""

    SIGNATURE = "MilestoneDelivered(bytes32 indexed orderId,uint256 indexed milestone,bytes32 content)"
    order_id: OrderId
    milestone: int
    content: bytes


@event
@dataclass(frozen=True, slots=True)
class MilestoneDisputed(Event):
    """The buyer disputed a delivery, and put up the bond."""

    SIGNATURE = "MilestoneDisputed(bytes32 indexed orderId,uint256 indexed milestone,uint256 bond,bytes32 evidence)"
    order_id: OrderId
    milestone: int
    bond: Units
    evidence: bytes


@event
@dataclass(frozen=True, slots=True)
class MilestoneReleased(Event):
    """A milestone's amount is due to the provider."""

    SIGNATURE = "MilestoneReleased(bytes32 indexed orderId,uint256 indexed milestone,uint256 amount)"
    order_id: OrderId
    milestone: int
    amount: Units


@event
@dataclass(frozen=True, slots=True)
class MilestoneRefunded(Event):
    """A milestone's amount is due to the payer, and the bond of a dispute to the buyer."""

    SIGNATURE = "MilestoneRefunded(bytes32 indexed orderId,uint256 indexed milestone,uint256 amount,uint256 bond)"
    order_id: OrderId
    milestone: int
    amount: Units
    bond: Units


@event
@dataclass(frozen=True, slots=True)
class MilestoneRuled(Event):
    """A disputed amount was split, by the arbiter or, without grounds, by the order's default."""

    SIGNATURE = (
        "MilestoneRuled(bytes32 indexed orderId,uint256 indexed milestone,uint256 toProvider,uint256 toPayer,"
        "uint256 bond,bool bondToProvider,bytes32 grounds)"
    )
    order_id: OrderId
    milestone: int
    to_provider: Units
    to_payer: Units
    bond: Units
    bond_to_provider: bool
    grounds: bytes


@event
@dataclass(frozen=True, slots=True)
class DuePaid(Event):
    """The due amounts of an account were paid."""

    SIGNATURE = "DuePaid(address indexed account,address indexed currency,uint256 amount)"
    account: Address
    currency: Address
    amount: Units
