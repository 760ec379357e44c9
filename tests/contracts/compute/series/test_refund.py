"""Refund: after expiry a holder exchanges Tokens for the currency that backs them."""

from __future__ import annotations

import pytest

from pysettle.domain.compute.events import Refunded
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.contracts.effects import at, effect, refused
from tests.contracts.world import World

TOKENS = 1_000_000
PAID = 150_000


@pytest.fixture
def holding(world: World) -> World:
    """Give the buyer Tokens."""
    world.buy("buyer", TOKENS)
    return world


@pytest.mark.parametrize(("tokens", "paid"), [(1, 0), (6, 0), (7, 1), (13, 1), (14, 2), (TOKENS, PAID)])
def test_refund(holding: World, tokens: int, paid: int) -> None:
    """The Tokens are destroyed and their backing, rounded down to a unit, goes to the holder (P-3, P-6, P-7, P-20)."""
    series, currency, buyer = holding.series, holding.network.currency, holding["buyer"]
    at(holding, series.expiry)
    refund = series.refund(buyer, tokens)
    assert int.from_bytes(holding.network.sender.simulate(refund), "big") == paid
    with effect(holding) as change:
        (receipt,) = holding.send(refund)
    money = {"eCNY series": -paid, "eCNY buyer": paid} if paid else {}
    assert change == {"Tokens buyer": -tokens, "Tokens supply": -tokens, **money}
    assert holding.events(receipt) == [
        Refunded(buyer.address, tokens, paid, 0),
        Transfer(buyer.address, ZERO_ADDRESS, tokens),
        Transfer(series.address, buyer.address, paid),
    ]
    assert [log.address for log in receipt.logs] == [series.address, series.address, currency.address]


def test_before_expiry(holding: World) -> None:
    """One second before expiry there is no refund, from that second on there is: half-open (P-8)."""
    series, buyer, expiry = holding.series, holding["buyer"], holding.series.expiry
    refund = series.refund(buyer, 7)
    refused(holding, refund, errors.SeriesNotEnded, expiry=expiry, timestamp=holding.now)
    at(holding, expiry - 1)
    refused(holding, refund, errors.SeriesNotEnded, expiry=expiry, timestamp=expiry - 1)
    assert holding.now == expiry
    holding.send(refund)


@pytest.mark.parametrize("second", [-1, 0])
def test_every_second_has_one_rule(holding: World, second: int) -> None:
    """In each second around expiry Tokens can either be used or be refunded, never both and never neither (P-8)."""
    series, buyer = holding.series, holding["buyer"]
    at(holding, series.expiry + second)
    allowed = set()
    for name, transaction in {
        "refund": series.refund(buyer, 1),
        "consume": series.consume(buyer, 1),
        "transfer": series.transfer(buyer, holding.address("stranger"), 1),
    }.items():
        try:
            holding.network.sender.simulate(transaction)
            allowed.add(name)
        except (errors.SeriesExpired, errors.SeriesNotEnded):
            pass
    assert allowed == ({"refund"} if second >= 0 else {"consume", "transfer"})


def test_to_whoever_holds(holding: World) -> None:
    """The refund is the holder's at expiry, not the first buyer's or the payer's (P-18)."""
    series, buyer, other = holding.series, holding["buyer"], holding["other buyer"]
    holding.send(series.transfer(buyer, other.address, TOKENS))
    at(holding, series.expiry)
    refused(
        holding,
        series.refund(buyer, 1),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=0,
        needed=1,
    )
    with effect(holding) as change:
        holding.send(series.refund(other, TOKENS))
    assert change == {
        "Tokens other buyer": -TOKENS,
        "Tokens supply": -TOKENS,
        "eCNY series": -PAID,
        "eCNY other buyer": PAID,
    }


def test_not_the_delivered_ones(holding: World) -> None:
    """What was delivered is the provider's: the holder gets back the rest only, and each is paid in full."""
    series, buyer, provider = holding.series, holding["buyer"], holding["provider"]
    holding.send(series.consume(buyer, 400_000))
    at(holding, series.expiry)
    refused(
        holding,
        series.refund(buyer, TOKENS),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=600_000,
        needed=TOKENS,
    )
    with effect(holding) as change:
        holding.send(series.refund(buyer, 600_000), series.redeem(provider, 400_000))
    assert change == {
        "Tokens buyer": -600_000,
        "Tokens series": -400_000,
        "Tokens supply": -TOKENS,
        "eCNY series": -PAID,
        "eCNY buyer": 90_000,
        "eCNY provider": 60_000,
    }


def test_without_a_last_date(holding: World) -> None:
    """Many years later the backing is still there (P-7)."""
    at(holding, holding.series.expiry + 50 * 365 * 86_400)
    with effect(holding) as change:
        holding.send(holding.series.refund(holding["buyer"], TOKENS))
    assert change["eCNY buyer"] == PAID


@pytest.mark.parametrize("tokens", [TOKENS + 1, 2**128 + 1])
def test_more_than_is_held(holding: World, tokens: int) -> None:
    """Nobody is refunded more than it has (P-2)."""
    buyer = holding["buyer"]
    at(holding, holding.series.expiry)
    refused(
        holding,
        holding.series.refund(buyer, tokens),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=TOKENS,
        needed=tokens,
    )


def test_nothing(holding: World) -> None:
    """Zero Tokens are not refunded."""
    at(holding, holding.series.expiry)
    refused(holding, holding.series.refund(holding["buyer"], 0), errors.TokensZero)
