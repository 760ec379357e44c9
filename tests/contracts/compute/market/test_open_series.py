"""A series takes capacity of compute once and for ever, and locks the stake that its promise of compensation needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client import SeriesTerms
from pysettle.domain.compute.events import SeriesOpened
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.money.events import SettlementAccountMarked
from pysettle.errors import contracts as errors
from pysettle.money import stake_rounded_up
from tests.contracts.compute.series.test_terms import create
from tests.contracts.effects import FORWARDER, check_books, deploy, effect, refused, through
from tests.contracts.world import CAPACITY, COMPENSATION_BPS, LIFE_S, RATE_CARD, UNIT_PRICE, World

GREATEST = 2**96 - 1


def compute(world: World, capacity: int = CAPACITY, provider: str = "provider", salt: int = 1) -> bytes:
    """Register compute of an actor's that delivers exactly as much, until the end of the usual life of a series."""
    now = world.now
    attestation = ComputeAttestation(
        world.address(provider), "Ascend 910C", 1, capacity, now + LIFE_S - 1, now + LIFE_S, salt.to_bytes(32, "big")
    )
    if capacity >= 2**64:
        attestation = replace(attestation, units=2**48 - 1, tokens_per_unit_second=capacity // (2**48 - 1))
    assert attestation.capacity == capacity
    return world.network.register_compute(world["relayer"], world["attester"], attestation)


@pytest.fixture
def terms(world: World) -> SeriesTerms:
    """Return terms with compensation that ends with the compute registered in the same second."""
    return world.halting_terms()


def test_open(world: World, terms: SeriesTerms) -> None:
    """The series works with the market's contracts, the stake is locked, and an event tells all of it (P-22)."""
    network, market, provider = world.network, world.network.market, world["provider"]
    compute_id, locked = compute(world), stake_rounded_up(CAPACITY, UNIT_PRICE, COMPENSATION_BPS)
    world.stake("provider", locked + 5)
    with effect(world) as change:
        (receipt,) = world.send(market.open_series(provider, terms, compute_id))
    series = market.opened(receipt)
    network.series.append(series)
    assert change == {"stake provider": -locked}
    assert world.events(receipt) == [
        SeriesOpened(
            series.address,
            provider.address,
            compute_id,
            b"inference".ljust(32, b"\0"),
            CAPACITY,
            terms.expiry,
            locked,
        ),
        SettlementAccountMarked(series.address),
    ]
    assert series._read("market") == market.address
    assert [series._read(it) for it in ("currency", "hub", "collector", "meter")] == [
        network.currency.address,
        network.hub.address,
        network.hub.collector,
        network.meter.address,
    ]
    assert (series.provider, series.halter, series.halt_ground) == (provider.address, terms.halter, terms.halt_ground)
    assert (series.compensation_bps, series.halted_at()) == (COMPENSATION_BPS, 0)
    assert network.currency.is_settlement_account(series.address)
    assert network.currency.is_payee_only(series.address)
    assert (market.locked_stake(series.address), market.free_stake(provider.address)) == (locked, 5)
    assert market.compute(compute_id).allocated == CAPACITY


@pytest.mark.parametrize(
    ("capacity", "unit_price", "bps", "locked"),
    [
        (CAPACITY, UNIT_PRICE, 0, 0),
        (1, 1, 1, 1),
        (10**10, 1, 1, 1),
        (10**10 + 1, 1, 1, 2),
        (10**10 - 1, 1, 1, 1),
        (1_000_000, 150_000, 10_000, 150_000),
        (1_000_001, 150_000, 10_000, 150_001),
        (123_457, 1_000_003, 725, -(-123_457 * 1_000_003 * 725 // 10**10)),
    ],
)
def test_the_stake_is_exact(world: World, capacity: int, unit_price: int, bps: int, locked: int) -> None:
    """It is capacity times price times basis points, rounded up to a unit; one unit less does not do (P-20)."""
    market, provider, compute_id = world.network.market, world["provider"], compute(world, capacity)
    terms = world.halting_terms(capacity=capacity, unit_price=unit_price, compensation_bps=bps, expiry=world.now + 100)
    opening = market.open_series(provider, terms, compute_id)
    if locked:
        if locked > 1:
            world.stake("provider", locked - 1)
        refused(
            world,
            opening,
            errors.StakeInsufficient,
            provider=provider.address,
            requested=locked,
            available=locked - 1,
        )
        world.stake("provider", 1)
    (receipt,) = world.send(opening)
    series = market.opened(receipt)
    assert (market.locked_stake(series.address), market.free_stake(provider.address)) == (locked, 0)


def test_a_stake_beyond_any_supply(world: World) -> None:
    """What no currency can have is refused by name, not cut to 96 bits (P-2)."""
    market, provider = world.network.market, world["provider"]
    capacity = (2**48 - 1) * (2**48 + 1)
    terms = world.halting_terms(capacity=capacity, unit_price=2**64 - 1, compensation_bps=10_000)
    refused(
        world,
        market.open_series(provider, replace(terms, expiry=world.now + 100), compute(world, capacity)),
        errors.StakeTooLarge,
        requested=-(-capacity * (2**64 - 1) // 1_000_000),
        most=GREATEST,
    )


def test_the_greatest_stake(world: World) -> None:
    """As much as there can be of a currency may be asked for; nobody has it here (P-8)."""
    market, provider, capacity = world.network.market, world["provider"], (2**48 - 1) * (2**48 + 1)
    terms = world.halting_terms(capacity=capacity, unit_price=1_000_000, compensation_bps=10_000)
    refused(
        world,
        market.open_series(provider, replace(terms, expiry=world.now + 100), compute(world, capacity)),
        errors.StakeInsufficient,
        provider=provider.address,
        requested=GREATEST,
        available=0,
    )


def test_capacity_is_allocated_once(world: World) -> None:
    """Several series share compute until nothing is left of it, whatever they sell; none gives any back (P-28)."""
    market, provider, compute_id = world.network.market, world["provider"], compute(world, 100)
    parts = [
        SeriesTerms(f"Part {number}", f"P{number}", "gpu", 1, part, world.now + 50, RATE_CARD)
        for number, part in enumerate((60, 39, 1))
    ]
    too_much = replace(parts[1], capacity=41)
    for part, allocated in zip(parts, (60, 99, 100), strict=True):
        if allocated == 99:
            refused(
                world,
                market.open_series(provider, too_much, compute_id),
                errors.ComputeCapacityExceeded,
                computeId=compute_id,
                requested=41,
                available=40,
            )
        world.network.open_series(provider, part, compute_id)
        assert market.compute(compute_id).allocated == allocated
    world.chain.clock.advance(100)
    late = replace(parts[0], capacity=1, expiry=world.now + 50)
    refused(
        world,
        market.open_series(provider, late, compute_id),
        errors.ComputeCapacityExceeded,
        computeId=compute_id,
        requested=1,
        available=0,
    )
    check_books(world)


def test_the_greatest_capacity(world: World) -> None:
    """All of 96 bits is allocated to one series, and not a Token more to another (P-2)."""
    greatest = (2**48 - 1) * (2**48 + 1)
    assert greatest == GREATEST
    compute_id, market = compute(world, greatest), world.network.market
    terms = SeriesTerms("All", "ALL", "gpu", 1, greatest, world.now + 100, RATE_CARD)
    world.network.open_series(world["provider"], terms, compute_id)
    refused(
        world,
        market.open_series(world["provider"], replace(terms, capacity=1), compute_id),
        errors.ComputeCapacityExceeded,
        computeId=compute_id,
        requested=1,
        available=0,
    )


def test_a_series_ends_no_later_than_its_compute(world: World, terms: SeriesTerms) -> None:
    """The second in which compute ends is the last one that a series can expire in (P-8)."""
    market, compute_id = world.network.market, compute(world)
    end = market.compute(compute_id).valid_before
    world.stake("provider", stake_rounded_up(CAPACITY, UNIT_PRICE, COMPENSATION_BPS))
    refused(
        world,
        market.open_series(world["provider"], replace(terms, expiry=end + 1), compute_id),
        errors.ComputeEndsBefore,
        computeId=compute_id,
        expiry=end + 1,
        validBefore=end,
    )
    world.send(market.open_series(world["provider"], replace(terms, expiry=end), compute_id))


def test_compute_of_another(world: World, terms: SeriesTerms) -> None:
    """Nobody opens a series on another's compute, or on none (P-9)."""
    market, compute_id = world.network.market, compute(world)
    for name, named in (("stranger", compute_id), ("provider", b"\0" * 32), ("stranger", b"\1" * 32)):
        refused(
            world,
            market.open_series(world[name], terms, named),
            errors.ComputeNotOfProvider,
            computeId=named,
            provider=world.address(name),
        )


def test_in_the_name_of_another(world: World, terms: SeriesTerms) -> None:
    """The provider of the terms opens it itself: neither somebody else, nor a contract that it calls (P-12)."""
    market, compute_id, provider = world.network.market, compute(world), world.address("provider")
    forwarder = deploy(world, FORWARDER)
    opening = market.open_series(world["provider"], terms, compute_id)
    for transaction, caller in (
        (replace(opening, sender=world["stranger"]), world.address("stranger")),
        (through(world, forwarder, opening), forwarder),
    ):
        refused(world, transaction, errors.ProviderNotCaller, provider=provider, caller=caller)


def test_terms_of_no_series(world: World, terms: SeriesTerms) -> None:
    """What the constructor refuses is refused by its name through the market, and allocates and locks nothing."""
    market, provider, compute_id = world.network.market, world["provider"], compute(world)
    world.stake("provider", stake_rounded_up(CAPACITY, UNIT_PRICE, COMPENSATION_BPS))
    for change, term in (
        ({"unit_price": 0}, "unitPrice"),
        ({"capacity": 0}, "capacity"),
        ({"expiry": world.now}, "expiry"),
        ({"halt_ground": b"\0" * 32}, "haltGround"),
    ):
        altered = replace(terms, **change)
        with effect(world) as effects:
            refused(world, market.open_series(provider, altered, compute_id), errors.SeriesTermsInvalid, term=term)
        assert effects == {}
        assert market.compute(compute_id).allocated == 0


def test_stake_of_one_series_is_not_anothers(world: World) -> None:
    """Each series locks its own part: the second needs as much again."""
    market, provider = world.network.market, world["provider"]
    first = world.open(world.halting_terms())
    locked = market.locked_stake(first.address)
    again = market.open_series(provider, world.halting_terms(), compute(world))
    lacking = {"provider": provider.address, "requested": locked, "available": 0}
    refused(world, again, errors.StakeInsufficient, **lacking)
    world.stake("provider", locked - 1)
    refused(world, again, errors.StakeInsufficient, **(lacking | {"available": locked - 1}))


def test_a_series_that_the_market_did_not_open(world: World) -> None:
    """Anybody may create one past the factory: it is no settlement account, and no market halts or releases it."""
    network, market = world.network, world.network.market
    series = market.at(create(world))
    assert series._read("market") == market.address
    assert not network.currency.is_settlement_account(series.address)
    unknown = {"series": series.address}
    refused(world, market.halt(world["halter"], series.address, b"\1" * 32), errors.SeriesUnknown, **unknown)
    refused(world, market.release_stake(world["stranger"], series.address), errors.SeriesUnknown, **unknown)
