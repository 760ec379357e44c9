"""Bounds in the ClearingHouse: the seconds of a cycle, the four queues of a debtor, and the largest of each number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.clearing_events import BatchQueued, ItemsHeldSet
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.values import Units
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks
from tests.contracts.clearing import MINUTE, STRANGER, House, open_house, place
from tests.contracts.effects import at, refused
from tests.contracts.ways import NOTHING


@pytest.fixture
def house(domestic: Banks) -> House:
    """Appoint an operator, and admit a third bank; all are of one country."""
    return open_house(domestic)


def test_each_bound_of_a_cycle_to_the_second(house: House) -> None:
    """A second before a bound the step is refused, with both times; in the second of the bound it succeeds."""
    world, currency, contract = house.banks.world, house.currency, house.contract
    batch = house.queued(BEIJING, (HONGKONG, 1), (HONGKONG, 2), (HONGKONG, 4))
    house.send(house.reserve(BEIJING, 9))

    def begins(step: Transaction, earliest: int, cycle: int = 1) -> None:
        at(world, earliest - 1)
        house.refuse(step, errors.CycleTooEarly, cycle=cycle, earliest=earliest, timestamp=earliest - 1)
        house.send(step)
        assert world.chain.block().timestamp == earliest

    begins(house.close(after=0), contract.cycle(currency).since + 5 * MINUTE)
    closed = contract.cycle(currency).since
    begins(house.settle(batch.marking([0]), by=STRANGER), closed + 15 * MINUTE)
    at(world, closed + 60 * MINUTE - 2)
    house.send(house.settle(batch.marking([1])))
    begins(house.end(STRANGER), closed + 60 * MINUTE)
    begins(house.close(STRANGER, after=0), contract.cycle(currency).since + 15 * MINUTE, cycle=2)
    latest = contract.cycle(currency).since + 60 * MINUTE
    # A batch that the closed cycle does not settle is its debtor's to change.
    late = house.queued(BEIJING, (HONGKONG, 8))
    house.send(contract.set_held(world[BEIJING], currency, late, held=True))
    house.send(contract.cancel(world[BEIJING], currency, late))
    cancelled = contract.cancel(world[BEIJING], currency, batch.marking([2]))
    at(world, latest - 2)
    for step in (cancelled, house.release(BEIJING, 6)):
        house.refuse(step, errors.CycleStillClosed, cycle=2, latest=latest)
    house.send(cancelled, house.release(BEIJING, 6))
    assert world.chain.block().timestamp == latest
    assert house.reserved() == [0, 3, 0]


def test_the_four_queues_of_a_debtor(house: House) -> None:
    """They share a word: each has its own indices and its own late batches, and none is passed over for the next."""
    currency, contract, priorities = house.currency, house.contract, range(4)

    def queued(*classes: int) -> list[ProposedBatch]:
        return [house.queued(BEIJING, (HONGKONG, 1 << it), priority=it) for it in classes]

    def standing() -> list[tuple[int, int]]:
        return [contract.queue_of(currency, 1, it) for it in priorities]

    due = queued(3, 2, 0, 1, 3, 1, 3)
    house.send(house.reserve(BEIJING, 99), house.close())
    late = queued(1, 0, 3, 2, 3)
    assert standing() == [(0, 2), (0, 3), (0, 2), (0, 5)]
    due.sort(key=lambda it: it.header)
    for left in (0, 1, 3):
        without = [it for it in due if it.header.priority != due[left].header.priority]
        house.refuse(house.settle(*without), errors.BatchPassedOver, **place(due[left]))
    house.send(house.settle(*due))
    for batch in late:
        house.refuse(house.settle(batch), errors.BatchNotDue, **place(batch), cycle=2)
    house.send(house.end())
    house.send(house.close())
    (latest,) = queued(2)
    assert standing() == [(0, 2), (0, 3), (1, 3), (0, 5)]
    house.send(house.settle(*sorted(late, key=lambda it: it.header)))
    house.refuse(house.settle(latest), errors.BatchNotDue, **place(latest), cycle=3)
    queued(*priorities)
    assert standing() == [(2, 3), (3, 4), (2, 4), (5, 6)]
    assert house.reserved() == [99 - 33 - 23, 33 + 23, 0]


def test_the_largest_of_each_number(house: House) -> None:
    """A batch has the largest number of a creditor and the largest amount; a step beyond any bound is refused."""
    world, contract, currency = house.banks.world, house.contract, house.currency
    largest = BatchItem(2**16 - 1, Units(2**96 - 1))
    (event, *_) = house.send(contract.queue(world[BEIJING], currency, [largest], jurisdiction=156, priority=3))
    assert isinstance(event, BatchQueued)
    assert BatchItem.from_word(event.items[0]) == largest
    batch = ProposedBatch.of(event)
    assert contract.items(currency, batch.header) == (1, 0)
    assert contract.queue_of(currency, 1, 3) == (0, 1)
    for priority in (5, 2**255):
        step = contract._transaction(world[BEIJING], 400_000, "queue", currency, priority, 156, NOTHING, [1], NOTHING)
        refused(world, step, errors.BatchInvalid, term="priority")
    for priority in (4, 5, 255):
        beyond = replace(batch, header=replace(batch.header, priority=priority))
        house.refuse(house.settle(beyond), errors.BatchOutOfOrder, **place(beyond))
    # Country 999 may be: no corridor leads to it.
    step = house.queue(BEIJING, (HONGKONG, 1), to=999)
    refused(world, step, errors.CorridorNotOpen, id=corridor_id(156, 999, currency))


def test_items_that_were_not_held(house: House) -> None:
    """Nobody lets go of an item that waits, and what a debtor lets go on waits in its old place."""
    world, contract, currency = house.banks.world, house.contract, house.currency
    batch = house.queued(BEIJING, (HONGKONG, 1), (AGENT, 2), (HONGKONG, 4))
    debtor = world[BEIJING]
    house.send(contract.set_held(debtor, currency, batch.marking([1, 2]), held=True))
    for places in ([0], [0, 1]):
        step = contract.set_held(debtor, currency, batch.marking(places), held=False)
        house.refuse(step, errors.ItemsNotQueued, **place(batch))
    events = house.send(contract.set_held(debtor, currency, batch.marking([2]), held=False))
    assert events == [ItemsHeldSet(currency, batch.header.word, 0b100, False)]
    assert contract.items(currency, batch.header) == (0b101, 0b010)
    house.send(house.reserve(BEIJING, 5), house.close())
    house.refuse(house.settle(batch.marking([2])), errors.ItemOutOfOrder, **place(batch), place=2)
    house.send(house.settle(batch.marking([0, 2])), house.end())
    # What is still held keeps the batch at the head of its queue.
    house.queued(BEIJING, (HONGKONG, 1))
    assert contract.queue_of(currency, 1, 0) == (0, 2)
    house.send(contract.cancel(debtor, currency, batch.marking([1])))
    house.queued(BEIJING, (HONGKONG, 1))
    assert contract.queue_of(currency, 1, 0) == (1, 3)


def test_the_listed_parties(house: House) -> None:
    """Each party of a set is listed, in ascending order: none is beyond the last one, or left out before it."""
    world, contract, currency = house.banks.world, house.contract, house.currency
    owed = [BatchItem(9, Units(1)), BatchItem(2, Units(1))]
    (event, *_) = house.send(contract.queue(world[BEIJING], currency, owed, jurisdiction=156))
    assert isinstance(event, BatchQueued)
    nobody = ProposedBatch.of(event)
    second = house.queued(HONGKONG, (AGENT, 1))
    third = house.queued(AGENT, (BEIJING, 1), (HONGKONG, 1))
    house.send(*(house.reserve(it, 1) for it in (BEIJING, HONGKONG)), house.close())
    for batch, names, number in (
        (second, [], 2),
        (second, [BEIJING], 2),
        (second, [BEIJING, AGENT], 2),
        (third, [BEIJING], 3),
        (third, [BEIJING, HONGKONG], 3),
    ):
        house.refuse(house.settle(batch, names=names), errors.ParticipantNotListed, participantNumber=number)
    agent = world.address(AGENT)
    house.refuse(house.settle(second, names=[AGENT, BEIJING]), errors.ParticipantsInvalid, account=agent)
    # Items to parties that are not listed may not be passed over.
    for batch, names in ((nobody, [BEIJING, HONGKONG]), (third, [HONGKONG, AGENT])):
        house.refuse(house.settle(batch.marking([1]), names=names), errors.ItemOutOfOrder, **place(batch), place=1)


def test_a_debtor_that_cancels_all_it_queues(house: House) -> None:
    """In one cycle it queues 64 batches of a priority, whatever it cancels, and more once the cycle is closed."""
    world, contract, currency = house.banks.world, house.contract, house.currency
    queueing = house.queue(BEIJING, (HONGKONG, 1))
    events = house.send(*[queueing] * 64)
    batches = [ProposedBatch.of(it) for it in events if isinstance(it, BatchQueued)]
    house.send(*(contract.cancel(world[BEIJING], currency, it) for it in batches))
    full = {"debtor": world.address(BEIJING), "priority": 0}
    house.refuse(queueing, errors.ClearingQueueFull, **full)
    house.send(house.close(), queueing)
    assert contract.queue_of(currency, 1, 0) == (64, 65)
