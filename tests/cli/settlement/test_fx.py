"""`pysettle fx` and `market buy --pay-in`: Tokens for e-HKD by the quote of a bank."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pysettle.client.settlement.quotes import QuoteDocument
from pysettle.errors import UsageError
from tests.chance import chance, rounds
from tests.cli.running import ComputeTown

ADMIT = "participant admit --account bank --lei PYSETTLE000000000111 --bic BKCHCNBJ --jurisdiction 156 --currency {}"
WALLET = "wallet register --account {} --class II --jurisdiction {} --currency {}"
WAY = "--from-jurisdiction 344 --to-jurisdiction 156 --counter HKD"
TERMS = "--settlement-limit 40 --window-limit 100 --travel-threshold 30 --day-end-limit 50"
QUOTE = "fx quote --pay-in HKD --pays 20 --sells 18 --by bank"
BUY = "market buy --series DSV4 --tokens 100 --pay-in HKD"
TOKENS = "120,000,000"


@pytest.fixture(scope="module")
def opened(founded_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Open corridor, rate and limits; a bank has positions in both currencies, alice 100 e-HKD."""
    town = ComputeTown(Path(shutil.copytree(founded_market, tmp_path_factory.mktemp("fx") / "town")))
    town.say("network add-currency --currency HKD")
    town.say("liquidity open")
    town.say("token issue --to alice --amount 100 --currency HKD")
    for currency in ("CNY", "HKD"):
        town.say(f"token issue --to bank --amount 100 --currency {currency}")
        town.say(ADMIT.format(currency))
        town.say(f"liquidity pay-in --account bank --amount 60 --currency {currency}")
    town.say(WALLET.format("alice", 344, "HKD"))
    town.say(WALLET.format("provider", 156, "CNY"))
    town.say(f"corridor propose {WAY} {TERMS}")
    town.say(f"corridor agree {WAY}")
    return town.directory


@pytest.fixture
def town(opened: Path, tmp_path: Path) -> ComputeTown:
    """Return a copy of that workspace."""
    return ComputeTown(Path(shutil.copytree(opened, tmp_path / "town")))


def quote(town: ComputeTown, name: str, options: str = "") -> Path:
    """Have the bank sign a quote; return its file."""
    file = town.directory / name
    town.say(f"{QUOTE} --out {file} {options}")
    return file


def test_a_purchase_from_the_rate_to_the_tokens(town: ComputeTown) -> None:
    """The rate is attested, the class gets limits, the series is admitted; then the first quote that works is taken."""
    assert town.say("fx rate --pay-in HKD").startswith("1 HKD = 0 CNY, 0 basis points more or less (none)")
    said = town.say("fx attest --pay-in HKD --reference 0.9 --hours 24")
    assert said.startswith("1 HKD: 0 -> 0.9 CNY, valid before ")
    assert "1 HKD = 0.9 CNY, 100 basis points" in town.say("fx rate --pay-in HKD")
    first = quote(town, "first", "--id 1")
    dry = f"{BUY} --quote {first} --dry-run"
    (answer,) = town.read(dry)["quotes"]
    assert (answer["works"], answer["refusal"]) == (False, "SeriesNotAdmitted")
    assert "can be bought in other currencies: no -> yes" in town.say("fx admit --series DSV4")
    assert town.read(dry)["quotes"][0]["refusal"] == "PurchaseLimitExceeded"
    said = town.say("fx limit --from-jurisdiction 344 --to-jurisdiction 156 --class II --purchase 25 --window-limit 60")
    assert "one purchase of class II, 344 to 156: 0.00 yuan -> 25.00 yuan" in said
    block = town.block()
    said = town.say(dry)
    assert f"{first}: works\n" in said
    assert "class IV there: it has room for 9,000.00 yuan" in said
    assert town.block() == block
    assert "is cancelled" in town.say("fx cancel --id 1 --by bank")
    second = quote(town, "second", "--taker alice --seconds 60")
    assert "state: used or cancelled" in town.say(f"fx show --file {first}")
    assert town.read(f"fx show --file {second}")["state"] == "open"
    said = town.say(f"{BUY} --quote {first} --quote {second}")
    for line in (
        "alice: 100.00 -> 80.00 HKD",
        f"alice: 0 -> {TOKENS} Tokens of DSV4",
        "bank paid 18.00 yuan to the series",
    ):
        assert line in said
    assert "used or cancelled" in town.say(f"fx show --file {second}")
    town.refused(f"{BUY} --quote {second}", 5, "bank has used or cancelled its quote 2")


def test_an_order_goes_from_its_buyer_to_a_relayer(town: ComputeTown) -> None:
    """Signed offline and submitted by another account, for its beneficiary; a change is refused with its line."""
    town.say("fx attest --pay-in HKD --reference 0.9 --hours 24")
    town.say("fx admit --series DSV4")
    town.say("fx limit --from-jurisdiction 344 --to-jurisdiction 156 --class II --purchase 25 --window-limit 60")
    offered, order, block = quote(town, "quote"), town.directory / "order", town.block()
    signing = f"fx sign --series DSV4 --tokens 100 --to registrar --quote {offered} --by alice --out {order}"
    assert town.say(signing).startswith("alice pays 20.00 HKD for 100 Tokens or more, before ")
    submit = f"fx submit --file {{}} --quote {offered} --by bob"
    for field, value in (("beneficiary", "0x" + "11" * 20), ("least_tokens", "1"), ("paid_units", "19000000")):
        wrong = town.file("wrong", json.dumps(json.loads(order.read_text()) | {field: value}, indent=2))
        town.refused(submit.format(wrong), 2, f"line 13 of {wrong}: this is no order: 0x", "did not sign it")
    wrong = town.file("wrong", json.dumps(json.loads(order.read_text()) | {"currency": "EUR"}, indent=2))
    town.refused(submit.format(wrong), 2, f"line 5 of {wrong}: this is no order: 'EUR' is no currency")
    assert "nothing was sent" in town.say(f"{submit.format(order)} --dry-run")
    assert town.block() == block
    assert f"registrar: 0 -> {TOKENS} Tokens" in town.say(submit.format(order))
    town.refused(f"fx submit --file {order} --quote {quote(town, 'next')} --by bob", 5, "AuthorizationAlreadyUsed")


def test_a_purchase_that_is_not_one(town: ComputeTown) -> None:
    """Options that do not belong together, and a quote of another place or currency, send nothing."""
    file, block = quote(town, "quote"), town.block()
    town.refused(BUY, 2, "a purchase in another currency needs a quote")
    town.refused(f"{BUY} --quote {file} --permit", 2, "--permit approves e-CNY")
    town.refused(f"market buy --series DSV4 --tokens 1 --quote {file}", 2, "give --pay-in too")
    town.refused(f"{BUY} --quote {file}".replace("HKD", "THB"), 2, "has no THB")
    town.refused("fx attest --pay-in HKD --reference 0.9.1", 2, "is no rate")
    assert town.read(f"fx check --file {file}")["provider"] == "bank"
    assert town.block() == block
    document = json.loads(file.read_text())
    wrong = town.file("wrong", json.dumps(document | {"paid_units": "1e7"}, indent=2))
    town.refused(f"{BUY} --quote {wrong}", 2, f"line 9 of {wrong}: this is no quote")
    assert town.block() == block


@pytest.mark.random
def test_mutated_quotes_are_refused_by_name(town: ComputeTown) -> None:
    """Changed files: each is no quote, or is not signed by its provider; the line is named."""
    content = quote(town, "quote").read_bytes()
    document = json.loads(content)
    numbers, texts = ("chain_id", "paid_units", "sold_units", "id", "valid_before_unix_s"), 0
    for number in range(rounds(200, campaign=1_000)):
        changed, field = dict(document), chance(f"field {number}").choice([*document])
        draw = chance(f"value {number}")
        if draw.random() < 0.2:
            del changed[field]
        elif field in numbers:
            changed[field] = draw.choice(["-1", "1.5", "", str(int(document[field]) + 1), "9" * 80])
        else:
            at = draw.randrange(len(document[field]))
            character = "0" if document[field][at] != "0" else "1"
            changed[field] = document[field][:at] + character + document[field][at + 1 :]
        with pytest.raises(UsageError, match=r"^line \d+ of quote: this is no quote: ") as caught:
            QuoteDocument.from_bytes(json.dumps(changed, indent=2).encode(), "quote")
        texts += "did not sign" in str(caught.value)
    assert texts > 40
    with pytest.raises(UsageError, match=r"^line 3 of quote: this is no JSON"):
        QuoteDocument.from_bytes(content.replace(b'",', b'"', 2), "quote")
