"""The state of job orders in the books."""

from __future__ import annotations

from dataclasses import dataclass, field

from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from pysettle.values import Address, Units


@dataclass
class MilestoneRecord:
    """One milestone of an order, from its events."""

    amount: Units
    """Units of the order's currency."""
    deliver_before: int
    """Unix second before which it is delivered."""
    state: MilestoneState = MilestoneState.DUE
    """State."""
    since: int = 0
    """Unix second of its delivery, or of the dispute; zero before."""


@dataclass
class OrderRecord:
    """One order of a job escrow, from its events. Amounts are in units of its currency."""

    escrow: Address
    """JobEscrow that it is an order of."""
    payer: Address
    """Account that paid and gets every refund."""
    terms: OrderTerms
    """Its terms."""
    milestones: list[MilestoneRecord]
    """Its milestones."""
    unfinished: int
    """Terms of the milestones that have not ended."""
    state: OrderState = OrderState.PLACED
    """State."""
    released: int = 0
    """Due to the provider so far, bonds apart."""
    refunded: int = 0
    """Due to the payer so far."""
    bonds: int = 0
    """Terms of disputes that have not ended."""


@dataclass
class JobBooks:
    """Job orders, from their events, without their balances."""

    orders: dict[bytes, OrderRecord] = field(default_factory=dict)
    """Order id -> the order."""
