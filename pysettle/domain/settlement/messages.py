"""The signed messages of settlement: instructions, and the approvals of their debited parties (EIP-712).

The counterpart of `Instruction.sol` and `InstructionHash.sol`. Amounts are units of a leg's currency, or Tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pysettle.domain.core.typed_data import Domain, StructType, hash_array, word
from pysettle.errors import UsageError
from pysettle.errors.states import LegKind as LegKind
from pysettle.hashing import keccak
from pysettle.values import Address

ATOMIC_SETTLEMENT_NAME = "pysettle AtomicSettlement"
"""Name in the EIP-712 domain of the settlement contract."""
MOST_LEGS = 16
"""Most legs of one instruction."""
LONGEST_WAIT_S = 30 * 86_400
"""Longest time from the submission of an instruction to its value time."""

_LEG_SIGNATURE = "Leg(uint8 kind,address asset,address debtor,address creditor,uint96 amount)"
_LEG = StructType(_LEG_SIGNATURE)
_INSTRUCTION_SIGNATURE = (
    "Instruction(Leg[] legs,uint64 valueTime,bytes32 endToEndId,bytes32 purpose,bytes32 customers,"
    f"bytes32 original,bytes32 reason){_LEG_SIGNATURE}"
)
_INSTRUCTION_HASH = keccak(_INSTRUCTION_SIGNATURE.encode())
_APPROVAL_HASH = keccak(
    f"Approval(address party,uint256 id,uint64 validBefore,Instruction instruction){_INSTRUCTION_SIGNATURE}".encode()
)
_NONE = bytes(32)


@dataclass(frozen=True, slots=True)
class Leg:
    """One transfer inside a linked settlement."""

    kind: LegKind
    """Between positions, or by allowance."""
    asset: Address
    """Currency of the positions, or the series."""
    debtor: Address
    """Party that is debited, and signs."""
    creditor: Address
    """Party that is credited."""
    amount: int
    """Units of the currency, or Tokens."""

    def fields(self) -> tuple[object, ...]:
        """Return the leg in the order of the contract's struct."""
        return int(self.kind), self.asset, self.debtor, self.creditor, self.amount

    def reversed(self, amount: int) -> Leg:
        """Return the leg that returns an amount of it."""
        return Leg(self.kind, self.asset, self.creditor, self.debtor, amount)


@dataclass(frozen=True, slots=True)
class Instruction:
    """Legs that settle all together or not at all, with the data of the payment message."""

    legs: tuple[Leg, ...]
    """From 1 to 16 legs. One is a payment, two are DvP or PvP."""
    end_to_end_id: bytes
    """End-to-end id of the message, 32 bytes."""
    purpose: bytes
    """Purpose code (ISO 20022) in ASCII, 32 bytes."""
    value_time: int = 0
    """Unix second from which it settles; zero, or a time that has passed, is at once."""
    customers: bytes = _NONE
    """Hash of the data of ultimate debtor and creditor; zero for a payment between institutions."""
    original: bytes = _NONE
    """Settlement that it returns (pacs.004); zero if it returns none."""
    reason: bytes = _NONE
    """Reason code of a return (ISO 20022) in ASCII; zero if it returns none."""

    def fields(self) -> tuple[object, ...]:
        """Return the instruction in the order of the contract's struct."""
        legs = [leg.fields() for leg in self.legs]
        data = self.end_to_end_id, self.purpose, self.customers, self.original, self.reason
        return legs, self.value_time, *data

    @property
    def debtors(self) -> tuple[Address, ...]:
        """The debited parties, in the order in which the legs first name them: each of them signs."""
        return tuple(dict.fromkeys(leg.debtor for leg in self.legs))

    def hash(self) -> bytes:
        """Return its struct hash, which every approval contains."""
        legs = hash_array([_LEG.hash(*leg.fields()) for leg in self.legs])
        data = self.end_to_end_id + self.purpose + self.customers + self.original + self.reason
        return keccak(_INSTRUCTION_HASH + legs + word(self.value_time) + data)

    def settlement_id(self, ids: Sequence[int]) -> bytes:
        """Return the id of its settlement by the ids of its parties, in the order of `debtors`."""
        return keccak(self.hash() + b"".join(map(word, ids)))

    def approval_digest(self, settlement: Domain, party: Address, approval_id: int, valid_before: int) -> bytes:
        """Return the digest that a party signs to approve it."""
        words = party.rjust(32, b"\0") + word(approval_id) + word(valid_before)
        return settlement.digest(keccak(_APPROVAL_HASH + words + self.hash()))


@dataclass(frozen=True, slots=True)
class Approval:
    """Agreement of one debited party."""

    id: int
    """Number of its own that the party uses once."""
    valid_before: int
    """Unix second before which the approval is submitted."""
    signature: bytes
    """Its signature."""

    def fields(self) -> tuple[object, ...]:
        """Return the approval in the order of the contract's struct."""
        return self.id, self.valid_before, self.signature


def code_word(code: str) -> bytes:
    """Return a code of ISO 20022 as the contract holds it.

    Raises:
        UsageError: it is empty, longer than 32 bytes, or not of digits, capital letters and hyphens.
    """
    if not 0 < len(code) <= 32 or not all(it.isascii() and (it.isdigit() or it.isupper() or it == "-") for it in code):
        raise UsageError(
            f"{code!r} is no code: write up to 32 digits, capital letters and hyphens, such as INTC", text=code
        )
    return code.encode().ljust(32, b"\0")


def settlement_domain(chain_id: int, settlement: Address) -> Domain:
    """Return the EIP-712 domain of the settlement contract."""
    return Domain(ATOMIC_SETTLEMENT_NAME, "1", chain_id, settlement)
