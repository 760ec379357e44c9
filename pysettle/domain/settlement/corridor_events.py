"""The events of corridors, calendars and payloads of the Travel Rule."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event, struct
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms
from pysettle.values import Address, Units

_CORRIDOR = "(uint16,uint16,address,address)"
_TERMS = "(uint72,uint72,uint72,uint32,uint96)"
_CROSSING = (
    "(bytes32 indexed id,address indexed debtor,address indexed creditor,uint256 amount,uint256 used,bytes32 payload)"
)
struct(_CORRIDOR, Corridor)
struct(_TERMS, CorridorTerms)


@event
@dataclass(frozen=True, slots=True)
class CorridorProposed(Event):
    """A central bank agreed to a revision, which needs the other one."""

    SIGNATURE = (
        f"CorridorProposed(bytes32 indexed id,address indexed currency,uint32 revision,{_CORRIDOR} corridor,"
        f"{_TERMS} terms)"
    )
    id: bytes
    currency: Address
    revision: int
    corridor: Corridor
    terms: CorridorTerms


@event
@dataclass(frozen=True, slots=True)
class CorridorRevised(Event):
    """Both central banks agreed to a revision: it is in force."""

    SIGNATURE = (
        f"CorridorRevised(bytes32 indexed id,address indexed currency,uint32 revision,{_CORRIDOR} corridor,"
        f"{_TERMS} terms)"
    )
    id: bytes
    currency: Address
    revision: int
    corridor: Corridor
    terms: CorridorTerms


@event
@dataclass(frozen=True, slots=True)
class CorridorClosed(Event):
    """One central bank closed a corridor."""

    SIGNATURE = "CorridorClosed(bytes32 indexed id,address indexed currency,uint32 revision)"
    id: bytes
    currency: Address
    revision: int


@event
@dataclass(frozen=True, slots=True)
class WeekSet(Event):
    """The opening hours of a currency were set."""

    SIGNATURE = "WeekSet(address indexed currency,uint256 week)"
    currency: Address
    week: int


@event
@dataclass(frozen=True, slots=True)
class DaysSet(Event):
    """256 days of a currency were set."""

    SIGNATURE = "DaysSet(address indexed currency,uint256 indexed place,uint256 bitmap)"
    currency: Address
    place: int
    bitmap: int


@event
@dataclass(frozen=True, slots=True)
class TravelPayloadSigned(Event):
    """Both institutions signed the statement on a payload."""

    SIGNATURE = (
        "TravelPayloadSigned(bytes32 indexed digest,address indexed debtor,address indexed creditor,"
        "address currency,uint256 amount,bytes32 payload)"
    )
    digest: bytes
    debtor: Address
    creditor: Address
    currency: Address
    amount: Units
    payload: bytes


@event
@dataclass(frozen=True, slots=True)
class CrossingAdmitted(Event):
    """A leg that crosses a border was admitted and counted."""

    SIGNATURE = f"CrossingAdmitted{_CROSSING}"
    id: bytes
    debtor: Address
    creditor: Address
    amount: Units
    used: Units
    payload: bytes


@event
@dataclass(frozen=True, slots=True)
class CrossingReleased(Event):
    """An admitted leg was given back, since it does not settle."""

    SIGNATURE = f"CrossingReleased{_CROSSING}"
    id: bytes
    debtor: Address
    creditor: Address
    amount: Units
    used: Units
    payload: bytes


@event
@dataclass(frozen=True, slots=True)
class ClearedOut(Event):
    """The part of a foreign position above the limit went to the settlement agent."""

    SIGNATURE = "ClearedOut(bytes32 indexed id,address indexed account,address indexed agent,uint256 amount)"
    id: bytes
    account: Address
    agent: Address
    amount: Units
