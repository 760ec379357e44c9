"""`ChannelHub.refund` and `refundWithSignature`: the receiving side returns what is unclaimed."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from pysettle.domain.channel.events import ChannelRefunded
from pysettle.domain.channel.messages import hub_domain, refund_digest, voucher_digest
from pysettle.domain.core.events import Transfer
from pysettle.errors.contracts import (
    ChannelCallerNotReceiver,
    ReceiverAuthorizerSignatureInvalid,
    RefundAmountZero,
    RefundNonceInvalid,
)
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    books,
    changes,
    channel,
    check_ledger,
    happened,
    open_currency_channel,
    open_token_channel,
    refused,
    sign_refund,
)
from tests.contracts.world import FEN, World

CHANNEL_CLOSED = keccak(b"ChannelClosed(bytes32,(address,address,address,address,address,uint40,bytes32))")


@pytest.mark.parametrize("caller", [RECEIVER, AUTHORIZER])
def test_direct_refund_returns_value_to_the_payer(world: World, caller: str) -> None:
    """Receiver or authorizer gives unclaimed value back to the payer, whoever brought it (P-18)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, payer = world.network.hub, world.address("buyer")
    before = books(world, config)
    (receipt,) = world.send(hub.refund(world[caller], config, 400))
    assert happened(world, receipt) == [
        ChannelRefunded(channel(world, config), payer, config.token, 400, 0),
        Transfer(hub.address, payer, 400),
    ]
    assert changes(before, books(world, config)) == {
        "eCNY buyer": 400,
        "eCNY hub": -400,
        "channel 0 balance": -400,
        "channel 0 nonce": 1,
    }
    check_ledger(world, config)


def test_signed_refund_is_submitted_by_anyone(world: World) -> None:
    """The receiver authorizer signs (channel, nonce, amount); the value goes to the payer, not to the submitter."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, payer = world.network.hub, world.address("buyer")
    signature = sign_refund(world, AUTHORIZER, config, 400, 0)
    before = books(world, config)
    (receipt,) = world.send(hub.refund_with_signature(world["stranger"], config, 400, 0, signature))
    assert happened(world, receipt) == [
        ChannelRefunded(channel(world, config), payer, config.token, 400, 0),
        Transfer(hub.address, payer, 400),
    ]
    assert changes(before, books(world, config)) == {
        "eCNY buyer": 400,
        "eCNY hub": -400,
        "channel 0 balance": -400,
        "channel 0 nonce": 1,
    }
    check_ledger(world, config)


def test_signed_refund_works_once(world: World) -> None:
    """Its nonce is spent with it (INV-ONCE); the next one carries the next nonce."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    first = hub.refund_with_signature(world["stranger"], config, 400, 0, sign_refund(world, AUTHORIZER, config, 400, 0))
    world.send(first)
    arguments = refused(world, RefundNonceInvalid, first, config)
    assert arguments == {"channelId": channel(world, config), "expected": 1, "actual": 0}
    early = hub.refund_with_signature(world["stranger"], config, 400, 2, sign_refund(world, AUTHORIZER, config, 400, 2))
    refused(world, RefundNonceInvalid, early, config)
    world.send(
        hub.refund_with_signature(world["stranger"], config, 400, 1, sign_refund(world, AUTHORIZER, config, 400, 1))
    )
    assert hub.channel(channel(world, config)) == (FEN - 800, 0)


def test_direct_refund_voids_one_signed_before(world: World) -> None:
    """A direct refund spends the nonce, even where it finds nothing unclaimed to return."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    signature = sign_refund(world, AUTHORIZER, config, 400, 0)
    world.send(
        hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)]),
    )
    before = books(world, config)
    (receipt,) = world.send(hub.refund(world[RECEIVER], config, 1))
    assert receipt.logs == ()
    assert changes(before, books(world, config)) == {"channel 0 nonce": 1}
    world.fund("buyer", FEN)
    world.deposit("buyer", 1_000, config)
    late = hub.refund_with_signature(world["stranger"], config, 400, 0, signature)
    refused(world, RefundNonceInvalid, late, config)


def test_forged_refunds_are_refused(world: World) -> None:
    """Signer, channel, nonce, amount, hub and chain are all signed, and no voucher passes for a refund (P-14)."""
    config = open_currency_channel(world, "buyer", FEN)
    other = open_currency_channel(world, "other buyer", FEN)
    hub, key, channel_id = world.network.hub, world[AUTHORIZER], channel(world, config)
    forged = {
        "receiver": sign_refund(world, RECEIVER, config, 400, 0),
        "payer": sign_refund(world, "buyer", config, 400, 0),
        "another channel": sign_refund(world, AUTHORIZER, other, 400, 0),
        "another amount": sign_refund(world, AUTHORIZER, config, 399, 0),
        "another nonce": sign_refund(world, AUTHORIZER, config, 400, 1),
        "another chain": key.sign(refund_digest(hub_domain(1, hub.address), channel_id, 0, 400)),
        "another hub": key.sign(refund_digest(hub_domain(31337, hub.collector), channel_id, 0, 400)),
        "voucher": key.sign(voucher_digest(hub.domain, channel_id, 400)),
        "64 bytes": sign_refund(world, AUTHORIZER, config, 400, 0)[:64],
        "empty": b"",
    }
    for signature in forged.values():
        call = hub.refund_with_signature(world["stranger"], config, 400, 0, signature)
        arguments = refused(world, ReceiverAuthorizerSignatureInvalid, call, config, other)
        assert arguments == {"receiverAuthorizer": world.address(AUTHORIZER)}


@pytest.mark.parametrize("caller", ["buyer", "stranger", "operator"])
def test_others_do_not_refund_directly(world: World, caller: str) -> None:
    """The payer least of all: it would take back what was served and not claimed yet (P-9, P-10)."""
    config = open_currency_channel(world, "buyer", FEN)
    arguments = refused(world, ChannelCallerNotReceiver, world.network.hub.refund(world[caller], config, 400), config)
    assert arguments == {"channelId": channel(world, config), "caller": world.address(caller)}


def test_provider_does_not_refund_a_token_channel_directly(world: World) -> None:
    """In a Token channel refunds pass the meter, which looks at what was claimed."""
    config = open_token_channel(world, "buyer", 10_000)
    hub = world.network.hub
    refused(world, ChannelCallerNotReceiver, hub.refund(world["provider"], config, 400), config)
    signature = sign_refund(world, "provider", config, 400, 0)
    signed = hub.refund_with_signature(world["provider"], config, 400, 0, signature)
    refused(world, ReceiverAuthorizerSignatureInvalid, signed, config)


def test_refund_of_nothing_is_refused(world: World) -> None:
    """Zero is a mistake, directly and signed."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    refused(world, RefundAmountZero, hub.refund(world[RECEIVER], config, 0), config)
    signed = hub.refund_with_signature(world["stranger"], config, 0, 0, sign_refund(world, AUTHORIZER, config, 0, 0))
    assert refused(world, RefundAmountZero, signed, config) == {"channelId": channel(world, config)}


def test_refund_is_capped_at_what_is_unclaimed(world: World) -> None:
    """Claimed value is the receiver's already: a refund of more returns what is left and touches no other channel."""
    config = open_currency_channel(world, "buyer", FEN)
    other = open_currency_channel(world, "other buyer", FEN)
    hub = world.network.hub
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 9_000), 9_000)]))
    before = books(world, config, other)
    (receipt,) = world.send(hub.refund(world[RECEIVER], config, 2**128 - 1))
    assert happened(world, receipt)[0].amount == FEN - 9_000
    assert changes(before, books(world, config, other)) == {
        "eCNY buyer": FEN - 9_000,
        "eCNY hub": 9_000 - FEN,
        "channel 0 balance": 9_000 - FEN,
        "channel 0 nonce": 1,
    }
    world.send(hub.settle(world["stranger"], world.address(RECEIVER), config.token))
    assert world.network.currency.balance_of(hub.address) == FEN
    check_ledger(world, config, other)


def test_refund_of_everything_closes_the_channel(world: World) -> None:
    """With nothing claimed the channel is empty, says so, and is created anew by the next deposit."""
    config = open_currency_channel(world, "buyer", FEN)
    (receipt,) = world.send(world.network.hub.refund(world[RECEIVER], config, FEN))
    assert [log.topics[0] for log in receipt.logs].count(CHANNEL_CLOSED) == 1
    assert world.network.hub.channel(channel(world, config)) == (0, 0)
    world.deposit("buyer", FEN, config)
    assert world.network.hub.channel(channel(world, config)) == (FEN, 0)
    assert world.network.hub.refund_nonce(channel(world, config)) == 1
    check_ledger(world, config)


@pytest.mark.parametrize(("refund", "left"), [(1, 299), (100, 200), (299, 1), (300, 0), (301, 0)])
def test_refund_counts_towards_a_pending_withdrawal(world: World, refund: int, left: int) -> None:
    """What comes back by a refund need not be withdrawn any more: the payer gets no unit twice."""
    config = open_currency_channel(world, "buyer", FEN)
    hub = world.network.hub
    world.send(hub.initiate_withdraw(world["buyer"], config, 300))
    noticed_at = hub.pending_withdrawal(channel(world, config))[1]
    world.send(hub.refund(world[RECEIVER], config, refund))
    expected = (left, noticed_at) if left else (0, 0)
    assert hub.pending_withdrawal(channel(world, config)) == expected


def test_refund_of_a_part_closes_nothing(world: World) -> None:
    """Only with the last unit is a channel closed: one unit that is left, claimed or not, keeps it open."""
    hub = world.network.hub
    unclaimed, emptied = open_currency_channel(world, "buyer", FEN), open_currency_channel(world, "other buyer", FEN)
    receipts = world.send(
        hub.refund(world[RECEIVER], unclaimed, FEN - 1),
        hub.claim(world[RECEIVER], [(emptied, world.voucher("other buyer", emptied, 1), 1)]),
        hub.refund(world[RECEIVER], emptied, FEN - 1),
    )
    assert all(log.topics[0] != CHANNEL_CLOSED for receipt in receipts for log in receipt.logs)
    assert hub.channel(channel(world, unclaimed)) == (1, 0)
    assert hub.channel(channel(world, emptied)) == (1, 1)
