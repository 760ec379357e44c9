"""Metered claims: attested usage, priced on chain by the rate card, within what the payer signed (INV-USAGE)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pysettle.client import SeriesTerms, UsageRow
from pysettle.client.channel.hub import ClaimResult
from pysettle.domain.channel import events
from pysettle.domain.channel.messages import meter_domain, usage_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.typed_data import Domain
from pysettle.errors.contracts import (
    ClaimsEmpty,
    MeterCallerNotHub,
    MeterReceiverNotSeries,
    ReentrancyGuardReentrantCall,
    UsageSignatureInvalid,
)
from pysettle.evm.transactions import Transaction
from tests.contracts.books import (
    attested,
    books,
    changes,
    channel,
    check_ledger,
    claimed,
    claims_nothing,
    currency_config,
    happened,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    raw_claim,
    refused,
    results,
    row,
    used,
)
from tests.contracts.effects import FORWARDER, accounts, deploy
from tests.contracts.hostile import Hostile
from tests.contracts.world import ACTORS, FEN, LIFE_S, World, open_series

USAGE = Usage(off_peak=Meters(7, 5, 3), peak=Meters(11, 13, 2))
COST = 7 * 1 + 5 * 30 + 3 * 90 + 11 * 2 + 13 * 60 + 2 * 180
MOST = 2**42 - 1
"""Most that one counter can hold."""


def claim_of_words(
    world: World, rows: Sequence[UsageRow], words: Sequence[int], signer: str = "provider", domain: Domain | None = None
) -> Transaction:
    """Return a claim of given usage words, attested by anyone under any domain."""
    pairs = [(channel(world, it.config), word) for it, word in zip(rows, words, strict=True)]
    digest = usage_digest(domain or world.network.meter.domain, world.series.address, pairs)
    return raw_claim(world, rows, world[signer].sign(digest), words=words)


def test_six_counters_are_priced_by_the_rate_card(world: World) -> None:
    """A stranger submits; the Tokens claimed are rate card times usage over three meters and two windows."""
    config = open_token_channel(world, "buyer", 10_000)
    before = books(world, config)
    rows = [row(world, "buyer", config, USAGE, 5_000)]
    (receipt,) = world.send(metered_claim(world, rows, "stranger"))
    assert happened(world, receipt) == [attested(world, rows), claimed(world, config, COST)]
    assert [log.address for log in receipt.logs] == [world.network.meter.address, world.network.hub.address]
    assert changes(before, books(world, config)) == {"channel 0 claimed": COST, "Tokens claimed for series": COST}
    check_ledger(world, config)


@pytest.mark.parametrize("lane", range(6))
def test_each_counter_has_its_own_rate(world: World, lane: int) -> None:
    """One unit in one lane costs that lane's rate and no other's."""
    config = open_token_channel(world, "buyer", 1_000)
    rate = (1, 30, 90, 2, 60, 180)[lane]
    world.send(metered_claim(world, [row(world, "buyer", config, Usage.unpack(1 << (42 * lane)), 1_000)]))
    assert world.network.hub.channel(channel(world, config)) == (1_000, rate)


@pytest.mark.parametrize(("ceiling", "total"), [(COST + 1, COST), (COST, COST), (COST - 1, COST - 1), (1, 1)])
def test_claim_is_the_lesser_of_price_and_ceiling(world: World, ceiling: int, total: int) -> None:
    """On both sides of equality: never above the rate card, never above what the payer signed (P-16)."""
    config = open_token_channel(world, "buyer", 10_000)
    rows = [row(world, "buyer", config, USAGE, ceiling)]
    claim = metered_claim(world, rows)
    assert results(world, claim) == [ClaimResult.CLAIMED]
    (receipt,) = world.send(claim)
    assert happened(world, receipt) == [attested(world, rows), claimed(world, config, total)]
    assert world.network.hub.channel(channel(world, config)) == (10_000, total)
    check_ledger(world, config)


def test_cumulative_second_claim(world: World) -> None:
    """Usage counts from the channel's beginning; a second claim records what is new."""
    config = open_token_channel(world, "buyer", 10_000)
    world.send(metered_claim(world, [row(world, "buyer", config, USAGE, 5_000)]))
    (receipt,) = world.send(metered_claim(world, [row(world, "buyer", config, USAGE + used(41), 5_000)]))
    assert happened(world, receipt)[1] == claimed(world, config, 41, COST + 41)
    check_ledger(world, config)


def test_many_channels_in_one_claim(world: World) -> None:
    """One signature and one transaction for the channels of many payers, in the order of the rows."""
    names = ("buyer", "other buyer", "stranger")
    configs = [open_token_channel(world, name, 5_000) for name in names]
    rows = [
        row(world, name, config, used(100 * place), 250)
        for place, (name, config) in enumerate(zip(names, configs, strict=True), 1)
    ]
    before = books(world, *configs)
    (receipt,) = world.send(metered_claim(world, rows))
    assert happened(world, receipt) == [
        attested(world, rows),
        *(claimed(world, config, total) for config, total in zip(configs, (100, 200, 250), strict=True)),
    ]
    assert changes(before, books(world, *configs)) == {
        "channel 0 claimed": 100,
        "channel 1 claimed": 200,
        "channel 2 claimed": 250,
        "Tokens claimed for series": 550,
    }
    check_ledger(world, *configs)


def test_replayed_older_attestation_takes_nothing(world: World) -> None:
    """An attestation is no order to pay: an older one is a row that claims less than was claimed (INV-ONCE)."""
    config = open_token_channel(world, "buyer", 10_000)
    old = metered_claim(world, [row(world, "buyer", config, used(100), 5_000)], "stranger")
    new = metered_claim(world, [row(world, "buyer", config, used(300), 5_000)])
    world.send(old, new)
    before = books(world, config)
    world.send(old, new, old)
    assert books(world, config) == before
    check_ledger(world, config)


def test_a_replay_under_a_ceiling_of_the_strangers_own(world: World) -> None:
    """A row that claims nothing new is passed over before its voucher is looked at: nothing is said of a claim."""
    config = open_token_channel(world, "buyer", 10_000)
    honest = row(world, "buyer", config, used(300), 5_000)
    world.send(metered_claim(world, [honest]))
    forged = replace(honest, voucher=Voucher(honest.voucher.channel_id, 0, bytes(65)))
    claims_nothing(world, metered_claim(world, [forged], "stranger"), config)
    check_ledger(world, config)


def test_one_emptied_channel_blocks_no_batch(world: World) -> None:
    """A payer whose withdrawal ends just before a batch keeps the others' claims from being recorded (P-17)."""
    configs = {name: open_token_channel(world, name, 5_000) for name in ("buyer", "other buyer")}
    claim = metered_claim(world, [row(world, name, config, used(600), 900) for name, config in configs.items()])
    hub = world.network.hub
    world.send(hub.initiate_withdraw(world["buyer"], configs["buyer"], 5_000))
    world.chain.clock.advance(900)
    world.send(hub.finalize_withdraw(world["buyer"], configs["buyer"]), claim)
    assert hub.channel(channel(world, configs["other buyer"])) == (5_000, 600)


def test_provider_gets_what_a_withdrawal_left(world: World) -> None:
    """Served 800 of 1,000, of which 500 were withdrawn: the 500 left are the provider's by the newest voucher (P-7)."""
    config = open_token_channel(world, "buyer", 1_000)
    hub = world.network.hub
    claim = metered_claim(world, [row(world, "buyer", config, used(800), 800)])
    world.send(hub.initiate_withdraw(world["buyer"], config, 500))
    world.chain.clock.advance(900)
    world.send(hub.finalize_withdraw(world["buyer"], config), claim)
    assert hub.channel(channel(world, config)) == (500, 500)


def test_empty_claim_is_refused(world: World) -> None:
    """No rows, nothing to sign (P-11)."""
    refused(world, ClaimsEmpty, metered_claim(world, []))


@pytest.mark.parametrize("bit", [252, 253, 255])
def test_stray_high_bits_are_refused(world: World, bit: int) -> None:
    """What is signed and what is priced must be the same word: a row of another is left out (P-2)."""
    config = open_token_channel(world, "buyer", 10_000)
    rows, word = [row(world, "buyer", config, USAGE, 5_000)], USAGE.pack() | 1 << bit
    claim = claim_of_words(world, rows, [word])
    assert results(world, claim) == [ClaimResult.USAGE_MALFORMED]
    before = books(world, config)
    (receipt,) = world.send(claim)
    assert happened(world, receipt) == [
        attested(world, rows, [word]),
        events.ClaimRefused(channel(world, config), ClaimResult.USAGE_MALFORMED),
    ]
    assert books(world, config) == before
    check_ledger(world, config)


def test_altered_attestations_are_refused(world: World) -> None:
    """The provider signs series, channels, counters and their order; a relayer changes none of it (P-14)."""
    first, second = (open_token_channel(world, name, 10_000) for name in ("buyer", "other buyer"))
    rows = [row(world, "buyer", first, used(100), 900), row(world, "other buyer", second, used(200), 900)]
    network, series = world.network, world.series
    attestation = network.meter.attest(world["provider"], series.address, rows, network.hub)
    other_channel = replace(rows[0], config=replace(first, salt=b"\1" * 32))
    for altered in (
        [replace(rows[0], usage=used(101)), rows[1]],
        [replace(rows[0], usage=rows[1].usage), replace(rows[1], usage=rows[0].usage)],
        rows[::-1],
        rows[:1],
        [*rows, rows[0]],
        [other_channel, rows[1]],
        [replace(rows[0], config=replace(first, payer_authorizer=ZERO_ADDRESS)), rows[1]],
        [replace(rows[0], config=replace(first, withdraw_delay_s=901)), rows[1]],
    ):
        claim = network.hub.claim_metered(world["relayer"], network.meter, series.address, altered, attestation)
        arguments = refused(world, UsageSignatureInvalid, claim, first, second)
        assert arguments == {"provider": world.address("provider")}


def test_usage_attested_by_others_is_refused(world: World) -> None:
    """Neither another key, nor another meter's domain, nor the hub's (P-14)."""
    config = open_token_channel(world, "buyer", 10_000)
    rows = [row(world, "buyer", config, USAGE, 5_000)]
    for signer in ("buyer", "stranger", "operator", "other operator"):
        refused(world, UsageSignatureInvalid, claim_of_words(world, rows, [USAGE.pack()], signer), config)
    elsewhere = claim_of_words(
        world, rows, [USAGE.pack()], domain=meter_domain(world.chain.chain_id, world.network.hub.address)
    )
    refused(world, UsageSignatureInvalid, elsewhere, config)


def test_other_series_provider_is_refused(world: World) -> None:
    """A provider attests its own series' channels: not another's, and not with another's rate card."""
    config = open_token_channel(world, "buyer", 10_000)
    terms = SeriesTerms(
        "Dear Tokens", "DEAR", "inference", 1, 10**9, world.now + LIFE_S, RateCard(Meters(9, 9, 9), Meters(9, 9, 9))
    )
    other = open_series(world.network, world.actors, terms, "stranger")
    rows = [row(world, "buyer", config, USAGE, 5_000)]
    meter, hub = world.network.meter, world.network.hub
    forged = meter.attest(world["stranger"], world.series.address, rows, hub)
    refused(
        world,
        UsageSignatureInvalid,
        hub.claim_metered(world["stranger"], meter, world.series.address, rows, forged),
        config,
    )
    # Named as channels of the other series they are other channels, which hold nothing.
    config_there = replace(config, receiver=other.address, token=other.address)
    there = [row(world, "buyer", config_there, USAGE, 5_000)]
    attestation = meter.attest(world["stranger"], other.address, there, hub)
    claims_nothing(
        world, hub.claim_metered(world["stranger"], meter, other.address, there, attestation), config, config_there
    )
    with_old_voucher = hub.claim_metered(world["stranger"], meter, other.address, rows, attestation)
    claims_nothing(world, with_old_voucher, config, config_there)


def test_attestation_for_one_series_is_none_for_another_of_the_same_provider(world: World) -> None:
    """Cheap usage is not claimed at a dear series' rates, though one key signs for both."""
    terms = SeriesTerms(
        "Dear Tokens", "DEAR", "inference", 150_000, 10**9, world.now + LIFE_S, RateCard(Meters(9), Meters(9))
    )
    dear = open_series(world.network, world.actors, terms)
    config = open_token_channel(world, "buyer", 10_000)
    rows = [row(world, "buyer", config, USAGE, 5_000)]
    meter, hub = world.network.meter, world.network.hub
    attestation = meter.attest(world["provider"], world.series.address, rows, hub)
    refused(
        world,
        UsageSignatureInvalid,
        hub.claim_metered(world["relayer"], meter, dear.address, rows, attestation),
        config,
    )


def test_payer_that_signs_itself(world: World) -> None:
    """Where a channel names no authorizer the payer's own vouchers are claimed, and nobody else's."""
    config = open_token_channel(world, "buyer", 10_000, payer_authorizer=ZERO_ADDRESS)
    foreign = metered_claim(world, [row(world, "stranger", config, used(400), 900)])
    assert results(world, foreign) == [ClaimResult.VOUCHER_SIGNATURE_INVALID]
    world.send(foreign)
    assert world.network.hub.channel(channel(world, config)) == (10_000, 0)
    (receipt,) = world.send(metered_claim(world, [row(world, "buyer", config, used(400), 900)]))
    assert claimed(world, config, 400) in happened(world, receipt)
    assert world.network.hub.channel(channel(world, config)) == (10_000, 400)
    check_ledger(world, config)


def test_posing_series_reaches_its_own_channels_only(world: World) -> None:
    """A contract that says it is a series, of any provider and any rates, moves no Token of a true one."""
    config = open_token_channel(world, "buyer", 10_000)
    poser = Hostile(world, "Liar")
    world.send(poser.call("pose", world.address("stranger"), RateCard(Meters(2**32 - 1), Meters()).pack()))
    rows = [row(world, "buyer", config, USAGE, 10_000)]
    meter, hub = world.network.meter, world.network.hub
    there = replace(config, receiver=poser.address, token=poser.address)
    digest_rows = [replace(rows[0], config=there)]
    attestation = meter.attest(world["stranger"], poser.address, digest_rows, hub)
    claim = hub.claim_metered(world["stranger"], meter, poser.address, rows, attestation)
    claims_nothing(world, claim, config, there)
    check_ledger(world, config)


def test_posing_series_cannot_enter_the_hub_from_a_deposit(world: World) -> None:
    """The meter is no way around the hub's lock."""
    config = open_token_channel(world, "buyer", 10_000)
    claim = metered_claim(world, [row(world, "buyer", config, used(10), 900)])
    collector = Hostile(world, "Liar")
    world.send(collector.call("callBack", claim.to, claim.data, False))
    hub = world.network.hub
    own = currency_config(world, "stranger", token=collector.address)
    data = hub.interface.encode("deposit", own.fields(), FEN, collector.address, b"")
    deposit = Transaction(world["stranger"], hub.address, data, 2_000_000, hub.interface)
    refused(world, ReentrancyGuardReentrantCall, deposit, config, own)


def test_altered_voucher_is_refused(world: World) -> None:
    """Usage alone claims nothing: the payer's voucher covers exactly this ceiling and this channel."""
    config = open_token_channel(world, "buyer", 10_000)
    other = open_token_channel(world, "other buyer", 10_000)
    good = world.voucher("buyer", config, 500)
    before = books(world, config, other)
    for voucher in (
        replace(good, ceiling=501),
        replace(good, signature=b""),
        replace(good, signature=world.voucher("provider", config, 500).signature),
        replace(good, signature=world.voucher("buyer", other, 500).signature),
    ):
        rows = [UsageRow(config, USAGE, voucher)]
        (receipt,) = world.send(metered_claim(world, rows))
        assert happened(world, receipt) == [
            attested(world, rows),
            events.ClaimRefused(channel(world, config), ClaimResult.VOUCHER_SIGNATURE_INVALID),
        ]
        assert books(world, config, other) == before


def test_channel_that_does_not_exist_yields_nothing(world: World) -> None:
    """No deposit, no claim."""
    config = world.config("buyer")
    claim = metered_claim(world, [row(world, "buyer", config, USAGE, 5_000)])
    claims_nothing(world, claim, config)


def test_claim_stops_at_the_deposit(world: World) -> None:
    """A ceiling above the deposit draws on nobody else's Tokens: the channel's own are claimed, and no more."""
    config = open_token_channel(world, "buyer", 100)
    other = open_token_channel(world, "other buyer", 10_000)
    rows, hub = [row(world, "buyer", config, used(101), 5_000)], world.network.hub
    claim = metered_claim(world, rows)
    assert results(world, claim) == [ClaimResult.CLAIMED_IN_PART]
    (receipt,) = world.send(claim)
    assert happened(world, receipt) == [attested(world, rows), claimed(world, config, 100)]
    assert hub.channel(channel(world, config)) == (100, 100)
    assert hub.channel(channel(world, other)) == (10_000, 0)


def test_currency_channels_are_out_of_its_reach(world: World) -> None:
    """The meter makes token and receiver of each row the series, so an e-CNY channel cannot even be named."""
    config = open_currency_channel(world, "buyer", FEN)
    metered = open_currency_channel(world, "other buyer", FEN, receiver_authorizer=world.network.meter.address)
    for name, target in (("buyer", config), ("other buyer", metered)):
        claim = metered_claim(world, [row(world, name, target, used(100), 900)])
        refused(world, UsageSignatureInvalid, claim, config, metered)


def test_counters_at_their_limit(world: World) -> None:
    """Six full counters are priced exactly, without wrapping; only the ceiling bounds the claim (P-2)."""
    config = open_token_channel(world, "buyer", 10_000)
    full = Usage(off_peak=Meters(MOST, MOST, MOST), peak=Meters(MOST, MOST, MOST))
    rows = [row(world, "buyer", config, full, 10_000)]
    (receipt,) = world.send(metered_claim(world, rows))
    assert happened(world, receipt) == [attested(world, rows, [2**252 - 1]), claimed(world, config, 10_000)]
    # Wrapped at 42 or 64 bits the price would be below the ceiling.
    assert MOST * (1 + 30 + 90 + 2 + 60 + 180) > 10_000
    check_ledger(world, config)


@pytest.mark.parametrize("lane", range(6))
def test_full_counter_does_not_spill_into_its_neighbour(world: World, lane: int) -> None:
    """One full lane costs its own rate times its count, where the neighbours' rates are far higher."""
    rates = [2**32 - 1] * 6
    rates[lane] = 1
    card = RateCard(Meters(*rates[:3]), Meters(*rates[3:]))
    terms = SeriesTerms("Lane", "LANE", "inference", 1, MOST + 1, world.now + LIFE_S, card)
    lanes = replace(world, series=open_series(world.network, world.actors, terms))
    config = open_token_channel(lanes, "buyer", MOST + 1)
    rows = [row(lanes, "buyer", config, Usage.unpack(MOST << (42 * lane)), MOST + 1)]
    (receipt,) = world.send(metered_claim(lanes, rows))
    assert happened(world, receipt) == [attested(lanes, rows), claimed(lanes, config, MOST)]


def test_claims_have_no_last_date(world: World) -> None:
    """What was served before expiry can be claimed any time after it (P-7)."""
    config = open_token_channel(world, "buyer", 10_000)
    world.chain.clock.advance(world.series.expiry + 10 * 365 * 86_400 - world.now)
    world.send(metered_claim(world, [row(world, "buyer", config, USAGE, 5_000)]))
    assert world.network.hub.channel(channel(world, config)) == (10_000, COST)


@pytest.mark.parametrize("name", [*ACTORS, "series"])
def test_the_hub_alone_asks_the_meter(world: World, name: str) -> None:
    """Nobody else has it say that usage was attested, not even who has the attestation (P-9)."""
    meter, caller = world.network.meter, accounts(world)[name]
    with pytest.raises(MeterCallerNotHub) as caught:
        world.network.sender.call(meter.address, meter.interface, question_to_the_meter(world), sender=caller)
    assert caught.value.args_by_name == {"caller": caller, "hub": world.network.hub.address}


def test_a_contract_that_asks_the_meter_is_named(world: World) -> None:
    """Who asks is who calls, whoever sent the transaction (P-12)."""
    meter, forwarder = world.network.meter, deploy(world, FORWARDER)
    data = meter.address.rjust(32, b"\0") + question_to_the_meter(world)
    with pytest.raises(MeterCallerNotHub) as caught:
        world.network.sender.call(forwarder, meter.interface, data, sender=world.address("provider"))
    assert caught.value.args_by_name == {"caller": forwarder, "hub": world.network.hub.address}


def question_to_the_meter(world: World) -> bytes:
    """Return what the hub would ask the meter of well attested usage."""
    config = open_token_channel(world, "buyer", 10_000)
    rows, meter, series = [row(world, "buyer", config, USAGE, 5_000)], world.network.meter, world.series.address
    attestation = meter.attest(world["provider"], series, rows, world.network.hub)
    words = [it.usage.pack() for it in rows]
    return meter.interface.encode("attestUsage", series, series, [channel(world, config)], words, attestation)


def test_receiver_and_token_are_one_series(world: World) -> None:
    """Neither e-CNY to a provider, nor Tokens to somebody else, nor e-CNY to a series is metered."""
    config = open_token_channel(world, "buyer", 10_000)
    metered = world.network.meter.address
    money = open_currency_channel(world, "other buyer", FEN, receiver_authorizer=metered)
    series, currency, provider = world.series.address, world.network.currency.address, world.address("provider")
    for receiver, token in ((provider, currency), (provider, series), (series, currency)):
        rows = [row(world, "other buyer", replace(money, receiver=receiver, token=token), USAGE, 5_000)]
        attestation = world.network.meter.attest(world["provider"], token, rows, world.network.hub)
        claim = raw_claim(world, rows, attestation, receiver=receiver, token=token)
        arguments = refused(world, MeterReceiverNotSeries, claim, config, money)
        assert arguments == {"receiver": receiver, "token": token}
