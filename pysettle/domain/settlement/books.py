"""The state of settlement in the books: participants with their stops, and the freezes of positions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pysettle.domain.money.freezing import Freezing
from pysettle.domain.settlement.messages import Instruction
from pysettle.errors.states import WaitingState
from pysettle.values import Address


@dataclass
class ParticipantRecord:
    """One institution in one currency, from its events."""

    index: int
    """Its number in the currency, from 1."""
    jurisdiction: int
    """ISO 3166-1 number."""
    settlement_agent: Address
    """Account that takes over its position at the end of a day."""
    suspended: bool = False
    """Whether it begins nothing."""
    stopped: bool = False
    """Whether nothing of it goes on."""


@dataclass
class ParticipantBooks:
    """The participants of each currency."""

    records: dict[tuple[Address, Address], ParticipantRecord] = field(default_factory=dict)
    """(currency, account) -> the institution."""
    counts: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Currency -> number of its institutions."""
    accounts: dict[tuple[Address, int], Address] = field(default_factory=dict)
    """(currency, number) -> account of the institution."""

    def account(self, currency: Address, number: int) -> Address | None:
        """Return the account of an institution by its number; None if there is none."""
        return self.accounts.get((currency, number))


@dataclass
class LiquidityBooks:
    """The freezes and pauses of positions; their units are balances."""

    freezing: dict[Address, Freezing] = field(default_factory=lambda: defaultdict(Freezing))
    """Currency -> the freezes of positions in it."""
    paused: dict[Address, bool] = field(default_factory=lambda: defaultdict(bool))
    """Currency -> whether its positions are paused."""


@dataclass
class SettlementRecord:
    """One instruction that was submitted, from its events."""

    instruction: Instruction
    """The instruction."""
    state: WaitingState
    """State; SETTLED too if it settled at once."""
    waited: bool
    """Whether it was earmarked first."""
    due_at: int = 0
    """Unix second from which it settles if it waits."""


@dataclass
class SettlementBooks:
    """Submitted instructions, and the ids that their parties have used."""

    records: dict[bytes, SettlementRecord] = field(default_factory=dict)
    """Settlement id -> the instruction."""
    used: set[tuple[Address, int]] = field(default_factory=set)
    """(party, id) of every id that was used or withdrawn."""
    returned: dict[tuple[bytes, Address, Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(settlement id, asset, debtor, creditor) of legs -> the amount that came back by returns."""
