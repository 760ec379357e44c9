"""The timed exit: a payer gets what is unclaimed back after its notice, whatever the receiving side does."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from pysettle.domain.channel.events import WithdrawFinalized, WithdrawInitiated
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors.contracts import (
    ChannelCallerNotPayer,
    ChannelPayerFrozen,
    ClaimAboveBalance,
    RefundAmountZero,
    WithdrawAboveAvailable,
    WithdrawNotFinalizable,
    WithdrawNotPending,
    WithdrawPending,
)
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
from tests.contracts.world import FEN, World

DELAY_S = 900
CHANNEL_CLOSED = keccak(b"ChannelClosed(bytes32,(address,address,address,address,address,uint40,bytes32))")


def wait_until(world: World, second: int) -> None:
    """Let the next block carry a second."""
    world.chain.clock.advance(second - world.now)


def notice(world: World, config: ChannelConfig, amount: int, name: str = "buyer") -> int:
    """Give notice; return the second from which the withdrawal can be completed."""
    world.send(world.network.hub.initiate_withdraw(world[name], config, amount))
    return world.chain.block().timestamp + config.withdraw_delay_s


def test_notice_is_recorded_and_moves_nothing(world: World) -> None:
    """A notice states its amount and the second it can be completed from."""
    config = open_currency_channel(world, "buyer", FEN)
    before, hub = books(world, config), world.network.hub
    (receipt,) = world.send(hub.initiate_withdraw(world["buyer"], config, 400))
    noticed_at = world.chain.block().timestamp
    assert happened(world, receipt) == [
        WithdrawInitiated(channel(world, config), world.address("buyer"), 400, noticed_at + DELAY_S)
    ]
    assert changes(before, books(world, config)) == {"channel 0 noticed": 400, "channel 0 noticed at": noticed_at}


def test_withdrawal_completes_at_the_exact_second(world: World) -> None:
    """One second early is refused, the second itself accepted (P-8)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, payer = world.network.hub, world.address("buyer")
    at = notice(world, config, 400)
    wait_until(world, at - 1)
    finalize = hub.finalize_withdraw(world["buyer"], config)
    arguments = refused(world, WithdrawNotFinalizable, finalize, config)
    assert arguments == {"channelId": channel(world, config), "finalizableAt": at, "timestamp": at - 1}
    assert world.now == at
    before = books(world, config)
    (receipt,) = world.send(finalize)
    assert happened(world, receipt) == [
        WithdrawFinalized(channel(world, config), payer, config.token, 400),
        Transfer(hub.address, payer, 400),
    ]
    assert changes(before, books(world, config)) == {
        "eCNY buyer": 400,
        "eCNY hub": -400,
        "channel 0 balance": -400,
        "channel 0 noticed": -400,
        "channel 0 noticed at": -(at - DELAY_S),
    }
    check_ledger(world, config)


def test_a_frozen_payer_withdraws_nothing(world: World) -> None:
    """While the receiver may not claim, the payer takes nothing away: what was vouchered is there after the freeze."""
    hub, currency, payer = world.network.hub, world.network.currency, world.address("buyer")
    config, noticed = open_currency_channel(world, "buyer", FEN), open_currency_channel(world, "other buyer", FEN)
    at = notice(world, noticed, FEN, "other buyer")
    for name in ("buyer", "other buyer"):
        freeze = currency.freeze(world["freezer"], world.address(name), outgoing=True, incoming=False)
        world.send(freeze)
    initiate = hub.initiate_withdraw(world["buyer"], config, FEN)
    known = {"channelId": channel(world, config), "payer": payer}
    assert refused(world, ChannelPayerFrozen, initiate, config) == known
    wait_until(world, at)
    finalize = hub.finalize_withdraw(world["other buyer"], noticed)
    known = {"channelId": channel(world, noticed), "payer": world.address("other buyer")}
    assert refused(world, ChannelPayerFrozen, finalize, noticed) == known
    for name in ("buyer", "other buyer"):
        world.send(currency.freeze(world["freezer"], world.address(name), outgoing=False, incoming=True))
    voucher = world.voucher("other buyer", noticed, FEN)
    before = books(world, config, noticed)
    world.send(initiate, hub.claim(world[RECEIVER], [(noticed, voucher, FEN)]), finalize)
    assert changes(before, books(world, config, noticed)) == {
        "channel 0 noticed": FEN,
        "channel 0 noticed at": world.chain.block().timestamp,
        "channel 1 claimed": FEN,
        "channel 1 noticed": -FEN,
        "channel 1 noticed at": -(at - DELAY_S),
        "eCNY claimed for provider": FEN,
    }


def test_a_frozen_payer_of_tokens_withdraws_them(world: World) -> None:
    """They have left its money already; claims of them are paid too."""
    config = open_token_channel(world, "buyer", 1_000)
    freeze = world.network.currency.freeze(world["freezer"], world.address("buyer"), outgoing=True, incoming=True)
    world.send(freeze)
    wait_until(world, notice(world, config, 1_000))
    before = books(world, config)
    world.send(world.network.hub.finalize_withdraw(world["buyer"], config))
    assert changes(before, books(world, config))["Tokens buyer"] == 1_000


def test_withdrawal_completes_once(world: World) -> None:
    """A completed withdrawal needs a new notice, with a new delay (INV-ONCE)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    wait_until(world, notice(world, config, 400))
    finalize = hub.finalize_withdraw(world["buyer"], config)
    world.send(finalize)
    assert refused(world, WithdrawNotPending, finalize, config) == {"channelId": channel(world, config)}
    notice(world, config, 400)
    refused(world, WithdrawNotFinalizable, finalize, config)


def test_withdrawal_without_notice_is_refused(world: World) -> None:
    """Nothing leaves without its delay."""
    config = open_currency_channel(world, "buyer", FEN)
    refused(world, WithdrawNotPending, world.network.hub.finalize_withdraw(world["buyer"], config), config)


def test_second_notice_does_not_overwrite_the_first(world: World) -> None:
    """Neither amount nor time of a pending notice can be moved, not even after its delay (P-5)."""
    config = open_currency_channel(world, "buyer", FEN)
    at = notice(world, config, 1)
    again = world.network.hub.initiate_withdraw(world["buyer"], config, FEN)
    arguments = refused(world, WithdrawPending, again, config)
    assert arguments == {"channelId": channel(world, config), "finalizableAt": at}
    wait_until(world, at + 5)
    refused(world, WithdrawPending, again, config)


def test_notice_bounds(world: World) -> None:
    """At least one unit, at most what is unclaimed."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 400), 400)]))
    refused(world, RefundAmountZero, hub.initiate_withdraw(world["buyer"], config, 0), config)
    above = hub.initiate_withdraw(world["buyer"], config, FEN - 399)
    arguments = refused(world, WithdrawAboveAvailable, above, config)
    assert arguments == {"channelId": channel(world, config), "amount": FEN - 399, "available": FEN - 400}
    world.send(hub.initiate_withdraw(world["buyer"], config, FEN - 400))


@pytest.mark.parametrize("caller", [RECEIVER, "stranger", "other operator", "operator"])
def test_others_neither_notice_nor_complete(world: World, caller: str) -> None:
    """A stranger could begin a withdrawal that ends the service, or end one at a bad moment (P-9, P-10)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    arguments = refused(world, ChannelCallerNotPayer, hub.initiate_withdraw(world[caller], config, 400), config)
    assert arguments == {"channelId": channel(world, config), "caller": world.address(caller)}
    wait_until(world, notice(world, config, 400))
    refused(world, ChannelCallerNotPayer, hub.finalize_withdraw(world[caller], config), config)


def test_payer_authorizer_withdraws_for_the_payer(world: World) -> None:
    """The authorizer may give notice and complete; the value goes to the payer all the same (P-18)."""
    config = open_currency_channel(world, "buyer", FEN, payer_authorizer=world.address("other buyer"))
    before = books(world, config)
    wait_until(world, notice(world, config, FEN, "other buyer"))
    world.send(world.network.hub.finalize_withdraw(world["other buyer"], config))
    assert changes(before, books(world, config)) == {
        "eCNY buyer": FEN,
        "eCNY hub": -FEN,
        "channel 0 balance": -FEN,
    }


def test_claims_between_notice_and_completion_come_first(world: World) -> None:
    """The delay is there for the receiver: what it claims meanwhile is not withdrawn."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    at = notice(world, config, FEN)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 9_000), 9_000)]))
    wait_until(world, at)
    before = books(world, config)
    (receipt,) = world.send(hub.finalize_withdraw(world["buyer"], config))
    assert happened(world, receipt)[0] == WithdrawFinalized(
        channel(world, config), world.address("buyer"), config.token, FEN - 9_000
    )
    assert changes(before, books(world, config))["eCNY buyer"] == FEN - 9_000
    world.send(hub.settle(world["stranger"], world.address(RECEIVER), config.token))
    assert world.network.currency.balance_of(world.address(RECEIVER)) == 9_000
    check_ledger(world, config)


def test_withdrawal_with_nothing_left_completes_with_zero(world: World) -> None:
    """When all was claimed meanwhile the notice ends without a transfer, and blocks no later one."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    at = notice(world, config, FEN)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)]))
    wait_until(world, at)
    before = books(world, config)
    (receipt,) = world.send(hub.finalize_withdraw(world["buyer"], config))
    assert happened(world, receipt) == [
        WithdrawFinalized(channel(world, config), world.address("buyer"), config.token, 0)
    ]
    assert set(changes(before, books(world, config))) == {"channel 0 noticed", "channel 0 noticed at"}
    check_ledger(world, config)


@pytest.mark.parametrize("claim_first", [True, False])
def test_claim_and_withdrawal_in_one_block_pay_every_unit_once(world: World, claim_first: bool) -> None:
    """At the boundary both may be sealed; whichever comes first, the channel pays its balance and no more (P-8)."""
    config = open_currency_channel(world, "buyer", FEN)
    other = open_currency_channel(world, "other buyer", FEN)
    hub = world.network.hub
    at = notice(world, config, FEN)
    claim = hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)])
    finalize = hub.finalize_withdraw(world["buyer"], config)
    wait_until(world, at)
    if claim_first:
        world.send(claim, finalize)
    else:
        with pytest.raises(ClaimAboveBalance):
            world.send(finalize, claim)
    balance, claimed = hub.channel(channel(world, config))
    paid_back = world.network.currency.balance_of(world.address("buyer"))
    assert (paid_back, claimed) == ((0, FEN) if claim_first else (FEN, 0))
    assert balance == claimed
    assert world.network.currency.balance_of(hub.address) == FEN + claimed
    check_ledger(world, config, other)


def test_full_withdrawal_closes_the_channel(world: World) -> None:
    """Emptied with nothing claimed, the channel says that it is closed; vouchers signed before are void."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, voucher = world.network.hub, world.voucher("buyer", config, 10)
    wait_until(world, notice(world, config, FEN))
    (receipt,) = world.send(hub.finalize_withdraw(world["buyer"], config))
    assert [log.topics[0] for log in receipt.logs].count(CHANNEL_CLOSED) == 1
    refused(world, ClaimAboveBalance, hub.claim(world[RECEIVER], [(config, voucher, 10)]), config)


def test_notice_takes_in_no_later_deposit_above_its_amount(world: World) -> None:
    """A notice is for an amount, so that a top-up in between stays in the channel."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    at = notice(world, config, FEN)
    world.fund("buyer", FEN)
    world.deposit("buyer", FEN, config)
    wait_until(world, at)
    world.send(hub.finalize_withdraw(world["buyer"], config))
    assert hub.channel(channel(world, config)) == (FEN, 0)


def test_tokens_are_withdrawn_and_refunded_after_expiry(world: World) -> None:
    """After the series expired, a buyer still gets Tokens out of the channel and money for them (P-7)."""
    config = open_token_channel(world, "buyer", 10_000)
    series, buyer = world.series, world["buyer"]
    world.chain.clock.advance(series.expiry + 1 - world.now)
    wait_until(world, notice(world, config, 10_000))
    before = books(world, config)
    world.send(world.network.hub.finalize_withdraw(buyer, config), series.refund(buyer, 10_000))
    assert {name: n for name, n in changes(before, books(world, config)).items() if "channel" not in name} == {
        "Tokens hub": -10_000,
        "Tokens supply": -10_000,
        "eCNY series": -1_500,
        "eCNY buyer": 1_500,
    }
    check_ledger(world, config)


def test_idle_provider_blocks_no_exit(world: World) -> None:
    """A provider that never acts again costs its buyers the delay and nothing else (P-7)."""
    configs = {name: open_token_channel(world, name, 5_000) for name in ("buyer", "other buyer")}
    world.send(metered_claim(world, [row(world, "buyer", configs["buyer"], used(1_000), 1_000)]))
    for name, config in configs.items():
        held = sum(world.network.hub.channel(channel(world, config))) - 2 * (1_000 if name == "buyer" else 0)
        wait_until(world, notice(world, config, held, name))
        world.send(world.network.hub.finalize_withdraw(world[name], config))
        assert world.series.balance_of(world.address(name)) == held
    assert world.series.balance_of(world.network.hub.address) == 1_000
    check_ledger(world, *configs.values())


def test_longest_delay_is_kept(world: World) -> None:
    """Thirty days are thirty days."""
    config = open_currency_channel(world, "buyer", FEN, withdraw_delay_s=2_592_000)
    at = notice(world, config, FEN)
    wait_until(world, at - 1)
    finalize = world.network.hub.finalize_withdraw(world["buyer"], config)
    refused(world, WithdrawNotFinalizable, finalize, config)
    world.send(finalize)
