"""For every place of a position or an earmark, its units come out ("Ways out" of the manual), to the last one.

`WALKS` names the walk of each row; `tests/contracts/test_ways_out.py` compares it with the manual.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pysettle.errors import contracts as errors
from pysettle.money import Currency
from tests.contracts.banks import BEIJING, FUNDS, GROUND, HONGKONG, Banks, effect_on
from tests.contracts.effects import at, refused

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
    "a donation to the contract": (test_a_donation,),
}
