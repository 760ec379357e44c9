"""Proposals to the clearing house: the set that settles by the rule of order, from what waits on the chain.

Anybody computes a proposal: it needs no key. The contract computes the nets of it again, and checks the order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pysettle.client.settlement.clearing import ClearingHouse, CycleStanding, ProposedBatch
from pysettle.client.settlement.liquidity import LiquidityAccounts, PositionWord
from pysettle.client.settlement.proposal_files import ProposedSet
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, bits, places_of
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.domain.settlement.netting.queue import Account as NettingAccount
from pysettle.domain.settlement.netting.queue import Marks, Obligation, Queue, queue_of
from pysettle.domain.settlement.netting.sets import cut
from pysettle.domain.settlement.netting.strict import strict
from pysettle.errors.states import CycleState
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


@dataclass(frozen=True, slots=True)
class Party:
    """A participant of a currency with its position."""

    account: Address
    """Its account."""
    position: PositionWord
    """Its position, with its number, jurisdiction and stops."""

    @property
    def pays(self) -> bool:
        """Whether its obligations settle: it is active, and nothing of its position is frozen outgoing."""
        return self.position.is_active and not self.position.is_held_back

    @property
    def receives(self) -> bool:
        """Whether it is credited: it is active, and not frozen incoming."""
        return self.position.is_active and not self.position.is_frozen_incoming


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch with obligations that wait."""

    batch: ProposedBatch
    """The batch, with the obligations marked that wait."""
    held: int
    """The obligations that their debtor holds: one bit each."""


@dataclass(frozen=True, slots=True)
class Proposal(ProposedSet):
    """A set of obligations of one currency that settles by the rule of order."""

    nets: dict[Address, int]
    """Party -> units that it receives less those that it pays."""
    late: int
    """Obligations that wait and are not due in the cycle."""
    left: int
    """Obligations that are due and stay in their queues."""


def waiting(house: ClearingHouse, currency: Address) -> list[Waiting]:
    """Return the batches of a currency that have not ended, ascending by debtor, priority and index."""
    queues: dict[tuple[int, int], list[ProposedBatch]] = defaultdict(list)
    for event in house.emitted(BatchQueued, ids=[currency.rjust(32, b"\0")]):
        batch = ProposedBatch.of(event)
        queues[batch.header.debtor, batch.header.priority].append(batch)
    found = []
    for place, batches in queues.items():
        # The contract knows the first batch of a queue that has not ended, as of the last one that was queued.
        first = house.queue_of(currency, *place)[0] if len(batches) > 1 else 0
        for batch in batches:
            if batch.header.index < first:
                continue
            queued, held = house.items(currency, batch.header)
            if batch.is_pair:
                queued, held = held, 0
            if queued or held:
                found.append(Waiting(batch.marking(places_of(queued)), held))
    return sorted(found, key=lambda it: it.batch.header)


def parties(network: SettlementNetwork, currency: Address) -> dict[int, Party]:
    """Return the participants of a currency by their numbers."""
    accounts = list(ParticipantRegistry.of(network).admitted(currency))
    words = LiquidityAccounts.of(network).words(currency, accounts)
    return {word.number: Party(account, word) for account, word in zip(accounts, words, strict=True)}


class Obstacle(Enum):
    """The reason why an obligation cannot settle, whatever liquidity there is."""

    # Each value is the reason in words.
    HELD = "held by its debtor"
    PAIR = "one payment of a PvP pair, which settles with the other one alone"
    LATE = "due after the next closing"
    DEBTOR = "its debtor is stopped or frozen"
    UNKNOWN = "its creditor was never admitted to the currency"
    CREDITOR = "its creditor is stopped or frozen"
    OUTSIDE = "its creditor has moved to another jurisdiction"
    BEHIND = "behind one that cannot settle"


class Place(NamedTuple):
    """An obligation of a queued batch."""

    batch: ProposedBatch
    """Its batch."""
    place: int
    """Its place there, from 0."""

    @property
    def item(self) -> BatchItem:
        """Creditor and amount."""
        return self.batch.items[self.place]


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """The obligations of a currency, as the chain stands."""

    currency: Address
    """The currency."""
    cycle: CycleStanding
    """Its last cycle."""
    parties: dict[int, Party]
    """Number -> participant."""
    batches: tuple[ProposedBatch, ...]
    """Batches that are due, with the obligations marked that wait, ascending by debtor, priority and index."""
    rows: tuple[Place, ...]
    """Obligations that may settle, in the order of the queues."""
    obstacles: tuple[tuple[Place, Obstacle], ...]
    """The other ones, each with its obstacle."""
    obligations: tuple[Obligation, ...]
    """The rows in the form of the solver."""
    reserved: Mapping[NettingAccount, int]
    """Account -> units that it reserved."""
    queue: Queue
    """The queue of the rows."""
    accounts: tuple[NettingAccount, ...]
    """The account of each number in the queue."""

    @property
    def last(self) -> int:
        """The last cycle whose batches are due."""
        return _last(self.cycle)

    def number(self, account: NettingAccount) -> int:
        """Return the number of the participant of an account."""
        return int(str(account.participant))

    def proposal(self, rows: Iterable[int], settled_before: Container[int] = ()) -> Proposal:
        """Return the proposal that settles rows, after others have settled."""
        marks: dict[BatchHeader, list[int]] = defaultdict(list)
        before: dict[BatchHeader, list[int]] = defaultdict(list)
        chosen = set(rows)
        for row, it in enumerate(self.rows):
            if row in chosen:
                marks[it.batch.header].append(it.place)
            elif row in settled_before:
                before[it.batch.header].append(it.place)
        waiting = [
            it.marking(set(places_of(it.settled)) - set(before[it.header])) if it.header in before else it
            for it in self.batches
        ]
        batches = tuple(_named(waiting, {header: bits(places) for header, places in marks.items()}))
        numbers = {it.header.debtor for it in batches} | {item.creditor for it in batches for item in it.items}
        numbers &= self.parties.keys()
        net: Counter[int] = Counter()
        for it in map(self.rows.__getitem__, chosen):
            net[it.item.creditor] += it.item.amount
            net[it.batch.header.debtor] -= it.item.amount
        return Proposal(
            participants=tuple(self.parties[number].account for number in sorted(numbers)),
            batches=batches,
            nets={self.parties[number].account: units for number, units in sorted(net.items()) if units},
            late=sum(obstacle is Obstacle.LATE for _, obstacle in self.obstacles),
            left=sum(it.settled.bit_count() for it in waiting) - len(chosen),
        )

    def proposals(self, settled: Marks, most_gas: int) -> tuple[list[Proposal], tuple[int, ...]]:
        """Return the proposals that settle a set one after the other, and the rows that no proposal can hold.

        Args:
            settled: Row -> whether it settles.
            most_gas: Gas that no proposal states more of.
        """
        charges = [self._charges(it) for it in self.rows]
        found = cut(self.queue, settled, charges, most_gas - ClearingHouse.GAS_STEP)
        before, proposals = set[int](), list[Proposal]()
        for rows in found.sets:
            proposals.append(self.proposal(rows, before))
            before.update(rows)
        return proposals, found.whole

    def _charges(self, it: Place) -> dict[Hashable, int]:
        """Return the gas of the batch and the parties that an obligation makes a proposal name."""
        batch = ClearingHouse.GAS_PARTY + ClearingHouse.GAS_ITEM * len(it.batch.items)
        numbers = {it.batch.header.debtor, *(item.creditor for item in it.batch.items)}
        return {it.batch.header: batch, **dict.fromkeys(numbers, ClearingHouse.GAS_PARTY)}


def due(
    network: SettlementNetwork,
    currency: Address,
    pairs: Container[tuple[BatchHeader, int]] = (),
    *,
    queued: list[Waiting] | None = None,
) -> Due:
    """Return the obligations of a currency, as the chain stands.

    Args:
        network: The network.
        currency: The currency.
        pairs: The payments of pairs that may settle, each by header and place.
        queued: The batches that wait, if they were read before.
    """
    house = ClearingHouse.of(network)
    cycle, known = house.cycle(currency), parties(network, currency)
    last = _last(cycle)
    if queued is None:
        queued = waiting(house, currency)
    rows, obstacles = list[Place](), list[tuple[Place, Obstacle]]()
    for it, obstacle in _places(queued, known, last, pairs):
        if obstacle is None:
            rows.append(it)
        else:
            obstacles.append((it, obstacle))
    obligations = tuple(
        Obligation(it.batch.header.debtor, it.item.creditor, currency, it.item.amount, 0, row)
        for row, it in enumerate(rows)
    )
    reserved = {NettingAccount(number, currency): party.position.reserved for number, party in known.items()}
    queue, accounts = queue_of(obligations, reserved, may_be_wide=True)
    batches = tuple(it.batch for it in queued if it.batch.header.cycle <= last)
    shown = tuple(rows), tuple(obstacles), obligations
    return Due(currency, cycle, known, batches, *shown, reserved, queue, tuple(accounts))


def propose(network: SettlementNetwork, currency: Address) -> Proposal:
    """Return the set of the largest value that keeps each debtor's order and overdraws nobody, as the chain stands.

    It is empty if nothing that is due can settle.
    """
    known = due(network, currency)
    return known.proposal(np.flatnonzero(strict(known.queue)).tolist())


def _last(cycle: CycleStanding) -> int:
    """Return the last cycle whose batches are due: the closed one, or the one before an open one."""
    return cycle.number - (cycle.state is not CycleState.CLOSED)


def _places(
    queued: list[Waiting], known: dict[int, Party], last: int, pairs: Container[tuple[BatchHeader, int]]
) -> Iterator[tuple[Place, Obstacle | None]]:
    """Yield each obligation that has not ended, in the order of the queues, and its obstacle.

    An obligation to a creditor that is stopped or frozen is passed over. One to a creditor of another jurisdiction than
    its batch was admitted for, or to a number that nobody has, ends the queue of its debtor.
    """
    cut_off = set[int]()
    for it in queued:
        header = it.batch.header
        for place in places_of(it.batch.settled | it.held):
            found, creditor = Place(it.batch, place), known.get(it.batch.items[place].creditor)
            obstacle: Obstacle | None = None
            if it.held >> place & 1:
                obstacle = Obstacle.HELD
            elif header.cycle > last:
                obstacle = Obstacle.LATE
            elif it.batch.is_pair and (header, place) not in pairs:
                obstacle = Obstacle.PAIR
            elif not known[header.debtor].pays:
                obstacle = Obstacle.DEBTOR
            elif creditor is None:
                obstacle = Obstacle.UNKNOWN
            elif not creditor.receives:
                obstacle = Obstacle.CREDITOR
            elif creditor.position.jurisdiction != header.target:
                obstacle = Obstacle.OUTSIDE
            elif header.debtor in cut_off:
                obstacle = Obstacle.BEHIND
            if obstacle in (Obstacle.UNKNOWN, Obstacle.OUTSIDE) and not it.batch.is_pair:
                cut_off.add(header.debtor)
            yield found, obstacle


def _named(due: Sequence[ProposedBatch], settled: dict[BatchHeader, int]) -> Iterator[ProposedBatch]:
    """Yield the batches that a proposal names: for each debtor all that wait up to the last one that settles."""
    last = {header.debtor: header for header in sorted(settled)}
    for batch in due:
        end, marks = last.get(batch.header.debtor), settled.get(batch.header, 0)
        # Nobody has to name pairs that do not settle.
        if end is not None and batch.header <= end and (marks if batch.is_pair else batch.settled):
            yield batch.marking(places_of(marks))
