"""The state of the clearing house in the books: batches with the items that wait, and cycles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem
from pysettle.errors.states import CycleState
from pysettle.values import Address


@dataclass
class BatchRecord:
    """One batch, from its events."""

    header: BatchHeader
    """Its header."""
    payload: bytes
    """Hash of the payload of the Travel Rule; zeros if there is none."""
    items: tuple[BatchItem, ...]
    """Its obligations."""
    queued: int
    """The items that wait: one bit each."""
    held: int = 0
    """The items that their debtor holds, and those of pairs."""
    ended: tuple[BatchItem, ...] = ()
    """Those that the last event ended without settlement."""
    pair: bytes = bytes(32)
    """Hash of both halves if the batch is one half of PvP pairs; zeros if it is none."""

    @property
    def is_pair(self) -> bool:
        """Whether the batch is one half of PvP pairs."""
        return any(self.pair)

    @property
    def payable(self) -> int:
        """The items that may settle: one bit each. Those of pairs are among the held ones."""
        return self.held if self.is_pair else self.queued

    def end(self, items: int) -> None:
        """Take items out of the batch."""
        self.queued &= ~items
        self.held &= ~items


class SettledHalf(NamedTuple):
    """One half of pairs that settled in a set."""

    pair: bytes
    """Hash of both halves."""
    settled: int
    """The pairs that settled: one bit each."""
    half: bytes
    """Hash of the half."""
    currency: Address
    """Currency of its items."""
    debtor: Address
    """Account that pays."""
    creditor: Address
    """Account that receives."""


class DueItem(NamedTuple):
    """An obligation that is due in a closed cycle."""

    currency: Address
    """Its currency."""
    header: BatchHeader
    """Header of its batch."""
    place: int
    """Its place there, from 0."""


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """The answer of the rule of order on the closed cycles, all together, as they stand before a transaction."""

    payable: frozenset[DueItem]
    """The obligations that it was asked about: they may settle, those of pairs with their other half."""
    settled: frozenset[DueItem]
    """Those of them that settle."""
    paired: frozenset[Address]
    """Currencies with pairs among them."""
    sums: dict[Address, tuple[int, int]]
    """Currency -> obligations and units of its cycle that settled before, or settle by the rule."""


@dataclass
class CycleRecord:
    """The last cycle of a currency, from its events."""

    number: int = 0
    """Its number; zero before the first one."""
    state: CycleState = CycleState.NONE
    """Open or closed."""
    since: int = 0
    """Time of its opening, or of its closing."""
    sets: int = 0
    """Sets that it settled."""
    operator: Address = ZERO_ADDRESS
    """Operator of the currency."""
    settled_count: int = 0
    """Obligations that its sets settled while it was closed."""
    settled_units: int = 0
    """Their units."""
    rule: tuple[int, int] | None = None
    """Obligations and units that the rule of order settles, as it was before the first set that left the rule."""
    apart_count: int = 0
    """Obligations that settled, and not by the rule."""
    left: tuple[DueItem, ...] | None = None
    """Obligations that the rule would still settle, once it or a cycle that it has pairs with has ended."""


@dataclass(frozen=True, slots=True)
class EndedCycle:
    """A cycle that ended, beside the set that the rule of order settles."""

    currency: Address
    """Its currency."""
    number: int
    """Its number."""
    by_operator: bool
    """Whether its operator ended it."""
    settled_count: int
    """Obligations that it settled."""
    settled_units: int
    """Their units."""
    rule_count: int
    """Obligations that the rule settles."""
    rule_units: int
    """Their units."""
    apart_count: int
    """Obligations that settled, and not by the rule."""
    block: int
    """Height of the block in which it ended."""
    timestamp: int
    """Chain time of that block."""


@dataclass
class ClearingBooks:
    """Queues and cycles of all currencies."""

    batches: dict[tuple[Address, int, int, int], BatchRecord] = field(default_factory=dict)
    """(currency, debtor, priority, index) -> the batch."""
    queues: dict[tuple[Address, int], dict[BatchHeader, BatchRecord]] = field(default_factory=lambda: defaultdict(dict))
    """(currency, debtor) -> its batches that have not ended."""
    cycles: dict[Address, CycleRecord] = field(default_factory=lambda: defaultdict(CycleRecord))
    """Currency -> its last cycle."""
    sets: int = 0
    """Number of sets that settled."""
    ended: list[EndedCycle] = field(default_factory=list)
    """The cycles that ended."""
    turnovers: dict[tuple[Address, int], dict[int, list[int]]] = field(default_factory=dict)
    """(currency, set) of a set whose nets have not moved yet -> number of a party -> units received and paid."""
    halves: list[SettledHalf] = field(default_factory=list)
    """Halves of pairs that settled in this transaction."""
    answer: RuleAnswer | None = None
    """The rule's answer before this transaction, once a set settled in it."""
    last: BatchRecord | None = None
    """The batch that an event named last: that of a corridor's event, which follows."""

    def record(self, currency: Address, header: BatchHeader) -> BatchRecord | None:
        """Return the batch with a header; None if there is none."""
        found = self.batches.get((currency, header.debtor, header.priority, header.index))
        return found if found is not None and found.header == header else None

    def end(self, currency: Address, batch: BatchRecord) -> None:
        """Take a batch out of its queue if all of it has ended."""
        if not batch.queued | batch.held:
            self.queues[currency, batch.header.debtor].pop(batch.header, None)
