"""A provider that delivers on a channel, told by the chain of what its payer takes back."""

from __future__ import annotations

import pytest

from pysettle.client import DeliveryFollower, UsageRow
from pysettle.client.channel.hub import ClaimOutcome, ClaimResult
from pysettle.domain.channel.metering import ChannelState, Delivery
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors import ChainUnreachable, VoucherRefused
from pysettle.evm.backend import Block
from tests.contracts.books import channel, metered_claim, open_token_channel, used
from tests.contracts.channel.hub.test_withdraw import DELAY_S, notice, wait_until
from tests.contracts.world import RATE_CARD, World

DEPOSITED = 10_000
REQUEST = 1_000


@pytest.fixture
def config(world: World) -> ChannelConfig:
    """Return the terms of a channel that holds 10,000 Tokens."""
    return open_token_channel(world, "buyer", DEPOSITED)


@pytest.fixture
def follower(world: World) -> DeliveryFollower:
    """Return a follower of the hub."""
    return DeliveryFollower(world.network.hub)


def accept(world: World, delivery: Delivery) -> None:
    """Have the buyer sign for one request more, and the provider accept it."""
    voucher = world.voucher("buyer", delivery.config, delivery.charged + REQUEST)
    delivery.accept(voucher, REQUEST)


def serve(world: World, delivery: Delivery) -> None:
    """Accept a request and serve all that it may cost."""
    accept(world, delivery)
    delivery.serve(used(REQUEST))


def claim(world: World, delivery: Delivery) -> ClaimOutcome:
    """Claim what was served; return what became of it."""
    assert delivery.voucher is not None
    row = UsageRow(delivery.config, delivery.usage, delivery.voucher)
    (receipt,) = world.send(metered_claim(world, [row]))
    (outcome,) = world.network.hub.outcomes(receipt, [(delivery.channel_id, delivery.charged)])
    return outcome


def is_open(world: World, delivery: Delivery) -> bool:
    """Whether a further request is accepted; it is not served."""
    kept = delivery.voucher
    try:
        accept(world, delivery)
    except VoucherRefused:
        return False
    delivery.voucher = kept
    return True


def test_a_notice_ends_service_and_what_was_served_is_claimed_in_time(
    world: World, follower: DeliveryFollower, config: ChannelConfig
) -> None:
    """After a notice for everything no request is accepted; those that were are claimed before it can be completed."""
    delivery = follower.open(config, RATE_CARD)
    assert follower.update() == ()
    serve(world, delivery)
    ripe = notice(world, config, DEPOSITED)
    assert follower.update() == (delivery,)
    assert delivery.claim_before == ripe
    with pytest.raises(VoucherRefused, match="withdraws 10000 of 10000 Tokens, which leaves too few for 1000 charged"):
        accept(world, delivery)
    wait_until(world, ripe - 1)
    assert claim(world, delivery) == ClaimOutcome(ClaimResult.CLAIMED, REQUEST)
    assert follower.update() == ()
    assert not is_open(world, delivery)
    world.send(world.network.hub.finalize_withdraw(world["buyer"], config))
    assert world.series.balance_of(world.address("buyer")) == DEPOSITED - REQUEST
    follower.update()
    with pytest.raises(VoucherRefused, match="exceeds the deposit of 1000"):
        accept(world, delivery)


def test_a_request_on_its_way_is_served_and_claimed(
    world: World, follower: DeliveryFollower, config: ChannelConfig
) -> None:
    """A request that was accepted before the notice is counted, as long as the channel can pay for it."""
    delivery = follower.open(config, RATE_CARD)
    accept(world, delivery)
    ripe = notice(world, config, DEPOSITED)
    follower.update()
    delivery.serve(used(400))
    assert follower.update() == (delivery,)
    assert claim(world, delivery) == ClaimOutcome(ClaimResult.CLAIMED, 400)
    wait_until(world, ripe)
    world.send(world.network.hub.finalize_withdraw(world["buyer"], config))
    follower.update()
    with pytest.raises(VoucherRefused, match="401 Tokens used, the channel holds 400 since a withdrawal"):
        delivery.serve(used(1))
    assert delivery.charged == 400


def test_what_a_withdrawal_leaves_is_served(world: World, follower: DeliveryFollower, config: ChannelConfig) -> None:
    """Of a notice for a part, requests go on up to what stays, and are claimed after the withdrawal as well."""
    delivery = follower.open(config, RATE_CARD)
    ripe = notice(world, config, 8_000)
    follower.update()
    serve(world, delivery)
    serve(world, delivery)
    assert follower.update() == ()
    assert not is_open(world, delivery)
    wait_until(world, ripe)
    world.send(world.network.hub.finalize_withdraw(world["buyer"], config))
    follower.update()
    assert (delivery.deposited, delivery.noticed, delivery.withdrawable_at) == (2_000, 0, 0)
    assert not is_open(world, delivery)
    assert claim(world, delivery) == ClaimOutcome(ClaimResult.CLAIMED, 2_000)


def test_a_notice_that_runs_is_known_at_the_opening(
    world: World, follower: DeliveryFollower, config: ChannelConfig
) -> None:
    """A server that starts, or starts again, while a notice runs serves nothing that it takes."""
    ripe = notice(world, config, DEPOSITED)
    delivery = follower.open(config, RATE_CARD)
    assert (delivery.noticed, delivery.withdrawable_at) == (DEPOSITED, ripe)
    assert not is_open(world, delivery)


def test_a_top_up_opens_service_for_what_it_adds(
    world: World, follower: DeliveryFollower, config: ChannelConfig
) -> None:
    """During the notice and after the withdrawal alike."""
    delivery = follower.open(config, RATE_CARD)
    ripe = notice(world, config, DEPOSITED)
    follower.update()
    world.buy("buyer", REQUEST)
    world.deposit("buyer", REQUEST, config)
    follower.update()
    serve(world, delivery)
    assert not is_open(world, delivery)
    wait_until(world, ripe)
    world.send(world.network.hub.finalize_withdraw(world["buyer"], config))
    assert follower.update() == ()
    world.buy("buyer", REQUEST)
    world.deposit("buyer", REQUEST, config)
    follower.update()
    serve(world, delivery)
    assert claim(world, delivery) == ClaimOutcome(ClaimResult.CLAIMED, 2 * REQUEST)


def test_others_channels_and_closed_deliveries_tell_nothing(
    world: World, follower: DeliveryFollower, config: ChannelConfig
) -> None:
    """Each delivery follows its own channel; the most urgent claim is returned first."""
    other = open_token_channel(world, "other buyer", DEPOSITED, withdraw_delay_s=2 * DELAY_S)
    deliveries = [follower.open(it, RATE_CARD) for it in (config, other)]
    follower.update()
    for delivery, name in zip(deliveries, ("buyer", "other buyer"), strict=True):
        delivery.accept(world.voucher(name, delivery.config, 1), 1)
        delivery.serve(used(1))
    notice(world, other, DEPOSITED, "other buyer")
    assert follower.update() == (deliveries[1],)
    assert is_open(world, deliveries[0])
    notice(world, config, DEPOSITED)
    assert follower.update() == tuple(deliveries)
    follower.close(deliveries[0])
    assert follower.update() == (deliveries[1],)


def test_a_notice_that_the_chain_took_back(world: World, follower: DeliveryFollower, config: ChannelConfig) -> None:
    """Where another block replaces the notice's, service goes on; so it does where the chain became shorter."""
    delivery = follower.open(config, RATE_CARD)
    follower.update()
    before = world.chain.snapshot()
    notice(world, config, DEPOSITED)
    follower.update()
    assert not is_open(world, delivery)
    world.chain.revert(before)
    follower.update()
    assert is_open(world, delivery)
    before = world.chain.snapshot()
    notice(world, config, DEPOSITED)
    follower.update()
    world.chain.revert(before)
    world.fund("stranger", 10_000)
    world.fund("stranger", 10_000)
    follower.update()
    assert is_open(world, delivery)


def test_a_deposit_that_the_chain_took_back_after_the_opening(world: World, follower: DeliveryFollower) -> None:
    """A channel that was opened after the last look is read again at the next one, whatever block it was read in."""
    follower.update()
    before = world.chain.snapshot()
    delivery = follower.open(open_token_channel(world, "buyer", DEPOSITED), RATE_CARD)
    assert delivery.deposited == DEPOSITED
    world.chain.revert(before)
    follower.update()
    assert delivery.deposited == 0
    assert not is_open(world, delivery)


def test_a_deposit_in_a_block_beside_the_look(
    world: World, follower: DeliveryFollower, config: ChannelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that was read while another block came is read again at the next look, should that block be replaced."""
    delivery = follower.open(config, RATE_CARD)
    follower.update()
    world.buy("buyer", 1 + REQUEST)
    world.deposit("buyer", 1, config)
    before = world.chain.snapshot()
    hub, read = world.network.hub, world.network.hub.state

    def read_later(asked: ChannelConfig) -> ChannelState:
        world.deposit("buyer", REQUEST, asked)
        return read(asked)

    with monkeypatch.context() as patch:
        patch.setattr(hub, "state", read_later)
        follower.update()
    assert delivery.deposited == DEPOSITED + 1 + REQUEST
    world.chain.revert(before)
    follower.update()
    assert delivery.deposited == DEPOSITED + 1


def test_a_node_that_does_not_answer(
    world: World, follower: DeliveryFollower, config: ChannelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is the caller's to see, and what it hid is read the next time."""
    delivery = follower.open(config, RATE_CARD)
    follower.update()
    notice(world, config, DEPOSITED)

    def silent(*_: object) -> Block:
        raise ChainUnreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.chain, "block", silent)
        with pytest.raises(ChainUnreachable):
            follower.update()
    follower.update()
    assert not is_open(world, delivery)
    assert world.network.hub.state(config).noticed == world.network.hub.pending_withdrawal(channel(world, config))[0]


def test_a_refund_ends_what_it_returns(world: World, follower: DeliveryFollower, config: ChannelConfig) -> None:
    """The provider returns everything that is noticed: nothing is left to serve on."""
    network = world.network
    delivery = follower.open(config, RATE_CARD)
    notice(world, config, 4_000)
    signature = network.meter.approve_refund(world["provider"], config, 0, DEPOSITED, 0, network.hub)
    world.send(network.hub.refund_with_signature(world["relayer"], config, DEPOSITED, 0, signature))
    follower.update()
    assert (delivery.deposited, delivery.noticed) == (0, 0)
    assert not is_open(world, delivery)
