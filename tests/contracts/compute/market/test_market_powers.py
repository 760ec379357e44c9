"""The market has two powers, to mark what it opens and to halt it, and nobody has any power over the market."""

from __future__ import annotations

import pytest

from pysettle.client.core.access import NetworkAccess, Role
from pysettle.client.core.contract import Contract, interface
from pysettle.client.core.planning import GAS_CREATION
from pysettle.errors import contracts as errors
from pysettle.evm.artifacts import load
from pysettle.evm.transactions import Transaction
from tests.contracts.compute.series.test_terms import arguments
from tests.contracts.effects import effect, refused
from tests.contracts.world import ACTORS, FEN, World
from tests.spec.compute.records import created_by

ENTRIES = {
    "acceptRole",
    "halt",
    "openSeries",
    "registerCompute",
    "releaseStake",
    "setProviderJurisdiction",
    "setPurchasePolicy",
    "stake",
    "withdrawStake",
}


def test_every_entry_is_known() -> None:
    """There is no way around them to the stake: no recovery, no sweep, no fallback (P-24)."""
    abi = load("ComputeMarket").abi
    functions = [item for item in abi if item["type"] == "function"]
    assert {item["name"] for item in functions if item["stateMutability"] not in ("view", "pure")} == ENTRIES
    assert not {item["type"] for item in abi} & {"fallback", "receive"}
    factory = [item for item in load("SeriesFactory").abi if item["type"] == "function"]
    assert [item["name"] for item in factory] == ["create", "market"]
    assert load("SeriesFactory").storage_layout["storage"] == []


@pytest.mark.parametrize("name", ACTORS)
def test_its_factory_serves_nobody_else(world: World, name: str) -> None:
    """A provider that would be its own series' market gets none from it, nor does anybody (P-9)."""
    market = world.network.market
    create = interface("SeriesFactory").encode("create", *arguments(world, market=world.address(name)))
    asked = Transaction(world[name], market.factory, create, GAS_CREATION, interface("ComputeToken"))
    refused(world, asked, errors.SeriesCallerNotMarket, caller=world.address(name), market=market.address)


def test_market_and_factory_know_each_other(world: World) -> None:
    """The market created its factory, which serves no other; each series names the market."""
    market = world.network.market
    factory = Contract(world.network.sender, market.factory, "SeriesFactory")
    assert factory._read("market") == world.series._read("market") == market.address
    assert market.factory == created_by(market.address, 1)


@pytest.mark.parametrize("name", ["administrator", "settlement registrar", "stranger"])
def test_the_authority_stays(world: World, name: str) -> None:
    """Nobody gives it another access manager, and with that other attesters, not even by the present one."""
    market, other = world.network.market, world.address("stranger")
    refused(world, market._transaction(world[name], 100_000, "setAuthority", other), errors.AuthorityFixed)
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    update = manager._transaction(world["administrator"], 300_000, "updateAuthority", market.address, other)
    refused(world, update, errors.AuthorityFixed)
    assert market._read("authority") == world.network.access


@pytest.mark.parametrize("name", [name for name in ACTORS if name != "settlement registrar"])
def test_who_has_it_accept_a_role(world: World, name: str) -> None:
    """The settlement registrar alone, whose narrow role it shares (P-9)."""
    accept = world.network.market.accept_role(world[name], Role.SETTLEMENT_REGISTRAR)
    with pytest.raises(errors.AccessManagedUnauthorized) as caught:
        world.network.sender.simulate(accept)
    assert caught.value.args_by_name == {"caller": world.address(name)}


def test_accept_role(world: World) -> None:
    """It accepts what the administrator offered to it, once."""
    market, registrar = world.network.market, world["settlement registrar"]
    access = NetworkAccess(world.network.sender, world.network.access)
    accept = market.accept_role(registrar, Role.SETTLEMENT_REGISTRAR)
    nothing = {"roleId": Role.SETTLEMENT_REGISTRAR, "account": market.address}
    refused(world, accept, errors.RoleOfferNotFound, **nothing)
    world.send(access.revoke(world["administrator"], Role.SETTLEMENT_REGISTRAR, market.address))
    assert not access.holds(Role.SETTLEMENT_REGISTRAR, market.address)
    world.send(access.offer(world["administrator"], Role.SETTLEMENT_REGISTRAR, market.address), accept)
    assert access.holds(Role.SETTLEMENT_REGISTRAR, market.address)
    refused(world, accept, errors.RoleOfferNotFound, **nothing)


def test_without_its_role_it_opens_nothing(world: World) -> None:
    """A series that could not become a settlement account is not created at all: no capacity and no stake goes."""
    market = world.network.market
    access = NetworkAccess(world.network.sender, world.network.access)
    terms = world.halting_terms()
    world.open(terms)
    world.stake("provider", 10 * FEN)
    world.send(access.revoke(world["administrator"], Role.SETTLEMENT_REGISTRAR, market.address))
    with effect(world) as change, pytest.raises(errors.AccessManagedUnauthorized) as caught:
        world.open(world.halting_terms(compensation_bps=0))
    assert caught.value.args_by_name == {"caller": market.address}
    assert change == {}
