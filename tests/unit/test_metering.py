"""`pysettle.domain.channel.metering`: what buyer and provider check before each signs or serves. No chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.domain.channel.messages import hub_domain, voucher_digest
from pysettle.domain.channel.metering import Delivery, Payer, UsageStatement, Voucher, check_vouchers, sign_vouchers
from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.core.signing import Signer
from pysettle.errors import UsageDisputed, VoucherRefused

HUB = hub_domain(31337, Address(b"\x01" * 20))
CARD = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
BUYER, PROVIDER = Signer.derived("test", "buyer"), Signer.derived("test", "provider")
SERIES, METER = Address(b"\x02" * 20), Address(b"\x03" * 20)
CONFIG = ChannelConfig(BUYER.address, ZERO_ADDRESS, SERIES, METER, SERIES, 900)
DEPOSITED = 10_000
REQUEST = Usage(off_peak=Meters(input=4, output=2))
COST = 4 * 30 + 2 * 90


@pytest.fixture
def payer() -> Payer:
    """Return the buyer's side of a fresh channel."""
    return Payer(BUYER, HUB, CONFIG.channel_id(HUB), CARD, DEPOSITED)


@pytest.fixture
def delivery() -> Delivery:
    """Return the provider's side of the same channel."""
    return Delivery(HUB, CONFIG, CARD, DEPOSITED)


def test_requests_in_turn(payer: Payer, delivery: Delivery) -> None:
    """Sign, accept, serve, acknowledge, over and over: both sides keep the same cumulative account."""
    for number in range(1, 6):
        voucher = payer.sign(1_000)
        assert voucher.ceiling == (number - 1) * COST + 1_000
        delivery.accept(voucher, 1_000)
        receipt = delivery.serve(REQUEST)
        payer.acknowledge(receipt, REQUEST)
        assert payer.charged == delivery.charged == receipt.charged == number * COST
    assert delivery.usage == Usage(off_peak=Meters(input=20, output=10))
    assert delivery.voucher == voucher


def test_both_windows_are_charged(payer: Payer, delivery: Delivery) -> None:
    """Peak usage costs the peak rates, on top of what is off-peak."""
    delivery.accept(payer.sign(5_000), 5_000)
    used = REQUEST + Usage(peak=Meters(cached_input=5, input=1, output=1))
    receipt = delivery.serve(used)
    assert receipt.charged == COST + 5 * 2 + 60 + 180
    payer.acknowledge(receipt, used)


def test_payer_signs_the_deposit_and_no_more(payer: Payer) -> None:
    """A ceiling of exactly the deposit is signed, one Token above is not."""
    assert payer.sign(DEPOSITED).ceiling == DEPOSITED
    with pytest.raises(VoucherRefused, match="deposit more"):
        payer.sign(DEPOSITED + 1)


def test_top_up_lets_both_sides_go_on(payer: Payer, delivery: Delivery) -> None:
    """After a further deposit the higher ceiling is signed and accepted."""
    payer.deposited += 1
    voucher = payer.sign(DEPOSITED + 1)
    with pytest.raises(VoucherRefused, match="exceeds the deposit"):
        delivery.accept(voucher, 1_000)
    delivery.deposited += 1
    delivery.accept(voucher, 1_000)


@pytest.mark.parametrize(
    "receipt",
    [
        UsageStatement(ChannelId(b"\0" * 32), REQUEST, COST),
        UsageStatement(CONFIG.channel_id(HUB), REQUEST, COST + 1),
        UsageStatement(CONFIG.channel_id(HUB), REQUEST, COST - 1),
        UsageStatement(CONFIG.channel_id(HUB), REQUEST + REQUEST, 2 * COST),
        UsageStatement(CONFIG.channel_id(HUB), Usage(peak=REQUEST.off_peak), 2 * COST),
        UsageStatement(CONFIG.channel_id(HUB), Usage(), 0),
    ],
    ids=["channel", "dearer", "cheaper", "counted twice", "wrong window", "nothing"],
)
def test_payer_disputes_any_other_receipt(payer: Payer, receipt: UsageStatement) -> None:
    """A receipt for anything else than was used is disputed, and the account stays as it was."""
    payer.sign(1_000)
    with pytest.raises(UsageDisputed):
        payer.acknowledge(receipt, REQUEST)
    assert payer.charged == 0


def test_payer_disputes_a_charge_above_what_it_signed(payer: Payer) -> None:
    """Correctly counted, but more than the request's ceiling: not owed."""
    receipt = UsageStatement(CONFIG.channel_id(HUB), REQUEST, COST)
    payer.sign(COST - 1)
    with pytest.raises(UsageDisputed):
        payer.acknowledge(receipt, REQUEST)


def test_payer_owes_exactly_the_ceiling(payer: Payer) -> None:
    """A request that costs what was signed for it, to the Token, is acknowledged."""
    payer.sign(COST)
    payer.acknowledge(UsageStatement(CONFIG.channel_id(HUB), REQUEST, COST), REQUEST)
    assert payer.charged == COST


def test_payer_disputes_a_replayed_receipt(payer: Payer, delivery: Delivery) -> None:
    """The receipt of one request is none for the next."""
    delivery.accept(payer.sign(1_000), 1_000)
    receipt = delivery.serve(REQUEST)
    payer.acknowledge(receipt, REQUEST)
    payer.sign(1_000)
    with pytest.raises(UsageDisputed):
        payer.acknowledge(receipt, REQUEST)


def test_disputing_payer_signs_nothing_more(payer: Payer) -> None:
    """After a dispute a further voucher would pay for what was disputed."""
    payer.sign(1_000)
    with pytest.raises(UsageDisputed):
        payer.acknowledge(UsageStatement(CONFIG.channel_id(HUB), REQUEST, COST + 1), REQUEST)
    with pytest.raises(UsageDisputed):
        payer.sign(1_000)


def test_delivery_accepts_a_voucher_again(payer: Payer, delivery: Delivery) -> None:
    """The same voucher sent twice is the same voucher, as long as it covers the request."""
    voucher = payer.sign(1_000)
    delivery.accept(voucher, 1_000)
    delivery.accept(voucher, 1_000)
    assert delivery.voucher == voucher


def signed(ceiling: int, **changed: object) -> Voucher:
    """Return a voucher of the channel, signed by the buyer unless told otherwise."""
    config = changed.get("config", CONFIG)
    channel_id = config.channel_id(HUB)
    signer, hub = changed.get("signer", BUYER), changed.get("hub", HUB)
    return Voucher(channel_id, ceiling, signer.sign(voucher_digest(hub, channel_id, ceiling)))


@pytest.mark.parametrize(
    ("voucher", "why"),
    [
        (signed(1_000, config=replace(CONFIG, salt=b"\1" * 32)), "the voucher is for"),
        (signed(999), "does not cover"),
        (signed(DEPOSITED + 1), "exceeds the deposit"),
        (signed(1_000, signer=PROVIDER), "not signed by the payer"),
        (signed(1_000, hub=hub_domain(1, HUB.contract)), "not signed by the payer"),
        (signed(1_000, hub=hub_domain(31337, METER)), "not signed by the payer"),
        (replace(signed(1_000), ceiling=1_001), "not signed by the payer"),
        (replace(signed(1_000), signature=signed(1_000).signature[:64]), "not signed by the payer"),
        (replace(signed(1_000), signature=b""), "not signed by the payer"),
    ],
)
def test_delivery_refuses_vouchers_it_could_not_claim_on(delivery: Delivery, voucher: Voucher, why: str) -> None:
    """What the hub would refuse later is refused before anything is served on it (P-14, P-16)."""
    with pytest.raises(VoucherRefused, match=why):
        delivery.accept(voucher, 1_000)
    assert delivery.voucher is None


def test_refused_voucher_leaves_the_accepted_one(payer: Payer, delivery: Delivery) -> None:
    """A bad voucher does not cost the provider the good one it holds."""
    good = payer.sign(1_000)
    delivery.accept(good, 1_000)
    with pytest.raises(VoucherRefused):
        delivery.accept(signed(2_000, signer=PROVIDER), 1_000)
    assert delivery.voucher == good


def test_old_voucher_does_not_cover_the_next_request(payer: Payer, delivery: Delivery) -> None:
    """Vouchers are cumulative: what is charged already is not there again."""
    voucher = payer.sign(1_000)
    delivery.accept(voucher, 1_000)
    delivery.serve(REQUEST)
    with pytest.raises(VoucherRefused, match="does not cover"):
        delivery.accept(voucher, 1_000)
    delivery.accept(voucher, 1_000 - COST)


def test_delivery_serves_nothing_without_a_voucher(delivery: Delivery) -> None:
    """No voucher, no claim, no service."""
    with pytest.raises(VoucherRefused, match="no voucher covers"):
        delivery.serve(REQUEST)
    assert (delivery.usage, delivery.charged) == (Usage(), 0)


def test_delivery_counts_nothing_above_the_voucher(payer: Payer, delivery: Delivery) -> None:
    """A request that costs more than its ceiling is not counted; one at the ceiling is."""
    delivery.accept(payer.sign(COST - 1), COST - 1)
    with pytest.raises(VoucherRefused):
        delivery.serve(REQUEST)
    assert (delivery.usage, delivery.charged) == (Usage(), 0)
    delivery.accept(payer.sign(COST), COST)
    assert delivery.serve(REQUEST).charged == COST


def test_authorizer_signs_where_one_is_named() -> None:
    """With a payer authorizer its key signs, and the payer's does not."""
    config = replace(CONFIG, payer_authorizer=PROVIDER.address)
    delivery = Delivery(HUB, config, CARD, DEPOSITED)
    with pytest.raises(VoucherRefused, match="not signed by the payer"):
        delivery.accept(signed(1_000, config=config), 1_000)
    delivery.accept(signed(1_000, config=config, signer=PROVIDER), 1_000)


def test_payer_is_bound_by_the_highest_ceiling_it_signed(payer: Payer) -> None:
    """A lower voucher does not take a higher one back: what the higher one covers is owed, and is not disputed."""
    payer.sign(COST)
    payer.sign(COST - 1)
    payer.acknowledge(UsageStatement(CONFIG.channel_id(HUB), REQUEST, COST), REQUEST)
    assert payer.charged == COST


def test_vouchers_are_checked_in_bulk() -> None:
    """Of the channel they name, signed by who may: the authorizer where there is one, else the payer."""
    payer, authorizer = Signer.derived("bulk payer"), Signer.derived("bulk authorizer")
    plain = replace(CONFIG, payer=payer.address, payer_authorizer=ZERO_ADDRESS)
    delegated = replace(plain, payer_authorizer=authorizer.address)
    configs = [plain, delegated]
    good = [
        Voucher.signed(signer, HUB, config.channel_id(HUB), 5)
        for signer, config in zip((payer, authorizer), configs, strict=True)
    ]
    assert check_vouchers(HUB, zip(configs, good, strict=True)) == [True, True]
    wrong = [
        (plain, replace(good[0], ceiling=6)),
        (plain, replace(good[0], signature=good[1].signature)),
        (delegated, good[0]),
        (delegated, Voucher.signed(payer, HUB, delegated.channel_id(HUB), 5)),
        (plain, replace(good[0], signature=good[0].signature[:64])),
        (plain, replace(good[0], signature=with_other_v(good[0].signature))),
    ]
    assert check_vouchers(HUB, wrong) == [False] * 6


def with_other_v(signature: bytes) -> bytes:
    """Return a signature whose r and s are the signer's, while its v names another key: the hub refuses it."""
    return signature[:64] + bytes([55 - signature[64]])


def test_many_vouchers_are_signed_and_checked_in_their_order() -> None:
    """More than one core's share of them: one by one or in bulk, the same signatures; one bad is false alone."""
    payer = Signer.derived("bulk payer")
    configs = [
        replace(CONFIG, payer=payer.address, payer_authorizer=ZERO_ADDRESS, salt=bytes([it] * 32)) for it in (1, 2)
    ]
    drawn = [(configs[number % 2], number) for number in range(201)]
    ceilings = [(config.channel_id(HUB), ceiling) for config, ceiling in drawn]
    vouchers = sign_vouchers(payer, HUB, ceilings)
    assert vouchers == [Voucher.signed(payer, HUB, *it) for it in ceilings]
    vouchers[137] = replace(vouchers[137], ceiling=138)
    told = check_vouchers(HUB, zip((config for config, _ in drawn), vouchers, strict=True))
    assert [number for number, valid in enumerate(told) if not valid] == [137]
    assert len(told) == 201


def test_what_is_raised_for_one_of_many_is_raised() -> None:
    """Nothing is lost in the threads, and none at all is no work."""
    payer = Signer.derived("bulk payer")
    assert sign_vouchers(payer, HUB, []) == [] == check_vouchers(HUB, [])
    with pytest.raises(OverflowError):
        sign_vouchers(payer, HUB, [(CONFIG.channel_id(HUB), ceiling - 150) for ceiling in range(200)])
    with pytest.raises(OverflowError):
        sign_vouchers(payer, HUB, [(CONFIG.channel_id(HUB), 1 << 128)])
    with pytest.raises(ValueError, match="32 bytes"):
        sign_vouchers(payer, HUB, [(ChannelId(b"\0" * 31), 1)])
