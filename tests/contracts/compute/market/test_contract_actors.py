"""A provider or a halter that is a contract acts as itself, whoever sent the transaction (P-12)."""

from __future__ import annotations

import pytest
from eth_typing import Address

from pysettle.client import SeriesTerms
from pysettle.domain.compute.events import SeriesHalted, SeriesOpened, Staked, StakeReleased, StakeWithdrawn
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.events import Transfer
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import stake_rounded_up
from tests.contracts.effects import FORWARDER, at, deploy, effect, refused, through
from tests.contracts.world import CAPACITY, COMPENSATION_BPS, EVIDENCE, FEN, GROUND, UNIT_PRICE, World

LOCKED = stake_rounded_up(CAPACITY, UNIT_PRICE, COMPENSATION_BPS)
STAKE = -(-3 * LOCKED // FEN) * FEN


@pytest.fixture
def provider(world: World) -> Address:
    """Deploy a provider that is a contract, with units that the market may take."""
    network, contract = world.network, deploy(world, FORWARDER)
    world.issue(contract, STAKE)
    world.send(through(world, contract, network.currency.approve(world["stranger"], network.market.address, STAKE)))
    return contract


def terms_of(world: World, provider: Address) -> tuple[SeriesTerms, bytes]:
    """Register compute of a provider; return terms of a series that takes all of it, and the id of the compute."""
    terms = world.halting_terms()
    attestation = ComputeAttestation(provider, "Ascend 910C", 1, CAPACITY, terms.expiry - 1, terms.expiry)
    return terms, world.network.register_compute(world["relayer"], world["attester"], attestation)


def opening(world: World, provider: Address, terms: SeriesTerms, compute_id: bytes) -> Transaction:
    """Return the opening of a series by a provider that is a contract."""
    market = world.network.market
    opened = market.open_series(world["stranger"], terms, compute_id)
    # The client names whoever signs as the provider.
    data = opened.data.replace(world.address("stranger").rjust(32, b"\0"), provider.rjust(32, b"\0"))
    return through(world, provider, Transaction(opened.sender, opened.to, data, opened.gas, opened.interface))


def test_stake_and_withdraw(world: World, provider: Address) -> None:
    """The contract's units are staked, told of, and come back to it; the sender has no part in it."""
    market, sender = world.network.market, world["provider"]
    for staked in (FEN, 2 * FEN):
        with effect(world, contract=provider) as change:
            (receipt,) = world.send(through(world, provider, market.stake(sender, FEN)))
        assert change == {"eCNY contract": -FEN, "eCNY market": FEN}
        assert world.events(receipt) == [Staked(provider, FEN, staked), Transfer(provider, market.address, FEN)]
    assert (market.free_stake(provider), market.free_stake(sender.address)) == (2 * FEN, 0)
    with effect(world, contract=provider) as change:
        (receipt,) = world.send(through(world, provider, market.withdraw_stake(sender, FEN)))
    assert change == {"eCNY contract": FEN, "eCNY market": -FEN}
    assert world.events(receipt) == [StakeWithdrawn(provider, FEN, FEN), Transfer(market.address, provider, FEN)]
    refused(
        world,
        through(world, provider, market.withdraw_stake(sender, FEN + 1)),
        errors.StakeInsufficient,
        provider=provider,
        requested=FEN + 1,
        available=FEN,
    )


def test_open_and_release(world: World, provider: Address) -> None:
    """The series is the contract's, out of its stake, which comes back beside what it has free."""
    market = world.network.market
    world.send(through(world, provider, market.stake(world["stranger"], STAKE)))
    terms, compute_id = terms_of(world, provider)
    (receipt,) = world.send(opening(world, provider, terms, compute_id))
    series = market.opened(receipt)
    world.network.series.append(series)
    (opened,) = [it for it in world.events(receipt) if isinstance(it, SeriesOpened)]
    assert (opened.provider, opened.stake) == (provider, LOCKED)
    assert (series.provider, market.locked_stake(series.address)) == (provider, LOCKED)
    assert market.free_stake(provider) == STAKE - LOCKED
    at(world, series.expiry)
    (receipt,) = world.send(market.release_stake(world["relayer"], series.address))
    assert world.events(receipt) == [StakeReleased(series.address, provider, LOCKED)]
    assert market.free_stake(provider) == STAKE


def test_a_frozen_provider(world: World, provider: Address) -> None:
    """A frozen contract opens nothing, whoever asks it to; where its caller is frozen, it does."""
    market, currency, freezer, sender = (
        world.network.market,
        world.network.currency,
        world["freezer"],
        world["stranger"],
    )
    world.send(through(world, provider, market.stake(sender, STAKE)))
    terms, compute_id = terms_of(world, provider)
    world.send(currency.freeze(freezer, provider, outgoing=True, incoming=False))
    refused(world, opening(world, provider, terms, compute_id), errors.ProviderFrozen, provider=provider)
    world.send(
        currency.freeze(freezer, provider, outgoing=False, incoming=False),
        currency.freeze(freezer, sender.address, outgoing=True, incoming=True),
    )
    (receipt,) = world.send(opening(world, provider, terms, compute_id))
    series = market.opened(receipt)
    world.network.series.append(series)
    assert series.provider == provider


def test_opening_in_the_name_of_the_sender(world: World, provider: Address) -> None:
    """A contract that the provider calls opens nothing in the provider's name."""
    market, sender = world.network.market, world["provider"]
    terms, compute_id = terms_of(world, sender.address)
    world.stake("provider", LOCKED)
    refused(
        world,
        through(world, provider, market.open_series(sender, terms, compute_id)),
        errors.ProviderNotCaller,
        provider=sender.address,
        caller=provider,
    )


def test_halt(world: World, provider: Address) -> None:
    """A halter that is a contract halts, and is named; one that the halter only calls does not."""
    market, stranger = world.network.market, world["stranger"]
    series = world.open(world.halting_terms(halter=provider))
    world.stake("provider", LOCKED)
    refused(
        world,
        market.halt(stranger, series.address, EVIDENCE),
        errors.SeriesCallerNotHalter,
        series=series.address,
        caller=stranger.address,
        halter=provider,
    )
    (receipt,) = world.send(through(world, provider, market.halt(stranger, series.address, EVIDENCE)))
    (halted,) = [it for it in world.events(receipt) if isinstance(it, SeriesHalted)]
    assert (halted.halter, halted.ground, halted.evidence) == (provider, GROUND, EVIDENCE)
    # Nothing was sold, so nothing is compensated: all of the stake is free again, beside what was.
    assert (halted.compensation, halted.released) == (0, LOCKED)
    assert market.free_stake(world.address("provider")) == 2 * LOCKED


def test_halting_in_the_name_of_the_sender(world: World, provider: Address) -> None:
    """A contract that the halter calls halts nothing in the halter's name."""
    series = world.open(world.halting_terms())
    refused(
        world,
        through(world, provider, world.halt(series)),
        errors.SeriesCallerNotHalter,
        series=series.address,
        caller=provider,
        halter=world.address("halter"),
    )
