"""`ChannelHub.settle`: one transfer of everything claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain.channel.events import ChannelRefunded, CreditWithdrawn, PayoutCredited, Settled
from pysettle.domain.core.events import Transfer
from pysettle.errors import ContractReverted
from pysettle.errors.contracts import CreditNone, NothingToSettle
from tests.contracts.books import (
    RECEIVER,
    books,
    changes,
    channel,
    check_ledger,
    happened,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    refused,
    row,
    used,
)
from tests.contracts.effects import deploy
from tests.contracts.hostile import Hostile, liars_channel
from tests.contracts.world import FEN, World
from tests.evm.bytecode import INVALID


def test_settle_pays_the_receiver_all_its_channels(world: World) -> None:
    """Anyone settles; the receiver gets what all its channels owe, in one transfer."""
    configs = [open_currency_channel(world, name, FEN) for name in ("buyer", "other buyer")]
    rows = [
        (config, world.voucher(name, config, FEN), total)
        for name, config, total in zip(("buyer", "other buyer"), configs, (300, 400), strict=True)
    ]
    hub, receiver = world.network.hub, world.address(RECEIVER)
    world.send(hub.claim(world[RECEIVER], rows))
    before = books(world, *configs)
    (receipt,) = world.send(hub.settle(world["stranger"], receiver, configs[0].token))
    assert happened(world, receipt) == [
        Settled(receiver, configs[0].token, world.address("stranger"), 700),
        Transfer(hub.address, receiver, 700),
    ]
    assert changes(before, books(world, *configs)) == {
        f"eCNY {RECEIVER}": 700,
        "eCNY hub": -700,
        f"eCNY settled to {RECEIVER}": 700,
    }
    check_ledger(world, *configs)


def test_settled_tokens_are_delivered(world: World) -> None:
    """Claimed Tokens come home to their series, where they count as delivered."""
    config = open_token_channel(world, "buyer", 10_000)
    world.send(metered_claim(world, [row(world, "buyer", config, used(600), 900)]))
    hub, series = world.network.hub, world.series
    before = books(world, config)
    (receipt,) = world.send(hub.settle(world["stranger"], series.address, series.address))
    assert happened(world, receipt) == [
        Settled(series.address, series.address, world.address("stranger"), 600),
        Transfer(hub.address, series.address, 600),
    ]
    assert changes(before, books(world, config)) == {
        "Tokens hub": -600,
        "Tokens series": 600,
        "Tokens settled to series": 600,
    }
    assert series.delivered() == 600
    check_ledger(world, config)


def test_tokens_settle_after_expiry(world: World) -> None:
    """What was delivered is owed for ever: claim, settlement and redemption have no last date (P-7)."""
    config = open_token_channel(world, "buyer", 10_000)
    series = world.series
    world.chain.clock.advance(series.expiry + 10**8 - world.now)
    world.send(
        metered_claim(world, [row(world, "buyer", config, used(10_000), 10_000)]),
        world.network.hub.settle(world["stranger"], series.address, series.address),
        series.redeem(world["provider"], 10_000),
    )
    assert series.total_supply() == 0
    assert world.network.currency.balance_of(world.address("provider")) == 10_000 * 150_000 // 1_000_000
    check_ledger(world, config)


def test_second_settlement_finds_nothing(world: World) -> None:
    """What was settled is settled once (INV-ONCE)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, receiver = world.network.hub, world.address(RECEIVER)
    settle = hub.settle(world["stranger"], receiver, config.token)
    assert refused(world, NothingToSettle, settle, config) == {"receiver": receiver, "token": config.token}
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 300), 300)]), settle)
    refused(world, NothingToSettle, settle, config)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 450), 450)]), settle)
    assert world.network.currency.balance_of(receiver) == 450
    assert hub.receiver_totals(receiver, config.token) == (450, 450)


def test_nothing_to_settle_for_somebody_else(world: World) -> None:
    """A claim for one receiver in one token is nobody else's and in no other token (P-9)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 300), 300)]))
    for receiver, token in (
        (world.address("stranger"), config.token),
        (world.address(RECEIVER), world.series.address),
        (world.series.address, config.token),
    ):
        refused(world, NothingToSettle, hub.settle(world["stranger"], receiver, token), config)


@pytest.mark.parametrize("refusal", ["no", "a revert", "all gas burned"])
def test_payout_that_a_token_refuses_becomes_a_credit(world: World, refusal: str) -> None:
    """It holds up no settlement, stays owed as a credit, and is paid once the token does (P-7, P-13)."""
    token, hub, receiver = Hostile(world, "Liar"), world.network.hub, world.address(RECEIVER)
    config = liars_channel(world, token)
    answer, other = {
        "no": (token.call("answerTransfersWith", False), token.call("answerTransfersWith", True)),
        "a revert": (token.call("callBack", hub.address, b"", False), token.call("callBack", bytes(20), b"", False)),
        "all gas burned": (
            token.call("callBack", deploy(world, INVALID), b"", False),
            token.call("callBack", bytes(20), b"", False),
        ),
    }[refusal]
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)]), answer)
    settle = hub.settle(world["stranger"], receiver, token.address)
    (receipt,) = world.send(replace(settle, gas=10_000_000))
    assert world.events(receipt) == [
        Settled(receiver, token.address, world.address("stranger"), FEN),
        PayoutCredited(receiver, token.address, FEN, FEN),
    ]
    assert hub.receiver_totals(receiver, token.address) == (FEN, FEN)
    assert (hub.credit_of(receiver, token.address), token.read("balanceOf", receiver)) == (FEN, 0)
    withdraw = hub.withdraw_credit(world["relayer"], receiver, token.address)
    with pytest.raises(ContractReverted):
        world.send(withdraw)
    assert hub.credit_of(receiver, token.address) == FEN
    world.send(other)
    (receipt,) = world.send(withdraw)
    assert world.events(receipt) == [CreditWithdrawn(receiver, token.address, FEN)]
    assert (hub.credit_of(receiver, token.address), token.read("balanceOf", receiver)) == (0, FEN)
    assert refused(world, CreditNone, withdraw, config) == {"account": receiver, "token": token.address}


def test_credits_add_up(world: World) -> None:
    """Payouts refused one after the other, a receiver's and a payer's, are held apart and in full."""
    token, hub, receiver = Hostile(world, "Liar"), world.network.hub, world.address(RECEIVER)
    config = liars_channel(world, token)
    claim = [
        hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, total), total)]) for total in (300, 450)
    ]
    settle = hub.settle(world["stranger"], receiver, token.address)
    world.send(token.call("answerTransfersWith", False), claim[0], settle, claim[1])
    (receipt,) = world.send(settle)
    assert world.events(receipt)[1] == PayoutCredited(receiver, token.address, 150, 450)
    (receipt,) = world.send(hub.refund(world[RECEIVER], config, FEN))
    assert world.events(receipt) == [
        ChannelRefunded(channel(world, config), world.address("buyer"), token.address, FEN - 450, 0),
        PayoutCredited(world.address("buyer"), token.address, FEN - 450, FEN - 450),
    ]
    world.send(
        token.call("answerTransfersWith", True),
        hub.withdraw_credit(world["stranger"], world.address("buyer"), token.address),
    )
    assert token.read("balanceOf", world.address("buyer")) == FEN - 450
    assert hub.credit_of(receiver, token.address) == 450
    assert hub.channel(channel(world, config)) == (450, 450)
