"""Stake comes in and leaves by its provider's hand; what a series has locked stays until that expires or is halted."""

from __future__ import annotations

import pytest

from pysettle.domain.compute.events import Staked, StakeReleased, StakeWithdrawn
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.events import Transfer
from pysettle.errors import contracts as errors
from pysettle.money import stake_rounded_up
from tests.contracts.effects import at, check_books, effect, refused
from tests.contracts.world import ACTORS, CAPACITY, COMPENSATION_BPS, FEN, UNIT_PRICE, World

STAKE = 5 * FEN


@pytest.fixture
def allowed(world: World) -> World:
    """Give the provider units, and the market leave to take them."""
    world.fund("provider", STAKE)
    world.send(world.network.currency.approve(world["provider"], world.network.market.address, STAKE))
    return world


def test_stake_and_withdraw(allowed: World) -> None:
    """Units go to the market and come back, in parts and whole; each event says what is free then (P-22)."""
    market, provider = allowed.network.market, allowed["provider"]
    for amount, free in ((FEN, FEN), (STAKE - FEN, STAKE)):
        with effect(allowed) as change:
            (receipt,) = allowed.send(market.stake(provider, amount))
        assert change == {"eCNY provider": -amount, "eCNY market": amount, "stake provider": amount}
        assert allowed.events(receipt) == [
            Staked(provider.address, amount, free),
            Transfer(provider.address, market.address, amount),
        ]
    for amount, free in ((1, STAKE - 1), (STAKE - 1, 0)):
        with effect(allowed) as change:
            (receipt,) = allowed.send(market.withdraw_stake(provider, amount))
        assert change == {"eCNY provider": amount, "eCNY market": -amount, "stake provider": -amount}
        assert allowed.events(receipt) == [
            StakeWithdrawn(provider.address, amount, free),
            Transfer(market.address, provider.address, amount),
        ]


def test_nothing(allowed: World) -> None:
    """Zero is neither staked nor withdrawn."""
    market, provider = allowed.network.market, allowed["provider"]
    refused(allowed, market.stake(provider, 0), errors.StakeAmountZero)
    refused(allowed, market.withdraw_stake(provider, 0), errors.StakeAmountZero)


def test_without_units_or_leave(allowed: World) -> None:
    """Nothing is staked that was not paid in (P-13)."""
    market, provider, stranger = allowed.network.market, allowed["provider"], allowed["stranger"]
    refused(
        allowed,
        market.stake(provider, STAKE + 1),
        errors.ERC20InsufficientAllowance,
        spender=market.address,
        allowance=STAKE,
        needed=STAKE + 1,
    )
    allowed.send(allowed.network.currency.approve(stranger, market.address, 1))
    refused(
        allowed,
        market.stake(stranger, 1),
        errors.ERC20InsufficientBalance,
        sender=stranger.address,
        balance=0,
        needed=1,
    )


def test_more_than_can_be_told(allowed: World) -> None:
    """A stake that would leave 256 bits is refused, not wrapped around (P-2)."""
    market, provider = allowed.network.market, allowed["provider"]
    allowed.send(market.stake(provider, 1))
    refused(allowed, market.stake(provider, 2**256 - 1), errors.Panic, code=0x11)


@pytest.mark.parametrize("amount", [STAKE + 1, 2**256 - 1])
def test_more_than_is_free(allowed: World, amount: int) -> None:
    """A withdrawal above what is free is refused whole (P-2)."""
    market, provider = allowed.network.market, allowed["provider"]
    allowed.send(market.stake(provider, STAKE))
    refused(
        allowed,
        market.withdraw_stake(provider, amount),
        errors.StakeInsufficient,
        provider=provider.address,
        requested=amount,
        available=STAKE,
    )


@pytest.mark.parametrize("name", [name for name in ACTORS if name != "provider"])
def test_nobody_withdraws_anothers(allowed: World, name: str) -> None:
    """Each has what it staked itself: nothing (P-9, P-24)."""
    market = allowed.network.market
    allowed.send(market.stake(allowed["provider"], STAKE))
    with pytest.raises(errors.StakeInsufficient) as caught:
        allowed.network.sender.simulate(market.withdraw_stake(allowed[name], 1))
    assert caught.value.args_by_name == {"provider": allowed.address(name), "requested": 1, "available": 0}


def test_what_is_given_to_the_market_is_nobodys_stake(allowed: World) -> None:
    """A transfer to the market is a donation: it adds to no stake, and cannot be withdrawn."""
    market, provider = allowed.network.market, allowed["provider"]
    allowed.send(allowed.network.currency.transfer(provider, market.address, FEN))
    refused(
        allowed,
        market.withdraw_stake(provider, 1),
        errors.StakeInsufficient,
        provider=provider.address,
        requested=1,
        available=0,
    )
    check_books(allowed)


def test_a_frozen_provider(allowed: World) -> None:
    """Nothing is staked out of a frozen account; what it staked before comes back as a credit where it is closed."""
    market, currency, provider = allowed.network.market, allowed.network.currency, allowed["provider"]
    allowed.send(
        market.stake(provider, FEN),
        currency.freeze(allowed["freezer"], provider.address, outgoing=True, incoming=True),
    )
    refused(allowed, market.stake(provider, FEN), errors.AccountFrozenOutgoing, account=provider.address)
    with effect(allowed) as change:
        allowed.send(market.withdraw_stake(provider, FEN))
    assert change == {"eCNY market": -FEN, "eCNY currency": FEN, "credit provider": FEN, "stake provider": -FEN}


def test_a_frozen_provider_opens_nothing(world: World) -> None:
    """A halt would hand its stake to whoever bought: what is frozen answers for nothing new (INV-FROZEN)."""
    network, provider = world.network, world["provider"]
    terms = world.halting_terms()
    attestation = ComputeAttestation(provider.address, "Ascend 910C", 1, CAPACITY, terms.expiry - 1, terms.expiry)
    compute_id = network.register_compute(world["relayer"], world["attester"], attestation)
    world.stake("provider", stake_rounded_up(CAPACITY, UNIT_PRICE, COMPENSATION_BPS))
    opening = network.market.open_series(provider, terms, compute_id)
    currency, freezer = network.currency, world["freezer"]
    world.send(currency.freeze(freezer, provider.address, outgoing=True, incoming=False))
    refused(world, opening, errors.ProviderFrozen, provider=provider.address)
    world.send(currency.freeze(freezer, provider.address, outgoing=False, incoming=True))
    (receipt,) = world.send(opening)
    assert network.market.opened(receipt).provider == provider.address


def test_release_at_the_second_of_expiry(world: World) -> None:
    """One second before it the stake is locked, from it on anyone unlocks it, once: half-open (P-8)."""
    market, provider = world.network.market, world["provider"]
    series = world.open(world.halting_terms())
    locked, release = market.locked_stake(series.address), market.release_stake(world["stranger"], series.address)
    refused(
        world,
        market.withdraw_stake(provider, 1),
        errors.StakeInsufficient,
        provider=provider.address,
        requested=1,
        available=0,
    )
    for early in (world.now, series.expiry - 1):
        at(world, early)
        terms = {"series": series.address, "expiry": series.expiry, "timestamp": early}
        refused(world, release, errors.StakeLocked, **terms)
    assert world.now == series.expiry
    with effect(world) as change:
        (receipt,) = world.send(release)
    assert change == {"stake provider": locked}
    assert world.events(receipt) == [StakeReleased(series.address, provider.address, locked)]
    assert market.locked_stake(series.address) == 0
    refused(world, release, errors.StakeAmountZero)
    with effect(world) as change:
        world.send(market.withdraw_stake(provider, locked))
    assert change == {"eCNY provider": locked, "eCNY market": -locked, "stake provider": -locked}


def test_release_of_nothing(world: World) -> None:
    """A series that promises no compensation has locked nothing; what the market did not open it does not know."""
    market, stranger = world.network.market, world["stranger"]
    refused(
        world,
        market.release_stake(stranger, world.network.currency.address),
        errors.SeriesUnknown,
        series=world.network.currency.address,
    )
    at(world, world.series.expiry)
    refused(world, market.release_stake(stranger, world.series.address), errors.StakeAmountZero)


def test_a_halted_series_releases_nothing_more(world: World) -> None:
    """What the halt left went back at once; at expiry there is no stake to be released a second time (INV-ONCE)."""
    market = world.network.market
    series = world.open(world.halting_terms())
    release = market.release_stake(world["provider"], series.address)
    world.send(world.halt(series))
    terms = {"series": series.address, "expiry": series.expiry, "timestamp": world.now}
    refused(world, release, errors.StakeLocked, **terms)
    at(world, series.expiry)
    refused(world, release, errors.StakeAmountZero)
