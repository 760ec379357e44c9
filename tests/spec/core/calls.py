"""A call of a contract of the specification, and its outcome: state, refusal with figures, events, answer.

A contract here is plain Python that knows no chain. Each entry has the name that it has on chain, in Python's spelling.
It requires first and changes after: it raises the error that the contract has to give, with its figures, and then
nothing has changed; or it changes the state, and emits the events that the contract has to emit, in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from eth_typing import Address

from pysettle.domain.core.events import Event
from pysettle.errors import ContractReverted

Events = list[tuple[Address, Event]]
"""(contract that emits it, event), in the order of emission."""


@dataclass(frozen=True, slots=True)
class Call:
    """A caller and a time."""

    sender: Address
    """Account or contract that calls."""
    now: int
    """Unix second of the block."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature without a curve: the signer, and exactly the message that was signed."""

    signer: Address
    """Holder of the key."""
    message: tuple[object, ...]
    """Name of the type, then its fields, as signed."""
    malleated: bool = False
    """Whether it is the other signature that the curve allows over the same digest, which nobody accepts."""
    meant_for: Address | None = None
    """Contract it was made for, where that is another than the one that looks at it, and so does not accept it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, with its figures."""

    error: str
    """Name of the contract's error."""
    figures: tuple[tuple[str, object], ...]
    """(argument, value) of the error, in its order."""

    @classmethod
    def of(cls, refused: ContractReverted) -> Refusal:
        """Return the error and its figures."""
        return cls(refused.error, tuple(refused.args_by_name.items()))

    def __str__(self) -> str:
        """Name the error and its figures."""
        return f"{self.error}{dict(self.figures)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a call."""

    state: Contract
    """The contract after the call; after a refusal, as it was."""
    refusal: Refusal | None
    """None where the call succeeded."""
    events: tuple[tuple[Address, Event], ...] = ()
    """(contract, event), in the order of emission; none where the call was refused."""
    answer: Any = None
    """Returned value; None where there is none."""


class Contract:
    """A contract of the specification: an address, and the events of the call under way."""

    def __init__(self, address: Address, events: Events) -> None:
        """Stand at an address.

        Args:
            address: Its account.
            events: Where events go, one list for all contracts of a network.
        """
        self.address, self.events = address, events

    def perform(self, entry: str, call: Call, *arguments: object) -> Outcome:
        """Call an entry, and answer (state, refusal with figures, events)."""
        self.events.clear()
        try:
            answer = getattr(self, entry)(call, *arguments)
        except ContractReverted as refused:
            return Outcome(self, Refusal.of(refused))
        return Outcome(self, None, tuple(self.events), answer)

    def _emit(self, event: Event) -> None:
        self.events.append((self.address, event))

    def _is_accepted(self, entry: Callable[..., object], *arguments: object) -> bool:
        """Call another contract, whose refusal is none of this one's: say whether it accepted."""
        before = len(self.events)
        try:
            entry(*arguments)
        except ContractReverted:
            del self.events[before:]
            return False
        return True


def refuse(error: type[ContractReverted], **figures: object) -> NoReturn:
    """Refuse a call; a trailing underscore tells an argument's name from Python's own words."""
    raise error(args_by_name={name.rstrip("_"): value for name, value in figures.items()})
