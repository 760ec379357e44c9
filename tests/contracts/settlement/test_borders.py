"""Instructions whose legs cross a border: admitted by open corridors, counted to their debtors, in opening hours."""

from __future__ import annotations

import pytest

from pysettle.domain.settlement.corridor_events import CrossingAdmitted, CrossingReleased
from pysettle.errors import contracts as errors
from pysettle.money import Currency
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks, effect_on
from tests.contracts.effects import at, refused
from tests.contracts.ways import TERMS, Ways, ways_of
from tests.contracts.world import YUAN


@pytest.fixture
def ways(banks: Banks) -> Ways:
    """Return the corridors of both currencies, each open from its own country."""
    ways = ways_of(banks)
    for currency in (Currency.CNY, Currency.HKD):
        ways.open(currency)
    return ways


def used(ways: Ways, currency: Currency, debtor: str) -> int:
    """Return the units of a debtor in its window."""
    way = ways.way(currency)
    units, _ = ways.corridors._read("used", way.id, ways.banks.world.address(debtor))
    return int(units)


def test_no_leg_crosses_without_a_corridor(banks: Banks) -> None:
    """One open corridor of two is not enough: no leg moves."""
    world, ways, instruction = banks.world, ways_of(banks), banks.pvp()
    approvals = banks.approvals(instruction)
    step = banks.settlement.submit(world["relayer"], instruction, approvals)
    with effect_on(banks) as change:
        refused(world, step, errors.CorridorNotOpen, id=ways.way().id)
        ways.open()
        refused(world, step, errors.CorridorNotOpen, id=ways.way(Currency.HKD).id)
    assert change == {}
    ways.open(Currency.HKD)
    world.send(step)


def test_a_crossing_counts_to_its_debtor(ways: Ways) -> None:
    """Within the limit of a settlement and of a window; another debtor has a window of its own."""
    banks, way = ways.banks, ways.way()
    world, beijing = banks.world, banks.world.address(BEIJING)
    (receipt,) = world.send(banks.settlement.submit(world["relayer"], it := banks.pvp(), banks.approvals(it)))
    admitted = [event for event in world.events(receipt) if isinstance(event, CrossingAdmitted)]
    assert [(event.debtor, event.amount, event.used) for event in admitted] == [
        (beijing, 10 * YUAN, 10 * YUAN),
        (world.address(HONGKONG), 11 * YUAN, 11 * YUAN),
    ]
    assert (used(ways, Currency.CNY, BEIJING), used(ways, Currency.HKD, HONGKONG)) == (10 * YUAN, 11 * YUAN)
    above = banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, TERMS.settlement_limit + 1),))
    step = banks.settlement.submit(world["relayer"], above, banks.approvals(above))
    figures = {"requested": TERMS.settlement_limit + 1, "limit": TERMS.settlement_limit}
    refused(world, step, errors.SettlementLimitExceeded, id=way.id, debtor=beijing, **figures)


def test_what_goes_home_is_given_back(ways: Ways) -> None:
    """One that fills a limit and is unwound leaves the window as it was."""
    banks = ways.banks
    world = banks.world
    instruction = banks.pvp(value_time=world.now + 600)
    ids = banks.submitted(instruction)
    assert used(ways, Currency.CNY, BEIJING) == 10 * YUAN
    world.send(banks.stops(BEIJING, stopped=True))
    (receipt,) = world.send(banks.settlement.unwind(world["stranger"], instruction, ids))
    released = [event for event in world.events(receipt) if isinstance(event, CrossingReleased)]
    assert [(event.amount, event.used) for event in released] == [(10 * YUAN, 0), (11 * YUAN, 0)]
    assert used(ways, Currency.CNY, BEIJING) == used(ways, Currency.HKD, HONGKONG) == 0


def test_a_value_time_in_closed_hours_moves_to_the_next_opening(ways: Ways) -> None:
    """Nothing that crosses settles at once while a currency is closed; later it settles from the opening on."""
    banks = ways.banks
    world, token = banks.world, banks.token().address
    world.send(ways.week())
    # Chain time begins on a Thursday at 8 o'clock at UTC+8; offices open at 9.
    now = banks.pvp()
    step = banks.settlement.submit(world["relayer"], now, banks.approvals(now))
    with pytest.raises(errors.CurrencyClosed):
        world.send(step)
    later = banks.pvp(value_time=world.now + 60)
    ids = banks.submitted(later)
    settlement_id = later.settlement_id(ids)
    due = banks.settlement.due_at(settlement_id)
    assert due > later.value_time
    assert ways.corridors._read("isOpenAt", token, due)
    at(world, due - 1)
    settle = banks.settlement.settle(world["stranger"], later, ids)
    times = {"valueTime": due, "timestamp": due - 1}
    refused(world, settle, errors.ValueTimeNotReached, settlementId=settlement_id, **times)
    with effect_on(banks) as change:
        world.send(settle)
    assert change["position CNY other buyer"] == 10 * YUAN


def test_no_leg_hides_another_one_that_crosses(ways: Ways) -> None:
    """Two legs of one corridor count both, beside a last leg that crosses no border: admitted, settled and unwound."""
    banks = ways.banks
    world, token = banks.world, banks.token().address
    world.send(banks.admit(AGENT))
    legs = (*(banks.leg(BEIJING, HONGKONG, 10 * YUAN),) * 2, banks.leg(BEIJING, AGENT, YUAN))
    banks.submitted(banks.pvp(legs=legs))
    assert used(ways, Currency.CNY, BEIJING) == 20 * YUAN
    instruction = banks.pvp(legs=legs, value_time=world.now + 600)
    ids = banks.submitted(instruction)
    assert used(ways, Currency.CNY, BEIJING) == 40 * YUAN
    world.send(ways.week())
    at(world, instruction.value_time)
    step = banks.settlement.settle(world["stranger"], instruction, ids)
    refused(world, step, errors.CurrencyClosed, currency=token, time=instruction.value_time)
    world.send(banks.stops(BEIJING, stopped=True))
    world.send(banks.settlement.unwind(world["stranger"], instruction, ids))
    assert used(ways, Currency.CNY, BEIJING) == 20 * YUAN
