"""Parties of a channel that are contracts act as themselves, whoever sent the transaction (P-12)."""

from __future__ import annotations

import pytest
from eth_typing import Address

from pysettle.client.channel.hub import ClaimResult
from pysettle.domain.channel.events import ChannelRefunded, ClaimRefused, Settled, WithdrawFinalized, WithdrawInitiated
from pysettle.domain.core.events import Transfer
from pysettle.errors.contracts import ChannelCallerNotPayer, ChannelCallerNotReceiver
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    channel,
    check_ledger,
    claimed,
    happened,
    open_currency_channel,
    refused,
)
from tests.contracts.effects import FORWARDER, deploy, through
from tests.contracts.world import FEN, World


@pytest.fixture
def contract(world: World) -> Address:
    """Deploy a contract that makes the calls it is given."""
    return deploy(world, FORWARDER)


def test_a_contract_that_withdraws(world: World, contract: Address) -> None:
    """The payer's authorizer may be one: its notice and its withdrawal are its own, the payer gets the money."""
    hub, sender = world.network.hub, world["stranger"]
    config = open_currency_channel(world, "buyer", FEN, payer_authorizer=contract)
    shown, payer = channel(world, config), world.address("buyer")
    (receipt,) = world.send(through(world, contract, hub.initiate_withdraw(sender, config, 400)))
    finalizable_at = world.chain.block().timestamp + config.withdraw_delay_s
    assert happened(world, receipt) == [WithdrawInitiated(shown, payer, 400, finalizable_at)]
    world.chain.clock.advance(finalizable_at - world.now)
    (receipt,) = world.send(through(world, contract, hub.finalize_withdraw(sender, config)))
    assert happened(world, receipt) == [
        WithdrawFinalized(shown, payer, config.token, 400),
        Transfer(hub.address, payer, 400),
    ]
    check_ledger(world, config)


def test_withdrawing_in_the_name_of_the_sender(world: World, contract: Address) -> None:
    """A contract that the payer calls gives no notice and withdraws nothing in the payer's name."""
    hub, buyer = world.network.hub, world["buyer"]
    config = open_currency_channel(world, "buyer", FEN)
    caller = {"channelId": channel(world, config), "caller": contract}
    initiate = through(world, contract, hub.initiate_withdraw(buyer, config, 400))
    assert refused(world, ChannelCallerNotPayer, initiate, config) == caller
    world.send(hub.initiate_withdraw(buyer, config, 400))
    world.chain.clock.advance(config.withdraw_delay_s)
    finalize = through(world, contract, hub.finalize_withdraw(buyer, config))
    assert refused(world, ChannelCallerNotPayer, finalize, config) == caller


@pytest.mark.parametrize("role", ["receiver", "receiver_authorizer"])
def test_a_contract_that_claims(world: World, contract: Address, role: str) -> None:
    """It claims, all or nothing and row by row, gives back, and settles; each as itself."""
    hub, sender, buyer = world.network.hub, world["stranger"], world.address("buyer")
    config = open_currency_channel(world, "buyer", FEN, **{role: contract})
    shown, voucher = channel(world, config), world.voucher("buyer", config, 700)
    (receipt,) = world.send(through(world, contract, hub.claim(sender, [(config, voucher, 300)])))
    assert happened(world, receipt) == [claimed(world, config, 300)]
    (receipt,) = world.send(through(world, contract, hub.try_claim(sender, [(config, voucher, 700)])))
    assert happened(world, receipt) == [claimed(world, config, 400, 700)]
    (receipt,) = world.send(through(world, contract, hub.refund(sender, config, 100)))
    assert happened(world, receipt) == [
        ChannelRefunded(shown, buyer, config.token, 100, 0),
        Transfer(hub.address, buyer, 100),
    ]
    (receipt,) = world.send(through(world, contract, hub.settle(sender, config.receiver, config.token)))
    assert happened(world, receipt) == [
        Settled(config.receiver, config.token, contract, 700),
        Transfer(hub.address, config.receiver, 700),
    ]
    check_ledger(world, config)


@pytest.mark.parametrize("name", [RECEIVER, AUTHORIZER])
def test_claiming_in_the_name_of_the_sender(world: World, contract: Address, name: str) -> None:
    """A contract that the receiving side calls claims and gives back nothing in its name."""
    hub, sender = world.network.hub, world[name]
    config = open_currency_channel(world, "buyer", FEN)
    caller = {"channelId": channel(world, config), "caller": contract}
    rows = [(config, world.voucher("buyer", config, 700), 300)]
    assert refused(world, ChannelCallerNotReceiver, through(world, contract, hub.claim(sender, rows)), config) == caller
    give_back = through(world, contract, hub.refund(sender, config, 100))
    assert refused(world, ChannelCallerNotReceiver, give_back, config) == caller
    (receipt,) = world.send(through(world, contract, hub.try_claim(sender, rows)))
    assert happened(world, receipt) == [ClaimRefused(channel(world, config), ClaimResult.CALLER_NOT_RECEIVER)]
