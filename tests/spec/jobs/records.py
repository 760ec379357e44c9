"""Records of orders. How each may change is in `escrow`."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms


@dataclass(slots=True)
class Milestone:
    """A milestone of an order."""

    amount: int
    deliver_before: int
    """Unix second before which it is delivered."""
    state: MilestoneState = MilestoneState.DUE
    since: int = 0
    """Unix second of its delivery, or of the dispute."""


@dataclass(slots=True)
class Order:
    """An order at the job escrow."""

    payer: Address
    terms: OrderTerms
    milestones: list[Milestone]
    state: OrderState = OrderState.PLACED

    def end(self, milestone: Milestone) -> int:
        """Return when the time ends that a milestone has as it stands, unix seconds."""
        periods = {MilestoneState.DELIVERED: self.terms.review_s, MilestoneState.DISPUTED: self.terms.arbitration_s}
        period = periods.get(milestone.state)
        return milestone.deliver_before if period is None else milestone.since + period

    @property
    def held(self) -> int:
        """Units that the escrow holds for it: unfinished milestones, and bonds of what is disputed."""
        disputed = sum(it.state is MilestoneState.DISPUTED for it in self.milestones)
        return sum(it.amount for it in self.milestones if not it.state.is_final) + disputed * self.terms.bond
