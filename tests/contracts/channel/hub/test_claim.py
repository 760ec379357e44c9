"""`ChannelHub.claim` and `claimWithSignature`: what the receiving side may record, and under whose signatures."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pysettle.client.channel.hub import ClaimResult
from pysettle.domain.channel import events
from pysettle.domain.channel.messages import hub_domain, voucher_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors.contracts import (
    ChannelCallerNotReceiver,
    ClaimAboveBalance,
    ClaimAboveCeiling,
    ClaimAuthorizerMismatch,
    ClaimsEmpty,
    ReceiverAuthorizerSignatureInvalid,
    VoucherSignatureInvalid,
)
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
    open_token_channel,
    refused,
    results,
    sign_batch,
)
from tests.contracts.hostile import Hostile
from tests.contracts.world import FEN, World

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.mark.parametrize("caller", [RECEIVER, AUTHORIZER])
def test_receiver_and_authorizer_claim_directly(world: World, caller: str) -> None:
    """A claim is bookkeeping: it moves value from the channel to the receiver's total and transfers nothing."""
    config = open_currency_channel(world, "buyer", FEN)
    voucher = world.voucher("buyer", config, 900)
    before = books(world, config)
    (receipt,) = world.send(world.network.hub.claim(world[caller], [(config, voucher, 600)]))
    assert happened(world, receipt) == [
        events.Claimed(channel(world, config), world.address(RECEIVER), config.token, 600, 600)
    ]
    assert changes(before, books(world, config)) == {"channel 0 claimed": 600, f"eCNY claimed for {RECEIVER}": 600}
    check_ledger(world, config)


def test_claims_are_cumulative(world: World) -> None:
    """A later claim records the difference; one total above all, under one newest voucher."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, receiver = world.network.hub, world[RECEIVER]
    world.send(hub.claim(receiver, [(config, world.voucher("buyer", config, 600), 600)]))
    (receipt,) = world.send(hub.claim(receiver, [(config, world.voucher("buyer", config, 1_000), 950)]))
    assert happened(world, receipt) == [
        events.Claimed(channel(world, config), world.address(RECEIVER), config.token, 350, 950)
    ]
    assert hub.channel(channel(world, config)) == (FEN, 950)
    assert hub.receiver_totals(world.address(RECEIVER), config.token) == (950, 0)


@pytest.mark.parametrize("total", [0, 599, 600])
def test_superseded_row_changes_nothing(world: World, total: int) -> None:
    """A row at or below what is claimed is passed over quietly, so a stale row blocks no batch (P-17, INV-ONCE)."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, voucher = world.network.hub, world.voucher("buyer", config, 600)
    world.send(hub.claim(world[RECEIVER], [(config, voucher, 600)]))
    before = books(world, config)
    (receipt,) = world.send(hub.claim(world[RECEIVER], [(config, voucher, total)]))
    assert receipt.logs == ()
    assert books(world, config) == before


def test_many_channels_in_one_batch(world: World) -> None:
    """Rows of several payers, one of them stale, are recorded in order."""
    configs = [open_currency_channel(world, name, FEN) for name in ("buyer", "other buyer", "stranger")]
    rows = [
        (config, world.voucher(name, config, 500), total)
        for name, config, total in zip(("buyer", "other buyer", "stranger"), configs, (100, 0, 500), strict=True)
    ]
    before = books(world, *configs)
    (receipt,) = world.send(world.network.hub.claim(world[AUTHORIZER], rows))
    assert [(e.channel_id, e.amount) for e in happened(world, receipt)] == [
        (channel(world, configs[0]), 100),
        (channel(world, configs[2]), 500),
    ]
    assert changes(before, books(world, *configs)) == {
        "channel 0 claimed": 100,
        "channel 2 claimed": 500,
        f"eCNY claimed for {RECEIVER}": 600,
    }
    check_ledger(world, *configs)


def test_same_channel_twice_in_a_batch_counts_once(world: World) -> None:
    """Repeating a row gains nothing, since totals are cumulative."""
    config = open_currency_channel(world, "buyer", FEN)
    voucher = world.voucher("buyer", config, 600)
    rows = [(config, voucher, 600), (config, voucher, 600), (config, voucher, 500)]
    world.send(world.network.hub.claim(world[RECEIVER], rows))
    assert world.network.hub.receiver_totals(world.address(RECEIVER), config.token) == (600, 0)


def test_stranger_submits_the_authorizers_signature(world: World) -> None:
    """`claimWithSignature` needs no caller, only the receiver authorizer's signature over all rows."""
    config = open_currency_channel(world, "buyer", FEN)
    rows = [(config, world.voucher("buyer", config, 900), 600)]
    signature = sign_batch(world, AUTHORIZER, rows)
    before = books(world, config)
    (receipt,) = world.send(world.network.hub.claim_with_signature(world["stranger"], rows, signature))
    assert happened(world, receipt) == [
        events.Claimed(channel(world, config), world.address(RECEIVER), config.token, 600, 600)
    ]
    after = books(world, config)
    assert changes(before, after) == {"channel 0 claimed": 600, f"eCNY claimed for {RECEIVER}": 600}
    # Replayed, it is a stale row.
    world.send(world.network.hub.claim_with_signature(world["stranger"], rows, signature))
    assert books(world, config) == after


def test_signed_batch_cannot_be_altered(world: World) -> None:
    """The batch signature covers channel, ceiling, total, number and order of the rows (P-14)."""
    first = open_currency_channel(world, "buyer", FEN)
    second = open_currency_channel(world, "other buyer", FEN)
    rows = [
        (first, world.voucher("buyer", first, 900), 600),
        (second, world.voucher("other buyer", second, 900), 600),
    ]
    signature = sign_batch(world, AUTHORIZER, rows)
    higher = [(first, rows[0][1], 700), rows[1]]
    other_ceiling = [(first, world.voucher("buyer", first, 901), 600), rows[1]]
    for altered in (higher, other_ceiling, rows[::-1], rows[:1], [*rows, rows[0]]):
        claim = world.network.hub.claim_with_signature(world["stranger"], altered, signature)
        arguments = refused(world, ReceiverAuthorizerSignatureInvalid, claim, first, second)
        assert arguments == {"receiverAuthorizer": world.address(AUTHORIZER)}


@pytest.mark.parametrize("signer", [RECEIVER, "buyer", "stranger"])
def test_signed_batch_of_another_is_refused(world: World, signer: str) -> None:
    """Not even the receiver signs in place of its authorizer."""
    config = open_currency_channel(world, "buyer", FEN)
    rows = [(config, world.voucher("buyer", config, 900), 600)]
    claim = world.network.hub.claim_with_signature(world["stranger"], rows, sign_batch(world, signer, rows))
    refused(world, ReceiverAuthorizerSignatureInvalid, claim, config)


def test_mixed_authorizers_are_refused(world: World) -> None:
    """A signature over rows of two authorizers binds one of them only."""
    first = open_currency_channel(world, "buyer", FEN)
    second = open_currency_channel(world, "other buyer", FEN, receiver_authorizer=world.address("stranger"))
    rows = [
        (first, world.voucher("buyer", first, 900), 600),
        (second, world.voucher("other buyer", second, 900), 600),
    ]
    claim = world.network.hub.claim_with_signature(world["stranger"], rows, sign_batch(world, AUTHORIZER, rows))
    arguments = refused(world, ClaimAuthorizerMismatch, claim, first, second)
    assert arguments == {"expected": world.address(AUTHORIZER), "actual": world.address("stranger")}
    # Directly, their common receiver claims both.
    world.send(world.network.hub.claim(world[RECEIVER], rows))
    assert world.network.hub.receiver_totals(world.address(RECEIVER), first.token) == (1_200, 0)


def test_empty_batch_is_refused(world: World) -> None:
    """No rows, no first row to look at (P-11)."""
    hub = world.network.hub
    refused(world, ClaimsEmpty, hub.claim(world[RECEIVER], []))
    refused(world, ClaimsEmpty, hub.claim_with_signature(world["stranger"], [], sign_batch(world, AUTHORIZER, [])))


def test_claim_above_the_ceiling_is_refused(world: World) -> None:
    """The voucher is the most that may ever be claimed; exactly that much is accepted."""
    config = open_currency_channel(world, "buyer", FEN)
    hub, voucher = world.network.hub, world.voucher("buyer", config, 600)
    arguments = refused(world, ClaimAboveCeiling, hub.claim(world[RECEIVER], [(config, voucher, 601)]), config)
    assert arguments == {
        "channelId": channel(world, config),
        "totalClaimed": 601,
        "maxClaimableAmount": 600,
    }
    world.send(hub.claim(world[RECEIVER], [(config, voucher, 600)]))
    assert hub.channel(channel(world, config)) == (FEN, 600)


def test_claim_above_the_balance_is_refused(world: World) -> None:
    """A voucher above the deposit claims the deposit and no unit of anybody else's."""
    config = open_currency_channel(world, "buyer", FEN)
    other = open_currency_channel(world, "other buyer", FEN)
    hub, voucher = world.network.hub, world.voucher("buyer", config, 2**128 - 1)
    claim = hub.claim(world[RECEIVER], [(config, voucher, FEN + 1)])
    arguments = refused(world, ClaimAboveBalance, claim, config, other)
    assert arguments == {"channelId": channel(world, config), "totalClaimed": FEN + 1, "balance": FEN}
    world.send(hub.claim(world[RECEIVER], [(config, voucher, FEN)]))
    assert hub.channel(channel(world, config)) == (FEN, FEN)


def test_claim_on_a_channel_without_deposit_is_refused(world: World) -> None:
    """Vouchers on a channel that does not exist are worth nothing."""
    config = currency_config(world, "buyer")
    claim = world.network.hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 600), 1)])
    refused(world, ClaimAboveBalance, claim, config)


@pytest.mark.parametrize("caller", ["stranger", "relayer", "buyer", "operator"])
def test_others_do_not_claim_directly(world: World, caller: str) -> None:
    """Only receiver and receiver authorizer record claims, whatever vouchers a caller has got hold of (P-9)."""
    config = open_currency_channel(world, "buyer", FEN)
    claim = world.network.hub.claim(world[caller], [(config, world.voucher("buyer", config, 600), 600)])
    arguments = refused(world, ChannelCallerNotReceiver, claim, config)
    assert arguments == {"channelId": channel(world, config), "caller": world.address(caller)}


def test_receiver_of_one_row_does_not_claim_another(world: World) -> None:
    """The caller must be the receiving side of every row, not of the first alone (P-9)."""
    mine = open_currency_channel(world, "buyer", FEN, receiver=world.address("stranger"))
    other = open_currency_channel(world, "other buyer", FEN)
    rows = [(mine, world.voucher("buyer", mine, 9), 9), (other, world.voucher("other buyer", other, 9), 9)]
    refused(world, ChannelCallerNotReceiver, world.network.hub.claim(world["stranger"], rows), mine, other)


def test_provider_does_not_claim_a_token_channel_directly(world: World) -> None:
    """Past the meter a provider would claim the whole ceiling, so the hub does not know it (P-16)."""
    config = open_token_channel(world, "buyer", 10_000)
    rows = [(config, world.voucher("buyer", config, 10_000), 10_000)]
    hub = world.network.hub
    refused(world, ChannelCallerNotReceiver, hub.claim(world["provider"], rows), config)
    signed = hub.claim_with_signature(world["provider"], rows, sign_batch(world, "provider", rows))
    assert refused(world, ReceiverAuthorizerSignatureInvalid, signed, config) == {
        "receiverAuthorizer": world.network.meter.address
    }


def test_vouchers_that_are_not_the_payers_are_refused(world: World) -> None:
    """Chain, hub, channel, ceiling, signer, length and low s are all part of a voucher (P-14)."""
    config = open_currency_channel(world, "buyer", FEN)
    other = open_currency_channel(world, "other buyer", FEN)
    hub, channel_id = world.network.hub, channel(world, config)
    good = world.voucher("buyer", config, 600).signature

    def signed(domain: object, signer: str = "buyer", subject: bytes = channel_id, ceiling: int = 600) -> bytes:
        return world[signer].sign(voucher_digest(domain, subject, ceiling))

    high_s = (CURVE_ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    forged = {
        "another signer": signed(hub.domain, signer="provider"),
        "another payer": signed(hub.domain, signer="other buyer"),
        "another chain": signed(hub_domain(1, hub.address)),
        "another hub": signed(hub_domain(31337, world.network.meter.address)),
        "another channel": signed(hub.domain, subject=channel(world, other)),
        "another ceiling": signed(hub.domain, ceiling=599),
        "another contract's domain": signed(world.network.currency.domain),
        "high s": good[:32] + high_s + bytes([55 - good[64]]),
        "v of 0 or 1": good[:64] + bytes([good[64] - 27]),
        "64 bytes": good[:64],
        "66 bytes": good + b"\0",
        "empty": b"",
    }
    for signature in forged.values():
        voucher = Voucher(channel_id, 600, signature)
        claim = hub.claim(world[RECEIVER], [(config, voucher, 600)])
        assert refused(world, VoucherSignatureInvalid, claim, config, other) == {"channelId": channel_id}
        tried = hub.try_claim(world[RECEIVER], [(config, voucher, 600)])
        assert results(world, tried) == [ClaimResult.VOUCHER_SIGNATURE_INVALID]
    world.send(hub.claim(world[RECEIVER], [(config, Voucher(channel_id, 600, good), 600)]))


def test_payer_signs_itself_without_an_authorizer(world: World) -> None:
    """A zero payer authorizer means that the payer's own key signs."""
    config = open_currency_channel(world, "buyer", FEN, payer_authorizer=ZERO_ADDRESS)
    hub = world.network.hub
    forged = hub.claim(world[RECEIVER], [(config, world.voucher("provider", config, 600), 600)])
    refused(world, VoucherSignatureInvalid, forged, config)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 600), 600)]))
    assert hub.channel(channel(world, config)) == (FEN, 600)


def test_payer_with_an_authorizer_does_not_sign(world: World) -> None:
    """Where an authorizer is named, its key alone signs vouchers, not the payer's."""
    config = open_currency_channel(world, "buyer", FEN, payer_authorizer=world.address("other buyer"))
    hub = world.network.hub
    payers = hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 600), 600)])
    refused(world, VoucherSignatureInvalid, payers, config)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("other buyer", config, 600), 600)]))
    assert hub.channel(channel(world, config)) == (FEN, 600)


@pytest.mark.parametrize("authorizer_is_wallet", [True, False])
def test_erc1271_account_signs_vouchers(world: World, authorizer_is_wallet: bool) -> None:
    """A contract may sign, as payer or as authorizer; the hub asks it at every claim."""
    wallet = Hostile(world, "Wallet", world.address("buyer"))
    authorizer = wallet.address if authorizer_is_wallet else ZERO_ADDRESS
    world.issue(wallet.address, FEN)
    currency, hub = world.network.currency, world.network.hub
    config = currency_config(world, "buyer", payer=wallet.address, payer_authorizer=authorizer)
    # The wallet pays, and its owner signs.
    owner = SimpleNamespace(address=wallet.address, sign=world["buyer"].sign)
    data = hub.sign_deposit(owner, currency, config, FEN, world.now + 3_600)  # type: ignore[arg-type]  # signs as a wallet
    world.send(hub.deposit(world["stranger"], config, FEN, data))

    forged = hub.claim(world[RECEIVER], [(config, world.voucher("stranger", config, 600), 600)])
    refused(world, VoucherSignatureInvalid, forged, config)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 600), 600)]))
    assert hub.channel(channel(world, config)) == (FEN, 600)
    # An account that changes its mind stops later claims, and takes back no earlier one.
    world.send(wallet.call("close"))
    later = hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 700), 700)])
    refused(world, VoucherSignatureInvalid, later, config)
    assert hub.receiver_totals(world.address(RECEIVER), config.token) == (600, 0)
