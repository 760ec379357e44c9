"""Transfers of Tokens: between holders, until expiry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pysettle.client import ComputeToken
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.compute.series.test_terms import create
from tests.contracts.effects import accounts, at, effect, refused
from tests.contracts.world import YUAN, World

TOKENS = 1_000_000

Way = Callable[[World, bytes, int], Transaction]


def by_hand(world: World, to: bytes, tokens: int) -> Transaction:
    """Transfer as the holder."""
    return world.series.transfer(world["buyer"], to, tokens)


def by_allowance(world: World, to: bytes, tokens: int) -> Transaction:
    """Transfer as a spender."""
    return world.series.transfer_from(world["relayer"], world.address("buyer"), to, tokens)


def by_authorization(world: World, to: bytes, tokens: int) -> Transaction:
    """Transfer by the holder's signature."""
    authorization = replace(world.authorization("buyer", to, tokens), valid_before=2**40)
    signature = world["buyer"].sign(authorization.transfer_digest(world.series.domain))
    return world.series.transfer_with_authorization(world["relayer"], authorization, signature)


ways = pytest.mark.parametrize("way", [by_hand, by_allowance, by_authorization], ids=lambda way: way.__name__)


@pytest.fixture
def holding(world: World) -> World:
    """Give the buyer Tokens, and the relayer leave to spend them."""
    world.buy("buyer", TOKENS)
    world.send(world.series.approve(world["buyer"], world.address("relayer"), 2**256 - 1))
    return world


@ways
@pytest.mark.parametrize("tokens", [0, 1, TOKENS])
def test_between_holders(holding: World, way: Way, tokens: int) -> None:
    """Tokens pass from holder to holder, and nothing but their two balances changes (P-6)."""
    buyer, other = holding.address("buyer"), holding.address("other buyer")
    with effect(holding) as change:
        (receipt,) = holding.send(way(holding, other, tokens))
    assert change == ({"Tokens buyer": -tokens, "Tokens other buyer": tokens} if tokens else {})
    assert holding.events(receipt)[-1] == Transfer(buyer, other, tokens)
    assert {log.address for log in receipt.logs} == {holding.series.address}


@ways
def test_to_oneself(holding: World, way: Way) -> None:
    """A transfer to oneself creates nothing."""
    with effect(holding) as change:
        holding.send(way(holding, holding.address("buyer"), TOKENS))
    assert change == {}


@ways
@pytest.mark.parametrize("tokens", [TOKENS + 1, 2**128, 2**128 + 1])
def test_more_than_is_held(holding: World, way: Way, tokens: int) -> None:
    """A transfer above the balance is refused, whatever its low 128 bits are (P-2)."""
    refused(
        holding,
        way(holding, holding.address("stranger"), tokens),
        errors.ERC20InsufficientBalance,
        sender=holding.address("buyer"),
        balance=TOKENS,
        needed=tokens,
    )


@ways
@pytest.mark.parametrize("place", ["series", "hub", "collector"])
@pytest.mark.parametrize("tokens", [0, 1])
def test_to_a_place_where_tokens_do_not_rest(holding: World, way: Way, place: str, tokens: int) -> None:
    """A plain transfer to the series would count as delivered, one to hub or collector would belong to nobody."""
    to = accounts(holding)[place]
    refused(
        holding,
        way(holding, to, tokens),
        errors.TokenTransferRefused,
        **{"from": holding.address("buyer"), "to": to},
    )


@ways
def test_to_nobody(holding: World, way: Way) -> None:
    """Tokens are destroyed by redemption and refund only."""
    refused(holding, way(holding, ZERO_ADDRESS, 1), errors.ERC20InvalidReceiver, receiver=ZERO_ADDRESS)


def test_from_nobody(holding: World) -> None:
    """Tokens are created by a purchase only."""
    refused(
        holding,
        holding.series.transfer_from(holding["stranger"], ZERO_ADDRESS, holding.address("stranger"), 0),
        errors.ERC20InvalidSender,
        sender=ZERO_ADDRESS,
    )


@pytest.mark.parametrize("place", ["collector", "series"])
def test_out_of_a_place_where_tokens_do_not_rest(holding: World, place: str) -> None:
    """Nobody draws on the series' delivered Tokens, and none pass through the collector but a deposit."""
    holding.send(holding.series.consume(holding["buyer"], 1))
    source = accounts(holding)[place]
    error: dict[str, object] = {"spender": holding.address("stranger"), "allowance": 0, "needed": 1}
    refused(
        holding,
        holding.series.transfer_from(holding["stranger"], source, holding.address("stranger"), 1),
        errors.ERC20InsufficientAllowance,
        **error,
    )


def test_a_collector_of_another_kind(world: World) -> None:
    """Whoever is the collector takes from payers and gives to the hub: it moves Tokens to no other place."""
    collector, hub, other = world["stranger"], world.network.hub.address, world.address("other buyer")
    buyer, currency = world["buyer"], world.network.currency
    series = ComputeToken(world.network.sender, create(world, collector=collector.address))
    world.fund("buyer", YUAN)
    payment = world.authorization("buyer", collector.address, 10)
    signature = buyer.sign(payment.receive_digest(series.domain))
    world.send(
        currency.approve(buyer, series.address, YUAN),
        series.purchase(buyer, buyer.address, 20, world.now + 60),
        series.approve(buyer, collector.address, 10),
        series.receive_with_authorization(collector, payment, signature),
    )
    parties = {"from": collector.address, "to": other}
    refused(world, series.transfer(collector, other, 1), errors.TokenTransferRefused, **parties)
    refused(
        world,
        series.transfer_from(collector, buyer.address, hub, 1),
        errors.TokenTransferRefused,
        **{"from": buyer.address, "to": hub},
    )
    # A freeze is of those whose Tokens they are.
    world.send(currency.freeze(world["freezer"], collector.address, outgoing=True, incoming=True))
    world.send(series.transfer(collector, hub, 10))
    assert [series.balance_of(it) for it in (collector.address, hub, buyer.address)] == [0, 10, 10]


@ways
def test_expiry(holding: World, way: Way) -> None:
    """Tokens pass on until one second before expiry and not from that second on, whichever way (P-8)."""
    expiry, other = holding.series.expiry, holding.address("other buyer")
    late = way(holding, other, 1)
    at(holding, expiry - 1)
    holding.send(way(holding, other, 1))
    refused(holding, late, errors.SeriesExpired, expiry=expiry, timestamp=expiry)


def test_a_deposit_after_expiry(holding: World) -> None:
    """Nothing is deposited from the second of expiry."""
    expiry, hub = holding.series.expiry, holding.network.hub
    config = holding.config("buyer")
    first, second = (hub.sign_deposit(holding["buyer"], holding.series, config, 1, 2**40, salt) for salt in (1, 2))
    at(holding, expiry - 1)
    with effect(holding) as change:
        holding.send(hub.deposit(holding["relayer"], config, 1, first))
    assert change == {"Tokens buyer": -1, "Tokens hub": 1}
    late = hub.deposit(holding["relayer"], config, 1, second)
    refused(holding, late, errors.SeriesExpired, expiry=expiry, timestamp=expiry)


def test_out_of_the_hub_after_expiry(holding: World) -> None:
    """What lies in a channel comes back to its payer without a last date, and is refunded then."""
    hub, series, buyer = holding.network.hub, holding.series, holding["buyer"]
    config = holding.deposit("buyer", TOKENS)
    at(holding, series.expiry + 1_000)
    holding.send(hub.initiate_withdraw(buyer, config, TOKENS))
    at(holding, holding.now + 900)
    with effect(holding) as change:
        holding.send(hub.finalize_withdraw(buyer, config), series.refund(buyer, TOKENS))
    backing = TOKENS * series.unit_price // 1_000_000
    assert change == {
        "Tokens hub": -TOKENS,
        "Tokens supply": -TOKENS,
        "eCNY series": -backing,
        "eCNY buyer": backing,
    }


@pytest.mark.parametrize(
    ("receiver", "authorizer"), [("provider", "meter"), ("series", "provider"), ("series", "series")]
)
def test_the_series_checks_a_channels_terms(holding: World, receiver: str, authorizer: str) -> None:
    """A Token channel is the series' own and claimed by its meter alone."""
    named, hub = accounts(holding), holding.network.hub
    config = holding.config("buyer", receiver=named[receiver], receiver_authorizer=named[authorizer])
    data = hub.sign_deposit(holding["buyer"], holding.series, config, 1, holding.now + 60)
    refused(
        holding,
        hub.deposit(holding["relayer"], config, 1, data),
        errors.ChannelTermsRefused,
        receiver=named[receiver],
        receiverAuthorizer=named[authorizer],
    )
