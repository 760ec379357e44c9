"""The policy of purchases: series sell to known jurisdictions, domestic or with an open corridor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pysettle.client import ComputeToken
from pysettle.domain.compute.events import ProviderJurisdictionSet, Purchased, PurchasePolicySet
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.corridors import DOMESTIC, Corridor
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from tests.contracts.abroad import HONG_KONG, Abroad, open_abroad
from tests.contracts.banks import HONGKONG, Banks
from tests.contracts.effects import refused, restored
from tests.contracts.ways import TERMS
from tests.contracts.world import FEN, YUAN


@pytest.fixture(scope="module")
def opened(funded: Banks) -> Iterator[Abroad]:
    """Open the foreign exchange, whose purchases the policy admits."""
    with restored(funded.world):
        yield open_abroad(funded)


@pytest.fixture
def abroad(opened: Abroad) -> Iterator[Abroad]:
    """Return it with the policy set, and providers of China admitted."""
    with restored(opened.world):
        world = opened.world
        market, bank = world.network.market, world["central bank"]
        world.send(
            market.set_purchase_policy(bank, world.network.address("PurchasePolicy")),
            market.set_provider_jurisdiction(bank, DOMESTIC, admitted=True),
        )
        yield opened


def series_of(abroad: Abroad) -> ComputeToken:
    """Open a series with the policy, whose Tokens a stranger may buy."""
    world = abroad.world
    series = world.open(world.halting_terms())
    world.fund(HONGKONG, 10 * YUAN)
    world.send(world.network.currency.approve(world[HONGKONG], series.address, 10 * YUAN))
    assert series.policy == world.network.address("PurchasePolicy")
    return series


def buy(abroad: Abroad, series: ComputeToken) -> Transaction:
    """Return the purchase of 100 Tokens by a holder of e-CNY."""
    world = abroad.world
    return series.purchase(world[HONGKONG], world.address(HONGKONG), 100, world.now + 60)


def register(abroad: Abroad, name: str, jurisdiction: int) -> Transaction:
    """Return the registration of a wallet in e-CNY."""
    world = abroad.world
    token = world.network.currency
    return token.register_wallet(world["registrar"], world.address(name), WalletClass.II, jurisdiction=jurisdiction)


def test_a_series_sells_to_known_jurisdictions(abroad: Abroad) -> None:
    """Unknown ones are refused, domestic ones served, others with an open corridor."""
    world, series = abroad.world, series_of(abroad)
    buyer = world.address(HONGKONG)
    refused(world, buy(abroad, series), errors.BeneficiaryJurisdictionUnknown, beneficiary=buyer)
    world.send(register(abroad, HONGKONG, DOMESTIC))
    (receipt,) = world.send(buy(abroad, series))
    assert any(isinstance(event, Purchased) for event in world.events(receipt))
    ways, baht = abroad.ways, abroad.ways.joined(764)
    thailand = Corridor(764, DOMESTIC, abroad.way.currency, baht)
    world.send(register(abroad, HONGKONG, 764))
    refused(world, buy(abroad, series), errors.CorridorNotOpen, id=thailand.id)
    world.send(ways.agree(Currency.CNY, thailand), ways.corridors.agree(world["relayer"], thailand, TERMS, baht))
    world.send(buy(abroad, series))
    world.send(register(abroad, HONGKONG, HONG_KONG), buy(abroad, series))


def test_a_purchase_abroad_is_asked_nothing_more(abroad: Abroad) -> None:
    """The buyer has no wallet in e-CNY; its jurisdiction was checked in e-HKD."""
    world, series = abroad.world, series_of(abroad)
    world.send(abroad.exchange.admit_series(world["relayer"], series.address), abroad.buy(series=series.address))


def test_a_halt_comes_first(abroad: Abroad) -> None:
    """A halted series with a policy says that it is halted."""
    world, series = abroad.world, series_of(abroad)
    world.send(world.halt(series))
    refused(world, buy(abroad, series), errors.SeriesHalted, haltedAt=series.halted_at())


def test_the_providers_of_a_market(abroad: Abroad) -> None:
    """Only those of an admitted jurisdiction open a series with a policy; without a policy the market does not ask."""
    world, bank = abroad.world, abroad.world["central bank"]
    market, provider = world.network.market, world.address("provider")
    assert market.admits(DOMESTIC)
    for jurisdiction in (HONG_KONG, 0):
        world.send(register(abroad, "provider", jurisdiction))
        with pytest.raises(errors.ProviderJurisdictionRefused) as caught:
            world.open(world.halting_terms(compensation_bps=0))
        assert caught.value.args_by_name == {"provider": provider, "jurisdiction": jurisdiction}
    (receipt,) = world.send(market.set_provider_jurisdiction(bank, HONG_KONG, admitted=True))
    assert world.events(receipt) == [ProviderJurisdictionSet(HONG_KONG, admitted=True)]
    world.send(register(abroad, "provider", HONG_KONG))
    world.open(world.halting_terms(compensation_bps=0))
    world.send(market.set_provider_jurisdiction(bank, HONG_KONG, admitted=False))
    (receipt,) = world.send(market.set_purchase_policy(bank, ZERO_ADDRESS))
    assert world.events(receipt) == [PurchasePolicySet(ZERO_ADDRESS)]
    assert world.open(world.halting_terms(compensation_bps=0)).policy == ZERO_ADDRESS


def test_a_policy_is_set_by_the_central_bank(abroad: Abroad) -> None:
    """Nobody else sets it, and it is a contract."""
    world = abroad.world
    market, stranger = world.network.market, world["stranger"]
    for step in (
        market.set_purchase_policy(stranger, ZERO_ADDRESS),
        market.set_provider_jurisdiction(stranger, HONG_KONG, admitted=True),
    ):
        refused(world, step, errors.AccessManagedUnauthorized, caller=stranger.address)
    step = market.set_purchase_policy(world["central bank"], stranger.address)
    refused(world, step, errors.PolicyWithoutCode, policy=stranger.address)
    assert FEN
