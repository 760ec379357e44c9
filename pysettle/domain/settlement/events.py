"""The events of participants and their positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pysettle.domain.core.events import Event, event, struct
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind
from pysettle.values import Address, Units

_LEG = "(uint8,address,address,address,uint96)"
_INSTRUCTION = f"({_LEG}[],uint64,bytes32,bytes32,bytes32,bytes32,bytes32)"


def _leg(kind: int, *others: Any) -> Leg:
    """Return a leg; a number without a kind stays a number."""
    known: Any = LegKind(kind) if kind in [*LegKind] else kind
    return Leg(known, *others)


def _instruction(*members: Any) -> Instruction:
    """Return an instruction, which Solidity packs in another order."""
    legs, value_time, end_to_end_id, purpose, customers, original, reason = members
    return Instruction(legs, end_to_end_id, purpose, value_time, customers, original, reason)


struct(_LEG, _leg)
struct(_INSTRUCTION, _instruction)


@event
@dataclass(frozen=True, slots=True)
class ParticipantAdmitted(Event):
    """An institution was admitted to a currency, or its registration was changed."""

    SIGNATURE = (
        "ParticipantAdmitted(address indexed currency,address indexed account,uint16 index,uint16 jurisdiction,"
        "address settlementAgent,bytes32 lei,bytes32 bic)"
    )
    currency: Address
    account: Address
    index: int
    jurisdiction: int
    settlement_agent: Address
    lei: bytes
    bic: bytes


@event
@dataclass(frozen=True, slots=True)
class StopsSet(Event):
    """The stops on a participant were set."""

    SIGNATURE = "StopsSet(address indexed currency,address indexed account,bool suspended,bool stopped,bytes32 ground)"
    currency: Address
    account: Address
    suspended: bool
    stopped: bool
    ground: bytes


@event
@dataclass(frozen=True, slots=True)
class PaidIn(Event):
    """An account paid units into its position."""

    SIGNATURE = "PaidIn(address indexed currency,address indexed account,uint256 amount,uint256 available)"
    currency: Address
    account: Address
    amount: Units
    available: Units


@event
@dataclass(frozen=True, slots=True)
class PaidOut(Event):
    """An account received units of its position in the currency."""

    SIGNATURE = "PaidOut(address indexed currency,address indexed account,uint256 amount,uint256 available)"
    currency: Address
    account: Address
    amount: Units
    available: Units


@event
@dataclass(frozen=True, slots=True)
class PositionMoved(Event):
    """Units moved from one position to another."""

    SIGNATURE = (
        "PositionMoved(address indexed currency,address indexed debtor,address indexed creditor,uint256 amount,"
        "uint256 debtorAvailable,uint256 creditorAvailable)"
    )
    currency: Address
    debtor: Address
    creditor: Address
    amount: Units
    debtor_available: Units
    creditor_available: Units


@event
@dataclass(frozen=True, slots=True)
class PositionEarmarked(Event):
    """Units of a position were earmarked for a waiting settlement."""

    SIGNATURE = (
        "PositionEarmarked(address indexed currency,address indexed account,bytes32 indexed settlementId,"
        "uint256 amount,uint256 available)"
    )
    currency: Address
    account: Address
    settlement_id: bytes
    amount: Units
    available: Units


@event
@dataclass(frozen=True, slots=True)
class EarmarkDelivered(Event):
    """Earmarked units of a settlement came into the position of its creditor."""

    SIGNATURE = (
        "EarmarkDelivered(address indexed currency,address indexed account,bytes32 indexed settlementId,"
        "uint256 amount,uint256 available)"
    )
    currency: Address
    account: Address
    settlement_id: bytes
    amount: Units
    available: Units


@event
@dataclass(frozen=True, slots=True)
class EarmarkReturned(Event):
    """Earmarked units of a settlement went home to the position of its debtor."""

    SIGNATURE = (
        "EarmarkReturned(address indexed currency,address indexed account,bytes32 indexed settlementId,"
        "uint256 amount,uint256 available)"
    )
    currency: Address
    account: Address
    settlement_id: bytes
    amount: Units
    available: Units


@event
@dataclass(frozen=True, slots=True)
class InstructionSettled(Event):
    """All legs of an instruction were settled."""

    SIGNATURE = (
        f"InstructionSettled(bytes32 indexed settlementId,bytes32 indexed endToEndId,{_INSTRUCTION} instruction,"
        "uint256[] ids)"
    )
    settlement_id: bytes
    end_to_end_id: bytes
    instruction: Instruction
    ids: tuple[int, ...]
    """Id that each debited party used, in the order of `Instruction.debtors`."""


@event
@dataclass(frozen=True, slots=True)
class InstructionEarmarked(Event):
    """All legs of an instruction were earmarked until its value time."""

    SIGNATURE = (
        f"InstructionEarmarked(bytes32 indexed settlementId,bytes32 indexed endToEndId,{_INSTRUCTION} instruction,"
        "uint256[] ids)"
    )
    settlement_id: bytes
    end_to_end_id: bytes
    instruction: Instruction
    ids: tuple[int, ...]
    """Id that each debited party used, in the order of `Instruction.debtors`."""


@event
@dataclass(frozen=True, slots=True)
class InstructionUnwound(Event):
    """All legs of a waiting instruction went home."""

    SIGNATURE = "InstructionUnwound(bytes32 indexed settlementId,bytes32 indexed endToEndId,address indexed caller)"
    settlement_id: bytes
    end_to_end_id: bytes
    caller: Address


@event
@dataclass(frozen=True, slots=True)
class ApprovalWithdrawn(Event):
    """A party withdrew its approvals with an id."""

    SIGNATURE = "ApprovalWithdrawn(address indexed party,uint256 indexed id)"
    party: Address
    id: int


@event
@dataclass(frozen=True, slots=True)
class PositionFreezeSet(Event):
    """The frozen directions of a position were set."""

    SIGNATURE = "PositionFreezeSet(address indexed currency,address indexed account,bool outgoing,bool incoming)"
    currency: Address
    account: Address
    outgoing: bool
    incoming: bool


@event
@dataclass(frozen=True, slots=True)
class PositionFrozenAmountSet(Event):
    """The frozen amount of a position was set."""

    SIGNATURE = "PositionFrozenAmountSet(address indexed currency,address indexed account,uint256 amount)"
    currency: Address
    account: Address
    amount: Units


@event
@dataclass(frozen=True, slots=True)
class PositionSeized(Event):
    """Units of a position were seized by authority of law."""

    SIGNATURE = (
        "PositionSeized(address indexed currency,address indexed account,address indexed to,uint256 amount,"
        "uint256 available,bytes32 legalBasis)"
    )
    currency: Address
    account: Address
    receiver: Address
    amount: Units
    available: Units
    legal_basis: bytes


@event
@dataclass(frozen=True, slots=True)
class LiquidityPauseSet(Event):
    """The positions in a currency were paused, or the pause ended."""

    SIGNATURE = "LiquidityPauseSet(address indexed currency,bool paused)"
    currency: Address
    paused: bool
