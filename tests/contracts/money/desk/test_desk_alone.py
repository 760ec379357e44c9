"""The desk and its currency: units are created, held and destroyed by the desk alone, and nothing else lies there."""

from __future__ import annotations

import pytest

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.contracts.effects import FORWARDER, accounts, deploy, effect, refused, through
from tests.contracts.world import ACTORS, FEN, YUAN, World

CALLS: dict[str, tuple[object, ...]] = {
    "createTo": ("stranger", FEN),
    "holdFrom": ("buyer", FEN),
    "destroyHeld": (FEN,),
}
"""Function -> its arguments; names stand for addresses."""


@pytest.mark.parametrize("function", CALLS)
@pytest.mark.parametrize("name", ACTORS)
def test_whoever_is_not_the_desk(world: World, function: str, name: str) -> None:
    """Whatever role an account holds, the currency creates, holds and destroys nothing for it."""
    currency = world.network.currency
    arguments = [world.address(it) if isinstance(it, str) else it for it in CALLS[function]]
    with pytest.raises(errors.CallerNotDesk) as caught:
        world.network.sender.simulate(currency._transaction(world[name], 200_000, function, *arguments))
    assert caught.value.args_by_name == {"caller": world.address(name), "desk": currency.desk.address}


def test_the_smallest_amount(world: World) -> None:
    """The desk issues and redeems whole fen, of 10,000 units each."""
    assert world.network.currency.desk._read("minorUnit") == FEN == 10_000


def test_no_role_can_be_granted_for_it(world: World) -> None:
    """An access manager that lets everybody call `createTo` changes nothing: the currency asks for the desk alone."""
    currency, admin, thief = world.network.currency, world["administrator"], world["stranger"]
    access = next(iter(world.network.currencies.values())).access
    selectors = [currency.interface.selector(function) for function in CALLS]
    world.send(access._transaction(admin, 300_000, "setTargetFunctionRole", currency.address, selectors, 2**64 - 1))
    refused(
        world,
        currency._transaction(thief, 200_000, "createTo", thief.address, FEN),
        errors.CallerNotDesk,
        caller=thief.address,
        desk=currency.desk.address,
    )


def test_a_contract_in_the_way(world: World) -> None:
    """A contract in the way is not the desk either, even when a holder of every role calls through it."""
    currency, forwarder = world.network.currency, deploy(world, FORWARDER)
    call = currency._transaction(world["operator"], 200_000, "createTo", world.address("buyer"), FEN)
    refused(
        world,
        through(world, forwarder, call),
        errors.CallerNotDesk,
        caller=forwarder,
        desk=currency.desk.address,
    )


def test_each_knows_the_other(world: World) -> None:
    """Currency and desk name each other, and the roles of both are asked of one access manager."""
    currency = world.network.currency
    assert currency.desk._read("currency") == currency.address
    assert currency.desk._read("authority") == currency._read("authority") == world.network.access
    assert currency.is_settlement_account(currency.desk.address)


@pytest.mark.parametrize("payee", ["currency", "desk", "nobody"])
def test_nobody_is_paid_at_the_desk(world: World, payee: str) -> None:
    """A payment to currency or desk is refused, by a transfer, an issuance or a settlement account's payout."""
    world.fund("buyer", YUAN)
    currency, to = world.network.currency, accounts(world)[payee]
    world.send(currency.desk.set_issuance_quota(world["central bank"], world.address("operator"), YUAN))
    for payment in (
        currency.transfer(world["buyer"], to, FEN),
        currency.desk.issue(world["operator"], to, FEN),
        currency.seize(world["seizer"], world.address("buyer"), to, FEN, b"\1" * 32),
    ):
        refused(world, payment, errors.ERC20InvalidReceiver, receiver=to)


def test_the_desk_holds_what_is_under_redemption(world: World) -> None:
    """Its balance is the sum of the pending requests, and nothing once they have ended."""
    currency, buyer, operator = world.network.currency, world["buyer"], world["operator"]
    world.fund("buyer", YUAN)
    world.send(*(currency.desk.request_redemption(buyer, operator.address, count * FEN) for count in (1, 2, 3)))
    assert currency.balance_of(currency.desk.address) == 6 * FEN
    with effect(world) as change:
        world.send(
            currency.desk.complete_redemption(operator, 1),
            currency.desk.reject_redemption(operator, 2),
            currency.desk.cancel_redemption(buyer, 3),
        )
    assert change == {
        "eCNY desk": -6 * FEN,
        "eCNY buyer": 5 * FEN,
        "eCNY supply": -FEN,
        "quota operator": FEN,
        "position operator": -FEN,
    }
    assert currency.balance_of(currency.desk.address) == 0


def test_the_reasons_of_the_desk_come_first(world: World) -> None:
    """An issuance beyond the quota while the currency is paused is refused for the quota."""
    currency, operator, buyer = world.network.currency, world["operator"], world.address("buyer")
    world.send(currency.desk.set_issuance_quota(world["central bank"], operator.address, FEN))
    world.send(currency.pause(world["pauser"]))
    refused(
        world,
        currency.desk.issue(operator, buyer, 2 * FEN),
        errors.QuotaExceeded,
        operator=operator.address,
        requested=2 * FEN,
        available=FEN,
    )
    refused(world, currency.desk.issue(operator, buyer, FEN), errors.CurrencyPaused)
    refused(world, currency.desk.issue(operator, ZERO_ADDRESS, FEN), errors.CurrencyPaused)
