"""Errors of the ClearingHouse."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import CycleState
from pysettle.values import Address, Timestamp


class ClearingReverted(ContractReverted):
    """The ClearingHouse refused."""


class CyclesMissing(ClearingReverted):
    """The currency has no cycles."""

    template = "the currency {currency} has no clearing cycles"
    remedy = "have its central bank appoint an operator: `pysettle cycle operator`"

    currency: Address


class CycleStateInvalid(ClearingReverted):
    """The cycle is in another state."""

    template = "cycle {cycle} of the currency {currency} is {state}"
    remedy = "an open cycle closes, and a closed one ends"

    currency: Address
    cycle: int
    state: CycleState


class CycleTooEarly(ClearingReverted):
    """The caller may act on the cycle later."""

    template = "cycle {cycle} of the currency {currency}: possible from {earliest} on; it is {timestamp}"
    remedy = "wait; the operator may act earlier than others"

    currency: Address
    cycle: int
    earliest: Timestamp
    timestamp: Timestamp


class CycleExpired(ClearingReverted):
    """The cycle was closed an hour ago and settles no more sets."""

    template = "cycle {cycle} of the currency {currency} settled sets until {expired}; it is {timestamp}"
    remedy = "end the cycle; its items stay queued"

    currency: Address
    cycle: int
    expired: Timestamp
    timestamp: Timestamp


class CycleStillClosed(ClearingReverted):
    """Units and items that are due in a closed cycle stay as they are."""

    template = "cycle {cycle} of the currency {currency} is closed, until {latest} at the latest"
    remedy = "wait until the cycle ends"

    currency: Address
    cycle: int
    latest: Timestamp


class BatchInvalid(ClearingReverted):
    """A term of the batch is not acceptable."""

    template = "this {term} is not acceptable in a batch"
    remedy = "correct the batch: 1 to 256 items with other creditors and amounts above zero, priority 0 to 3"

    term: str


class ClearingQueueFull(ClearingReverted):
    """The debtor has as many batches of this priority as it may."""

    template = "{debtor} has as many batches of priority {priority} in the currency {currency} as it may"
    remedy = "put more obligations into a batch, or wait for a cycle"

    currency: Address
    debtor: Address
    priority: int


class BatchNotFound(ClearingReverted):
    """No batch with this place, header and items is queued."""

    template = (
        "batch {index} of priority {priority} of participant {debtor_number} in the currency {currency} has another "
        "header or other items"
    )
    remedy = "take header, payload and items from the event of the batch"

    currency: Address
    debtor_number: int
    priority: int
    index: int


class BatchOutOfOrder(ClearingReverted):
    """The batches of a proposal do not ascend."""

    template = (
        "batch {index} of priority {priority} of participant {debtor_number} in the currency {currency} is out of order"
    )
    remedy = "name each batch once, ascending by debtor, priority and index"

    currency: Address
    debtor_number: int
    priority: int
    index: int


class BatchNotDue(ClearingReverted):
    """The batch is due in a later cycle."""

    template = (
        "batch {index} of priority {priority} of participant {debtor_number} in the currency {currency} is due in "
        "cycle {cycle}"
    )
    remedy = "leave it out until that cycle is closed"

    currency: Address
    debtor_number: int
    priority: int
    index: int
    cycle: int


class BatchPassedOver(ClearingReverted):
    """The proposal leaves out a batch that comes first and has items that wait."""

    template = (
        "batch {index} of priority {priority} of participant {debtor_number} in the currency {currency} has items "
        "that wait, and others of its debtor come after it"
    )
    remedy = "name it too, or settle nothing behind it"

    currency: Address
    debtor_number: int
    priority: int
    index: int


class ItemOutOfOrder(ClearingReverted):
    """The item comes after one of its debtor that waits."""

    template = (
        "item {place} of batch {index} of priority {priority} of participant {debtor_number} in the currency "
        "{currency} comes after one that waits"
    )
    remedy = "settle the items of a debtor in its order"

    currency: Address
    debtor_number: int
    priority: int
    index: int
    place: int


class ItemsNotQueued(ClearingReverted):
    """One of the items does not wait."""

    template = (
        "an item of batch {index} of priority {priority} of participant {debtor_number} in the currency {currency} "
        "does not wait"
    )
    remedy = "name items that have not ended and are not held"

    currency: Address
    debtor_number: int
    priority: int
    index: int


class ItemOutsideCorridor(ClearingReverted):
    """The creditor is of another jurisdiction than its batch was admitted for."""

    template = (
        "{creditor} is of the jurisdiction {jurisdiction} in the currency {currency}; its batch was admitted for "
        "{expected}"
    )
    remedy = "have the debtor cancel the item"

    currency: Address
    creditor: Address
    jurisdiction: int
    expected: int


class PairIncomplete(ClearingReverted):
    """A half of PvP pairs settles without the same items of the other half."""

    template = "one half of the pairs 0x{pair} would settle without the same items of the other half"
    remedy = "link both halves, or leave both out"

    pair: bytes


class ParticipantNotListed(ClearingReverted):
    """The proposal does not list a party."""

    template = "the proposal does not list participant {participant_number} of the currency {currency}"
    remedy = "list all parties of the items"

    currency: Address
    participant_number: int


class ParticipantsInvalid(ClearingReverted):
    """The participants of a proposal do not ascend, or one was not admitted."""

    template = "{account} is out of order among the participants, or was not admitted to the currency {currency}"
    remedy = "list each party once, ascending by number"

    currency: Address
    account: Address


class CallerNotParty(ClearingReverted):
    """The caller is not the party whose items these are."""

    template = "{caller} is not the party of these items in the currency {currency}"
    remedy = "a debtor holds and cancels its own items, and a creditor rejects those that are owed to it"

    currency: Address
    caller: Address


class RejectionWithoutReason(ClearingReverted):
    """A rejection needs a reason."""

    template = "{creditor} gave no reason for a rejection"
    remedy = "state a reason code"

    creditor: Address
