"""`multicall`, and the one lock over every entry: nothing enters the hub while it is inside another call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pysettle.domain.channel.events import ChannelRefunded, Claimed
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors.contracts import ChannelCallerNotReceiver, ReentrancyGuardReentrantCall
from pysettle.evm.artifacts import load
from pysettle.evm.transactions import Transaction
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    books,
    changes,
    channel,
    check_ledger,
    currency_config,
    happened,
    open_currency_channel,
    raw_claim,
    refused,
    sign_batch,
    sign_refund,
)
from tests.contracts.hostile import Hostile
from tests.contracts.world import FEN, World


def together(world: World, submitter: str, *calls: Transaction) -> Transaction:
    """Return several calls of the hub as one transaction."""
    hub = world.network.hub
    data = hub.interface.encode("multicall", [call.data for call in calls])
    return Transaction(world[submitter], hub.address, data, 1_000_000, hub.interface)


def test_claim_and_refund_in_one_transaction(world: World) -> None:
    """The stock refund path: the receiver authorizer signs a last claim and a refund, anyone submits both."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, payer = world.network.hub, world.address("buyer")
    rows = [(config, world.voucher("buyer", config, 900), 600)]
    claim = hub.claim_with_signature(world["stranger"], rows, sign_batch(world, AUTHORIZER, rows))
    signature = sign_refund(world, AUTHORIZER, config, FEN - 600, 0)
    refund = hub.refund_with_signature(world["stranger"], config, FEN - 600, 0, signature)
    before = books(world, config)
    (receipt,) = world.send(together(world, "stranger", claim, refund))
    assert happened(world, receipt) == [
        Claimed(channel(world, config), world.address(RECEIVER), config.token, 600, 600),
        ChannelRefunded(channel(world, config), payer, config.token, FEN - 600, 0),
        Transfer(hub.address, payer, FEN - 600),
    ]
    assert changes(before, books(world, config)) == {
        "eCNY buyer": FEN - 600,
        "eCNY hub": 600 - FEN,
        "channel 0 balance": 600 - FEN,
        "channel 0 claimed": 600,
        "channel 0 nonce": 1,
        f"eCNY claimed for {RECEIVER}": 600,
    }
    check_ledger(world, config)


def test_one_refusal_undoes_all(world: World) -> None:
    """Calls made together stand or fall together, and each is asked who the caller is (P-9)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    rows = [(config, world.voucher("buyer", config, 900), 600)]
    claim = hub.claim_with_signature(world["stranger"], rows, sign_batch(world, AUTHORIZER, rows))
    calls = together(world, "stranger", claim, hub.refund(world["stranger"], config, 1))
    arguments = refused(world, ChannelCallerNotReceiver, calls, config)
    assert arguments["caller"] == world.address("stranger")


def test_multicall_inside_a_multicall_changes_no_caller(world: World) -> None:
    """However deep calls are wrapped, the caller stays who sent the transaction."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    inner = together(world, "stranger", hub.refund(world["stranger"], config, 1))
    refused(world, ChannelCallerNotReceiver, together(world, "stranger", inner), config)


ENTRIES: dict[str, Callable[[World, ChannelConfig], Transaction]] = {
    "deposit": lambda world, config: world.network.hub.deposit(world["stranger"], config, 1, b""),
    "initiateWithdraw": lambda world, config: world.network.hub.initiate_withdraw(world["stranger"], config, 1),
    "finalizeWithdraw": lambda world, config: world.network.hub.finalize_withdraw(world["stranger"], config),
    "claim": lambda world, _: world.network.hub.claim(world["stranger"], []),
    "claimWithSignature": lambda world, _: world.network.hub.claim_with_signature(world["stranger"], [], b""),
    "tryClaim": lambda world, _: world.network.hub.try_claim(world["stranger"], []),
    "claimMetered": lambda world, _: raw_claim(world, [], b""),
    "withdrawCredit": lambda world, config: world.network.hub.withdraw_credit(
        world["stranger"], config.payer, config.token
    ),
    "settle": lambda world, config: world.network.hub.settle(
        world["stranger"], config.receiver, world.network.currency.address
    ),
    "refund": lambda world, config: world.network.hub.refund(world["stranger"], config, 1),
    "refundWithSignature": lambda world, config: world.network.hub.refund_with_signature(
        world["stranger"], config, 1, 0, b""
    ),
    "multicall": lambda world, config: together(
        world, "stranger", world.network.hub.settle(world["stranger"], config.receiver, config.token)
    ),
}


def test_no_entry_is_missing() -> None:
    """The lock is tried at every function that changes anything."""
    functions = (item for item in load("ChannelHub").abi if item["type"] == "function")
    assert {item["name"] for item in functions if item["stateMutability"] != "view"} == set(ENTRIES)


@pytest.fixture
def liar(world: World) -> Hostile:
    """Return a contract that is collector, token, receiver and payer at once, and brings one fen."""
    liar = Hostile(world, "Liar")
    world.send(liar.call("bring", FEN))
    return liar


def own_channel(world: World, liar: Hostile) -> ChannelConfig:
    """Return the terms of a channel in which the liar is everybody."""
    everybody = dict.fromkeys(("payer", "payer_authorizer", "receiver", "receiver_authorizer", "token"), liar.address)
    return currency_config(world, "stranger", **everybody)


def brought(world: World, liar: Hostile, config: ChannelConfig) -> Transaction:
    """Return a deposit that the liar collects."""
    hub = world.network.hub
    data = hub.interface.encode("deposit", config.fields(), FEN, liar.address, b"")
    return Transaction(world["stranger"], hub.address, data, 2_000_000, hub.interface)


@pytest.mark.parametrize("entry", ENTRIES)
def test_collector_cannot_enter_again(world: World, liar: Hostile, entry: str) -> None:
    """From within its own deposit a collector reaches no entry of the hub."""
    victim = open_currency_channel(world, "buyer", FEN)
    config = own_channel(world, liar)
    call = ENTRIES[entry](world, config)
    world.send(liar.call("callBack", call.to, call.data, False))
    refused(world, ReentrancyGuardReentrantCall, brought(world, liar, config), victim, config)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("payout", ["settle", "refund", "finalizeWithdraw"])
def test_token_cannot_enter_again_from_a_payout(world: World, liar: Hostile, entry: str, payout: str) -> None:
    """A token that is paid out swallows the refusal of its call back, and still gets no unit twice."""
    victim = open_currency_channel(world, "buyer", FEN)
    config, hub = own_channel(world, liar), world.network.hub
    world.send(brought(world, liar, config), liar.act(hub.initiate_withdraw(world["stranger"], config, 400)))
    world.chain.clock.advance(900)
    if payout == "settle":
        config = currency_config(
            world, "stranger", receiver=liar.address, token=liar.address, receiver_authorizer=liar.address
        )
        claim = hub.claim(world["stranger"], [(config, world.voucher("stranger", config, 400), 400)])
        world.send(brought(world, liar, config), liar.act(claim))
    pay = {
        "settle": hub.settle(world["stranger"], liar.address, liar.address),
        "refund": liar.act(hub.refund(world["stranger"], config, 400)),
        "finalizeWithdraw": liar.act(hub.finalize_withdraw(world["stranger"], config)),
    }[payout]
    call = ENTRIES[entry](world, config)
    held = liar.read("balanceOf", hub.address)
    world.send(liar.call("callBack", call.to, call.data, True))
    before = books(world, victim)
    world.send(pay)
    assert liar.read("answer")[:4] == bytes.fromhex("3ee5aeb5")  # ReentrancyGuardReentrantCall()
    assert liar.read("balanceOf", hub.address) == held - 400
    assert books(world, victim) == before
