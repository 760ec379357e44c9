"""The state of job orders in the books."""

from __future__ import annotations

from dataclasses import dataclass, field

from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from pysettle.values import Address, Units


@dataclass
class MilestoneRecord:
    """What events say of one milestone of an order."""

    amount: Units
    """Units of the order's currency."""
    deliver_before: int
    """Unix second before which it is delivered."""
    state: MilestoneState = MilestoneState.DUE
    """Where it stands."""
    since: int = 0
    """Unix second of its delivery, or of the dispute; zero before."""


@dataclass
class OrderRecord:
    """What events say of one order of a job escrow. Amounts are in units of its currency."""

    escrow: Address
    """JobEscrow that it is an order of."""
    payer: Address
    """Who paid, and gets every refund."""
    terms: OrderTerms
    """Its terms."""
    milestones: list[MilestoneRecord]
    """Its milestones."""
    unfinished: int
    """What its terms say of milestones that have not ended."""
    state: OrderState = OrderState.PLACED
    """Where it stands."""
    released: int = 0
    """Due to the provider so far, bonds apart."""
    refunded: int = 0
    """Due to the payer so far."""
    bonds: int = 0
    """What its terms say of disputes that have not ended."""


@dataclass
class JobBooks:
    """What events say of job orders, beside their balances."""

    orders: dict[bytes, OrderRecord] = field(default_factory=dict)
    """Order id -> what events say of it."""
