"""What the JobEscrow refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pysettle.errors import ContractReverted
from pysettle.errors.states import MilestoneState, OrderState, State


class JobReverted(ContractReverted):
    """The JobEscrow refused."""


class OrderTermsInvalid(JobReverted):
    """Terms no order can have."""

    template = "the term {term} of the order is not acceptable"
    remedy = (
        "name a buyer, a provider, an arbiter who is none of the parties, times in their order, and amounts above zero"
    )


class OrderPlacedAlready(JobReverted):
    """An order is placed once."""

    template = "order {orderId} was placed before"
    remedy = "place another with another salt"


class OrderPaymentMismatch(JobReverted):
    """The currency did not bring what was said."""

    template = "{amount} to be paid, {received} arrived"
    remedy = "use a currency that transfers exact amounts"


class OrderStateInvalid(JobReverted):
    """The order is past this, or not there yet."""

    template = "order {orderId} is {state}"
    states: ClassVar[Mapping[str, type[State]]] = {"state": OrderState}
    remedy = "see `pysettle job show` for what can be done"


class OrderCallerInvalid(JobReverted):
    """Each step is one party's."""

    template = "order {orderId}: this is not for {caller} to do"
    remedy = "call from the party's account that the order names"


class OrderAcceptancePassed(JobReverted):
    """The time to accept has passed."""

    template = "order {orderId} was to be accepted before {acceptBefore}, chain time is {timestamp}"
    remedy = "have the payer place it again"


class OrderPayerFrozen(JobReverted):
    """What a frozen payer set aside is not committed."""

    template = "order {orderId}: its payer {payer} is frozen outgoing"
    remedy = "accept it after the freeze is lifted, or have it cancelled"


class MilestoneNotFound(JobReverted):
    """The order has fewer milestones."""

    template = "order {orderId} has {milestones} milestones, none of number {milestone}"
    remedy = "count from zero"


class MilestoneStateInvalid(JobReverted):
    """The milestone is past this, or not there yet."""

    template = "order {orderId}: milestone {milestone} is {state}"
    states: ClassVar[Mapping[str, type[State]]] = {"state": MilestoneState}
    remedy = "see `pysettle job show` for what can be done"


class MilestoneTimePassed(JobReverted):
    """It is too late for this."""

    template = "order {orderId}: milestone {milestone} was until {end}, chain time is {timestamp}"
    remedy = "have anybody conclude the milestone"


class MilestoneTimeRunning(JobReverted):
    """It is too early to conclude."""

    template = "order {orderId}: milestone {milestone} goes on until {end}, chain time is {timestamp}"
    remedy = "wait until then"


class RulingInvalid(JobReverted):
    """More than all cannot be given."""

    template = "a share of {providerBps} basis points"
    remedy = "rule from 0 to 10000"


class JobHashZero(JobReverted):
    """What is stated needs the hash of what shows it."""

    template = "a hash of zero"
    remedy = "give the hash of the content, the evidence or the grounds"


class NothingDue(JobReverted):
    """Nothing waits for the account."""

    template = "nothing is due to {account} in {currency}"
    remedy = "wait until a milestone has ended"
