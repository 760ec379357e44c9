"""Sweep: after expiry the provider takes what rounding and donations left beyond what Tokens may ask for."""

from __future__ import annotations

import pytest

from pysettle.domain.compute.contracts import ESCROW
from pysettle.domain.compute.events import Swept
from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.events import Transfer
from pysettle.errors import contracts as errors
from tests.contracts.effects import FORWARDER, at, check_books, deploy, effect, refused, through
from tests.contracts.world import ACTORS, FEN, World

DONATION = 12_345


@pytest.fixture
def finished(world: World) -> World:
    """Leave a remainder of 2 units and a donation in a series without Tokens, after expiry."""
    series, buyer = world.series, world["buyer"]
    world.buy("buyer", 7)
    world.fund("stranger", 2 * FEN)
    world.send(
        world.network.currency.transfer(world["stranger"], series.address, DONATION),
        series.consume(buyer, 6),
        series.redeem(world["provider"], 6),
    )
    at(world, series.expiry)
    world.send(series.refund(buyer, 1))
    return world


def test_sweep(finished: World) -> None:
    """The provider takes everything that is left, and the books name remainder and donation."""
    series, currency, provider = finished.series, finished.network.currency, finished["provider"]
    books = check_books(finished)
    assert books.balance(currency.address, ESCROW, series.address) == 2
    assert books.balance(currency.address, OWN, series.address) == DONATION
    sweep = series.sweep(provider)
    assert int.from_bytes(finished.network.sender.simulate(sweep), "big") == DONATION + 2
    with effect(finished) as change:
        (receipt,) = finished.send(sweep)
    assert change == {"eCNY series": -DONATION - 2, "eCNY provider": DONATION + 2}
    assert finished.events(receipt) == [
        Swept(provider.address, DONATION + 2),
        Transfer(series.address, provider.address, DONATION + 2),
    ]
    assert [log.address for log in receipt.logs] == [series.address, currency.address]


def test_again(finished: World) -> None:
    """A second sweep takes nothing, or what was donated since."""
    series, provider = finished.series, finished["provider"]
    finished.send(series.sweep(provider))
    with effect(finished) as change:
        (receipt,) = finished.send(series.sweep(provider))
    assert change == {}
    assert finished.events(receipt)[0] == Swept(provider.address, 0)
    finished.send(finished.network.currency.transfer(finished["stranger"], series.address, 1))
    with effect(finished) as change:
        finished.send(series.sweep(provider))
    assert change == {"eCNY series": -1, "eCNY provider": 1}


@pytest.mark.parametrize("name", [name for name in ACTORS if name != "provider"])
def test_only_the_provider(finished: World, name: str) -> None:
    """Nobody else sweeps, the administrator neither (P-9, P-24)."""
    with pytest.raises(errors.SeriesCallerNotProvider) as caught:
        finished.network.sender.simulate(finished.series.sweep(finished[name]))
    assert caught.value.args_by_name == {
        "caller": finished.address(name),
        "provider": finished.address("provider"),
    }


def test_through_a_contract_the_provider_called(finished: World) -> None:
    """A contract does not sweep in the name of the provider who called it (P-12)."""
    forwarder = deploy(finished, FORWARDER)
    refused(
        finished,
        through(finished, forwarder, finished.series.sweep(finished["provider"])),
        errors.SeriesCallerNotProvider,
        caller=forwarder,
        provider=finished.address("provider"),
    )


def test_before_expiry(world: World) -> None:
    """Before the second of expiry nothing is swept, even where nothing is outstanding (P-8, P-24)."""
    series, provider, expiry = world.series, world["provider"], world.series.expiry
    world.fund("stranger", FEN)
    world.send(world.network.currency.transfer(world["stranger"], series.address, FEN))
    refused(world, series.sweep(provider), errors.SeriesNotEnded, expiry=expiry, timestamp=world.now)
    at(world, expiry - 1)
    refused(world, series.sweep(provider), errors.SeriesNotEnded, expiry=expiry, timestamp=expiry - 1)
    with effect(world) as change:
        world.send(series.sweep(provider))
    assert change == {"eCNY series": -FEN, "eCNY provider": FEN}


@pytest.mark.parametrize("where", ["held", "delivered", "in the hub"])
def test_while_tokens_are_outstanding(world: World, where: str) -> None:
    """Wherever they are, what they may ask for stays, and is there afterwards; nobody is waited for (P-24)."""
    series, buyer, provider = world.series, world["buyer"], world["provider"]
    world.buy("buyer", 10)
    world.fund("stranger", 2 * FEN)
    world.send(world.network.currency.transfer(world["stranger"], series.address, DONATION), series.consume(buyer, 3))
    if where == "delivered":
        world.send(series.consume(buyer, 7))
    elif where == "in the hub":
        world.deposit("buyer", 7)
    else:
        world.send(series.redeem(provider, 3))
    at(world, series.expiry)
    # 10 Tokens cost 1.5 units, rounded up to 2; 3 redeemed brought 0.45, rounded down to nothing; 7 are owed 1.05.
    outstanding = 7 if where == "held" else 10
    swept = DONATION + 2 - -(-outstanding * 15 // 100)
    with effect(world) as change:
        world.send(series.sweep(provider))
    assert change == {"eCNY series": -swept, "eCNY provider": swept}
    check_books(world)
    ways_out = {
        "held": lambda: series.refund(buyer, 7),
        "delivered": lambda: series.redeem(provider, 10),
        "in the hub": lambda: series.redeem(provider, 3),
    }
    world.send(ways_out[where]())
    with effect(world) as change:
        world.send(series.sweep(provider))
    assert change.get("eCNY provider", 0) == {"held": 1, "delivered": 1, "in the hub": 0}[where]
