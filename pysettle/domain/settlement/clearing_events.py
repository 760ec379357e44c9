"""The events of the clearing house, and those by which positions and corridors follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pysettle.domain.core.events import Event, event, struct
from pysettle.values import Address, Units

_NET_POSITION = "(bytes32,bytes32)"
_SETTLED_BATCH = "(uint256,uint256)"


class NetPosition(NamedTuple):
    """The change of a position by a set."""

    account: Address
    """Its account."""
    received: Units
    """Units that others paid to it."""
    paid: Units
    """Units that it paid to others."""
    reserved: Units
    """Reserved units of the position afterwards."""

    @classmethod
    def from_words(cls, holding: bytes, turnover: bytes) -> NetPosition:
        """Read the two words of an event."""
        units = (Units(int.from_bytes(part, "big")) for part in (turnover[:16], turnover[16:], holding[20:]))
        return cls(Address(holding[:20]), *units)


class SettledBatch(NamedTuple):
    """The items of a batch that settled in a set."""

    header: int
    """Header of the batch, as a word."""
    settled: int
    """One bit for each item that settled."""


struct(_NET_POSITION, NetPosition.from_words)
struct(_SETTLED_BATCH, SettledBatch)


@event
@dataclass(frozen=True, slots=True)
class PositionReserved(Event):
    """An account kept available units of its position for clearing cycles."""

    SIGNATURE = (
        "PositionReserved(address indexed currency,address indexed account,uint256 amount,uint256 available,"
        "uint256 reserved)"
    )
    currency: Address
    account: Address
    amount: Units
    available: Units
    reserved: Units


@event
@dataclass(frozen=True, slots=True)
class PositionReleased(Event):
    """Reserved units of a position became available again."""

    SIGNATURE = (
        "PositionReleased(address indexed currency,address indexed account,uint256 amount,uint256 available,"
        "uint256 reserved)"
    )
    currency: Address
    account: Address
    amount: Units
    available: Units
    reserved: Units


@event
@dataclass(frozen=True, slots=True)
class PositionsNetted(Event):
    """A set of a cycle moved net amounts between reserved units."""

    SIGNATURE = f"PositionsNetted(address indexed currency,uint256 indexed set,{_NET_POSITION}[] positions)"
    currency: Address
    set: int
    positions: tuple[NetPosition, ...]


@event
@dataclass(frozen=True, slots=True)
class BatchAdmitted(Event):
    """The obligations of a batch that crosses a border were admitted and counted to their debtor."""

    SIGNATURE = "BatchAdmitted(bytes32 indexed id,address indexed debtor,uint256 amount,uint256 used,bytes32 payload)"
    id: bytes
    debtor: Address
    amount: Units
    used: Units
    payload: bytes


@event
@dataclass(frozen=True, slots=True)
class BatchReleased(Event):
    """Admitted obligations of a batch were given back, since they do not settle."""

    SIGNATURE = "BatchReleased(bytes32 indexed id,address indexed debtor,uint256 amount,uint256 used,bytes32 payload)"
    id: bytes
    debtor: Address
    amount: Units
    used: Units
    payload: bytes


@event
@dataclass(frozen=True, slots=True)
class ClearingOperatorSet(Event):
    """The central bank of a currency appointed the operator of its cycles."""

    SIGNATURE = "ClearingOperatorSet(address indexed currency,address indexed operator)"
    currency: Address
    operator: Address


@event
@dataclass(frozen=True, slots=True)
class BatchQueued(Event):
    """A debtor queued a batch of obligations."""

    SIGNATURE = (
        "BatchQueued(address indexed currency,address indexed debtor,uint256 indexed header,bytes32 payload,"
        "uint256[] items,bytes32 pair)"
    )
    currency: Address
    debtor: Address
    header: int
    payload: bytes
    items: tuple[int, ...]
    pair: bytes = bytes(32)


@event
@dataclass(frozen=True, slots=True)
class ItemsHeldSet(Event):
    """A debtor held items of a batch, or let them go on."""

    SIGNATURE = "ItemsHeldSet(address indexed currency,uint256 indexed header,uint256 items,bool held)"
    currency: Address
    header: int
    items: int
    held: bool


@event
@dataclass(frozen=True, slots=True)
class ItemsCancelled(Event):
    """A debtor cancelled items of a batch."""

    SIGNATURE = "ItemsCancelled(address indexed currency,uint256 indexed header,uint256 items)"
    currency: Address
    header: int
    items: int


@event
@dataclass(frozen=True, slots=True)
class ItemsRejected(Event):
    """A creditor rejected items of a batch that were owed to it."""

    SIGNATURE = (
        "ItemsRejected(address indexed currency,uint256 indexed header,address indexed creditor,uint256 items,"
        "bytes32 reason)"
    )
    currency: Address
    header: int
    creditor: Address
    items: int
    reason: bytes


@event
@dataclass(frozen=True, slots=True)
class CycleClosed(Event):
    """A cycle was closed."""

    SIGNATURE = "CycleClosed(address indexed currency,uint256 indexed cycle,address indexed caller)"
    currency: Address
    cycle: int
    caller: Address


@event
@dataclass(frozen=True, slots=True)
class SetSettled(Event):
    """A set of items settled, all together."""

    SIGNATURE = (
        "SetSettled(uint256 indexed set,address indexed currency,uint256 indexed cycle,address caller,"
        f"{_SETTLED_BATCH}[] batches)"
    )
    set: int
    currency: Address
    cycle: int
    caller: Address
    batches: tuple[SettledBatch, ...]


@event
@dataclass(frozen=True, slots=True)
class CycleEnded(Event):
    """A cycle ended, and the next one opened."""

    SIGNATURE = "CycleEnded(address indexed currency,uint256 indexed cycle,uint8 state,address caller)"
    currency: Address
    cycle: int
    state: int
    caller: Address
