"""Redemption of delivered Tokens by the provider."""

from __future__ import annotations

import pytest

from pysettle.domain.compute.events import Redeemed
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.contracts.effects import FORWARDER, at, deploy, effect, refused, through
from tests.contracts.world import ACTORS, World

TOKENS = 1_000_000
DELIVERED = 400_000


@pytest.fixture
def delivered(world: World) -> World:
    """Have the buyer buy Tokens and give a part of them back."""
    world.buy("buyer", TOKENS)
    world.send(world.series.consume(world["buyer"], DELIVERED))
    return world


@pytest.mark.parametrize(("tokens", "paid"), [(1, 0), (6, 0), (7, 1), (13, 1), (14, 2), (DELIVERED, 60_000)])
def test_redeem(delivered: World, tokens: int, paid: int) -> None:
    """The Tokens are destroyed, and their backing, rounded down to a unit, goes to the provider (P-3, P-6, P-20)."""
    series, currency, provider = delivered.series, delivered.network.currency, delivered["provider"]
    redeem = series.redeem(provider, tokens)
    assert int.from_bytes(delivered.network.sender.simulate(redeem), "big") == paid
    assert series._read("backingRoundedDown", tokens) == paid
    with effect(delivered) as change:
        (receipt,) = delivered.send(redeem)
    money = {"eCNY series": -paid, "eCNY provider": paid} if paid else {}
    assert change == {"Tokens series": -tokens, "Tokens supply": -tokens, **money}
    assert delivered.events(receipt) == [
        Redeemed(provider.address, tokens, paid),
        Transfer(series.address, ZERO_ADDRESS, tokens),
        Transfer(series.address, provider.address, paid),
    ]
    assert [log.address for log in receipt.logs] == [series.address, series.address, currency.address]
    assert series.delivered() == DELIVERED - tokens
    assert series.sold() == TOKENS


@pytest.mark.parametrize("name", [name for name in ACTORS if name != "provider"])
def test_only_the_provider(delivered: World, name: str) -> None:
    """Nobody else redeems, whatever its role (P-9, P-24)."""
    with pytest.raises(errors.SeriesCallerNotProvider) as caught:
        delivered.network.sender.simulate(delivered.series.redeem(delivered[name], 1))
    assert caught.value.args_by_name == {
        "caller": delivered.address(name),
        "provider": delivered.address("provider"),
    }


def test_through_a_contract_the_provider_called(delivered: World) -> None:
    """A contract does not redeem in the name of the provider who called it (P-12)."""
    forwarder = deploy(delivered, FORWARDER)
    refused(
        delivered,
        through(delivered, forwarder, delivered.series.redeem(delivered["provider"], 1)),
        errors.SeriesCallerNotProvider,
        caller=forwarder,
        provider=delivered.address("provider"),
    )


@pytest.mark.parametrize("tokens", [DELIVERED + 1, TOKENS, 2**128 + 1])
def test_only_what_was_delivered(delivered: World, tokens: int) -> None:
    """What holders still have is not the provider's, nor the money behind it (P-2, P-24)."""
    refused(
        delivered,
        delivered.series.redeem(delivered["provider"], tokens),
        errors.ERC20InsufficientBalance,
        sender=delivered.series.address,
        balance=DELIVERED,
        needed=tokens,
    )


def test_the_providers_own_tokens(delivered: World) -> None:
    """Tokens that the provider bought or was given are not delivered ones."""
    series, provider = delivered.series, delivered["provider"]
    gift = series.transfer(delivered["buyer"], provider.address, TOKENS // 2)
    delivered.send(series.redeem(provider, DELIVERED), gift)
    refused(
        delivered,
        series.redeem(provider, 1),
        errors.ERC20InsufficientBalance,
        sender=series.address,
        balance=0,
        needed=1,
    )


def test_nothing(delivered: World) -> None:
    """Zero Tokens are not redeemed."""
    refused(delivered, delivered.series.redeem(delivered["provider"], 0), errors.TokensZero)


def test_after_expiry(delivered: World) -> None:
    """The provider's right has no last date."""
    at(delivered, delivered.series.expiry + 10 * 365 * 86_400)
    with effect(delivered) as change:
        delivered.send(delivered.series.redeem(delivered["provider"], DELIVERED))
    assert change == {
        "Tokens series": -DELIVERED,
        "Tokens supply": -DELIVERED,
        "eCNY series": -60_000,
        "eCNY provider": 60_000,
    }


def test_many_small_redemptions(delivered: World) -> None:
    """Each rounds down, so that however a delivery is divided, never more than its backing is paid (P-20)."""
    series, provider = delivered.series, delivered["provider"]
    parts = [7, 13, 1, 6, 20, 33, 8] * 5
    with effect(delivered) as change:
        delivered.send(*(series.redeem(provider, part) for part in parts))
    paid = sum(part * series.unit_price // 1_000_000 for part in parts)
    whole = sum(parts) * series.unit_price // 1_000_000
    assert paid < whole
    assert change == {
        "Tokens series": -sum(parts),
        "Tokens supply": -sum(parts),
        "eCNY series": -paid,
        "eCNY provider": paid,
    }


def test_remainders_stay(world: World) -> None:
    """What rounding leaves of purchase and redemption stays in the series."""
    series = world.series
    paid = sum(world.buy("buyer", 7) for _ in range(3))
    world.send(series.consume(world["buyer"], 21))
    world.send(*(series.redeem(world["provider"], 3) for _ in range(7)))
    assert paid == 6
    assert series.total_supply() == 0
    assert world.network.currency.balance_of(series.address) == paid
    assert world.network.currency.balance_of(world.address("provider")) == 0
