"""Records of participants, positions and cycles. How each may change is in `registry`, `liquidity` and `cycles`."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors.states import CycleState

LONGEST_CLOSED = 3_600
"""Seconds for which a closed cycle holds anybody up."""


@dataclass(slots=True)
class Member:
    """An institution in a currency."""

    index: int
    jurisdiction: int
    settlement_agent: Address
    suspended: bool = False
    stopped: bool = False


@dataclass(slots=True)
class Holding:
    """A position in a currency."""

    available: int = 0
    reserved: int = 0
    frozen_outgoing: bool = False
    frozen_incoming: bool = False
    frozen_amount: int = 0

    @property
    def free(self) -> int:
        """Available units that no frozen amount keeps."""
        return max(0, self.available - self.frozen_amount)


@dataclass(slots=True)
class Cycle:
    """The last clearing cycle of a currency."""

    number: int = 0
    state: CycleState = CycleState.NONE
    since: int = 0
    sets: int = 0
    operator: Address = ZERO_ADDRESS

    @property
    def due(self) -> int:
        """The last cycle whose batches are due: the closed one, or the one before an open one."""
        return self.number - (self.state is not CycleState.CLOSED)

    @property
    def latest(self) -> int:
        """The time from which the cycle, once it is closed, holds up nobody."""
        return self.since + LONGEST_CLOSED
