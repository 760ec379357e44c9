"""`claimMetered` and `tryClaim`: a row that cannot be claimed costs only itself, and says why (P-17)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.client import UsageRow
from pysettle.client.channel.hub import ClaimResult
from pysettle.domain.channel import events
from pysettle.domain.channel.messages import usage_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors import ContractReverted
from pysettle.errors.contracts import ChannelPayerFrozen, ClaimsEmpty, ClaimSignaturesUneven
from pysettle.evm.transactions import Transaction
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
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
    sign_batch,
    used,
)
from tests.contracts.effects import deploy
from tests.contracts.hostile import Hostile, liars_channel
from tests.contracts.world import FEN, World
from tests.evm.bytecode import INVALID

GOOD = ("buyer", "other buyer", "stranger")
TOTALS = (100, 200, 300)
WITHOUT_EVENT = {ClaimResult.NOTHING_NEW}
MAGIC = "7f1626ba7e" + "00" * 28 + "5f52"
"""Puts the word that an ERC-1271 account agrees with at the beginning of memory."""
SIGNERS = {
    "a contract that burns all gas": INVALID,
    "a contract that loops": bytes.fromhex("5b5f56"),
    "a contract that answers nothing": bytes.fromhex("00"),
    "a contract that answers no": bytes.fromhex("60205ff3"),
    "a contract that answers yes but for a byte": bytes.fromhex(MAGIC + "601f5ff3"),
    "a contract that answers with all bits": bytes.fromhex("5f195f5260205ff3"),
    "a contract that reverts with a yes": bytes.fromhex(MAGIC + "60205ffd"),
    "a contract that answers with 290,000 bytes": bytes.fromhex("62046cd05ff3"),
    "a contract that reverts with 290,000 bytes": bytes.fromhex("62046cd05ffd"),
}
"""Payer authorizers (ERC-1271) that never sign, by what they do instead."""


def spent_contract(world: World, name: str, runtime: bytes, count: int = 1) -> list[ChannelConfig]:
    """Open Token channels of an actor's whose vouchers a contract signs."""
    signer = deploy(world, runtime)
    return [
        open_token_channel(world, name, 1_000, payer_authorizer=signer, salt=bytes([place + 1]) * 32)
        for place in range(count)
    ]


# ----------------------------------------------------------------------------- metered rows

BadRow = Callable[[World], UsageRow]


def _fresh(world: World) -> ChannelConfig:
    return open_token_channel(world, "buyer", 1_000, salt=b"\x09" * 32)


def _anothers_voucher(world: World) -> UsageRow:
    return row(world, "stranger", _fresh(world), used(500), 900)


def _raised_ceiling(world: World) -> UsageRow:
    honest = row(world, "buyer", _fresh(world), used(500), 400)
    return replace(honest, voucher=replace(honest.voucher, ceiling=500))


def _ceiling_of_too_many_bits(world: World) -> UsageRow:
    honest = row(world, "buyer", _fresh(world), used(500), 400)
    return replace(honest, voucher=replace(honest.voucher, ceiling=400 + 2**128))


def _superseded(world: World) -> UsageRow:
    config = _fresh(world)
    world.send(metered_claim(world, [row(world, "buyer", config, used(500), 900)]))
    return row(world, "buyer", config, used(500), 900)


def _no_channel(world: World) -> UsageRow:
    return row(world, "buyer", world.config("buyer", salt=b"\x0a" * 32), used(500), 900)


def _unused(world: World) -> UsageRow:
    return row(world, "buyer", _fresh(world), used(0), 900)


def _ceiling_of_zero(world: World) -> UsageRow:
    return row(world, "buyer", _fresh(world), used(500), 0)


def _drained(world: World) -> UsageRow:
    config, hub = _fresh(world), world.network.hub
    world.send(hub.initiate_withdraw(world["buyer"], config, 1_000))
    world.chain.clock.advance(config.withdraw_delay_s)
    world.send(hub.finalize_withdraw(world["buyer"], config))
    return row(world, "buyer", config, used(500), 900)


BAD_ROWS: dict[str, tuple[BadRow, ClaimResult]] = {
    "another's voucher": (_anothers_voucher, ClaimResult.VOUCHER_SIGNATURE_INVALID),
    "a raised ceiling": (_raised_ceiling, ClaimResult.VOUCHER_SIGNATURE_INVALID),
    "a ceiling of too many bits": (_ceiling_of_too_many_bits, ClaimResult.VOUCHER_SIGNATURE_INVALID),
    "a superseded row": (_superseded, ClaimResult.NOTHING_NEW),
    "no channel": (_no_channel, ClaimResult.NOTHING_NEW),
    "no usage": (_unused, ClaimResult.NOTHING_NEW),
    "a ceiling of zero": (_ceiling_of_zero, ClaimResult.NOTHING_NEW),
    "a drained channel": (_drained, ClaimResult.NOTHING_NEW),
}


def good_rows(world: World) -> list[UsageRow]:
    """Return a row of each of three payers."""
    return [
        row(world, name, open_token_channel(world, name, 1_000), used(total), 900)
        for name, total in zip(GOOD, TOTALS, strict=True)
    ]


def check_the_others(
    world: World,
    claim: Transaction,
    rows: list[UsageRow],
    place: int,
    result: ClaimResult,
    words: Sequence[int] = (),
) -> None:
    """Send a claim of the good rows with a bad one among them: they are claimed and settled, it says its result."""
    configs = [it.config for it in rows]
    expected = [
        claimed(world, it.config, total) for it, total in zip(rows[:place] + rows[place + 1 :], TOTALS, strict=True)
    ]
    said = [] if result in WITHOUT_EVENT else [events.ClaimRefused(channel(world, configs[place]), result)]
    others = [place_ for place_ in range(len(rows)) if place_ != place]
    assert results(world, claim) == [result if it == place else ClaimResult.CLAIMED for it in range(len(rows))]
    before = books(world, *configs)
    (receipt,) = world.send(claim)
    assert happened(world, receipt) == [attested(world, rows, words), *expected[:place], *said, *expected[place:]]
    assert changes(before, books(world, *configs)) == {
        **{f"channel {it} claimed": total for it, total in zip(others, TOTALS, strict=True)},
        "Tokens claimed for series": sum(TOTALS),
    }
    check_ledger(world, *configs)
    owed = world.network.hub.receiver_totals(world.series.address, world.series.address)
    before = books(world, *configs)
    world.send(world.network.hub.settle(world["stranger"], world.series.address, world.series.address))
    assert changes(before, books(world, *configs))["Tokens series"] == owed[0] - owed[1] >= sum(TOTALS)


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_metered_bad_row(world: World, kind: str, place: int) -> None:
    """Whatever is wrong with one row, first, last or between, the others are claimed in full."""
    make, result = BAD_ROWS[kind]
    rows = good_rows(world)
    rows.insert(place, make(world))
    check_the_others(world, metered_claim(world, rows), rows, place, result)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_metered_malformed_usage(world: World, place: int) -> None:
    """A word with stray bits, though the provider signed it, costs only its row (P-2)."""
    rows = good_rows(world)
    rows.insert(place, row(world, "buyer", _fresh(world), used(500), 900))
    words = [it.usage.pack() for it in rows]
    words[place] |= 1 << 253
    pairs = [(channel(world, it.config), word) for it, word in zip(rows, words, strict=True)]
    digest = usage_digest(world.network.meter.domain, world.series.address, pairs)
    claim = raw_claim(world, rows, world["provider"].sign(digest), words=words)
    check_the_others(world, claim, rows, place, ClaimResult.USAGE_MALFORMED, words)


@pytest.mark.parametrize("kind", SIGNERS)
def test_metered_contract_that_does_not_sign(world: World, kind: str) -> None:
    """A payer's contract that burns, loops, lies or floods costs only its row, and at most the gas it is given."""
    (config,) = spent_contract(world, "buyer", SIGNERS[kind])
    rows = good_rows(world)
    rows.insert(1, UsageRow(config, used(500), Voucher(channel(world, config), 900, bytes(65))))
    claim = replace(metered_claim(world, rows), gas=1_000_000)
    check_the_others(world, claim, rows, 1, ClaimResult.VOUCHER_SIGNATURE_INVALID)


@pytest.mark.parametrize("kind", [kind for kind in SIGNERS if "bytes" in kind or "burns" in kind])
def test_metered_many_contracts_that_do_not_sign(world: World, kind: str) -> None:
    """Ten of them cost ten times what one does, not the square: none can make a batch too dear to be claimed."""
    configs = spent_contract(world, "buyer", SIGNERS[kind], 10)
    rows = [UsageRow(it, used(500), Voucher(channel(world, it), 900, bytes(65))) for it in configs]
    rows += good_rows(world)
    (receipt,) = world.send(replace(metered_claim(world, rows), gas=5_000_000))
    assert happened(world, receipt)[1:] == [
        *(events.ClaimRefused(channel(world, it), ClaimResult.VOUCHER_SIGNATURE_INVALID) for it in configs),
        *(claimed(world, it.config, total) for it, total in zip(rows[10:], TOTALS, strict=True)),
    ]
    assert receipt.gas_used < 11 * 200_000 + 300_000


def test_metered_signature_that_the_next_row_completes(world: World) -> None:
    """Signatures lie one after the other: one that is a byte short does not borrow it from the next."""
    rows = [row(world, name, open_token_channel(world, name, 1_000), used(500), 900) for name in GOOD[:2]]
    first, second = (it.voucher.signature for it in rows)
    attestation = world.network.meter.attest(world["provider"], world.series.address, rows, world.network.hub)
    assert results(world, raw_claim(world, rows, attestation, signatures=first + second)) == [ClaimResult.CLAIMED] * 2
    claim = raw_claim(world, rows, attestation, signatures=first + second[:63])
    assert results(world, claim) == [ClaimResult.VOUCHER_SIGNATURE_INVALID] * 2


def test_metered_contract_that_signs(world: World) -> None:
    """A contract that agrees is a payer like any: its row is claimed beside those of keys."""
    wallet = Hostile(world, "Wallet", world.address("buyer"))
    config = open_token_channel(world, "buyer", 1_000, payer_authorizer=wallet.address)
    rows = [row(world, "buyer", config, used(500), 900), *good_rows(world)]
    claim = replace(metered_claim(world, rows), gas=1_000_000)
    assert results(world, claim) == [ClaimResult.CLAIMED] * 4
    snapshot = world.chain.snapshot()
    (receipt,) = world.send(claim)
    assert happened(world, receipt)[1] == claimed(world, config, 500)
    world.chain.revert(snapshot)
    world.send(wallet.call("close"))
    assert results(world, claim) == [ClaimResult.VOUCHER_SIGNATURE_INVALID, *[ClaimResult.CLAIMED] * 3]


@pytest.mark.parametrize(("left", "result"), [(500, ClaimResult.CLAIMED), (499, ClaimResult.CLAIMED_IN_PART)])
def test_metered_channel_that_was_partly_drained(world: World, left: int, result: ClaimResult) -> None:
    """It is claimed as far as it goes, which is no refusal."""
    config, hub = _fresh(world), world.network.hub
    world.send(hub.initiate_withdraw(world["buyer"], config, 1_000 - left))
    world.chain.clock.advance(config.withdraw_delay_s)
    world.send(hub.finalize_withdraw(world["buyer"], config))
    rows = [row(world, "buyer", config, used(500), 900)]
    claim, before = metered_claim(world, rows), books(world, config)
    assert results(world, claim) == [result]
    (receipt,) = world.send(claim)
    assert happened(world, receipt) == [attested(world, rows), claimed(world, config, left)]
    assert changes(before, books(world, config)) == {
        "channel 0 claimed": left,
        "Tokens claimed for series": left,
    }
    claims_nothing(world, claim, config)


def test_metered_same_channel_in_several_rows(world: World) -> None:
    """Rows of one channel are cumulative one after the other: it pays the highest, once (INV-ONCE)."""
    config = _fresh(world)
    rows = [row(world, "buyer", config, used(count), 900) for count in (100, 300, 200, 300)]
    claim = metered_claim(world, rows)
    new, old = ClaimResult.CLAIMED, ClaimResult.NOTHING_NEW
    assert results(world, claim) == [new, new, old, old]
    (receipt,) = world.send(claim)
    assert happened(world, receipt)[1:] == [claimed(world, config, 100), claimed(world, config, 200, 300)]
    series = world.series.address
    assert world.network.hub.receiver_totals(series, series) == (300, 0)
    check_ledger(world, config)


def test_a_hundred_rows_with_a_bad_one(world: World) -> None:
    """Ninety-nine are claimed for what a hundred cost, within the gas that the client states."""
    place = 49  # the first and the last row are bad in short claims: `test_metered_bad_row`
    configs = [
        open_token_channel(world, GOOD[number % 3], 1_000, salt=number.to_bytes(32, "big")) for number in range(100)
    ]
    rows = [row(world, GOOD[number % 3], config, used(number + 1), 900) for number, config in enumerate(configs)]
    rows[place] = row(world, "relayer", configs[place], used(place + 1), 900)
    claim = metered_claim(world, rows)
    answer = [ClaimResult.CLAIMED] * 100
    answer[place] = ClaimResult.VOUCHER_SIGNATURE_INVALID
    assert results(world, claim) == answer
    (receipt,) = world.send(claim)
    expected = [claimed(world, config, number + 1) for number, config in enumerate(configs)]
    said = events.ClaimRefused(channel(world, configs[place]), ClaimResult.VOUCHER_SIGNATURE_INVALID)
    assert happened(world, receipt) == [attested(world, rows), *expected[:place], said, *expected[place + 1 :]]
    series = world.series.address
    assert world.network.hub.receiver_totals(series, series) == (5_050 - place - 1, 0)
    check_ledger(world, *configs)


@pytest.mark.parametrize("length", [0, 64, 65, 129, 131, 195])
def test_signatures_of_uneven_length(world: World, length: int) -> None:
    """Signatures are cut into as many parts as there are rows: where that does not go, nothing is claimed (P-2)."""
    rows = good_rows(world)[:2]
    attestation = world.network.meter.attest(world["provider"], world.series.address, rows, world.network.hub)
    claim = raw_claim(world, rows, attestation, signatures=(b"".join(it.voucher.signature for it in rows) * 2)[:length])
    configs = [it.config for it in rows]
    if length % 2:
        arguments = refused(world, ClaimSignaturesUneven, claim, *configs)
        assert arguments == {"rows": 2, "signatures": length}
    else:
        assert results(world, claim) == [ClaimResult.VOUCHER_SIGNATURE_INVALID] * 2


def test_signatures_in_another_order(world: World) -> None:
    """Each row's signature is at its row's place."""
    rows = good_rows(world)
    attestation = world.network.meter.attest(world["provider"], world.series.address, rows, world.network.hub)
    signatures = b"".join(it.voucher.signature for it in rows[::-1])
    claim = raw_claim(world, rows, attestation, signatures=signatures)
    invalid = ClaimResult.VOUCHER_SIGNATURE_INVALID
    assert results(world, claim) == [invalid, ClaimResult.CLAIMED, invalid]


def test_another_meter(world: World) -> None:
    """A meter of the claimant's own is another term of the channels: they are others, which hold nothing."""
    rows = good_rows(world)
    poser = Hostile(world, "Meter")
    claim = raw_claim(world, rows, b"", meter=poser.address)
    before = books(world, *(it.config for it in rows))
    assert results(world, claim) == [ClaimResult.NOTHING_NEW] * 3
    (receipt,) = world.send(claim)
    assert receipt.logs == ()
    assert books(world, *(it.config for it in rows)) == before


@pytest.mark.parametrize("what", ["receiver", "token"])
def test_another_receiver_or_token(world: World, what: str) -> None:
    """Under a meter that says yes to everything, nobody turns a channel's value to another receiver or token."""
    poser = Hostile(world, "Meter")
    config = open_currency_channel(world, "buyer", FEN, receiver_authorizer=poser.address)
    rows = [row(world, "buyer", config, used(500), 900)]
    receiver = world.address("stranger") if what == "receiver" else config.receiver
    token = world.series.address if what == "token" else config.token
    before = books(world, config)
    wrong = raw_claim(world, rows, b"", meter=poser.address, receiver=receiver, token=token)
    assert results(world, wrong) == [ClaimResult.NOTHING_NEW]
    world.send(wrong)
    assert books(world, config) == before
    # On the channel's own terms that meter, which its payer chose, is believed within the payer's ceiling.
    world.send(raw_claim(world, rows, b"", meter=poser.address, receiver=config.receiver, token=config.token))
    assert changes(before, books(world, config)) == {"channel 0 claimed": 900, f"eCNY claimed for {RECEIVER}": 900}


def test_metered_currency_of_a_frozen_payer(world: World) -> None:
    """Under whatever meter, a frozen payer's e-CNY stays; the rows of others are claimed."""
    poser = Hostile(world, "Meter")
    configs = {
        name: open_currency_channel(world, name, FEN, receiver_authorizer=poser.address)
        for name in ("buyer", "other buyer")
    }
    rows = [row(world, name, config, used(500), 900) for name, config in configs.items()]
    world.send(world.network.currency.freeze(world["freezer"], world.address("buyer"), outgoing=True, incoming=False))
    config = configs["buyer"]
    claim = raw_claim(world, rows, b"", meter=poser.address, receiver=config.receiver, token=config.token)
    assert results(world, claim) == [ClaimResult.PAYER_FROZEN, ClaimResult.CLAIMED]
    before = books(world, *configs.values())
    (receipt,) = world.send(claim)
    assert happened(world, receipt) == [
        events.ClaimRefused(channel(world, config), ClaimResult.PAYER_FROZEN),
        claimed(world, configs["other buyer"], 900),
    ]
    assert changes(before, books(world, *configs.values())) == {
        "channel 1 claimed": 900,
        f"eCNY claimed for {RECEIVER}": 900,
    }


# ----------------------------------------------------------------------------- claims by the receiving side

Rows = list[tuple[ChannelConfig, Voucher, int]]


def good_claims(world: World) -> Rows:
    """Return a row of each of three payers."""
    configs = [open_currency_channel(world, name, FEN) for name in GOOD]
    return [
        (config, world.voucher(name, config, 900), total)
        for name, config, total in zip(GOOD, configs, TOTALS, strict=True)
    ]


def _open(world: World, amount: int = FEN, **changed: object) -> ChannelConfig:
    return open_currency_channel(world, "buyer", amount, salt=b"\x09" * 32, **changed)


def _claim_of_others(world: World) -> tuple[ChannelConfig, Voucher, int]:
    stranger = world.address("stranger")
    config = _open(world, receiver=stranger, receiver_authorizer=stranger)
    return config, world.voucher("buyer", config, 900), 500


def _claim_above_the_ceiling(world: World) -> tuple[ChannelConfig, Voucher, int]:
    config = _open(world)
    return config, world.voucher("buyer", config, 499), 500


def _claim_of_a_forged_voucher(world: World) -> tuple[ChannelConfig, Voucher, int]:
    config = _open(world)
    return config, world.voucher("provider", config, 900), 500


def _claim_of_a_frozen_payer(world: World) -> tuple[ChannelConfig, Voucher, int]:
    config = replace(_open(world), payer=world.address("relayer"), payer_authorizer=world.address("relayer"))
    world.fund("relayer", FEN)
    world.deposit("relayer", FEN, config)
    freezer, payer = world["freezer"], world.address("relayer")
    world.send(world.network.currency.freeze(freezer, payer, outgoing=True, incoming=False))
    return config, world.voucher("relayer", config, 900), 500


def _claim_again(world: World) -> tuple[ChannelConfig, Voucher, int]:
    config = _open(world)
    claim = config, world.voucher("buyer", config, 900), 500
    world.send(world.network.hub.try_claim(world[RECEIVER], [claim]))
    return claim


def _claim_without_deposit(world: World) -> tuple[ChannelConfig, Voucher, int]:
    config = currency_config(world, "buyer", salt=b"\x0a" * 32)
    return config, world.voucher("buyer", config, 900), 500


BAD_CLAIMS: dict[str, tuple[Callable[[World], tuple[ChannelConfig, Voucher, int]], ClaimResult]] = {
    "another's channel": (_claim_of_others, ClaimResult.CALLER_NOT_RECEIVER),
    "above the ceiling": (_claim_above_the_ceiling, ClaimResult.ABOVE_CEILING),
    "a forged voucher": (_claim_of_a_forged_voucher, ClaimResult.VOUCHER_SIGNATURE_INVALID),
    "a frozen payer": (_claim_of_a_frozen_payer, ClaimResult.PAYER_FROZEN),
    "a superseded row": (_claim_again, ClaimResult.NOTHING_NEW),
    "no deposit": (_claim_without_deposit, ClaimResult.NOTHING_NEW),
}


@pytest.mark.parametrize("caller", [RECEIVER, AUTHORIZER])
@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("kind", BAD_CLAIMS)
def test_try_claim_bad_row(world: World, kind: str, place: int, caller: str) -> None:
    """The same where the receiving side claims by its own word: the others' rows are claimed and settle in full."""
    make, result = BAD_CLAIMS[kind]
    claims = good_claims(world)
    claims.insert(place, make(world))
    transaction, hub = world.network.hub.try_claim(world[caller], claims), world.network.hub
    configs = [config for config, _, _ in claims]
    others = [it for it in range(4) if it != place]
    assert results(world, transaction) == [result if it == place else ClaimResult.CLAIMED for it in range(4)]
    before = books(world, *configs)
    (receipt,) = world.send(transaction)
    expected = [claimed(world, configs[it], total) for it, total in zip(others, TOTALS, strict=True)]
    said = [] if result in WITHOUT_EVENT else [events.ClaimRefused(channel(world, configs[place]), result)]
    assert happened(world, receipt) == [*expected[:place], *said, *expected[place:]]
    assert changes(before, books(world, *configs)) == {
        **{f"channel {it} claimed": total for it, total in zip(others, TOTALS, strict=True)},
        f"eCNY claimed for {RECEIVER}": sum(TOTALS),
    }
    world.send(hub.settle(world["stranger"], world.address(RECEIVER), configs[0].token))
    check_ledger(world, *configs)


@pytest.mark.parametrize("kind", SIGNERS)
def test_try_claim_contract_that_does_not_sign(world: World, kind: str) -> None:
    """A payer's contract costs its own row alone here too."""
    config = _open(world, payer_authorizer=deploy(world, SIGNERS[kind]))
    claims = good_claims(world)
    claims.insert(1, (config, Voucher(channel(world, config), 900, bytes(65)), 500))
    transaction = replace(world.network.hub.try_claim(world[RECEIVER], claims), gas=1_000_000)
    new, invalid = ClaimResult.CLAIMED, ClaimResult.VOUCHER_SIGNATURE_INVALID
    assert results(world, transaction) == [new, invalid, new, new]
    (receipt,) = world.send(transaction)
    assert happened(world, receipt)[1] == events.ClaimRefused(channel(world, config), invalid)
    assert world.network.hub.receiver_totals(world.address(RECEIVER), config.token) == (sum(TOTALS), 0)


@pytest.mark.parametrize(("left", "result"), [(500, ClaimResult.CLAIMED), (499, ClaimResult.CLAIMED_IN_PART)])
def test_try_claim_channel_that_was_partly_drained(world: World, left: int, result: ClaimResult) -> None:
    """It is claimed as far as it goes."""
    config, hub = _open(world), world.network.hub
    world.send(hub.refund(world[RECEIVER], config, FEN - left))
    transaction = hub.try_claim(world[RECEIVER], [(config, world.voucher("buyer", config, 900), 500)])
    assert results(world, transaction) == [result]
    (receipt,) = world.send(transaction)
    assert happened(world, receipt) == [claimed(world, config, left)]
    assert hub.channel(channel(world, config)) == (left, left)
    check_ledger(world, config)


@pytest.mark.parametrize("caller", ["stranger", "buyer", "relayer", "operator"])
def test_try_claim_by_others(world: World, caller: str) -> None:
    """Who is on the receiving side of no row claims nothing, and is told so row by row (P-9)."""
    claims = good_claims(world)
    configs = [config for config, _, _ in claims]
    transaction, before = world.network.hub.try_claim(world[caller], claims), books(world, *configs)
    assert results(world, transaction) == [ClaimResult.CALLER_NOT_RECEIVER] * 3
    world.send(transaction)
    assert books(world, *configs) == before


def test_try_claim_of_tokens(world: World) -> None:
    """Neither a provider nor a payer claims a Token channel past the meter (P-16)."""
    config = open_token_channel(world, "buyer", 1_000)
    claims = [(config, world.voucher("buyer", config, 1_000), 1_000)]
    for caller in ("provider", "buyer", "stranger"):
        transaction = world.network.hub.try_claim(world[caller], claims)
        assert results(world, transaction) == [ClaimResult.CALLER_NOT_RECEIVER]
        world.send(transaction)
    assert world.network.hub.channel(channel(world, config)) == (1_000, 0)


def test_no_rows(world: World) -> None:
    """No row by row claim of nothing is an error; by usage there is nothing to attest (P-11)."""
    hub = world.network.hub
    (receipt,) = world.send(hub.try_claim(world[RECEIVER], []))
    assert receipt.logs == ()
    refused(world, ClaimsEmpty, raw_claim(world, [], b""))


# ----------------------------------------------------------------------------- frozen payers


@pytest.mark.parametrize("signed", [False, True])
def test_claim_on_a_frozen_payer(world: World, signed: bool) -> None:
    """What was not claimed before the freeze is held back whole; what was settles, and the rest after it (P-7)."""
    first, second = (open_currency_channel(world, name, FEN) for name in ("buyer", "other buyer"))
    hub, currency, payer = world.network.hub, world.network.currency, world.address("buyer")
    world.send(
        hub.claim(world[RECEIVER], [(first, world.voucher("buyer", first, 400), 400)]),
        currency.freeze(world["freezer"], payer, outgoing=True, incoming=False),
    )
    claims = [
        (second, world.voucher("other buyer", second, 900), 600),
        (first, world.voucher("buyer", first, 900), 600),
    ]
    transaction = (
        hub.claim_with_signature(world["stranger"], claims, sign_batch(world, AUTHORIZER, claims))
        if signed
        else hub.claim(world[RECEIVER], claims)
    )
    arguments = refused(world, ChannelPayerFrozen, transaction, first, second)
    assert arguments == {"channelId": channel(world, first), "payer": payer}
    before = books(world, first, second)
    world.send(hub.settle(world["stranger"], world.address(RECEIVER), first.token))
    assert changes(before, books(world, first, second)) == {
        "eCNY hub": -400,
        f"eCNY {RECEIVER}": 400,
        f"eCNY settled to {RECEIVER}": 400,
    }
    # A row that claims nothing new asks nothing of the freeze.
    world.send(hub.claim(world[RECEIVER], [(first, world.voucher("buyer", first, 400), 400)]))
    world.send(currency.freeze(world["freezer"], payer, outgoing=False, incoming=True), transaction)
    assert hub.receiver_totals(world.address(RECEIVER), first.token) == (1_200, 400)
    check_ledger(world, first, second)


def test_a_payers_amount_frozen(world: World) -> None:
    """An amount is frozen of what the payer holds, and a channel is no longer that."""
    config, hub = open_currency_channel(world, "buyer", FEN), world.network.hub
    world.send(
        world.network.currency.freeze_amount(world["freezer"], world.address("buyer"), 2**256 - 1),
        hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 400), 400)]),
    )
    assert hub.channel(channel(world, config)) == (FEN, 400)


@pytest.mark.parametrize("who", ["authorizer of the payer", "receiver", "receiver authorizer"])
def test_others_of_a_channel_frozen(world: World, who: str) -> None:
    """The payer's freeze counts, nobody else's."""
    config = open_currency_channel(world, "buyer", FEN, payer_authorizer=world.address("stranger"))
    frozen: Address = {
        "authorizer of the payer": config.payer_authorizer,
        "receiver": config.receiver,
        "receiver authorizer": config.receiver_authorizer,
    }[who]
    hub, claim = world.network.hub, (config, world.voucher("stranger", config, 400), 400)
    world.send(
        world.network.currency.freeze(world["freezer"], frozen, outgoing=True, incoming=False),
        hub.claim(world[RECEIVER], [claim]),
    )
    assert hub.channel(channel(world, config)) == (FEN, 400)


@pytest.mark.parametrize(
    "token",
    [
        "without the question",
        "that answers with two words",
        "that answers with a two",
        "that answers with a one and more above it",
    ],
)
def test_tokens_that_freeze_nobody(world: World, token: str) -> None:
    """A token that was not asked, or answers in another form, freezes nobody: its channels are claimed."""
    liar, hub = Hostile(world, "Liar"), world.network.hub
    answers = {
        "without the question": b"",
        "that answers with two words": (1).to_bytes(32, "big") * 2,
        "that answers with a two": (2).to_bytes(32, "big") * 3,
        "that answers with a one and more above it": (2**128 + 1).to_bytes(32, "big") * 3,
    }[token]
    world.send(liar.call("answerFrozenWith", answers))
    config = liars_channel(world, liar)
    claim = [(config, world.voucher("buyer", config, 400), 400)]
    assert results(world, hub.try_claim(world[RECEIVER], claim)) == [ClaimResult.CLAIMED]
    world.send(liar.call("answerFrozenWith", (1).to_bytes(32, "big") * 3))
    assert results(world, hub.try_claim(world[RECEIVER], claim)) == [ClaimResult.PAYER_FROZEN]
    refused(world, ChannelPayerFrozen, hub.claim(world[RECEIVER], claim), config)


@pytest.mark.parametrize("length", [1, 2], ids=["burns all gas", "answers with 150,000 bytes"])
def test_try_claim_token_that_makes_the_question_dear(world: World, length: int) -> None:
    """A token that burns or floods when it is asked about a payer keeps nobody else's rows from being claimed."""
    hub, liars = world.network.hub, [Hostile(world, "Liar") for _ in range(5)]
    claims = good_claims(world)
    for liar in liars:
        config = liars_channel(world, liar)
        world.send(liar.call("answerFrozenWith", bytes(length)))
        claims.insert(1, (config, world.voucher("buyer", config, 400), 400))
    transaction = replace(hub.try_claim(world[RECEIVER], claims), gas=1_500_000)
    assert results(world, transaction) == [ClaimResult.CLAIMED] * 8
    (receipt,) = world.send(transaction)
    assert receipt.gas_used < 1_200_000
    assert hub.receiver_totals(world.address(RECEIVER), claims[0][0].token) == (sum(TOTALS), 0)


def test_the_question_cannot_be_starved(world: World) -> None:
    """However little gas a claim comes with, a frozen payer's e-CNY stays: it is refused, or nothing happens at all."""
    config, hub = open_currency_channel(world, "buyer", FEN), world.network.hub
    world.send(world.network.currency.freeze(world["freezer"], world.address("buyer"), outgoing=True, incoming=False))
    claims = [(config, world.voucher("buyer", config, 400), 400)]
    before = books(world, config)
    for gas in range(35_000, 75_000, 1_000):
        for way in (hub.claim, hub.try_claim):
            with suppress(ContractReverted):
                world.send(replace(way(world[RECEIVER], claims), gas=gas))
    assert books(world, config) == before
