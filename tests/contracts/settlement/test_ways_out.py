"""For every place of a position or an earmark, its units come out ("Ways out" of the manual), to the last one.

`WALKS` names the walk of each row; `tests/contracts/test_ways_out.py` compares it with the manual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.money import Currency
from tests.contracts.banks import BEIJING, FUNDS, GROUND, HONGKONG, Banks, effect_on
from tests.contracts.clearing import CENTRAL_BANK, MINUTE, REASON, STRANGER, House, open_house
from tests.contracts.effects import at, refused
from tests.contracts.pairing import open_pairing
from tests.contracts.world import YUAN

HALF = FUNDS // 2
PAID_OUT = {"CNY buyer": HALF, "CNY layer": -HALF, "position CNY buyer": -HALF}
SEIZED = {"CNY other buyer": HALF, "CNY layer": -HALF, "position CNY buyer": -HALF}


def leave(banks: Banks) -> None:
    """Have the bank pay out everything, and see it in its own account."""
    with effect_on(banks) as change:
        banks.world.send(banks.pay_out(BEIJING, HALF))
    assert change == PAID_OUT


def seize(banks: Banks) -> None:
    """Have the seizer take everything for another account."""
    world, token = banks.world, banks.token().address
    with effect_on(banks) as change:
        world.send(
            banks.liquidity.seize(
                world["seizer"], token, world.address(BEIJING), world.address(HONGKONG), HALF, legal_basis=GROUND
            )
        )
    assert change == SEIZED


def freeze(banks: Banks, *, outgoing: bool = False, incoming: bool = False, amount: int = 0) -> None:
    """Have the freezer set the freezes of the position; nothing lifts them."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    it, freezer = banks.liquidity, world["freezer"]
    world.send(
        it.freeze(freezer, token, account, outgoing=outgoing, incoming=incoming),
        it.freeze_amount(freezer, token, account, amount),
    )


@pytest.mark.parametrize("measure", ["none", "suspended", "stopped", "paused"])
def test_a_position(banks: Banks, measure: str) -> None:
    """Its account takes it out at any time, with nobody's consent."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    if measure == "paused":
        world.send(banks.liquidity.pause(world["pauser"], token))
    elif measure != "none":
        stops = {"suspended": measure == "suspended", "stopped": measure == "stopped"}
        world.send(banks.registry.set_stops(world["freezer"], token, account, **stops, ground=GROUND))
    leave(banks)


@pytest.mark.parametrize("way", ["lifted", "frozen there too", "seized"])
def test_a_position_frozen_outgoing(banks: Banks, way: str) -> None:
    """The freezer lifts it, or freezes the account in place of it; or it is seized."""
    world, account = banks.world, banks.world.address(BEIJING)
    freeze(banks, outgoing=True)
    refused(
        world, banks.pay_out(BEIJING, 1), errors.PositionFrozenOutgoing, currency=banks.token().address, account=account
    )
    if way == "seized":
        seize(banks)
        return
    if way == "lifted":
        freeze(banks)
    else:
        world.send(banks.token().freeze(world["freezer"], account, outgoing=True, incoming=False))
    leave(banks)


@pytest.mark.parametrize("way", ["lifted", "seized"])
def test_a_frozen_amount(banks: Banks, way: str) -> None:
    """The rest leaves at once, the frozen amount when it is lifted, or by a seizure of all."""
    world = banks.world
    freeze(banks, amount=HALF - 10)
    if way == "seized":
        seize(banks)
        return
    with effect_on(banks) as change:
        world.send(banks.pay_out(BEIJING, 10))
        freeze(banks)
        world.send(banks.pay_out(BEIJING, HALF - 10))
    assert change == PAID_OUT


def test_a_position_frozen_incoming(banks: Banks) -> None:
    """It takes nothing in, and goes out."""
    freeze(banks, incoming=True)
    leave(banks)


@pytest.mark.parametrize("way", ["settled", "unwound"])
def test_units_earmarked(domestic: Banks, way: str) -> None:
    """Anybody settles at the value time; after a stop anybody sends them home. Then their owners take them out."""
    banks, world = domestic, domestic.world
    instruction = banks.pvp(value_time=world.now + 600)
    ids = banks.submitted(instruction)
    token, hongkong = banks.token().address, world.address(HONGKONG)
    if way == "settled":
        at(world, instruction.value_time)
        world.send(banks.settlement.settle(world["stranger"], instruction, ids))
    else:
        stop = banks.registry.set_stops(world["freezer"], token, hongkong, suspended=False, stopped=True, ground=GROUND)
        world.send(stop, banks.settlement.unwind(world["stranger"], instruction, ids))
    assert banks.liquidity._read("earmarked", token) == 0
    for bank in (BEIJING, HONGKONG):
        for currency in (Currency.CNY, Currency.HKD):
            world.send(banks.pay_out(bank, banks.available(bank, currency), currency))
    for currency in (Currency.CNY, Currency.HKD):
        assert banks.token(currency).balance_of(banks.liquidity.address) == 0


@pytest.mark.parametrize("way", ["released", "settled", "unwound", "seized"])
def test_units_reserved(domestic: Banks, way: str) -> None:
    """Their account releases them in an open cycle, and after an hour of a closed one; then they are paid out."""
    house = open_house(domestic)
    world, token, account = domestic.world, domestic.token().address, domestic.world.address(BEIJING)
    batch = house.queued(BEIJING, (HONGKONG, 5))
    house.send(house.reserve(BEIJING, HALF // YUAN))
    if way == "released":
        house.send(house.release(BEIJING, HALF // YUAN))
    elif way == "settled":
        house.send(house.close(), house.settle(batch), house.end())
        house.send(house.release(BEIJING, HALF // YUAN - 5), house.release(HONGKONG, 5))
    else:
        house.send(domestic.stops(BEIJING, stopped=True), house.close())
        house.wait(60 * MINUTE)
        house.send(
            house.release(BEIJING, HALF // YUAN, by=BEIJING if way == "unwound" else "seizer"), house.end(STRANGER)
        )
    if way == "seized":
        seize(domestic)
        return
    for bank in (BEIJING, HONGKONG):
        world.send(domestic.pay_out(bank, domestic.available(bank)))
    assert domestic.token().balance_of(domestic.liquidity.address) == 0
    assert domestic.liquidity.position(token, account).reserved == 0


@pytest.mark.parametrize("way", ["cancelled", "held and cancelled", "rejected"])
def test_a_queued_item(domestic: Banks, way: str) -> None:
    """Its debtor cancels it, held or not, its creditor rejects it, also after a stop and while a cycle was closed."""
    house = open_house(domestic)
    world, token, batch = domestic.world, domestic.token().address, house.queued(BEIJING, (HONGKONG, 5))
    if way == "held and cancelled":
        house.send(house.contract.set_held(world[BEIJING], token, batch, held=True))
    house.send(domestic.stops(BEIJING, stopped=True), house.close())
    house.wait(60 * MINUTE)
    if way == "rejected":
        house.send(house.contract.reject(world[HONGKONG], token, batch, REASON))
    else:
        house.send(house.contract.cancel(world[BEIJING], token, batch))
    assert house.contract.items(token, batch.header) == (0, 0)


def measured(house: House, measure: str, name: str) -> None:
    """Have an officer take a measure against a bank, or the whole currency."""
    banks, world, token = house.banks, house.banks.world, house.currency
    account, it, freezer = world.address(name), house.banks.liquidity, house.banks.world["freezer"]
    world.send(
        {
            "stopped": banks.stops(name, stopped=True),
            "suspended": banks.stops(name, suspended=True),
            "frozen outgoing": it.freeze(freezer, token, account, outgoing=True, incoming=False),
            "frozen incoming": it.freeze(freezer, token, account, outgoing=False, incoming=True),
            "frozen in part": it.freeze_amount(freezer, token, account, HALF),
            "paused": it.pause(world["pauser"], token),
        }[measure]
    )


MEASURES = ("stopped", "suspended", "frozen outgoing", "frozen incoming", "frozen in part", "paused")


def each_state(house: House) -> Iterator[str]:
    """Yield each state of a cycle in which what is due can be changed, and take it back: open, closed for an hour."""
    for state in ("open", "closed"):
        snapshot = house.banks.world.chain.snapshot()
        if state == "closed":
            house.send(house.close())
            house.wait(60 * MINUTE)
        yield state
        house.banks.world.chain.revert(snapshot)


@pytest.mark.parametrize("measure", MEASURES)
def test_reserved_units_under_a_measure(domestic: Banks, measure: str) -> None:
    """Their account releases them, and so does the seizer, whatever the state of the cycle."""
    house = open_house(domestic)
    house.send(house.reserve(BEIJING, 5))
    measured(house, measure, BEIJING)
    for _ in each_state(house):
        house.send(house.release(BEIJING, 3), house.release(BEIJING, 2, by="seizer"))
        assert domestic.available(BEIJING) == HALF
        assert house.reserved() == [0, 0, 0]


@pytest.mark.parametrize("measure", [*MEASURES, "moved abroad"])
def test_a_queued_item_under_a_measure(domestic: Banks, measure: str) -> None:
    """Its debtor cancels it and its creditor rejects it, whichever of them is meant, in each state of the cycle."""
    house = open_house(domestic)
    world, token = domestic.world, domestic.token().address
    batch = house.queued(BEIJING, (HONGKONG, 5), (HONGKONG, 6), (HONGKONG, 7))
    house.send(house.contract.set_held(world[BEIJING], token, batch.marking([2]), held=True))
    for name in (BEIJING, HONGKONG):
        snapshot = world.chain.snapshot()
        if measure == "moved abroad":
            house.send(domestic.admit(name, jurisdiction=344))
        else:
            measured(house, measure, name)
        for _ in each_state(house):
            house.send(
                house.contract.cancel(world[BEIJING], token, batch.marking([0, 2])),
                house.contract.reject(world[HONGKONG], token, batch.marking([1]), REASON),
            )
            assert house.contract.items(token, batch.header) == (0, 0)
        world.chain.revert(snapshot)


def test_a_queued_item_that_is_due_later(domestic: Banks) -> None:
    """What is queued in a closed cycle is cancelled and rejected at once, and the rest settles in the next one."""
    house = open_house(domestic)
    world, token = domestic.world, domestic.token().address
    house.send(house.close())
    batch = house.queued(BEIJING, (HONGKONG, 5), (HONGKONG, 6), (HONGKONG, 7))
    house.send(
        house.contract.cancel(world[BEIJING], token, batch.marking([0])),
        house.contract.reject(world[HONGKONG], token, batch.marking([1]), REASON),
        house.end(),
        house.reserve(BEIJING, 7),
    )
    house.send(house.close(), house.settle(batch.marking([2])))
    assert house.reserved() == [0, 7, 0]


def test_a_half_of_a_pair_under_a_measure(banks: Banks) -> None:
    """Its debtor cancels it and its creditor rejects it, whichever is meant, in each state of the cycle."""
    pairing = open_pairing(banks)
    house, world = pairing.house, banks.world
    first, second = pairing.pair((5, 6), (7, 8))
    measures = ("stopped", BEIJING), ("suspended", HONGKONG), ("frozen outgoing", BEIJING), ("paused", BEIJING)
    for measure, name in (("none", BEIJING), *measures):
        snapshot = world.chain.snapshot()
        if measure != "none":
            measured(house, measure, name)
        for _ in each_state(house):
            house.send(
                house.contract.cancel(world[BEIJING], house.currency, first.marking([0])),
                house.contract.reject(world[HONGKONG], house.currency, first.marking([1]), REASON),
                house.contract.cancel(world[HONGKONG], pairing.hkd, second.marking([0])),
                house.contract.reject(world[BEIJING], pairing.hkd, second.marking([1]), REASON),
            )
            assert house.contract.items(house.currency, first.header) == (0, 0)
            assert house.contract.items(pairing.hkd, second.header) == (0, 0)
        world.chain.revert(snapshot)


def test_a_half_of_a_pair_alone(banks: Banks) -> None:
    """The other half never came, was cancelled, or waits in a closed cycle: the half leaves by itself."""
    pairing = open_pairing(banks)
    house, world, contract = pairing.house, banks.world, pairing.house.contract
    alone = pairing.queue(BEIJING, HONGKONG, b"\1" * 32, 5)
    (first, second), (paid, returned) = pairing.pair((5, 6)), pairing.pair((3, 4))
    house.send(
        pairing.reserve(BEIJING, 20),
        pairing.reserve(HONGKONG, 20, hkd=True),
        contract.cancel(world[BEIJING], house.currency, alone),
        contract.cancel(world[BEIJING], house.currency, first),
    )
    pairing.close()
    pairing.incomplete(pairing.settle([], [second]), second.pair)
    house.send(pairing.joint(), house.end())
    assert pairing.reserved() == ([17, 3, 0], [4, 16, 0])
    for currency, batch in ((house.currency, paid), (pairing.hkd, returned)):
        assert contract.items(currency, batch.header) == (0, 0)
    # The cycle of e-HKD is still closed, an hour at most.
    later = contract.cycle(pairing.hkd).since + 60 * MINUTE
    step = contract.cancel(world[HONGKONG], pairing.hkd, second)
    refused(world, step, errors.CycleStillClosed, currency=pairing.hkd, cycle=1, latest=later)
    at(world, later)
    house.send(contract.cancel(world[HONGKONG], pairing.hkd, second))
    assert contract.items(pairing.hkd, second.header) == (0, 0)


def test_reserved_units_without_an_operator(domestic: Banks) -> None:
    """Anybody closes and ends a cycle, and what was reserved comes out."""
    house = open_house(domestic)
    world = domestic.world
    house.send(
        house.contract.set_operator(world[CENTRAL_BANK], house.currency, ZERO_ADDRESS), house.reserve(BEIJING, 5)
    )
    house.send(house.close(STRANGER, after=15 * MINUTE))
    house.wait(60 * MINUTE)
    house.send(house.release(BEIJING, 5), house.end(STRANGER))
    assert domestic.available(BEIJING) == HALF


def test_a_donation(banks: Banks) -> None:
    """It stays: every position leaves, and its units are what is left."""
    world, currency = banks.world, banks.token()
    world.send(currency.transfer(world[BEIJING], banks.liquidity.address, 5))
    for bank in (BEIJING, HONGKONG):
        world.send(banks.pay_out(bank, banks.available(bank, Currency.CNY)))
    assert currency.balance_of(banks.liquidity.address) == 5


WALKS: dict[str, tuple[Callable[..., None], ...]] = {
    "a position": (test_a_position,),
    "a position frozen outgoing here": (test_a_position_frozen_outgoing,),
    "a frozen amount of a position": (test_a_frozen_amount,),
    "a position frozen incoming": (test_a_position_frozen_incoming,),
    "units earmarked for a waiting instruction": (test_units_earmarked,),
    "units reserved for cycles": (test_units_reserved,),
    "reserved units, their account or the currency under a measure": (test_reserved_units_under_a_measure,),
    "reserved units in a currency without an operator": (test_reserved_units_without_an_operator,),
    "a queued item": (test_a_queued_item,),
    "a queued item, a party or the currency under a measure": (test_a_queued_item_under_a_measure,),
    "a queued item to a creditor that has moved abroad": (test_a_queued_item_under_a_measure,),
    "a queued item that is due later": (test_a_queued_item_that_is_due_later,),
    "a half of a pair": (test_a_half_of_a_pair_under_a_measure,),
    "a half of a pair, a party or its currency under a measure": (test_a_half_of_a_pair_under_a_measure,),
    "a half of a pair whose other half never came, has ended, or waits in a closed cycle": (
        test_a_half_of_a_pair_alone,
    ),
    "a donation to the contract": (test_a_donation,),
}
