"""Proposals to the clearing house: the set that settles by the rule of order, from what waits on the chain.

Anybody computes a proposal: it needs no key. The contract computes the nets of it again, and checks the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pysettle.client.settlement.clearing import ClearingHouse, ProposedBatch
from pysettle.client.settlement.liquidity import LiquidityAccounts, PositionStanding
from pysettle.client.settlement.registry import Participant, ParticipantRegistry
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, bits, places_of
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.domain.settlement.netting.positions import nets
from pysettle.domain.settlement.netting.queue import Account, Obligation, queue_of
from pysettle.domain.settlement.netting.strict import strict
from pysettle.errors.states import CycleState
from pysettle.values import Address, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


@dataclass(frozen=True, slots=True)
class Party:
    """A participant of a currency with its position."""

    account: Address
    """Its account."""
    standing: Participant
    """Its registration."""
    position: PositionStanding
    """Its position."""

    @property
    def pays(self) -> bool:
        """Whether its obligations settle: it is active, and nothing of its position is frozen outgoing."""
        frozen = self.position.frozen
        return self.standing.word == "active" and not frozen.outgoing and not frozen.amount

    @property
    def receives(self) -> bool:
        """Whether it is credited: it is active, and not frozen incoming."""
        return self.standing.word == "active" and not self.position.frozen.incoming


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch with obligations that wait."""

    batch: ProposedBatch
    """The batch, with the obligations marked that wait."""
    held: int
    """The obligations that their debtor holds: one bit each."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A set of obligations of one currency that settles by the rule of order."""

    participants: tuple[Address, ...]
    """All parties, ascending by number."""
    batches: tuple[ProposedBatch, ...]
    """Batches with the obligations that settle, ascending by debtor, priority and index."""
    nets: dict[Address, int]
    """Party -> units that it receives less those that it pays."""
    late: int
    """Obligations that wait and are not due in the cycle."""
    left: int
    """Obligations that are due and stay in their queues."""

    @property
    def count(self) -> int:
        """The number of obligations that settle."""
        return sum(batch.settled.bit_count() for batch in self.batches)

    @property
    def value(self) -> Units:
        """The units that settle."""
        return Units(sum(it.items[place].amount for it in self.batches for place in places_of(it.settled)))

    @property
    def moved(self) -> Units:
        """The units that move: the sum of the net debits."""
        return Units(sum(-net for net in self.nets.values() if net < 0))


def waiting(house: ClearingHouse, currency: Address) -> list[Waiting]:
    """Return the batches of a currency that have not ended, ascending by debtor, priority and index."""
    found = []
    for event in house.emitted(BatchQueued, ids=[currency.rjust(32, b"\0")]):
        batch = ProposedBatch.of(event)
        queued, held = house.items(currency, batch.header)
        if queued or held:
            found.append(Waiting(batch.marking(places_of(queued)), held))
    return sorted(found, key=lambda it: it.batch.header)


def parties(network: SettlementNetwork, currency: Address) -> dict[int, Party]:
    """Return the participants of a currency by their numbers."""
    registry, positions = ParticipantRegistry.of(network), LiquidityAccounts.of(network)
    known = {}
    for account in registry.admitted(currency):
        standing = registry.participant(currency, account)
        known[standing.index] = Party(account, standing, positions.position(currency, account))
    return known


def propose(network: SettlementNetwork, currency: Address) -> Proposal:
    """Return the set of the largest value that keeps each debtor's order and overdraws nobody, as the chain stands.

    It is empty if nothing that is due can settle.
    """
    house = ClearingHouse.of(network)
    cycle, known = house.cycle(currency), parties(network, currency)
    last = cycle.number - (cycle.state is not CycleState.CLOSED)
    queued = waiting(house, currency)
    due = [it.batch for it in queued if it.batch.header.cycle <= last]
    rows = list(_payable(due, known))
    obligations = [
        Obligation(header.debtor, item.creditor, currency, item.amount, 0, row)
        for row, (header, _, item) in enumerate(rows)
    ]
    reserved = {Account(number, currency): party.position.reserved for number, party in known.items()}
    queue, accounts = queue_of(obligations, reserved)
    settled = strict(queue)
    marks: dict[BatchHeader, list[int]] = {}
    for row in np.flatnonzero(settled).tolist():
        header, place, _ = rows[row]
        marks.setdefault(header, []).append(place)
    batches = tuple(_named(due, {header: bits(places) for header, places in marks.items()}))
    numbers = {it.header.debtor for it in batches} | {item.creditor for it in batches for item in it.items}
    by_number = zip(accounts, nets(queue, settled).tolist(), strict=True)
    return Proposal(
        participants=tuple(known[number].account for number in sorted(numbers)),
        batches=batches,
        nets={known[int(str(it.participant))].account: net for it, net in by_number if net},
        late=sum(it.batch.settled.bit_count() for it in queued if it.batch.header.cycle > last),
        left=sum(it.settled.bit_count() for it in due) - int(settled.sum()),
    )


def _payable(due: list[ProposedBatch], known: dict[int, Party]) -> Iterator[tuple[BatchHeader, int, BatchItem]]:
    """Yield (header, place, obligation) of everything that may settle, in the order of the queues.

    An obligation to a creditor that is stopped or frozen is passed over. One to a creditor of another jurisdiction than
    its batch was admitted for ends the queue of its debtor.
    """
    cut = set[int]()
    for batch in due:
        debtor = batch.header.debtor
        if not known[debtor].pays:
            continue
        for place in places_of(batch.settled):
            item = batch.items[place]
            creditor = known[item.creditor]
            if not creditor.receives:
                continue
            if creditor.standing.jurisdiction != batch.header.target:
                cut.add(debtor)
            if debtor not in cut:
                yield batch.header, place, item


def _named(due: list[ProposedBatch], settled: dict[BatchHeader, int]) -> Iterator[ProposedBatch]:
    """Yield the batches that a proposal names: for each debtor all up to the last one that settles something."""
    last = {header.debtor: header for header in sorted(settled)}
    for batch in due:
        end = last.get(batch.header.debtor)
        if end is not None and batch.header <= end:
            yield batch.marking(places_of(settled.get(batch.header, 0)))
