"""Errors of the JobEscrow."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import MilestoneState, OrderState
from pysettle.values import Address, OrderId, Timestamp, Units


class JobReverted(ContractReverted):
    """The JobEscrow refused."""


class OrderTermsInvalid(JobReverted):
    """A term of the order is not acceptable."""

    template = "the term {term} of the order is not acceptable"
    remedy = "name a buyer, a provider, an arbiter other than the parties, times in their order, and amounts above zero"

    term: str


class OrderPlacedAlready(JobReverted):
    """The same order was placed before."""

    template = "order {order_id} was placed before"
    remedy = "place another order, with another salt"

    order_id: OrderId


class OrderPaymentMismatch(JobReverted):
    """The currency transferred another amount than the announced one."""

    template = "{amount} announced; {received} arrived"
    remedy = "use a currency that transfers exact amounts"

    amount: Units
    received: Units


class OrderStateInvalid(JobReverted):
    """The state of the order does not allow this."""

    template = "order {order_id} is {state}"
    remedy = "see `pysettle job show` for the possible steps"

    order_id: OrderId
    state: OrderState


class OrderCallerInvalid(JobReverted):
    """Another party of the order takes this step."""

    template = "order {order_id}: {caller} is not the party for this step"
    remedy = "call from the party's account that the order names"

    order_id: OrderId
    caller: Address


class OrderAcceptancePassed(JobReverted):
    """The time to accept the order has passed."""

    template = "order {order_id} could be accepted before {accept_before}; the chain time is {timestamp}"
    remedy = "have the payer place the order again"

    order_id: OrderId
    accept_before: Timestamp
    timestamp: Timestamp


class OrderPayerFrozen(JobReverted):
    """The payer is frozen, so its payment cannot be committed."""

    template = "order {order_id}: its payer {payer} is frozen outgoing"
    remedy = "accept the order after the freeze is lifted, or have the order cancelled"

    order_id: OrderId
    payer: Address


class MilestoneNotFound(JobReverted):
    """The order has no milestone with this number."""

    template = "order {order_id} has {milestones} milestones and none with the number {milestone}"
    remedy = "count from zero"

    order_id: OrderId
    milestone: int
    milestones: int


class MilestoneStateInvalid(JobReverted):
    """The state of the milestone does not allow this."""

    template = "order {order_id}: milestone {milestone} is {state}"
    remedy = "see `pysettle job show` for the possible steps"

    order_id: OrderId
    milestone: int
    state: MilestoneState


class MilestoneTimePassed(JobReverted):
    """The time for this step of the milestone has passed."""

    template = "order {order_id}: the time of milestone {milestone} ended at {end}; the chain time is {timestamp}"
    remedy = "conclude the milestone; any account may do this"

    order_id: OrderId
    milestone: int
    end: Timestamp
    timestamp: Timestamp


class MilestoneTimeRunning(JobReverted):
    """The milestone cannot be concluded yet."""

    template = "order {order_id}: the time of milestone {milestone} ends at {end}; the chain time is {timestamp}"
    remedy = "wait until that time has ended"

    order_id: OrderId
    milestone: int
    end: Timestamp
    timestamp: Timestamp


class RulingInvalid(JobReverted):
    """The ruling gives the provider more than the whole amount."""

    template = "a share of {provider_bps} basis points is not possible"
    remedy = "rule from 0 to 10000"

    provider_bps: int


class JobHashZero(JobReverted):
    """The hash of the content, the evidence or the grounds is zero."""

    template = "a hash of zero"
    remedy = "give the hash of the content, the evidence or the grounds"


class NothingDue(JobReverted):
    """No amount is due to the account."""

    template = "no amount is due to {account} in {currency}"
    remedy = "wait until a milestone has ended"

    account: Address
    currency: Address
