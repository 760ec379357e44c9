"""The events of participants and their positions."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event
from pysettle.values import Address, Units


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
