"""The terms of a series: what no series can have, and what it is from birth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.client import ComputeToken
from pysettle.client.core.contract import interface
from pysettle.client.core.planning import GAS_CREATION
from pysettle.domain.compute.usage import RateCard
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import UnknownRevert
from pysettle.errors import contracts as errors
from pysettle.evm.artifacts import load
from pysettle.evm.transactions import Transaction
from tests.contracts.books import metered_claim, open_token_channel, row, used
from tests.contracts.effects import FALSE_TOKEN, at, deploy, effect
from tests.contracts.world import CAPACITY, LIFE_S, RATE_CARD, UNIT_PRICE, World

TERMS = (
    "name",
    "symbol",
    "provider",
    "service_class",
    "unit_price",
    "capacity",
    "expiry",
    "rate_card",
    "windows_hash",
    "halter",
    "halt_ground",
    "compensation_bps",
)
CONTRACTS = ("market", "currency", "hub", "collector", "meter", "policy")
GROUND = keccak(b"the provider has stopped delivering")
WINDOWS = keccak(b"peak from nine to twelve")


def arguments(world: World, **changes: object) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """Return the constructor's arguments for a series of the world's provider, or a changed one."""
    network = world.network
    standard: dict[str, object] = {
        "name": "Second Tokens",
        "symbol": "SECOND",
        "provider": world.address("provider"),
        "service_class": b"inference".ljust(32, b"\0"),
        "unit_price": UNIT_PRICE,
        "capacity": CAPACITY,
        "expiry": world.now + LIFE_S,
        "rate_card": RATE_CARD.pack(),
        "windows_hash": WINDOWS,
        "halter": world.address("halter"),
        "halt_ground": GROUND,
        "compensation_bps": 500,
        "market": network.market.address,
        "currency": network.currency.address,
        "hub": network.hub.address,
        "collector": network.hub.collector,
        "meter": network.meter.address,
        "policy": ZERO_ADDRESS,
    }
    stated = standard | changes
    return tuple(stated[field] for field in TERMS), tuple(stated[field] for field in CONTRACTS)


def creation(world: World, **changes: object) -> Transaction:
    """Have a stranger create a series of these terms past the factory, which serves the market alone."""
    series = interface("ComputeToken")
    code = load("ComputeToken").bytecode + series.encode_constructor(*arguments(world, **changes))
    return Transaction(world["stranger"], None, code, GAS_CREATION, series)


def create(world: World, **changes: object) -> Address:
    """Create a series of these terms, and return where it is."""
    (receipt,) = world.send(creation(world, **changes))
    assert receipt.contract_address is not None
    return receipt.contract_address


def test_a_series_states_its_terms(world: World) -> None:
    """Every term can be read back, and nothing is sold at birth."""
    expiry = world.now + 1_000
    series = ComputeToken(world.network.sender, create(world, expiry=expiry))
    network = world.network
    expected = {
        "name": "Second Tokens",
        "symbol": "SECOND",
        "decimals": 0,
        "provider": world.address("provider"),
        "market": network.market.address,
        "currency": network.currency.address,
        "hub": network.hub.address,
        "collector": network.hub.collector,
        "meter": network.meter.address,
        "policy": ZERO_ADDRESS,
        "halter": world.address("halter"),
        "haltGround": GROUND,
        "windowsHash": WINDOWS,
        "compensationBps": 500,
        "haltedAt": 0,
        "serviceClass": b"inference".ljust(32, b"\0"),
        "unitPrice": UNIT_PRICE,
        "capacity": CAPACITY,
        "expiry": expiry,
        "rateCard": RATE_CARD.pack(),
        "totalSupply": 0,
        "sold": 0,
        "delivered": 0,
    }
    assert {name: series._read(name) for name in expected} == expected
    assert (series.unit_price, series.capacity, series.expiry, series.rate_card) == (
        UNIT_PRICE,
        CAPACITY,
        expiry,
        RATE_CARD,
    )


def test_payee_only_at_birth(world: World) -> None:
    """A series takes authorizations by its own hand alone, in the transaction that creates it."""
    address = create(world)
    assert world.network.currency.is_payee_only(address)
    assert world.network.currency.is_payee_only(world.series.address)


@pytest.mark.parametrize(
    ("term", "change"),
    [
        ("provider", {"provider": ZERO_ADDRESS}),
        ("unitPrice", {"unit_price": 0}),
        ("capacity", {"capacity": 0}),
        ("expiry", {"expiry": 0}),
        ("haltGround", {"halt_ground": bytes(32)}),
        ("haltGround", {"halter": ZERO_ADDRESS}),
        ("compensationBps", {"compensation_bps": 10_001}),
        ("rateCard", {"rate_card": 1 << 192}),
        ("rateCard", {"rate_card": RATE_CARD.pack() | 1 << 255}),
    ],
)
def test_refused(world: World, term: str, change: dict[str, object]) -> None:
    """Each term that no series can have is refused by its name."""
    with effect(world) as effects, pytest.raises(errors.SeriesTermsInvalid) as caught:
        create(world, **change)
    assert caught.value.args_by_name == {"term": term}
    assert effects == {}


def test_expiry_is_in_the_future(world: World) -> None:
    """The second of creation is refused as expiry, the next one accepted."""
    moment = world.now + 100
    at(world, moment)
    with pytest.raises(errors.SeriesTermsInvalid):
        create(world, expiry=moment)
    at(world, moment + 10)
    create(world, expiry=moment + 11)


def test_the_smallest_and_the_greatest_terms(world: World) -> None:
    """The bounds of each term's type are terms of a series."""
    nobody = {"halter": ZERO_ADDRESS, "halt_ground": bytes(32)}
    create(world, name="", symbol="", unit_price=1, capacity=1, rate_card=0, compensation_bps=0, **nobody)
    create(
        world,
        name="n" * 31,
        symbol="s" * 100,
        unit_price=2**64 - 1,
        capacity=2**96 - 1,
        expiry=2**40 - 1,
        rate_card=2**192 - 1,
        compensation_bps=10_000,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("unit_price", 2**64), ("capacity", 2**96), ("expiry", 2**40), ("compensation_bps", 2**16)],
)
def test_a_term_too_wide_is_not_truncated(world: World, field: str, value: int) -> None:
    """A term that does not fit its type is refused, not cut to size (P-2)."""
    placeholder = 12_345
    standard = creation(world, **{field: placeholder})
    data = standard.data.replace(placeholder.to_bytes(32, "big"), (value + placeholder).to_bytes(32, "big"))
    assert data != standard.data
    with pytest.raises(UnknownRevert) as caught:
        world.send(replace(standard, data=data))
    assert caught.value.data == b""


@pytest.mark.parametrize("name", ["n" * 32, "代" * 11])
def test_a_name_too_long(world: World, name: str) -> None:
    """A name has at most 31 bytes, which the signing domain has room for."""
    with pytest.raises(errors.StringTooLong) as caught:
        create(world, name=name)
    assert caught.value.args_by_name == {"str": name}


def test_a_currency_without_code(world: World) -> None:
    """A series cannot be opened in an account that is no currency."""
    with pytest.raises(errors.SeriesTermsInvalid) as caught:
        create(world, currency=world.address("stranger"))
    assert caught.value.args_by_name == {"term": "currency"}


def test_a_currency_that_reports_failure(world: World) -> None:
    """Where the currency answers false instead of reverting, nothing is sold (P-13)."""
    currency = deploy(world, FALSE_TOKEN)
    series = ComputeToken(world.network.sender, create(world, currency=currency))
    buyer = world["buyer"]
    with pytest.raises(errors.SafeERC20FailedOperation) as caught:
        world.send(series.purchase(buyer, buyer.address, 1, world.now + 60))
    assert caught.value.args_by_name == {"token": currency}
    assert (series.total_supply(), series.sold(), series.balance_of(buyer.address)) == (0, 0, 0)


def test_series_do_not_share_a_name_space(world: World) -> None:
    """Two series of equal terms are two contracts with two signing domains."""
    first, second = (ComputeToken(world.network.sender, create(world)) for _ in range(2))
    assert first.address != second.address
    assert first.domain != second.domain
    assert replace(first.domain, contract=second.address) == second.domain


def test_a_new_price_is_a_new_series(world: World) -> None:
    """An open channel is claimed and paid by the terms it was opened on, whatever its provider asks now (P-15)."""
    network, series, provider = world.network, world.series, world["provider"]
    config = open_token_channel(world, "buyer", 1_000_000)
    twice = RateCard(RATE_CARD.off_peak + RATE_CARD.off_peak, RATE_CARD.peak + RATE_CARD.peak)
    dearer = world.open(world.halting_terms(unit_price=2 * UNIT_PRICE, rate_card=twice))
    assert (dearer.unit_price, dearer.rate_card) == (2 * UNIT_PRICE, twice)
    with effect(world) as change:
        world.send(
            metered_claim(world, [row(world, "buyer", config, used(1_000_000), 1_000_000)]),
            network.hub.settle(world["stranger"], series.address, series.address),
            series.redeem(provider, 1_000_000),
        )
    assert change["eCNY provider"] == 1_000_000 * UNIT_PRICE // 1_000_000
    assert (series.unit_price, series.rate_card) == (UNIT_PRICE, RATE_CARD)
    assert not [it for it in load("ComputeToken").abi if it.get("name", "").startswith("set")]
