"""The AtomicSettlement: instructions of up to 16 legs, all of which settle or none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract
from pysettle.client.settlement.opening import address_of
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.settlement.events import InstructionSettled
from pysettle.domain.settlement.messages import Approval, Instruction, settlement_domain
from pysettle.errors.states import WaitingState
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class AtomicSettlement(Contract):
    """The settlement contract. Any account submits what the debited parties have signed."""

    GAS_SUBMISSION = 250_000
    """Gas stated for a submission, legs apart."""
    GAS_LEG = 160_000
    """Gas stated for each leg."""
    GAS_WITHDRAWAL = 100_000
    """Gas stated for the withdrawal of an id."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed settlement contract."""
        super().__init__(sender, address, "AtomicSettlement", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> AtomicSettlement:
        """Return the settlement contract of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "AtomicSettlement"), first_block=network.first_block)

    @property
    def domain(self) -> Domain:
        """EIP-712 domain of approvals."""
        return settlement_domain(self.chain.chain_id, self.address)

    def approve(self, party: Signer, instruction: Instruction, approval_id: int, valid_before: int) -> Approval:
        """Sign an instruction as a debited party, with an id and an expiry of its own."""
        digest = instruction.approval_digest(self.domain, party.address, approval_id, valid_before)
        return Approval(approval_id, valid_before, party.sign(digest))

    def withdraw(self, party: TransactionSigner, approval_id: int) -> Transaction:
        """Use up an id of the party, so that no approval with it can be submitted any more."""
        return self._transaction(party, self.GAS_WITHDRAWAL, "withdraw", approval_id)

    def submit(
        self, submitter: TransactionSigner, instruction: Instruction, approvals: Sequence[Approval]
    ) -> Transaction:
        """Submit an instruction with all approvals, in the order of `Instruction.debtors`."""
        fields = [approval.fields() for approval in approvals]
        return self._step(submitter, instruction, "submit", fields)

    def submit_return(
        self,
        submitter: TransactionSigner,
        instruction: Instruction,
        approvals: Sequence[Approval],
        original: Instruction,
        ids: Sequence[int],
        places: Sequence[int],
    ) -> Transaction:
        """Submit a return: each leg reverses the leg of the original at its place."""
        fields = [approval.fields() for approval in approvals]
        others = fields, original.fields(), list(ids), list(places)
        return self._step(submitter, instruction, "submitReturn", *others)

    def settle(self, caller: TransactionSigner, instruction: Instruction, ids: Sequence[int]) -> Transaction:
        """Settle a waiting instruction from its value time on."""
        return self._step(caller, instruction, "settle", list(ids))

    def unwind(self, caller: TransactionSigner, instruction: Instruction, ids: Sequence[int]) -> Transaction:
        """Send all legs of a waiting instruction home, once a party is stopped or frozen."""
        return self._step(caller, instruction, "unwind", list(ids))

    # Views

    def was_settled(self, settlement_id: bytes) -> bool:
        """Whether an instruction has settled, at once or after waiting."""
        return any(self.emitted(InstructionSettled, ids=[settlement_id]))

    def waiting(self, settlement_id: bytes) -> WaitingState:
        """Return the state of an instruction that waited or waits."""
        return WaitingState(self._read("waiting", settlement_id))

    def due_at(self, settlement_id: bytes) -> int:
        """Return the unix second from which an instruction that waited or waits settles."""
        return int(self._read("dueAt", settlement_id))

    def is_used(self, party: Address, approval_id: int) -> bool:
        """Whether a party has used or withdrawn an id."""
        return bool(self._read("isUsed", party, approval_id))

    def next_id(self, party: Address) -> int:
        """Return the lowest id, from 1, that a party has neither used nor withdrawn."""
        return next(number for number in count(1) if not self.is_used(party, number))

    def returned(self, original: bytes, leg: int) -> int:
        """Return the units or Tokens of a leg of a settlement that were returned."""
        return int(self._read("returned", original, leg))

    def _step(self, signer: TransactionSigner, instruction: Instruction, function: str, *others: object) -> Transaction:
        gas = self.GAS_SUBMISSION + self.GAS_LEG * len(instruction.legs)
        return self._transaction(signer, gas, function, instruction.fields(), *others)
