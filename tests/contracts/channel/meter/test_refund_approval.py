"""The meter as receiver authorizer (ERC-1271): a provider's approval of a cooperative refund, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pysettle.client import SeriesTerms
from pysettle.domain.channel.events import ChannelRefunded
from pysettle.domain.channel.messages import refund_digest, voucher_digest
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.events import Transfer
from pysettle.errors.contracts import ReceiverAuthorizerSignatureInvalid, RefundNonceInvalid
from tests.contracts.books import (
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
    sign_batch,
    used,
)
from tests.contracts.hostile import Hostile
from tests.contracts.world import FEN, LIFE_S, World, open_series

YES, NO = bytes.fromhex("1626ba7e"), b"\xff" * 4


def test_approved_refund_works_through_the_hub(world: World) -> None:
    """The provider approves, anyone submits, the hub asks the meter, the payer gets its Tokens back."""
    config = open_token_channel(world, "buyer", 10_000)
    network, payer = world.network, world.address("buyer")
    world.send(metered_claim(world, [row(world, "buyer", config, used(600), 900)]))
    approval = network.meter.approve_refund(world["provider"], config, 0, 9_400, 600, network.hub)
    before = books(world, config)
    (receipt,) = world.send(network.hub.refund_with_signature(world["stranger"], config, 9_400, 0, approval))
    assert happened(world, receipt) == [
        ChannelRefunded(channel(world, config), payer, config.token, 9_400, 0),
        Transfer(network.hub.address, payer, 9_400),
    ]
    assert changes(before, books(world, config)) == {
        "Tokens buyer": 9_400,
        "Tokens hub": -9_400,
        "channel 0 balance": -9_400,
        "channel 0 nonce": 1,
    }
    check_ledger(world, config)


def test_approved_refund_works_after_expiry(world: World) -> None:
    """Tokens come out of the channel after expiry too, to be refunded in money (P-7)."""
    config = open_token_channel(world, "buyer", 10_000)
    network, series = world.network, world.series
    world.chain.clock.advance(series.expiry - world.now)
    approval = network.meter.approve_refund(world["provider"], config, 0, 10_000, 0, network.hub)
    before = network.currency.balance_of(world.address("buyer"))
    world.send(
        network.hub.refund_with_signature(world["relayer"], config, 10_000, 0, approval),
        series.refund(world["buyer"], 10_000),
    )
    assert network.currency.balance_of(world.address("buyer")) == before + 1_500
    check_ledger(world, config)


FORGERIES: dict[str, Callable[[World, object, object], bytes]] = {
    "signed by the payer": lambda world, config, _: world.network.meter.approve_refund(
        world["buyer"], config, 0, 400, 0, world.network.hub
    ),
    "signed by a stranger": lambda world, config, _: world.network.meter.approve_refund(
        world["stranger"], config, 0, 400, 0, world.network.hub
    ),
    "another amount": lambda world, config, _: world.network.meter.approve_refund(
        world["provider"], config, 0, 399, 0, world.network.hub
    ),
    "another nonce": lambda world, config, _: world.network.meter.approve_refund(
        world["provider"], config, 1, 400, 0, world.network.hub
    ),
    "another channel": lambda world, _, other: world.network.meter.approve_refund(
        world["provider"], other, 0, 400, 0, world.network.hub
    ),
    "another total": lambda world, config, _: world.network.meter.approve_refund(
        world["provider"], config, 0, 400, 1, world.network.hub
    ),
    "a bare signature of the hub's digest": lambda world, config, _: world["provider"].sign(
        refund_digest(world.network.hub.domain, channel(world, config), 0, 400)
    ),
    "garbage": lambda *_: b"\x12\x34" * 300,
    "an offset beyond the data": lambda *_: (2**255).to_bytes(32, "big") * 20,
    "empty": lambda *_: b"",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_approvals_are_refused(world: World, forgery: str) -> None:
    """Signer, channel, nonce, amount and total are all part of the approval (P-14); garbage is a plain no."""
    config, other = (open_token_channel(world, name, 10_000) for name in ("buyer", "other buyer"))
    approval = FORGERIES[forgery](world, config, other)
    call = world.network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    arguments = refused(world, ReceiverAuthorizerSignatureInvalid, call, config, other)
    assert arguments == {"receiverAuthorizer": world.network.meter.address}


def test_approval_signed_inside_the_hubs_domain_is_refused(world: World) -> None:
    """The provider's signature of the hub's own refund digest, wrapped as an approval, is none (P-14)."""
    config = open_token_channel(world, "buyer", 10_000)
    network = world.network

    class Wrong:
        address = world.address("provider")

        def sign(self, _digest: bytes) -> bytes:
            return world["provider"].sign(refund_digest(network.hub.domain, channel(world, config), 0, 400))

    approval = network.meter.approve_refund(Wrong(), config, 0, 400, 0, network.hub)
    call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, call, config)


def test_a_claim_since_voids_the_approval(world: World) -> None:
    """Approved before later usage was claimed, a refund could return what that usage cost."""
    config = open_token_channel(world, "buyer", 10_000)
    network = world.network
    approval = network.meter.approve_refund(world["provider"], config, 0, 400, 0, network.hub)
    world.send(metered_claim(world, [row(world, "buyer", config, used(1), 900)]))
    call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, call, config)


def test_approval_works_once(world: World) -> None:
    """The hub's nonce is spent with it (INV-ONCE)."""
    config = open_token_channel(world, "buyer", 10_000)
    network = world.network
    approval = network.meter.approve_refund(world["provider"], config, 0, 400, 0, network.hub)
    call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    world.send(call)
    refused(world, RefundNonceInvalid, call, config)
    again = network.hub.refund_with_signature(world["stranger"], config, 400, 1, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, again, config)


def test_another_provider_approves_nothing(world: World) -> None:
    """The provider of one series does not approve for channels of another, under the same meter."""
    config = open_token_channel(world, "buyer", 10_000)
    terms = SeriesTerms(
        "Other Tokens", "OTHER", "inference", 1, 10**9, world.now + LIFE_S, RateCard(Meters(1), Meters(1))
    )
    other = open_series(world.network, world.actors, terms, "stranger")
    network = world.network
    there = replace(config, receiver=other.address, token=other.address)
    for named in (config, there, replace(config, receiver=other.address), replace(config, token=other.address)):
        approval = network.meter.approve_refund(world["stranger"], named, 0, 400, 0, network.hub)
        call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
        refused(world, ReceiverAuthorizerSignatureInvalid, call, config)
    network.series.remove(other)


def test_channel_of_another_meter_is_refused(world: World) -> None:
    """The meter says yes for channels that name it, whatever else the provider signs."""
    config = open_token_channel(world, "buyer", 10_000)
    network = world.network
    elsewhere = replace(config, receiver_authorizer=network.hub.address)
    approval = network.meter.approve_refund(world["provider"], elsewhere, 0, 400, 0, network.hub)
    hash_there = refund_digest(network.hub.domain, channel(world, elsewhere), 0, 400)
    assert network.meter._read("isValidSignature", hash_there, approval) == NO
    call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, call, config)


def test_currency_channel_under_the_meter_is_refused(world: World) -> None:
    """With the meter as authorizer of an e-CNY channel nobody can approve: receiver and token differ."""
    config = open_currency_channel(world, "buyer", FEN, receiver_authorizer=world.network.meter.address)
    network = world.network
    approval = network.meter.approve_refund(world["provider"], config, 0, 400, 0, network.hub)
    call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, call, config)
    # Nor where a contract poses as a series whose provider is anybody.
    poser = Hostile(world, "Liar")
    world.send(poser.call("pose", world.address("stranger"), 1))
    named = replace(config, receiver=poser.address, token=poser.address)
    approval = network.meter.approve_refund(world["stranger"], named, 0, 400, 0, network.hub)
    call = network.hub.refund_with_signature(world["stranger"], config, 400, 0, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, call, config)


def test_meter_signs_no_other_message(world: World) -> None:
    """Claim batches, vouchers, authorizations: a yes to one of them would move value past the meter's rules (P-14)."""
    config = open_token_channel(world, "buyer", 10_000)
    network, channel_id = world.network, channel(world, config)
    rows = [(config, world.voucher("buyer", config, 5_000), 5_000)]
    approval = network.meter.approve_refund(world["provider"], config, 0, 400, 0, network.hub)
    batch = network.hub.claim_with_signature(world["provider"], rows, approval)
    refused(world, ReceiverAuthorizerSignatureInvalid, batch, config)
    by_provider = network.hub.claim_with_signature(world["provider"], rows, sign_batch(world, "provider", rows))
    refused(world, ReceiverAuthorizerSignatureInvalid, by_provider, config)

    good = refund_digest(network.hub.domain, channel_id, 0, 400)
    assert network.meter._read("isValidSignature", good, approval) == YES
    authorization = world.authorization("buyer", world.address("stranger"), 1)
    for other in (
        voucher_digest(network.hub.domain, channel_id, 400),
        refund_digest(network.hub.domain, channel_id, 1, 400),
        refund_digest(network.meter.domain, channel_id, 0, 400),
        authorization.transfer_digest(world.series.domain),
        channel_id,
        b"\0" * 32,
    ):
        assert network.meter._read("isValidSignature", other, approval) == NO
