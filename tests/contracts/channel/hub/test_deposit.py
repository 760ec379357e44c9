"""`ChannelHub.deposit`: who may bring what into which channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client import ChannelHub
from pysettle.client.core.contract import Contract
from pysettle.client.deploying import create_contract
from pysettle.domain.channel.events import ChannelCreated, Deposited
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import ContractReverted
from pysettle.errors.contracts import (
    AuthorizationAlreadyUsed,
    AuthorizationSignatureInvalid,
    ChannelCollectorRefused,
    ChannelConfigInvalid,
    ChannelReceiverPayeeOnly,
    ChannelTermsRefused,
    CollectorCallerNotHub,
    DepositAmountMismatch,
    DepositAmountZero,
    ERC20InsufficientBalance,
    SeriesExpired,
    TokenTransferRefused,
    WithdrawDelayOutOfRange,
)
from pysettle.evm.transactions import Transaction
from tests.contracts.books import (
    books,
    changes,
    channel,
    check_ledger,
    currency_config,
    happened,
    open_currency_channel,
    open_token_channel,
    refused,
)
from tests.contracts.hostile import Hostile
from tests.contracts.world import FEN, LIFE_S, START, World


def signed(world: World, name: str, config: object, amount: int, salt: int = 7) -> Transaction:
    """Return a deposit that the actor signed and the relayer submits."""
    hub = world.network.hub
    token = world.network.currency if config.token == world.network.currency.address else world.series
    data = hub.sign_deposit(world[name], token, config, amount, world.now + 3_600, salt)
    return hub.deposit(world["relayer"], config, amount, data)


def through(world: World, collector: Hostile, config: object, amount: int) -> Transaction:
    """Return a deposit through another collector."""
    hub = world.network.hub
    data = hub.interface.encode("deposit", config.fields(), amount, collector.address, b"")
    return Transaction(world["stranger"], hub.address, data, 2_000_000, hub.interface)


def test_first_token_deposit_creates_the_channel(world: World) -> None:
    """A first deposit moves exactly the signed Tokens to the hub, through the collector, and announces the terms."""
    world.buy("buyer", 10_000)
    config = world.config("buyer")
    before = books(world, config)
    (receipt,) = world.send(signed(world, "buyer", config, 4_000))
    payer, collector, hub = world.address("buyer"), world.network.hub.collector, world.network.hub.address
    channel_id = channel(world, config)
    assert happened(world, receipt) == [
        ChannelCreated(channel_id, config),
        Deposited(channel_id, payer, world.series.address, 4_000, 4_000),
        Transfer(payer, collector, 4_000),
        Transfer(collector, hub, 4_000),
    ]
    assert changes(before, books(world, config)) == {
        "Tokens buyer": -4_000,
        "Tokens hub": 4_000,
        "channel 0 balance": 4_000,
    }
    check_ledger(world, config)


def test_first_currency_deposit_creates_the_channel(world: World) -> None:
    """An e-CNY channel works the same, with a key as receiver and another as receiver authorizer."""
    world.fund("buyer", 10 * FEN)
    config = currency_config(world, "buyer")
    before = books(world, config)
    (receipt,) = world.send(signed(world, "buyer", config, 4 * FEN))
    payer, collector, hub = world.address("buyer"), world.network.hub.collector, world.network.hub.address
    assert happened(world, receipt) == [
        ChannelCreated(channel(world, config), config),
        Deposited(channel(world, config), payer, config.token, 4 * FEN, 4 * FEN),
        Transfer(payer, collector, 4 * FEN),
        Transfer(collector, hub, 4 * FEN),
    ]
    assert changes(before, books(world, config)) == {
        "eCNY buyer": -4 * FEN,
        "eCNY hub": 4 * FEN,
        "channel 0 balance": 4 * FEN,
    }
    check_ledger(world, config)


def test_top_up_adds_and_announces_no_second_creation(world: World) -> None:
    """A second deposit adds to the balance and states the new one."""
    world.buy("buyer", 10_000)
    config = world.deposit("buyer", 4_000)
    (receipt,) = world.send(signed(world, "buyer", config, 1_500))
    found = happened(world, receipt)
    assert found[0] == Deposited(channel(world, config), world.address("buyer"), world.series.address, 1_500, 5_500)
    assert not any(isinstance(event, ChannelCreated) for event in found)
    assert world.network.hub.channel(channel(world, config)) == (5_500, 0)
    check_ledger(world, config)


def test_replayed_deposit_is_refused(world: World) -> None:
    """The same signed deposit brings value once (INV-ONCE)."""
    world.buy("buyer", 10_000)
    config = world.config("buyer")
    once = signed(world, "buyer", config, 4_000)
    world.send(once)
    refused(world, AuthorizationAlreadyUsed, once, config)


def test_deposit_signed_for_one_channel_cannot_be_put_in_another(world: World) -> None:
    """The authorization's nonce commits to the channel, so a relayer cannot redirect it (P-14)."""
    world.buy("buyer", 10_000)
    hub = world.network.hub
    config = world.config("buyer")
    data = hub.sign_deposit(world["buyer"], world.series, config, 4_000, world.now + 3_600, 7)
    for other in (
        replace(config, payer_authorizer=world.address("relayer")),
        replace(config, payer_authorizer=ZERO_ADDRESS),
        replace(config, withdraw_delay_s=901),
        replace(config, salt=b"\1" * 32),
    ):
        refused(world, AuthorizationSignatureInvalid, hub.deposit(world["relayer"], other, 4_000, data), config, other)
    # As it was signed, it still works.
    world.send(hub.deposit(world["relayer"], config, 4_000, data))


@pytest.mark.parametrize("amount", [3_999, 4_001])
def test_another_amount_than_signed_is_refused(world: World, amount: int) -> None:
    """A relayer deposits neither more nor less than was signed."""
    world.buy("buyer", 10_000)
    hub, config = world.network.hub, world.config("buyer")
    data = hub.sign_deposit(world["buyer"], world.series, config, 4_000, world.now + 3_600, 7)
    refused(world, AuthorizationSignatureInvalid, hub.deposit(world["relayer"], config, amount, data), config)


def test_deposit_above_the_holding_is_refused(world: World) -> None:
    """A payer deposits at most what it holds."""
    world.buy("buyer", 10_000)
    config = world.config("buyer")
    refused(world, ERC20InsufficientBalance, signed(world, "buyer", config, 10_001), config)


def test_deposit_of_nothing_is_refused(world: World) -> None:
    """Zero would create a channel without value."""
    config = world.config("buyer")
    refused(world, DepositAmountZero, signed(world, "buyer", config, 0), config)


@pytest.mark.parametrize("term", ["payer", "receiver", "receiver_authorizer", "token"])
def test_each_zero_term_is_refused(world: World, term: str) -> None:
    """Payer, receiver, receiver authorizer and token must be somebody."""
    config = replace(currency_config(world, "buyer"), **{term: ZERO_ADDRESS})
    names = {"receiver_authorizer": "receiverAuthorizer"}
    arguments = refused(world, ChannelConfigInvalid, signed(world, "buyer", config, FEN), config)
    assert arguments == {"term": names.get(term, term)}


@pytest.mark.parametrize(("delay_s", "accepted"), [(899, False), (900, True), (2_592_000, True), (2_592_001, False)])
def test_withdraw_delay_bounds(world: World, delay_s: int, accepted: bool) -> None:
    """The delay is 15 minutes to 30 days, both included (P-28)."""
    world.fund("buyer", FEN)
    config = currency_config(world, "buyer", withdraw_delay_s=delay_s)
    deposit = signed(world, "buyer", config, FEN)
    if accepted:
        world.send(deposit)
        assert world.network.hub.channel(channel(world, config)) == (FEN, 0)
    else:
        assert refused(world, WithdrawDelayOutOfRange, deposit, config) == {"withdrawDelay": delay_s}


def test_token_channel_demands_series_and_meter(world: World) -> None:
    """With any other receiver or receiver authorizer somebody could claim a whole ceiling past the meter (P-16)."""
    world.buy("buyer", 10_000)
    provider, meter, series = world.address("provider"), world.network.meter.address, world.series.address
    for receiver, authorizer in ((provider, meter), (series, provider), (provider, provider), (meter, series)):
        config = world.config("buyer", receiver=receiver, receiver_authorizer=authorizer)
        arguments = refused(world, ChannelTermsRefused, signed(world, "buyer", config, 1_000), config)
        assert arguments == {"receiver": receiver, "receiverAuthorizer": authorizer}


def test_currency_channel_cannot_pay_a_series(world: World) -> None:
    """e-CNY reaches a series by a purchase only: a channel to it would be paid and not delivered."""
    world.fund("buyer", FEN)
    config = currency_config(world, "buyer", receiver=world.series.address)
    arguments = refused(world, ChannelReceiverPayeeOnly, signed(world, "buyer", config, FEN), config)
    assert arguments == {"receiver": world.series.address}


def test_no_gas_limit_skips_the_tokens_question(world: World) -> None:
    """Starving the optional check of gas does not make it pass: no limit at all opens a forbidden channel."""
    world.buy("buyer", 10_000)
    world.fund("buyer", FEN)
    forbidden = [
        world.config("buyer", receiver=world.address("provider"), receiver_authorizer=world.address("provider")),
        currency_config(world, "buyer", receiver=world.series.address),
    ]
    for config in forbidden:
        deposit = signed(world, "buyer", config, 1_000)
        for gas in [*range(50_000, 70_000, 1_000), *range(80_000, 400_000, 40_000)]:
            with pytest.raises(ContractReverted):
                world.send(replace(deposit, gas=gas))
        assert world.network.hub.channel(channel(world, config)) == (0, 0)
    assert world.series.balance_of(world.network.hub.address) == 0
    assert world.network.currency.balance_of(world.network.hub.address) == 0


def test_deposit_at_expiry_of_the_series_is_refused(world: World) -> None:
    """The last second before expiry accepts a deposit, expiry itself does not (P-8)."""
    world.buy("buyer", 10_000)
    config = world.config("buyer")
    hub, end = world.network.hub, world.series.expiry
    data = [hub.sign_deposit(world["buyer"], world.series, config, 100, end + 10, salt) for salt in (1, 2)]
    world.chain.clock.advance(end - 1 - world.now)
    world.send(hub.deposit(world["relayer"], config, 100, data[0]))
    assert world.now == end
    arguments = refused(world, SeriesExpired, hub.deposit(world["relayer"], config, 100, data[1]), config)
    assert arguments == {"expiry": end, "timestamp": end}
    assert end - START <= LIFE_S + 100


def test_collector_serves_its_hub_alone(world: World) -> None:
    """Anybody else who asked the collector would leave the payer's value with nobody (P-9)."""
    world.buy("buyer", 10_000)
    config, hub = world.config("buyer"), world.network.hub
    data = hub.sign_deposit(world["buyer"], world.series, config, 4_000, world.now + 3_600, 7)
    collector = Contract(world.network.sender, hub.collector, "ERC3009DepositCollector")
    for caller in ("stranger", "provider", "buyer"):
        call = collector._transaction(
            world[caller],
            300_000,
            "collect",
            world.address("buyer"),
            world.series.address,
            4_000,
            channel(world, config),
            data,
        )
        arguments = refused(world, CollectorCallerNotHub, call, config)
        assert arguments == {"caller": world.address(caller), "hub": hub.address}


@pytest.mark.parametrize("brought", [0, FEN - 1, FEN + 1])
def test_lying_collector_is_caught(world: World, brought: int) -> None:
    """The hub counts what arrives and believes no collector (P-13)."""
    liar, token = Hostile(world, "Liar"), Hostile(world, "Liar")
    world.send(token.call("mint", liar.address, 2 * FEN), liar.call("bring", brought))
    config = currency_config(world, "stranger", token=token.address)
    arguments = refused(world, DepositAmountMismatch, through(world, liar, config, FEN), config)
    assert arguments == {"amount": FEN, "received": brought}


def test_own_collector_that_brings_what_it_says_is_accepted(world: World) -> None:
    """A token that asks nothing of its channels lets a third party fund a payer's, out of its own pocket."""
    liar, token = Hostile(world, "Liar"), Hostile(world, "Liar")
    world.send(token.call("mint", liar.address, FEN), liar.call("bring", FEN))
    config = currency_config(world, "buyer", token=token.address)
    world.send(through(world, liar, config, FEN))
    assert world.network.hub.channel(channel(world, config)) == (FEN, 0)
    assert token.read("balanceOf", world.network.hub.address) == FEN


def test_no_other_collector_brings_currency(world: World) -> None:
    """Nobody but the payer fills a channel of e-CNY, however honestly, nor by a hub that is marked as ours is."""
    network, liar = world.network, Hostile(world, "Liar")
    world.fund("stranger", FEN)
    world.send(
        network.currency.transfer(world["stranger"], liar.address, FEN),
        liar.call("bring", FEN),
        network.currency.mark_settlement_account(world["settlement registrar"], liar.address),
    )
    config = currency_config(world, "buyer")
    arguments = refused(world, ChannelCollectorRefused, through(world, liar, config, FEN), config)
    assert arguments == {"collector": liar.address, "expected": network.hub.collector}


def test_the_collector_brings_nothing_to_another_hub(world: World) -> None:
    """Another hub, marked as ours is, gets what a payer signed neither by our collector nor by its own."""
    network, registrar = world.network, world["settlement registrar"]
    admin = world["administrator"]
    hub = create_contract(network.sender, admin, "ChannelHub")
    own = create_contract(network.sender, admin, "ERC3009DepositCollector", hub)
    marks = (network.currency.mark_settlement_account(registrar, account) for account in (hub, own))
    world.send(*marks)
    world.fund("buyer", 10 * FEN)
    config = currency_config(world, "buyer")
    refusals = {network.hub.collector: CollectorCallerNotHub, own: ChannelCollectorRefused}
    for collector, error in refusals.items():
        another = ChannelHub(network.sender, hub, collector)
        data = another.sign_deposit(world["buyer"], network.currency, config, FEN, world.now + 3_600, 7)
        deposit = another.deposit(world["relayer"], config, FEN, data)
        assert set(refused(world, error, deposit)) in ({"caller", "hub"}, {"collector", "expected"})


def test_lying_token_hurts_its_own_channels_only(world: World) -> None:
    """A token that reports what never arrived is caught, and one that mints to the hub backs nobody else's channel."""
    honest = open_currency_channel(world, "buyer", FEN)
    token = Hostile(world, "Liar")
    config = currency_config(world, "stranger", token=token.address)
    world.send(token.call("bring", 10**30))
    refused(world, DepositAmountMismatch, through(world, token, config, FEN), honest, config)
    world.send(token.call("bring", FEN))
    before = books(world, honest)
    world.send(through(world, token, config, FEN))
    assert books(world, honest) == before
    assert world.network.hub.channel(channel(world, config)) == (FEN, 0)


def test_tokens_reach_the_hub_through_the_canonical_collector_only(world: World) -> None:
    """Not even a collector that holds Tokens can bring them: the series refuses any other way into the hub."""
    liar = Hostile(world, "Liar")
    world.buy("stranger", 1_000)
    world.send(world.series.transfer(world["stranger"], liar.address, 1_000), liar.call("bring", 1_000))
    config = world.config("stranger")
    refused(world, TokenTransferRefused, through(world, liar, config, 1_000), config)


def test_donation_before_a_deposit_is_credited_to_nobody(world: World) -> None:
    """A token sent to the hub by mistake does not count towards the next deposit."""
    idle, token = Hostile(world, "Liar"), Hostile(world, "Liar")
    world.send(token.call("mint", world.network.hub.address, FEN))
    config = currency_config(world, "stranger", token=token.address)
    arguments = refused(world, DepositAmountMismatch, through(world, idle, config, FEN), config)
    assert arguments == {"amount": FEN, "received": 0}


def test_two_payers_have_two_channels(world: World) -> None:
    """Equal terms of different payers are different channels, and each keeps its own balance."""
    configs = [open_token_channel(world, name, tokens) for name, tokens in (("buyer", 700), ("other buyer", 300))]
    hub = world.network.hub
    assert [hub.channel(channel(world, config)) for config in configs] == [(700, 0), (300, 0)]
    assert world.series.balance_of(hub.address) == 1_000
    check_ledger(world, *configs)
