"""Errors of the AtomicSettlement."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import WaitingState
from pysettle.values import Address, Amount, Timestamp


class SettlementReverted(ContractReverted):
    """The AtomicSettlement refused."""


class InstructionInvalid(SettlementReverted):
    """A term of the instruction is not acceptable."""

    template = "the term {term} of the instruction is not acceptable"
    remedy = "write 1 to 16 legs with amounts above zero between two parties, an end-to-end id and a purpose"

    term: str


class ApprovalsInvalid(SettlementReverted):
    """Each debited party approves once."""

    template = "{approvals} approvals for {parties} debited parties"
    remedy = "submit one approval for each debited party, in the order in which the legs first name them"

    approvals: int
    parties: int


class ApprovalExpired(SettlementReverted):
    """The approval was submitted too late."""

    template = "the approval of {party} could be submitted before {valid_before}; the chain time is {timestamp}"
    remedy = "have the party sign again, with a later expiry"

    party: Address
    valid_before: Timestamp
    timestamp: Timestamp


class ApprovalIdUsed(SettlementReverted):
    """The party has used or withdrawn the id of its approval."""

    template = "{party} has used or withdrawn its id {id}"
    remedy = "have the party sign with another id"

    party: Address
    id: int


class ApprovalSignatureInvalid(SettlementReverted):
    """The signature is not the party's over this instruction."""

    template = "the approval is not signed by {party} over this instruction, id and expiry"
    remedy = "submit the instruction as all debited parties signed it"

    party: Address


class InstructionNotWaiting(SettlementReverted):
    """The instruction does not wait for its value time."""

    template = "settlement {settlement_id} does not wait; its state is {state}"
    remedy = "see `pysettle settle show` for its state"

    settlement_id: bytes
    state: WaitingState


class ValueTimeNotReached(SettlementReverted):
    """The value time of the instruction has not come."""

    template = "settlement {settlement_id} settles from {value_time} on; the chain time is {timestamp}"
    remedy = "wait until its value time"

    settlement_id: bytes
    value_time: Timestamp
    timestamp: Timestamp


class InstructionNotBlocked(SettlementReverted):
    """No party of the instruction is stopped or frozen."""

    template = "no party of settlement {settlement_id} is stopped or frozen"
    remedy = "settle it at its value time; only a stop, a freeze or a seizure sends its legs home"

    settlement_id: bytes


class ReturnLegInvalid(SettlementReverted):
    """A leg of a return does not reverse the leg of the original."""

    template = "leg {leg} of the return does not reverse a leg of settlement {original}"
    remedy = "exchange debtor and creditor of the original leg, and keep its asset"

    original: bytes
    leg: int


class ReturnExceeded(SettlementReverted):
    """More would be returned than was settled."""

    template = "{available} of leg {leg} of settlement {original} can still be returned; {requested} requested"
    remedy = "return at most the rest"

    original: bytes
    leg: int
    requested: Amount
    available: Amount
