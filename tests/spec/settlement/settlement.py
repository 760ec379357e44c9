"""Atomic settlement, from the manual `contracts/settlement/IAtomicSettlement.sol`; above positions and corridors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.settlement.events import (
    ApprovalWithdrawn,
    InstructionEarmarked,
    InstructionSettled,
    InstructionUnwound,
)
from pysettle.domain.settlement.messages import LONGEST_WAIT_S, MOST_LEGS, Instruction, Leg, LegKind
from pysettle.errors import contracts as errors
from pysettle.errors.states import WaitingState
from tests.spec.core.calls import Call, Signature, refuse
from tests.spec.core.records import NOTHING
from tests.spec.core.tokens import TokenSpec
from tests.spec.settlement.corridors import CorridorsSpec
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.trial import TrialSpec


@dataclass(frozen=True, slots=True)
class Approved:
    """The approval of a debited party."""

    id: int
    valid_before: int
    signature: Signature


@dataclass(slots=True)
class Waiting:
    """An instruction that waited or waits."""

    state: WaitingState
    admitted_at: int
    due_at: int


def approval_of(instruction: Instruction, party: Address, number: int, valid_before: int) -> tuple[object, ...]:
    """Return the message that a party signs."""
    return "Approval", party, number, valid_before, instruction


class SettlementSpec(TrialSpec):
    """Every instruction of a layer."""

    def __init__(
        self,
        address: Address,
        layers: Mapping[Address, LiquiditySpec],
        corridors: CorridorsSpec,
        series: Mapping[Address, TokenSpec] | None = None,
    ) -> None:
        """Begin without any.

        Args:
            address: Address of the contract.
            layers: Currency -> the positions in it; all write into one list of events.
            corridors: The corridors, which write into the same list.
            series: Series -> its Tokens, which an instruction may move too.
        """
        super().__init__(address, corridors.events)
        self.layers, self.corridors, self._series = layers, corridors, {} if series is None else series
        self.used: set[tuple[Address, int]] = set()
        self.waits: dict[bytes, Waiting] = {}
        self.settled: set[bytes] = set()
        """What settled, which the contract does not store."""
        self.returned: defaultdict[tuple[bytes, int], int] = defaultdict(int)

    # Participant

    def withdraw(self, call: Call, number: int) -> None:
        """Use up an id."""
        self._use(call.sender, number)
        self._emit(ApprovalWithdrawn(call.sender, number))

    # Anyone

    def submit(self, call: Call, instruction: Instruction, approvals: Sequence[Approved]) -> None:
        """Settle an instruction, or let it wait."""
        if instruction.original != NOTHING:
            refuse(errors.InstructionInvalid, term="original")
        if instruction.reason != NOTHING:
            refuse(errors.InstructionInvalid, term="reason")
        self._accept(call, instruction, approvals)

    def submit_return(
        self,
        call: Call,
        instruction: Instruction,
        approvals: Sequence[Approved],
        original: Instruction,
        ids: Sequence[int],
        places: Sequence[int],
    ) -> None:
        """Settle a return."""
        if instruction.original != original.settlement_id(ids):
            refuse(errors.InstructionInvalid, term="original")
        if instruction.reason == NOTHING:
            refuse(errors.InstructionInvalid, term="reason")
        if instruction.value_time > call.now:
            refuse(errors.InstructionInvalid, term="valueTime")
        if len(instruction.legs) != len(places):
            refuse(errors.InstructionInvalid, term="legs")
        for number, (leg, place) in enumerate(zip(instruction.legs, places, strict=True)):
            if place >= len(original.legs) or leg != original.legs[place].reversed(leg.amount):
                refuse(errors.ReturnLegInvalid, original=instruction.original, leg=number)
            available = original.legs[place].amount - self.returned[instruction.original, place]
            if leg.amount > available:
                named = {"original": instruction.original, "leg": place}
                refuse(errors.ReturnExceeded, **named, requested=leg.amount, available=available)
            self.returned[instruction.original, place] += leg.amount
        self._accept(call, instruction, approvals)

    def settle(self, call: Call, instruction: Instruction, ids: Sequence[int]) -> None:
        """Deliver the legs of an instruction that waits."""
        identifier, waiting = self._waiting(instruction, ids)
        if call.now < waiting.due_at:
            times = {"valueTime": waiting.due_at, "timestamp": call.now}
            refuse(errors.ValueTimeNotReached, settlementId=identifier, **times)
        waiting.state = WaitingState.SETTLED
        self.settled.add(identifier)
        self._emit(InstructionSettled(identifier, instruction.end_to_end_id, instruction, tuple(ids)))
        for leg in instruction.legs:
            self.layers[leg.asset].deliver(leg.debtor, leg.creditor, leg.amount, identifier)
        self.corridors.require_open(call, _fields(instruction.legs))

    def unwind(self, call: Call, instruction: Instruction, ids: Sequence[int]) -> None:
        """Send the legs of an instruction that waits home."""
        identifier, waiting = self._waiting(instruction, ids)
        if not any(
            self.layers[leg.asset].is_blocked(leg.debtor, leg.creditor) or self.layers[leg.asset].may_seize(call.sender)
            for leg in instruction.legs
        ):
            refuse(errors.InstructionNotBlocked, settlementId=identifier)
        waiting.state = WaitingState.UNWOUND
        self._emit(InstructionUnwound(identifier, instruction.end_to_end_id, call.sender))
        for leg in instruction.legs:
            self.layers[leg.asset].send_home(leg.debtor, leg.amount, identifier)
        legs, customers = _fields(instruction.legs), instruction.customers
        self.corridors.release(self._own(call), legs, customers, waiting.admitted_at)

    # Changes

    def _accept(self, call: Call, instruction: Instruction, approvals: Sequence[Approved]) -> None:
        waits = instruction.value_time > call.now
        self._require_terms(call, instruction, waits)
        if len(approvals) != len(instruction.debtors):
            refuse(errors.ApprovalsInvalid, approvals=len(approvals), parties=len(instruction.debtors))
        for party, approval in zip(instruction.debtors, approvals, strict=True):
            if call.now >= approval.valid_before:
                times = {"validBefore": approval.valid_before, "timestamp": call.now}
                refuse(errors.ApprovalExpired, party=party, **times)
            message = approval_of(instruction, party, approval.id, approval.valid_before)
            if approval.signature != Signature(party, message):
                refuse(errors.ApprovalSignatureInvalid, party=party)
            self._use(party, approval.id)
        ids = tuple(approval.id for approval in approvals)
        identifier = instruction.settlement_id(ids)
        kind = InstructionEarmarked if waits else InstructionSettled
        self._emit(kind(identifier, instruction.end_to_end_id, instruction, ids))
        tokens = [leg for leg in instruction.legs if leg.kind is LegKind.TOKEN]
        for leg in instruction.legs:
            if leg in tokens:
                continue
            if leg.asset not in self.layers:
                refuse(errors.ParticipantNotFound, currency=leg.asset, account=leg.debtor)
            if waits:
                self.layers[leg.asset].earmark(leg.debtor, leg.creditor, leg.amount, identifier)
            else:
                self.layers[leg.asset].move(leg.debtor, leg.creditor, leg.amount)
        legs, customers = _fields(instruction.legs), instruction.customers
        due = self.corridors.admit(self._own(call), legs, customers, instruction.value_time)
        if waits:
            self.waits[identifier] = Waiting(WaitingState.WAITING, call.now, due)
        else:
            self.settled.add(identifier)
        for leg in tokens:
            layer = self.layers.get(leg.asset)
            token = layer.currency if layer else self._series[leg.asset]
            token.transfer_from(self._own(call), leg.debtor, leg.creditor, leg.amount)

    def _use(self, party: Address, number: int) -> None:
        if (party, number) in self.used:
            refuse(errors.ApprovalIdUsed, party=party, id=number)
        self.used.add((party, number))

    def _require_terms(self, call: Call, instruction: Instruction, waits: bool) -> None:
        wrong = {
            "legs": not 0 < len(instruction.legs) <= MOST_LEGS,
            "valueTime": waits and instruction.value_time > call.now + LONGEST_WAIT_S,
            "endToEndId": instruction.end_to_end_id == NOTHING,
            "purpose": instruction.purpose == NOTHING,
        }
        for leg in instruction.legs[:MOST_LEGS]:
            for term, is_wrong in {
                "amount": leg.amount == 0,
                "creditor": leg.creditor == leg.debtor,
                "kind": waits and leg.kind is LegKind.TOKEN,
            }.items():
                if is_wrong:
                    wrong.setdefault(term, True)
        for term, is_wrong in wrong.items():
            if is_wrong:
                refuse(errors.InstructionInvalid, term=term)

    def _waiting(self, instruction: Instruction, ids: Sequence[int]) -> tuple[bytes, Waiting]:
        identifier = instruction.settlement_id(ids)
        waiting = self.waits.get(identifier, Waiting(WaitingState.NONE, 0, 0))
        if waiting.state is not WaitingState.WAITING:
            refuse(errors.InstructionNotWaiting, settlementId=identifier, state=waiting.state)
        return identifier, waiting

    def _own(self, call: Call) -> Call:
        """Return the call that the contract makes in turn."""
        return Call(self.address, call.now)


def _fields(legs: Sequence[Leg]) -> list[tuple[int, Address, Address, Address, int]]:
    """Return legs as the corridors take them."""
    return [(int(leg.kind), leg.asset, leg.debtor, leg.creditor, leg.amount) for leg in legs]
