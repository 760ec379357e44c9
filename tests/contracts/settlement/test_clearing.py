"""The ClearingHouse: batches, cycles, and sets whose nets the contract computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pysettle.client.core.access import Role
from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem
from pysettle.domain.settlement.clearing_events import (
    BatchAdmitted,
    BatchQueued,
    BatchReleased,
    ClearingOperatorSet,
    CycleClosed,
    CycleEnded,
    ItemsCancelled,
    ItemsHeldSet,
    ItemsRejected,
    NetPosition,
    PositionReleased,
    PositionReserved,
    PositionsNetted,
    SetSettled,
    SettledBatch,
)
from pysettle.errors import UsageError
from pysettle.errors import contracts as errors
from pysettle.errors.states import CycleState, PayloadState
from pysettle.evm.transactions import Transaction
from pysettle.values import Units
from tests.contracts.banks import AGENT, BEIJING, GROUND, HONGKONG, Banks, effect_on, identity_of
from tests.contracts.clearing import (
    CENTRAL_BANK,
    MINUTE,
    NUMBERS,
    OPERATOR,
    REASON,
    STRANGER,
    House,
    open_house,
    place,
)
from tests.contracts.effects import FORWARDER, at, deploy, refused, through
from tests.contracts.ways import NOTHING, TERMS, ways_of
from tests.contracts.world import YUAN


@pytest.fixture
def house(domestic: Banks) -> House:
    """Appoint an operator, and admit a third bank; all are of one country."""
    return open_house(domestic)


def test_the_whole_effect_of_a_cycle(house: House) -> None:
    """Obligations of 270 yuan settle by a movement of 20, out of reserved units alone, and all else stays."""
    world, currency, banks = house.banks.world, house.currency, house.banks
    first, second, third = (world.address(it) for it in NUMBERS)
    appointed = house.contract.set_operator(world[CENTRAL_BANK], currency, world.address(OPERATOR))
    assert house.send(appointed) == [ClearingOperatorSet(currency, world.address(OPERATOR))]
    queued = house.send(
        house.reserve(BEIJING, 25),
        house.queue(BEIJING, (HONGKONG, 100)),
        house.queue(HONGKONG, (AGENT, 90)),
        house.queue(AGENT, (BEIJING, 80)),
    )
    assert queued[0] == PositionReserved(currency, first, 25 * YUAN, 475 * YUAN, 25 * YUAN)
    batches = [ProposedBatch.of(it) for it in queued if isinstance(it, BatchQueued)]
    assert batches[0].header == BatchHeader(1, 0, 0, 156, 156, 1, batches[0].header.queued_at)
    assert house.contract.cycle(currency).state is CycleState.OPEN
    assert house.send(house.close()) == [CycleClosed(currency, 1, world.address(OPERATOR))]
    with effect_on(banks) as change:
        settled = house.send(house.settle(*batches))
    assert change == {}
    nets = [(first, 80, 100, 5), (second, 100, 90, 10), (third, 90, 80, 10)]
    assert settled == [
        SetSettled(1, currency, 1, world.address(OPERATOR), tuple(SettledBatch(it.header.word, 1) for it in batches)),
        PositionsNetted(currency, 1, tuple(NetPosition(it, *(Units(n * YUAN) for n in of)) for it, *of in nets)),
    ]
    assert house.reserved() == [5, 10, 10]
    ended = house.send(house.end())
    assert ended == [CycleEnded(currency, 1, CycleState.SETTLED, world.address(OPERATOR))]
    assert [house.contract.queue_of(currency, number, 0) for number in NUMBERS.values()] == [(0, 1)] * 3
    house.queued(BEIJING, (HONGKONG, 1))
    assert house.contract.queue_of(currency, 1, 0) == (1, 2)
    assert house.send(house.release(AGENT, 10)) == [PositionReleased(currency, third, 10 * YUAN, 10 * YUAN, 0)]
    (number, state) = (house.contract.cycle(currency).number, house.contract.cycle(currency).state)
    assert (number, state) == (2, CycleState.OPEN)


def test_the_order_of_a_debtor(house: House) -> None:
    """Priority, then index, across batches: an item settles only if those before it settle, are held or blocked."""
    low = house.queued(BEIJING, (HONGKONG, 1), priority=1)
    urgent = house.queued(BEIJING, (HONGKONG, 2), (AGENT, 3), (HONGKONG, 4))
    later = house.queued(BEIJING, (HONGKONG, 5))
    house.send(house.reserve(BEIJING, 100), house.close())
    house.refuse(house.settle(low), errors.BatchPassedOver, **place(urgent))
    house.refuse(house.settle(urgent, low), errors.BatchPassedOver, **place(later))
    house.refuse(house.settle(urgent, later, low, later), errors.BatchOutOfOrder, **place(later))
    house.refuse(house.settle(urgent, urgent), errors.BatchOutOfOrder, **place(urgent))
    gap = urgent.marking([0, 2])
    house.refuse(house.settle(gap), errors.ItemOutOfOrder, **place(urgent), place=2)
    house.refuse(house.settle(urgent.marking([0]), later), errors.ItemOutOfOrder, **place(later), place=0)
    house.send(house.banks.stops(AGENT, suspended=True))
    agent = house.banks.world.address(AGENT)
    house.refuse(house.settle(urgent), errors.ParticipantSuspended, account=agent)
    unlisted = house.settle(gap, names=[BEIJING, HONGKONG])
    house.refuse(unlisted, errors.ItemOutOfOrder, **place(urgent), place=2)
    house.send(house.settle(gap, later, low))
    assert house.reserved() == [88, 12, 0]
    assert house.contract.items(house.currency, urgent.header) == (0b10, 0)
    house.refuse(house.settle(urgent.marking([0])), errors.ItemsNotQueued, **place(urgent))


def test_a_creditor_far_beyond_the_listed_parties(house: House) -> None:
    """Its number is refused, however many numbers lie between it and the last listed party."""
    batch = house.queued(BEIJING, (AGENT, 1))
    house.send(house.reserve(BEIJING, 1), house.close())
    house.refuse(house.settle(batch, names=[BEIJING]), errors.ParticipantNotListed, participantNumber=3)


def test_a_wrong_proposal_is_refused_by_name(house: House) -> None:
    """Each mistake has its error with the values, and no unit moves."""
    world, currency = house.banks.world, house.currency
    beijing, _, agent = (world.address(it) for it in NUMBERS)
    batch = house.queued(BEIJING, (HONGKONG, 10), (AGENT, 20))
    other = house.queued(HONGKONG, (BEIJING, 5))
    house.refuse(house.settle(batch), errors.BatchNotDue, **place(batch), cycle=1)
    house.send(house.reserve(BEIJING, 24), house.reserve(HONGKONG, 1), house.close())
    late = house.queued(BEIJING, (HONGKONG, 1))
    header, (first, second) = batch.header, batch.items
    for wrong in (
        replace(batch, items=(first, second._replace(amount=Units(1)))),
        replace(batch, items=(first,), settled=1),
        replace(batch, payload=b"\1" * 32),
        replace(batch, header=replace(header, cycle=0)),
        replace(batch, header=replace(header, target=344)),
    ):
        house.refuse(house.settle(wrong), errors.BatchNotFound, **place(batch))
    foreign = replace(batch, header=replace(header, debtor=9))
    house.refuse(house.settle(foreign), errors.ParticipantNotListed, participantNumber=9)
    house.refuse(house.settle(batch, names=[BEIJING, HONGKONG]), errors.ParticipantNotListed, participantNumber=3)
    beyond = replace(batch, header=replace(header, priority=4))
    house.refuse(house.settle(beyond), errors.BatchOutOfOrder, **place(beyond))
    house.refuse(house.settle(other, batch), errors.BatchOutOfOrder, **place(batch))
    house.refuse(house.settle(batch.marking([2])), errors.ItemsNotQueued, **place(batch))
    house.refuse(house.settle(late), errors.BatchNotDue, **place(late), cycle=2)
    for names, account in (
        ((HONGKONG, BEIJING, AGENT), beijing),
        ((BEIJING, BEIJING, HONGKONG, AGENT), beijing),
        ((BEIJING, HONGKONG, AGENT, STRANGER), beijing),
    ):
        house.refuse(house.settle(batch, names=names), errors.ParticipantsInvalid, account=account)
    short = {"token": currency, "account": beijing, "requested": 30 * YUAN, "available": 24 * YUAN}
    refused(world, house.settle(batch), errors.ReservedExceeded, **short)
    house.send(house.banks.stops(BEIJING, stopped=True))
    house.refuse(house.settle(batch, other), errors.ParticipantStopped, account=beijing)
    house.send(house.banks.stops(BEIJING), house.banks.admit(AGENT, jurisdiction=344))
    outside = {"creditor": agent, "jurisdiction": 344, "expected": 156}
    house.refuse(house.settle(batch), errors.ItemOutsideCorridor, **outside)
    house.send(house.banks.admit(AGENT, jurisdiction=156), house.banks.liquidity.pause(world["pauser"], currency))
    house.refuse(house.settle(batch, other), errors.LiquidityPaused)
    house.send(house.banks.liquidity.unpause(world["pauser"], currency))
    assert house.reserved() == [24, 1, 0]
    with pytest.raises(UsageError):
        house.settle(replace(batch, items=(BatchItem(0, Units(1)),)))
    house.send(house.reserve(BEIJING, 1), house.settle(batch, other))
    assert house.reserved() == [0, 6, 20]


def test_times_of_a_cycle(house: House) -> None:
    """The operator closes after 5 minutes and is alone for 15; then anybody acts, and ends it after an hour."""
    world, currency = house.banks.world, house.currency
    batch = house.queued(BEIJING, (HONGKONG, 1))
    house.send(house.reserve(BEIJING, 2))
    opened = house.contract.cycle(currency).since

    def early(step: Transaction, earliest: int, cycle: int = 1) -> None:
        with pytest.raises(errors.CycleTooEarly) as caught:
            world.send(step)
        assert (caught.value.currency, caught.value.cycle, caught.value.earliest) == (currency, cycle, earliest)

    early(house.close(after=0), opened + 5 * MINUTE)
    early(house.close(STRANGER), opened + 15 * MINUTE)
    house.refuse(house.end(), errors.CycleStateInvalid, cycle=1, state=CycleState.OPEN)
    house.send(house.close(STRANGER, after=15 * MINUTE))
    house.refuse(house.close(), errors.CycleStateInvalid, cycle=1, state=CycleState.CLOSED)
    closed = house.contract.cycle(currency).since
    early(house.settle(batch, by=STRANGER), closed + 15 * MINUTE)
    early(house.end(STRANGER), closed + 60 * MINUTE)
    at(world, closed + 60 * MINUTE)
    with pytest.raises(errors.CycleExpired) as caught:
        world.send(house.settle(batch))
    assert caught.value.expired == closed + 60 * MINUTE
    house.send(house.release(BEIJING, 1))
    assert house.send(house.end(STRANGER)) == [CycleEnded(currency, 1, CycleState.UNWOUND, world.address(STRANGER))]
    # The batch rolled over: what an ended cycle left, anybody settles.
    house.send(house.settle(batch, by=STRANGER))
    assert house.reserved() == [0, 1, 0]
    fresh = house.queued(BEIJING, (HONGKONG, 1))
    house.send(house.reserve(BEIJING, 1), house.close())
    house.wait(15 * MINUTE)
    house.send(house.settle(fresh, by=STRANGER), house.end())
    nobody = house.contract.set_operator(world[CENTRAL_BANK], currency, ZERO_ADDRESS)
    house.send(nobody)
    early(house.close(), house.contract.cycle(currency).since + 15 * MINUTE, cycle=3)


def test_nobody_spoils_a_closed_cycle(house: House) -> None:
    """After the closing no debtor releases, cancels or holds, no creditor rejects, and no officer seizes."""
    world, currency = house.banks.world, house.currency
    batch = house.queued(BEIJING, (HONGKONG, 10), (HONGKONG, 20))
    (held,) = house.send(house.contract.set_held(world[BEIJING], currency, batch.marking([1]), held=True))
    assert held == ItemsHeldSet(currency, batch.header.word, 0b10, True)
    house.send(house.reserve(BEIJING, 10), house.close())
    latest = house.contract.cycle(currency).since + 60 * MINUTE
    contract, debtor = house.contract, world[BEIJING]
    for step in (
        house.release(BEIJING, 1),
        house.release(BEIJING, 1, by="seizer"),
        contract.cancel(debtor, currency, batch.marking([0])),
        contract.set_held(debtor, currency, batch.marking([0]), held=True),
        contract.set_held(debtor, currency, batch.marking([1]), held=False),
        contract.reject(world[HONGKONG], currency, batch.marking([0]), REASON),
    ):
        house.refuse(step, errors.CycleStillClosed, cycle=1, latest=latest)
    # Paying out what is available, and queueing an urgent batch, change nothing either.
    house.send(house.banks.pay_out(BEIJING, 490 * YUAN), house.queue(BEIJING, (AGENT, 1)))
    house.refuse(house.settle(batch), errors.ItemsNotQueued, **place(batch))
    house.send(house.settle(batch.marking([0])), house.end())
    assert house.reserved() == [0, 10, 0]
    # The officer finds what was reserved: it releases and seizes it.
    house.send(
        house.release(HONGKONG, 10, by="seizer"),
        house.banks.liquidity.seize(
            world["seizer"], currency, world.address(HONGKONG), world.address("seizer"), Units(10 * YUAN), GROUND
        ),
    )
    house.refuse(house.release(BEIJING, 0, by=STRANGER), errors.CurrencyPowerMissing, caller=world.address(STRANGER))


def test_a_frozen_creditor_holds_up_nobody(house: House) -> None:
    """Items to it are passed over; a debtor that is frozen settles nothing, and others go on without it."""
    world, currency = house.banks.world, house.currency
    beijing, agent = world.address(BEIJING), world.address(AGENT)
    batch = house.queued(BEIJING, (AGENT, 10), (HONGKONG, 20))
    other = house.queued(HONGKONG, (BEIJING, 5))
    freezer, liquidity = world["freezer"], house.banks.liquidity
    house.send(
        house.reserve(BEIJING, 40),
        house.reserve(HONGKONG, 5),
        house.close(),
        liquidity.freeze(freezer, currency, agent, outgoing=False, incoming=True),
    )
    house.refuse(house.settle(batch), errors.PositionFrozenIncoming, account=agent)
    house.send(house.settle(batch.marking([1])))
    assert house.reserved() == [20, 25, 0]
    for frozen in (
        liquidity.freeze(freezer, currency, beijing, outgoing=True, incoming=False),
        liquidity.freeze_amount(freezer, currency, beijing, Units(1)),
    ):
        house.send(liquidity.freeze(freezer, currency, beijing, outgoing=False, incoming=False), frozen)
        house.refuse(house.settle(batch.marking([])), errors.PositionFrozenOutgoing, account=beijing)
    house.send(liquidity.freeze(freezer, currency, beijing, outgoing=True, incoming=False), house.settle(other))
    assert house.reserved() == [25, 20, 0]


def test_holding_cancelling_and_rejecting(house: House) -> None:
    """Only the party of the items, only items that have not ended; what goes on keeps its place."""
    world, currency, contract = house.banks.world, house.currency, house.contract
    batch = house.queued(BEIJING, (HONGKONG, 1), (AGENT, 2), (HONGKONG, 3), (HONGKONG, 4))
    later = house.queued(BEIJING, (HONGKONG, 5))
    debtor, creditor = world[BEIJING], world[HONGKONG]
    for step, caller in (
        (contract.set_held(creditor, currency, batch, held=True), HONGKONG),
        (contract.cancel(creditor, currency, batch), HONGKONG),
        (contract.reject(creditor, currency, batch, REASON), HONGKONG),
        # Numbers on either side of the party's, and that of nobody.
        (contract.set_held(world[STRANGER], currency, batch, held=True), STRANGER),
        (contract.cancel(world[STRANGER], currency, batch), STRANGER),
        (contract.reject(world[STRANGER], currency, batch, REASON), STRANGER),
        (contract.reject(world[AGENT], currency, batch, REASON), AGENT),
        (contract.reject(world[BEIJING], currency, batch, REASON), BEIJING),
    ):
        house.refuse(step, errors.CallerNotParty, caller=world.address(caller))
    step = contract.reject(creditor, currency, batch, bytes(32))
    refused(world, step, errors.RejectionWithoutReason, creditor=world.address(HONGKONG))
    house.send(contract.set_held(debtor, currency, batch.marking([0, 1]), held=True))
    again = contract.set_held(debtor, currency, batch.marking([0]), held=True)
    house.refuse(again, errors.ItemsNotQueued, **place(batch))
    house.refuse(contract.cancel(debtor, currency, batch.marking([])), errors.ItemsNotQueued, **place(batch))
    assert house.send(contract.cancel(debtor, currency, batch.marking([1, 2]))) == [
        ItemsCancelled(currency, batch.header.word, 0b110)
    ]
    beyond = contract.reject(creditor, currency, batch.marking([3, 4]), REASON)
    house.refuse(beyond, errors.ItemsNotQueued, **place(batch))
    assert house.send(contract.reject(creditor, currency, batch.marking([3]), REASON)) == [
        ItemsRejected(currency, batch.header.word, world.address(HONGKONG), 0b1000, REASON)
    ]
    assert contract.items(currency, batch.header) == (0, 1)
    house.refuse(contract.cancel(debtor, currency, batch.marking([1])), errors.ItemsNotQueued, **place(batch))
    assert contract.queue_of(currency, 1, 0) == (0, 2)
    house.send(contract.set_held(debtor, currency, batch.marking([0]), held=False), house.reserve(BEIJING, 6))
    house.send(house.close())
    house.refuse(house.settle(later), errors.BatchPassedOver, **place(batch))
    house.send(house.settle(batch.marking([0]), later))
    assert house.reserved() == [0, 6, 0]


def test_admission_to_a_queue(house: House) -> None:
    """Active participants, of a currency with cycles, queue batches of a sound form, 64 of a priority."""
    world, currency, contract = house.banks.world, house.currency, house.contract
    beijing, stranger = world[BEIJING], world.address(STRANGER)
    one = BatchItem(2, Units(1))

    def batch(items: Sequence[BatchItem] = (one,), to: int = 156, priority: int = 0) -> Transaction:
        return contract.queue(beijing, currency, items, jurisdiction=to, priority=priority)

    for step, term in (
        (batch(()), "items"),
        (batch((one,) * 257), "items"),
        (batch((BatchItem(1, Units(1)),)), "creditor"),
        (batch(priority=4), "priority"),
        (batch(to=0), "jurisdiction"),
        (batch(to=1000), "jurisdiction"),
    ):
        refused(world, step, errors.BatchInvalid, term=term)
    for word, term in ((2 << 96, "amount"), (1, "creditor"), ((2**16 + 2) << 96 | 1, "creditor")):
        step = contract._transaction(beijing, 400_000, "queue", currency, 0, 156, NOTHING, [word], NOTHING)
        refused(world, step, errors.BatchInvalid, term=term)
    house.refuse(
        contract.queue(world[STRANGER], currency, [one], jurisdiction=156), errors.ParticipantNotFound, account=stranger
    )
    house.send(house.banks.stops(BEIJING, suspended=True))
    house.refuse(batch(), errors.ParticipantSuspended, account=beijing.address)
    house.send(house.banks.stops(BEIJING))
    other = house.banks.token().address[:-1] + b"\0"
    refused(world, contract.queue(beijing, other, [one], jurisdiction=156), errors.CyclesMissing, currency=other)
    refused(world, contract.close_cycle(beijing, other), errors.CyclesMissing, currency=other)
    step = contract.set_operator(beijing, currency, stranger)
    house.refuse(step, errors.CurrencyPowerMissing, caller=beijing.address)
    house.send(*(batch((one,) * 256) for _ in range(64)))
    house.refuse(batch(), errors.ClearingQueueFull, debtor=beijing.address, priority=0)
    # None of them is late in the next cycle, and all still wait.
    house.send(house.close(), house.end())
    house.refuse(batch(), errors.ClearingQueueFull, debtor=beijing.address, priority=0)
    house.send(batch(priority=1))


def test_a_batch_across_the_border(house: House) -> None:
    """It is admitted by its corridor as a whole, and gives back what ends without settlement."""
    world, banks, currency = house.banks.world, house.banks, house.currency
    ways, contract = ways_of(banks), house.contract
    house.send(banks.admit(HONGKONG))
    way = ways.way()
    refused(world, house.queue(BEIJING, (HONGKONG, 1), to=344), errors.CorridorNotOpen, id=way.id)
    ways.open()
    debtor = world.address(BEIJING)
    values = {"id": way.id, "debtor": debtor}
    most = TERMS.settlement_limit
    for amounts in ((1, 41), (41, 1)):
        step = house.queue(BEIJING, *((HONGKONG, it) for it in amounts), to=344)
        refused(world, step, errors.SettlementLimitExceeded, **values, requested=41 * YUAN, limit=most)
    step = house.queue(BEIJING, *[(HONGKONG, 26)] * 4, to=344)
    refused(world, step, errors.WindowLimitExceeded, **values, requested=104 * YUAN, available=100 * YUAN)
    for yuan in (30, 31):
        step = house.queue(BEIJING, (HONGKONG, yuan), to=344)
        refused(world, step, errors.TravelPayloadUnsigned, **values, amount=yuan * YUAN, threshold=30 * YUAN)
    statement = ways.statement(30 * YUAN)
    world.send(ways.sign(statement))
    events = house.send(
        house.queue(BEIJING, *((HONGKONG, it) for it in (30, 20, 5)), to=344, payload=statement.payload)
    )
    assert events[1] == BatchAdmitted(way.id, debtor, Units(55 * YUAN), Units(55 * YUAN), statement.payload)
    batch = ProposedBatch.of(events[0])  # type: ignore[arg-type]  # the first event is the batch
    digest = statement.digest(ways.corridors.domain)
    assert PayloadState(ways.corridors._read("payloadState", digest)) is PayloadState.USED
    events = house.send(contract.cancel(world[BEIJING], currency, batch.marking([0])))
    assert events[1] == BatchReleased(way.id, debtor, Units(30 * YUAN), Units(25 * YUAN), statement.payload)
    assert PayloadState(ways.corridors._read("payloadState", digest)) is PayloadState.SIGNED
    # A creditor gives back to the debtor, and not to itself.
    events = house.send(contract.reject(world[HONGKONG], currency, batch.marking([2]), REASON))
    assert events[1] == BatchReleased(way.id, debtor, Units(5 * YUAN), Units(20 * YUAN), statement.payload)
    house.send(house.reserve(BEIJING, 20), house.close())
    shut = Week((CLOSED,) * 6 + (Hours(0, 1),), CLOSED, 8 * 60)
    house.send(ways.week(week=shut))
    with pytest.raises(errors.CurrencyClosed):
        world.send(house.settle(batch.marking([1])))
    house.send(ways.week(week=None), house.settle(batch.marking([1])))
    assert house.reserved() == [0, 20, 0]


def test_a_debtor_that_is_a_contract(house: House) -> None:
    """What it queues counts to it, and what it cancels is given back to it, and not to the account that calls it."""
    world, banks, currency = house.banks.world, house.banks, house.currency
    way, debtor = ways_of(banks).open(), deploy(world, FORWARDER)
    registrar, agent = world[banks.officer(Role.REGISTRAR)], world.address(AGENT)
    house.send(banks.admit(HONGKONG), banks.registry.admit(registrar, currency, debtor, identity_of(AGENT), 156, agent))
    queued = house.send(through(world, debtor, house.queue(STRANGER, (HONGKONG, 20), to=344)))
    assert queued[1] == BatchAdmitted(way.id, debtor, Units(20 * YUAN), Units(20 * YUAN), NOTHING)
    batch = ProposedBatch.of(queued[0])  # type: ignore[arg-type]  # the first event is the batch
    cancelled = house.send(through(world, debtor, house.contract.cancel(world[STRANGER], currency, batch)))
    assert cancelled[1] == BatchReleased(way.id, debtor, Units(20 * YUAN), Units(0), NOTHING)


def test_only_the_house_moves_reserved_units(house: House) -> None:
    """Nobody else settles nets or counts batches, and nobody reserves what is not available or frozen."""
    world, currency, liquidity = house.banks.world, house.currency, house.banks.liquidity
    beijing, stranger = world.address(BEIJING), world[STRANGER]
    step = liquidity._transaction(stranger, 300_000, "settleNets", currency, 1, [beijing], [0], [0])
    house_address = house.contract.address
    refused(world, step, errors.CallerNotClearingHouse, caller=stranger.address, clearingHouse=house_address)
    corridors = ways_of(house.banks).corridors
    for function, others in (("admitBatch", ([1], 1, 1)), ("releaseBatch", ([1], 1))):
        arguments = (0, currency, beijing, NOTHING, *others)
        step = corridors._transaction(stranger, 300_000, function, *arguments)
        refused(world, step, errors.LiquidityMoverUnknown, caller=stranger.address)
    values = {"token": currency, "account": beijing}
    refused(
        world,
        house.reserve(BEIJING, 501),
        errors.PositionExceeded,
        **values,
        requested=501 * YUAN,
        available=500 * YUAN,
    )
    refused(world, house.release(BEIJING, 1), errors.ReservedExceeded, **values, requested=YUAN, available=0)
    house.send(liquidity.freeze_amount(world["freezer"], currency, beijing, Units(400 * YUAN)))
    figures = {"requested": 101 * YUAN, "available": 100 * YUAN, "frozen": 400 * YUAN}
    refused(world, house.reserve(BEIJING, 101), errors.PositionAmountFrozen, **values, **figures)
    house.send(house.reserve(BEIJING, 100))
