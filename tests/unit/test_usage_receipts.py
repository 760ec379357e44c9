"""`pysettle.domain.channel.receipts` and `attested`: false statements of signed receipts, and their file. No chain."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_typing import Address

from pysettle.domain.channel.attested import ReceiptCheck
from pysettle.domain.channel.books import ChannelBooks, ChannelRecord
from pysettle.domain.channel.contracts import CHANNEL_HUB
from pysettle.domain.channel.events import UsageAttested
from pysettle.domain.channel.messages import hub_domain
from pysettle.domain.channel.receipts import (
    CLOCK_TOLERANCE_S,
    ReceiptFile,
    ReceiptTerms,
    SignedReceipt,
    UsageReceipt,
    receipt_domain,
    refuted,
)
from pysettle.domain.compute.books import ComputeBooks
from pysettle.domain.compute.contracts import COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.events import SeriesOpened
from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.findings import Severity
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.core.signing import Signer
from pysettle.domain.ledger import Ledger
from pysettle.errors import UsageError

CHAIN_ID, HUB, SERIES, CURRENCY = 31337, *(Address(bytes([number]) * 20) for number in (1, 2, 3))
PROVIDER, BUYER = Signer.derived("test", "provider"), Signer.derived("test", "buyer")
CARD = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
CONFIG = ChannelConfig(BUYER.address, ZERO_ADDRESS, SERIES, Address(b"\4" * 20), SERIES, 900)
CHANNEL = CONFIG.channel_id(hub_domain(CHAIN_ID, HUB))
TERMS = {CHANNEL: ReceiptTerms(PROVIDER.address, CARD)}
DOMAIN = receipt_domain(CHAIN_ID, HUB)
REQUEST = Usage(Meters(input=4, output=2))
COST = 4 * 30 + 2 * 90


def receipt(count: int, **changed: Any) -> UsageReceipt:
    """Return the receipt of the request with a number, from 1: all alike, a minute apart."""
    usage = Usage(Meters(input=4 * count, output=2 * count))
    return replace(
        UsageReceipt(CHANNEL, usage, count * COST, COST, b"\5" * 32, b"\6" * 32, 1_000 + 60 * count), **changed
    )


def file(*receipts: UsageReceipt | SignedReceipt) -> ReceiptFile:
    """Return a file of receipts; the provider signs those that have no signature."""
    signed = [it if isinstance(it, SignedReceipt) else SignedReceipt.signed(PROVIDER, DOMAIN, it) for it in receipts]
    return ReceiptFile(CHAIN_ID, HUB, tuple(signed))


def details(given: ReceiptFile) -> list[tuple[int, str, bool]]:
    """Return number, detail and who says it of each false statement."""
    return [(it.place, it.detail, it.is_signed) for it in refuted(given, TERMS)]


def test_honest_receipts_are_sound_in_any_order_and_with_gaps() -> None:
    """A payer may lose receipts and shuffle the rest: the charges are cumulative, and the times are signed."""
    assert details(file(*map(receipt, (1, 2, 3)))) == []
    assert details(file(*map(receipt, (7, 2, 4)))) == []
    assert details(file()) == []


FALSE = {
    "a dearer price": (
        receipt(2, charged=2 * COST + 1),
        [f"it charges {2 * COST + 1} Tokens, the counts cost {2 * COST} by the rate card"],
    ),
    "a cheaper price": (
        receipt(2, charged=2 * COST - 1),
        [
            f"it charges {2 * COST - 1} Tokens, the counts cost {2 * COST} by the rate card",
            f"it charges {COST} for the request and {2 * COST - 1} in all, before it {COST} were charged",
        ],
    ),
    "counters that fall": (
        receipt(2, usage=Usage(Meters(input=7, output=1)), charged=300, request_charged=0),
        ["its counts are (0, 7, 1, 0, 0, 0), an earlier receipt states (0, 4, 2, 0, 0, 0)"],
    ),
    "a request dearer than the rise": (
        receipt(2, request_charged=COST + 1),
        [f"it charges {COST + 1} for the request and {2 * COST} in all, before it {COST} were charged"],
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_each_false_statement_is_named(name: str) -> None:
    """By the rate card, by an earlier receipt, and by the total; the others of the channel stay sound."""
    false, expected = FALSE[name]
    assert details(file(receipt(1), false)) == [(2, it, True) for it in expected]


def test_a_receipt_of_somebody_else_states_nothing() -> None:
    """Changed after its signature, signed by another, or of another channel: never a statement of the provider."""
    other = SignedReceipt.signed(BUYER, DOMAIN, receipt(1, charged=1))
    changed = replace(SignedReceipt.signed(PROVIDER, DOMAIN, receipt(2)), receipt=receipt(2, charged=5))
    stranger = SignedReceipt.signed(PROVIDER, DOMAIN, receipt(3, channel_id=ChannelId(b"\7" * 32)))
    unsigned = f"it is not signed by 0x{PROVIDER.address.hex()}, which serves the channel"
    assert details(file(other, changed, stranger, receipt(4))) == [
        (1, unsigned, False),
        (2, unsigned, False),
        (3, "there is no such channel", False),
    ]


def test_a_charge_above_the_ceiling_is_the_payers_word() -> None:
    """The provider signed no ceiling, so that only the payer knows it."""
    at = SignedReceipt.signed(PROVIDER, DOMAIN, receipt(1), COST)
    above = SignedReceipt.signed(PROVIDER, DOMAIN, receipt(2), 2 * COST - 1)
    detail = f"it charges {2 * COST} in all, above the ceiling of {2 * COST - 1} that the payer had signed"
    assert details(file(at, above)) == [(2, detail, False)]


def test_a_currency_has_no_rate_card() -> None:
    """Its charges are agreed beside the counts; totals and counters are checked all the same."""
    free = receipt(1, charged=7, request_charged=7)
    lower = receipt(2, usage=Usage(), charged=8, request_charged=1)
    found = list(refuted(file(free, lower), {CHANNEL: ReceiptTerms(PROVIDER.address, None)}))
    assert [it.place for it in found] == [2]


def test_the_file_has_one_form() -> None:
    """It is read as it was written, ceilings too."""
    given = file(receipt(1), SignedReceipt.signed(PROVIDER, DOMAIN, receipt(2), 2**128 - 1))
    assert ReceiptFile.from_json(given.to_json(), "receipts.json") == given


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a number": ({"charged": 300}, "charged is not a decimal number of at most 128 bits"),
    "too large": ({"issued_at_unix_s": str(2**64)}, "issued_at_unix_s is not a decimal number of at most 64 bits"),
    "short": ({"signature": "0x00"}, "is not 0x and 130 hex digits"),
    "counters": ({"usage": ["1"] * 5}, "usage has 5 counters, not six"),
    "a counter": ({"usage": ["1"] * 5 + [str(2**42)]}, "a counter is not a decimal number of at most 42 bits"),
    "more": ({"note": "x"}, "a receipt must be an object with exactly the fields"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_receipt_is_refused_by_its_number(name: str) -> None:
    """The error names the file, the receipt and the field."""
    changed, reason = BROKEN[name]
    document = json.loads(file(receipt(1), receipt(2)).to_json())
    document["receipts"][1] |= changed
    with pytest.raises(UsageError, match=r"^receipt 2 of bad\.json cannot be read: ") as refused:
        ReceiptFile.from_json(json.dumps(document), "bad.json")
    assert reason in str(refused.value)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "x", "chain_id": "1", "hub": "0x", "receipts": []}'])
def test_something_else_is_no_file_of_receipts(content: str) -> None:
    """Neither another document nor another schema."""
    with pytest.raises(UsageError, match=r"^bad\.json cannot be read"):
        ReceiptFile.from_json(content, "bad.json")


# -------------------------------------------------------------------------- against a history


def compared(given: ReceiptFile, *attested: tuple[int, Usage]) -> list[tuple[Severity, str]]:
    """Return the findings of receipts in a history in which the provider attested usage at times."""
    pricing = SeriesPricing(CURRENCY, 150_000, CARD)
    contracts = Contracts({CHANNEL_HUB: {HUB: None}, COMPUTE_TOKEN: {SERIES: pricing}})
    books = Ledger(contracts)
    books[ChannelBooks].channels[CHANNEL] = ChannelRecord(HUB, CONFIG)
    opened = SeriesOpened(SERIES, PROVIDER.address, b"\0" * 32, b"\0" * 32, 10**9, 10**9, 0)
    books[ComputeBooks].opened[SERIES] = opened
    check = ReceiptCheck(given, contracts, CHAIN_ID)
    for place, (time, usage) in enumerate(attested):
        event = UsageAttested(SERIES, (ChannelId(b"\7" * 32), CHANNEL), (1, usage.pack()))
        check.see(Emitted(Address(b"\4" * 20), Position(1, 0, place), event, time))
    return [(it.severity, f"{it.subject}: {it.detail}") for it in check.findings(books)]


def test_an_honest_history_has_no_finding() -> None:
    """Attested at any moment between receipts, or before a receipt of less by a clock within its tolerance."""
    given = file(*map(receipt, (1, 2, 3)))
    assert compared(given) == []
    assert compared(given, (1_061, REQUEST), (1_190, receipt(3).usage)) == []
    assert compared(given, (1_120 - CLOCK_TOLERANCE_S, receipt(3).usage)) == []
    assert len(compared(given, (1_119 - CLOCK_TOLERANCE_S, receipt(3).usage))) == 1


def test_more_attested_than_signed_later_is_a_finding() -> None:
    """The provider took more from the channel than it told the payer afterwards."""
    given = file(receipt(1), receipt(5))
    more = Usage(Meters(input=4 * 6, output=2))
    assert compared(given, (1_100, more)) == [
        (
            Severity.ERROR,
            f"channel 0x{CHANNEL.hex()}: at 1100 (unix seconds) its provider attested the counts (0, 24, 2, 0, 0, 0), "
            "and at 1300 it signed a receipt of (0, 20, 10, 0, 0, 0)",
        ),
        (
            Severity.NOTICE,
            f"channel 0x{CHANNEL.hex()}: (0, 24, 2, 0, 0, 0) is attested, the last receipt of the file states "
            "(0, 20, 10, 0, 0, 0)",
        ),
    ]


def test_more_attested_than_the_last_receipt_is_a_notice() -> None:
    """The payer may have left receipts out."""
    ((severity, text),) = compared(file(receipt(1)), (2_000, receipt(2).usage))
    assert severity is Severity.NOTICE
    assert "the last receipt of the file states (0, 4, 2, 0, 0, 0)" in text


def test_only_what_the_provider_signed_is_a_finding() -> None:
    """A false price is one; a receipt of somebody else is a notice."""
    other = SignedReceipt.signed(BUYER, DOMAIN, receipt(2, charged=1))
    found = compared(file(receipt(1, charged=COST + 1), other))
    assert [severity for severity, _ in found] == [Severity.NOTICE, Severity.ERROR]


def test_receipts_of_another_network_are_refused() -> None:
    """Another chain, or a hub that the bundle does not list."""
    contracts = Contracts({CHANNEL_HUB: {HUB: None}})
    for given in (replace(file(), chain_id=1), replace(file(), hub=SERIES)):
        with pytest.raises(UsageError, match="name the bundle of their network"):
            ReceiptCheck(given, contracts, CHAIN_ID)
