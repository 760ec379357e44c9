"""Random histories of the clearing house against its specification, and proposals that somebody changed.

`PYSETTLE_MODEL_OPERATIONS` names another number of steps; `scripts/assure --random` takes 5,000.
"""

from __future__ import annotations

import os
from copy import deepcopy

import pytest

from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.values import Units
from tests.chance import SEED, rounds
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks, effect_on
from tests.contracts.clearing import OPERATOR, STRANGER, open_house
from tests.contracts.effects import check_books
from tests.contracts.settlement.clearing_history import NAMES, WEIGHTS, ClearingHistory, mutated, proposal
from tests.contracts.ways import NOTHING, ways_of
from tests.contracts.world import YUAN
from tests.spec.core.calls import Call
from tests.spec.settlement.clearing import ClearingSpec

STEPS = 60 if SEED is None else int(os.environ.get("PYSETTLE_MODEL_OPERATIONS", "1000"))
EXPECTED = {
    *("BatchNotFound", "BatchOutOfOrder", "BatchNotDue", "BatchPassedOver", "ItemOutOfOrder", "ItemsNotQueued"),
    *("ParticipantNotListed", "ParticipantsInvalid", "ParticipantStopped", "ParticipantSuspended"),
    *("ReservedExceeded", "ItemOutsideCorridor", "CurrencyClosed", "CycleExpired", "CycleTooEarly", "LiquidityPaused"),
}
"""Errors of which the changed proposals provoke each."""


@pytest.mark.random
def test_random_cycles(domestic: Banks) -> None:
    """After each step both are equal; at the end the books agree with the contracts."""
    run, done = ClearingHistory(open_house(domestic), 5), {"reserve"}
    assert all(run.reserve(name, 40) for name in NAMES)
    entries = [entry for entry, weight in WEIGHTS.items() for _ in range(weight)]
    for number in range(STEPS):
        entry = run.random.choice(entries)
        done |= {entry} if run.do(entry) else set()
        if number % 25 == 24:
            run.compare()
    run.compare()
    check_books(domestic.world)
    assert run.spec.set_count > 0
    expected = {"queue", "reserve", "close", "settle", "end"} if SEED is None else WEIGHTS.keys()
    assert done >= expected, expected - done


def _prepare(run: ClearingHistory) -> None:
    """Queue batches of three banks, one of them across the border, close the cycle, and queue a late one."""
    house, world = run.house, run.world
    ways_of(run.banks).open()
    run.spec.has_corridors = True
    world.send(run.banks.admit(AGENT, jurisdiction=344))
    run.spec.layer.registry.members[world.address(AGENT)].jurisdiction = 344

    def queue(debtor: str, *owed: tuple[int, int], to: int = 156, priority: int = 0) -> None:
        items = [BatchItem(number, Units(yuan * YUAN)) for number, yuan in owed]
        now = world.now
        house.send(
            house.contract.queue(
                world[debtor], run.currency, items, jurisdiction=to, priority=priority, payload=NOTHING
            )
        )
        run.spec.queue(Call(world.address(debtor), now), priority, to, NOTHING, items)

    assert run.reserve(BEIJING, 30)
    assert run.reserve(HONGKONG, 5)
    queue(BEIJING, (2, 50), (2, 20), (2, 15))
    queue(BEIJING, (3, 10), (3, 2), to=344)
    queue(BEIJING, (2, 4), priority=1)
    queue(HONGKONG, (1, 60), (1, 5))
    queue(HONGKONG, (3, 1), to=344, priority=2)
    queue(HONGKONG, (1, 900), priority=3)
    house.wait(300)
    assert run.both(house.contract.close_cycle(world[OPERATOR], run.currency), OPERATOR, ClearingSpec.close_cycle)
    queue(BEIJING, (2, 1))


def _stop(run: ClearingHistory) -> None:
    name = run.random.choice((BEIJING, HONGKONG, AGENT))
    run.world.send(run.banks.stops(name, stopped=True))
    run.spec.layer.registry.members[run.world.address(name)].stopped = True


def _suspend(run: ClearingHistory) -> None:
    run.world.send(run.banks.stops(AGENT, suspended=True))
    run.spec.layer.registry.members[run.world.address(AGENT)].suspended = True


def _freeze(run: ClearingHistory) -> None:
    named = run.random.choice(({"outgoing": True, "incoming": False}, {"outgoing": False, "incoming": True}))
    account, liquidity = run.world.address(HONGKONG), run.banks.liquidity
    run.world.send(liquidity.freeze(run.world["freezer"], run.currency, account, **named))
    held = run.spec.layer.positions[account]
    held.frozen_outgoing, held.frozen_incoming = named["outgoing"], named["incoming"]


def _move_home(run: ClearingHistory) -> None:
    run.world.send(run.banks.admit(AGENT, jurisdiction=156))
    run.spec.layer.registry.members[run.world.address(AGENT)].jurisdiction = 156


def _shut(run: ClearingHistory) -> None:
    shut = Week((CLOSED,) * 6 + (Hours(0, 1),), CLOSED, 8 * 60)
    run.world.send(ways_of(run.banks).week(week=shut))
    run.spec.is_open = _never


def _never(_: int) -> bool:
    return False


def _pause(run: ClearingHistory) -> None:
    run.world.send(run.banks.liquidity.pause(run.world["pauser"], run.currency))
    run.spec.layer.paused = True


def _expire(run: ClearingHistory) -> None:
    run.house.wait(3_600)


def _nothing(_: ClearingHistory) -> None:
    pass


@pytest.mark.random
def test_mutated_proposals(domestic: Banks) -> None:
    """A proposal that somebody changes, or at another time, is refused by name with values; no balance changes."""
    run = ClearingHistory(open_house(domestic), 6)
    _prepare(run)
    whole = proposal(run.spec)
    prepared, chain, count = run.spec, run.world.chain, 0
    refusals = set[str]()
    cases = ((_stop, OPERATOR), (_suspend, OPERATOR), (_freeze, OPERATOR), (_move_home, OPERATOR), (_shut, OPERATOR))
    cases += ((_pause, OPERATOR), (_expire, OPERATOR), (_nothing, STRANGER), *((_nothing, OPERATOR),) * 12)
    with effect_on(domestic) as change:
        for change_state, by in cases:
            snapshot, run.spec = chain.snapshot(), deepcopy(prepared)
            change_state(run)
            refused = 0
            while refused < rounds(5, campaign=50):
                is_same = change_state is not _nothing or by == STRANGER
                names, batches = whole if is_same and refused == 0 else mutated(run.spec, run.random, whole)
                error = run.judged(names, batches, by)
                refused += error is not None
                refusals |= {error.error} if error else set()
                count += 1
            chain.revert(snapshot)
        run.spec = prepared
    assert change == {}
    assert run.settle(*whole, OPERATOR)
    assert refusals >= EXPECTED, EXPECTED - refusals
