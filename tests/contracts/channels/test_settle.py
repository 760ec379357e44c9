"""`ChannelHub.settle`: one transfer of everything claimed."""

from __future__ import annotations

from pysettle.domain import events
from pysettle.errors.contracts import NothingToSettle, SafeERC20FailedOperation
from pysettle.evm.transactions import Transaction
from tests.contracts.books import (
    RECEIVER,
    books,
    changes,
    check_ledger,
    currency_config,
    happened,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    refused,
    row,
    used,
)
from tests.contracts.hostile import Hostile
from tests.contracts.world import FEN, World


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
        events.Settled(receiver, configs[0].token, world.address("stranger"), 700),
        events.Transfer(hub.address, receiver, 700),
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
        events.Settled(series.address, series.address, world.address("stranger"), 600),
        events.Transfer(hub.address, series.address, 600),
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


def test_token_that_answers_no_is_not_settled(world: World) -> None:
    """A transfer that returns false reverts the settlement, so the claim stays owed (P-13)."""
    token, hub = Hostile(world, "Liar"), world.network.hub
    config = currency_config(world, "buyer", token=token.address)
    data = hub.interface.encode("deposit", config.fields(), FEN, token.address, b"")
    world.send(
        token.call("bring", FEN),
        Transaction(world["stranger"], hub.address, data, 500_000, hub.interface),
        hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)]),
        token.call("answerTransfersWith", False),
    )
    settle = hub.settle(world["stranger"], world.address(RECEIVER), token.address)
    assert refused(world, SafeERC20FailedOperation, settle, config) == {"token": token.address}
    assert hub.receiver_totals(world.address(RECEIVER), token.address) == (FEN, 0)
    world.send(token.call("answerTransfersWith", True), settle)
    assert hub.receiver_totals(world.address(RECEIVER), token.address) == (FEN, FEN)
