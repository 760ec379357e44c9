"""A buyer that is a contract buys, passes on, uses and gives back as itself, whoever sent the transaction (P-12)."""

from __future__ import annotations

import pytest
from eth_typing import Address

from pysettle.domain.compute.events import Consumed, Purchased, Refunded
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.contracts.effects import FORWARDER, at, deploy, effect, refused, through
from tests.contracts.world import YUAN, World

TOKENS = 1_000_000
PAID = 150_000


@pytest.fixture
def buyer(world: World) -> Address:
    """Deploy a buyer that is a contract, with one yuan that the series may take."""
    currency, contract = world.network.currency, deploy(world, FORWARDER)
    world.issue(contract, YUAN)
    world.send(through(world, contract, currency.approve(world["stranger"], world.series.address, YUAN)))
    return contract


def buy(world: World, buyer: Address) -> None:
    """Have the contract buy for itself."""
    world.send(through(world, buyer, world.series.purchase(world["stranger"], buyer, TOKENS, world.now + 60)))


def test_purchase(world: World, buyer: Address) -> None:
    """The contract pays, and is told of as who paid."""
    series, sender = world.series, world["stranger"]
    with effect(world, contract=buyer) as change:
        (receipt,) = world.send(through(world, buyer, series.purchase(sender, buyer, TOKENS, world.now + 60)))
    assert change == {
        "eCNY contract": -PAID,
        "eCNY series": PAID,
        "Tokens contract": TOKENS,
        "Tokens supply": TOKENS,
        "sold": TOKENS,
    }
    assert world.events(receipt) == [
        Purchased(buyer, buyer, TOKENS, PAID),
        Transfer(ZERO_ADDRESS, buyer, TOKENS),
        Transfer(buyer, series.address, PAID),
    ]


def test_at_the_expense_of_the_sender(world: World, buyer: Address) -> None:
    """A contract that a rich account calls buys nothing at that account's expense (P-13)."""
    currency, rich = world.network.currency, world["buyer"]
    world.fund("buyer", YUAN)
    world.send(currency.approve(rich, world.series.address, YUAN))
    poor = deploy(world, FORWARDER)
    refused(
        world,
        through(world, poor, world.series.purchase(rich, poor, TOKENS, world.now + 60)),
        errors.ERC20InsufficientAllowance,
        spender=world.series.address,
        allowance=0,
        needed=PAID,
    )


def test_use_and_pass_on(world: World, buyer: Address) -> None:
    """The contract's Tokens are used and move; the sender's are where they were."""
    series, sender, other = world.series, world["buyer"], world.address("other buyer")
    world.buy("buyer", 10)
    buy(world, buyer)
    with effect(world, contract=buyer) as change:
        (used, moved) = world.send(
            through(world, buyer, series.consume(sender, 400)), through(world, buyer, series.transfer(sender, other, 7))
        )
    assert {name: by for name, by in change.items() if name.startswith("Tokens")} == {
        "Tokens contract": -407,
        "Tokens series": 400,
        "Tokens other buyer": 7,
    }
    assert world.events(used) == [Consumed(buyer, 400), Transfer(buyer, series.address, 400)]
    assert world.events(moved) == [Transfer(buyer, other, 7)]


def test_frozen(world: World, buyer: Address) -> None:
    """A frozen contract consumes and passes on nothing whoever asks it to; where its caller is frozen, it does both."""
    series, sender, freezer = world.series, world["buyer"], world["freezer"]
    currency, other = world.network.currency, world.address("other buyer")
    buy(world, buyer)
    moves = through(world, buyer, series.consume(sender, 4)), through(world, buyer, series.transfer(sender, other, 4))
    world.send(currency.freeze(freezer, buyer, outgoing=True, incoming=False))
    for move in moves:
        refused(world, move, errors.HolderFrozenOutgoing, account=buyer)
    world.send(
        currency.freeze(freezer, buyer, outgoing=False, incoming=False),
        currency.freeze(freezer, sender.address, outgoing=True, incoming=True),
    )
    with effect(world, contract=buyer) as change:
        world.send(*moves)
    assert change == {"Tokens contract": -8, "Tokens series": 4, "Tokens other buyer": 4}


def test_refund(world: World, buyer: Address) -> None:
    """After expiry the contract gets back what backs its Tokens."""
    series, sender = world.series, world["buyer"]
    world.buy("buyer", 10)
    buy(world, buyer)
    at(world, series.expiry)
    with effect(world, contract=buyer) as change:
        (receipt,) = world.send(through(world, buyer, series.refund(sender, TOKENS)))
    assert (change["eCNY contract"], change["Tokens contract"]) == (PAID, -TOKENS)
    assert world.events(receipt) == [
        Refunded(buyer, TOKENS, PAID, 0),
        Transfer(buyer, ZERO_ADDRESS, TOKENS),
        Transfer(series.address, buyer, PAID),
    ]
