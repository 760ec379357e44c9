"""Consume: a holder gives Tokens back against service outside a channel."""

from __future__ import annotations

import pytest

from pysettle.domain.compute.events import Consumed
from pysettle.domain.core.events import Transfer
from pysettle.errors import contracts as errors
from tests.contracts.effects import at, effect, refused
from tests.contracts.world import World

TOKENS = 1_000_000


@pytest.fixture
def holding(world: World) -> World:
    """Give the buyer Tokens."""
    world.buy("buyer", TOKENS)
    return world


@pytest.mark.parametrize("tokens", [1, TOKENS])
def test_consume(holding: World, tokens: int) -> None:
    """The Tokens go to the series as delivered; supply and money stay as they are (P-6)."""
    series, buyer = holding.series, holding["buyer"]
    with effect(holding) as change:
        (receipt,) = holding.send(series.consume(buyer, tokens))
    assert change == {"Tokens buyer": -tokens, "Tokens series": tokens}
    assert holding.events(receipt) == [
        Consumed(buyer.address, tokens),
        Transfer(buyer.address, series.address, tokens),
    ]
    assert series.delivered() == tokens


def test_again(holding: World) -> None:
    """Deliveries add up."""
    series, buyer = holding.series, holding["buyer"]
    holding.send(series.consume(buyer, 1), series.consume(buyer, 2))
    assert series.delivered() == 3


def test_nothing(holding: World) -> None:
    """Zero Tokens are not consumed."""
    refused(holding, holding.series.consume(holding["buyer"], 0), errors.TokensZero)


@pytest.mark.parametrize("tokens", [TOKENS + 1, 2**128 + 1])
def test_more_than_is_held(holding: World, tokens: int) -> None:
    """Nobody gives back more than it has (P-2)."""
    buyer = holding["buyer"]
    refused(
        holding,
        holding.series.consume(buyer, tokens),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=TOKENS,
        needed=tokens,
    )


def test_expiry(holding: World) -> None:
    """From the second of expiry Tokens are refunded, not consumed: never both (P-8)."""
    series, buyer, expiry = holding.series, holding["buyer"], holding.series.expiry
    at(holding, expiry - 1)
    holding.send(series.consume(buyer, 1))
    refused(holding, series.consume(buyer, 1), errors.SeriesExpired, expiry=expiry, timestamp=expiry)
