"""`pysettle market` and `channel`: passing on, purchases by signature, windows, compute, and e-CNY channels."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Address

from pysettle.client.core.token import Token
from pysettle.client.signed import SignedMessage
from pysettle.domain.channel.messages import voucher_digest
from pysettle.domain.compute.usage import PeakHours
from pysettle.domain.core.messages import Authorization, ChannelConfig
from pysettle.evm.transactions import Transaction
from pysettle.money import to_plain
from pysettle.workspace import Workspace
from tests.cli.running import OPEN, ComputeTown
from tests.contracts.effects import ACCOUNT_1271, creation


@pytest.fixture
def town(compute_town: ComputeTown) -> ComputeTown:
    """Return a workspace with two series."""
    return compute_town


def test_the_next_command_names_a_series_that_is_found(town: ComputeTown) -> None:
    """By its address where another has the symbol already."""
    said = town.say(OPEN.replace("--compute {compute} ", "").format(symbol="CHEAP"))
    assert "Next: pysettle market buy --series 0x" in said
    assert "Tokens of CHEAP" in town.say(said.splitlines()[-1].removeprefix("Next: pysettle "))


def test_a_name_does_not_steer_the_terminal(town: ComputeTown) -> None:
    """Whoever opens a series names it: what a terminal would obey, or would show as a line of ours, is escaped."""
    hostile, hours = "\x1b[2J\nOK\u202e", town.directory / "hours.json"
    opened = town.say(OPEN.replace("--compute {compute} ", "").format(symbol=shlex.quote(hostile)))
    shown = r"\x1b[2J\nOK\u202e"
    listed = town.say("market list")
    assert len(listed.splitlines()) == 5
    assert any(line.startswith(f"{shown} ") for line in listed.splitlines())
    series = next(it["address"] for it in town.read("market list")["series"] if it["symbol"] == hostile)
    bought = town.say(f"market buy --series {series} --tokens 5")
    passed_on = town.say(f"market transfer --series {series} --tokens 1 --to bob")
    assert f"Tokens of {shown}\n" in bought
    assert f"Tokens of {shown}\n" in passed_on
    for said in (opened, listed, bought, passed_on, town.say(f"market show --series {series}")):
        assert "\x1b" not in said
        assert "\u202e" not in said
    # An error is one line, whatever is in it.
    refused = r"the terms of \x1b[2J OK\u202e contain no hash of peak hours"
    town.refused(f"market show --series {series} --windows {hours}", 2, refused)


def test_tokens_are_passed_on(town: ComputeTown) -> None:
    """From a holder to another account, as long as the series sells."""
    town.say("market buy --series CHEAP --tokens 1000")
    document = town.read("market transfer --series CHEAP --tokens 300 --to bob")
    assert document["balance_tokens"] == {
        "alice": {"before": "1000", "now": "700"},
        "bob": {"before": "0", "now": "300"},
    }
    said = town.say("market transfer --series CHEAP --tokens 100 --to alice --by bob")
    assert said.startswith("bob: 300 -> 200 Tokens of CHEAP\nalice: 700 -> 800 Tokens of CHEAP\n")
    town.refused("market transfer --series CHEAP --tokens 201 --to alice --by bob", 5, "ERC20InsufficientBalance")
    town.say("time advance --days 90")
    town.refused("market transfer --series CHEAP --tokens 1 --to bob", 5, "SeriesExpired")


def test_registered_compute_is_listed_with_what_is_left_of_it(town: ComputeTown) -> None:
    """Two series took of it; a second registration has all of its own."""
    (compute,) = town.read("market compute")["compute"]
    assert (compute["provider"], compute["accelerator"], compute["allocated_tokens"]) == (
        "provider",
        "Ascend 910C",
        "2000000000",
    )
    assert int(compute["left_tokens"]) == int(compute["capacity_tokens"]) - 2_000_000_000
    more = town.read("market register --accelerator H20 --units 1 --rate 5 --until 2026-01-02")
    lines = town.say("market compute --wide").splitlines()
    assert [line.split()[0] for line in lines[2:]] == [compute["compute"], more["compute"]]
    assert f"{int(more['capacity_tokens']):,}" in lines[3]


def test_windows_are_checked_against_the_series(town: ComputeTown) -> None:
    """The file whose hash the series carries says which rates apply now; another is refused."""
    hours = town.directory / "hours.json"
    assert town.read("market show --series DSV4")["window"] is None
    assert town.read(f"market show --series DSV4 --windows {hours}")["window"] == "off-peak"
    town.say("time advance --hours 2")
    assert town.read(f"market show --series DSV4 --windows {hours}")["window"] == "peak"
    other = town.file("other.json", PeakHours(((1, 5),)).to_json())
    town.refused(f"market show --series DSV4 --windows {other}", 2, "has other peak hours than the series DSV4", "ask")
    town.refused(
        f"market show --series CHEAP --windows {hours}",
        2,
        "the terms of CHEAP contain no hash of peak hours",
        "leave --windows out",
    )
    town.refused("market show --series DSV4 --windows none.json", 2, "cannot be read from none.json")


def test_a_purchase_by_signature_is_submitted_by_somebody_else(town: ComputeTown) -> None:
    """Signing moves nothing; who submits pays nothing, changes nothing, and does it once."""
    file = town.directory / "purchase.json"
    sign = f"market sign --series DSV4 --tokens 1000000 --to bob --out {file}"
    said, held = town.read(sign), town.held("alice")
    assert (said["amount_tokens"], said["price_units"], held) == ("1000000", "150000", "1,000.00 yuan")
    assert town.say(sign).splitlines()[-1] == f"Next: pysettle market submit --file {file}"
    submitted = town.read(f"market submit --file {file} --by registrar")
    assert (submitted["buyer"], submitted["beneficiary"]) == ("alice", "bob")
    assert submitted["beneficiary_tokens"] == {"before": "0", "now": "1000000"}
    assert town.held("alice") == "999.85 yuan"
    town.refused(f"market submit --file {file}", 5, "AuthorizationAlreadyUsed")
    town.say(f"{sign} --number 7")
    assert "bob: 1,000,000 -> 2,000,000 Tokens of DSV4\n" in town.say(f"market submit --file {file}")


def test_a_signed_purchase_that_was_changed_is_refused(town: ComputeTown) -> None:
    """Before anything is sent where its payment does not commit to its terms, else by the series."""
    file = town.directory / "purchase.json"
    town.say(f"market sign --series DSV4 --tokens 1000000 --out {file}")
    true, before = json.loads(file.read_text()), town.block()
    payment: dict[str, Any] = true["payment"]
    for change, said in (
        ({"least_tokens": "999"}, "its payment is for other terms"),
        ({"beneficiary": "0x" + "11" * 20}, "its payment is for other terms"),
        ({"beneficiary": "0x11"}, "'0x11' is no address"),
        ({"deadline_unix_s": "-1"}, "this is no signed purchase"),
        ({"schema": "pysettle.permit/1"}, "this is no signed purchase"),
        ({"payment": {**payment, "chain_id": "1"}}, "this was signed for the token"),
        ({"payment": {**payment, "to": "0x" + "11" * 20}}, "its payment is for other terms"),
        ({"payment": {**payment, "schema": "pysettle.transfer-authorization/1"}}, "its payment is for other terms"),
        ({"payment": 1}, "this is no signed purchase"),
    ):
        file.write_text(json.dumps(true | change))
        town.refused(f"market submit --file {file}", 2, said)
    file.write_text("[]")
    town.refused(f"market submit --file {file}", 2, "this is no signed purchase")
    assert town.block() == before
    file.write_text(json.dumps(true | {"payment": {**payment, "amount_units": "150001"}}))
    town.refused(f"market submit --file {file}", 5, "AuthorizationSignatureInvalid")


def test_a_payment_authorized_to_a_series_buys(town: ComputeTown) -> None:
    """A stock x402 `exact` payment: who pays receives the Tokens. And a permit takes the place of an approval."""
    series = town.read("market show --series DSV4")["series"]
    file = town.directory / "payment.json"
    town.say(f"token authorize --from alice --to {series} --amount 1.50 --out {file}")
    assert "alice: 0 -> 10,000,000 Tokens of DSV4\n" in town.say(f"market submit --file {file}")
    before = int(town.block())
    assert "10,000,000 -> 10,000,100 Tokens" in town.say("market buy --series DSV4 --tokens 100 --permit")
    assert int(town.block()) == before + 1


def voucher(town: ComputeTown, channel: str, ceiling: int) -> dict[str, str]:
    """Sign a voucher of units of a currency as alice; return its row."""
    signed = town.read(f"channel sign --channel {channel} --ceiling {to_plain(ceiling)}")
    return {key: signed[key] for key in ("channel", "ceiling_units", "signature")}


def test_a_channel_in_a_currency_is_claimed_by_vouchers(town: ComputeTown) -> None:
    """Deposited, signed for, claimed without usage, settled to its receiver; what is left is returned or withdrawn."""
    line = "channel open --currency CNY --receiver bob --amount 12.50 --delay-hours 1"
    channel = str(town.read(line)["channel"])
    assert town.held("alice") == "987.50 yuan"
    rows = town.file("rows.json", json.dumps([voucher(town, channel, it) for it in (2_000_000, 5_000_000, 1)]))
    checked = town.read(f"channel check --currency CNY --file {rows}")["rows"]
    assert [(it["metered_tokens"], it["would_claim_units"], it["voucher"]) for it in checked] == [
        (None, "2000000", "valid"),
        (None, "3000000", "valid"),
        (None, "0", "valid"),
    ]
    assert "in all 5.00 yuan\n" in town.say(f"channel check --currency CNY --file {rows}")
    refused = town.read(f"channel claim --currency CNY --file {rows} --by alice")["rows"]
    assert [it["result"] for it in refused] == ["caller not receiver"] * 3
    claimed = town.read(f"channel claim --currency CNY --file {rows} --by bob")["rows"]
    assert [(it["result"], it["amount_units"]) for it in claimed] == [
        ("claimed", "2000000"),
        ("claimed", "3000000"),
        ("nothing new", "0"),
    ]
    settled = town.say("channel settle --currency CNY --receiver bob")
    assert settled.startswith("bob: 0.00 -> 5.00 yuan\n")
    town.refused("channel settle --currency CNY --receiver bob", 5, "NothingToSettle")
    returned = town.say(f"channel refund --channel {channel} --amount 0.5 --provider bob")
    assert "balance: 12.50 -> 12.00 yuan\n" in returned
    assert "notice of 7.00 yuan" in town.say(f"channel withdraw --channel {channel} --amount 7")
    town.say("time advance --hours 2")
    assert "balance: 12.00 -> 5.00 yuan\n" in town.say(f"channel finalize --channel {channel}")
    assert town.held("alice") == "995.00 yuan"


def test_a_frozen_payer_of_a_currency_is_told_row_by_row(town: ComputeTown) -> None:
    """By check before, and by claim."""
    channel = str(town.read("channel open --currency CNY --receiver bob --amount 1")["channel"])
    rows = town.file("rows.json", json.dumps([voucher(town, channel, it) for it in (1, 2)]))
    town.say("wallet freeze --account alice --outgoing")
    checked = town.read(f"channel check --currency CNY --file {rows}")["rows"]
    assert [(it["would_claim_units"], it["voucher"]) for it in checked] == [("0", "payer frozen")] * 2
    claimed = town.read(f"channel claim --currency CNY --file {rows} --by bob")["rows"]
    assert [it["result"] for it in claimed] == ["payer frozen"] * 2


def test_a_channel_is_in_one_currency(town: ComputeTown) -> None:
    """Options that do not go together are refused; each currency has channels of its own."""
    for options, said in (
        ("--series CHEAP --amount 1", "takes --series and --tokens alone"),
        ("--series CHEAP --tokens 1 --receiver bob", "takes --series and --tokens alone"),
        ("--currency CNY --tokens 1 --receiver bob", "takes --currency, --amount and --receiver"),
        ("--currency CNY --amount 1", "takes --currency, --amount and --receiver"),
        ("--series CHEAP --currency CNY --tokens 1", "either --series or --currency"),
        ("--currency THB --amount 1 --receiver bob", "THB"),
    ):
        town.refused(f"channel open {options}", 2, said)
    for asset in ("", "--currency CNY", "--series CHEAP --receiver bob"):
        town.refused(f"channel settle {asset}", 2, "give --currency and --receiver to settle")
    town.say("network add-currency --currency HKD")
    town.say("token issue --to alice --amount 100 --currency HKD")
    channel = str(town.read("channel open --currency HKD --receiver bob --amount 2")["channel"])
    said = town.say(f"channel sign --channel {channel} --ceiling 2 --out {town.directory / 'row.json'}")
    assert "ceiling 2.00 HKD\n" in said
    useful_next = said.splitlines()[-1].removeprefix("Next: pysettle ")
    town.say("market buy --series CHEAP --tokens 1000")
    town.say("channel open --series CHEAP --tokens 1000")
    assert [line.split()[1:] for line in town.say("channel list").splitlines()[2:]] == [
        ["alice", "2.00", "HKD", "0.00", "HKD"],
        ["alice", "1,000", "Tokens", "0", "Tokens"],
    ]
    assert "2.00 HKD" in town.say(useful_next)
    assert "2.00 HKD" in town.say(useful_next.replace("check", "claim") + " --by bob")


@pytest.mark.parametrize("asset", ["--currency CNY", "--series CHEAP"])
def test_a_credit_is_withdrawn_where_there_is_one(town: ComputeTown, asset: str) -> None:
    """Tokens of this network refuse no payout of the hub, so that there is none."""
    town.refused(f"channel withdraw-credit --account bob {asset}", 5, "CreditNone")


def test_channels_are_empty_at_first(town: ComputeTown, tmp_path: Path) -> None:
    """Lists of nothing say so."""
    assert town.say("channel list") == "no channel\n"
    assert town.say("job list") == "no order\n"
    rows = tmp_path / "rows.json"
    town.refused(f"channel check --series CHEAP --file {rows}", 2, "is not a list of rows")


def test_e_cny_is_the_currency_that_is_not_named(town: ComputeTown) -> None:
    """Of a channel as of everything else: opened, claimed and settled without an option that says so."""
    channel = str(town.read("channel open --receiver bob --amount 2")["channel"])
    file = town.directory / "row.json"
    town.say(f"channel sign --channel {channel} --ceiling 1.5 --out {file}")
    assert "1.50 yuan" in town.say(f"channel check --file {file}")
    assert "1.50 yuan" in town.say(f"channel claim --file {file} --by bob")
    assert "bob: 0.00 -> 1.50 yuan" in town.say("channel settle --receiver bob")


def test_a_voucher_replaces_no_file(town: ComputeTown) -> None:
    """Above all not the rows whose usage was filled in; and it is of a channel that is named."""
    channel = str(town.read("channel open --receiver bob --amount 2")["channel"])
    rows = town.file("rows.json", "usage")
    town.refused(f"channel sign --channel {channel} --ceiling 1 --out {rows}", 2, "exists already")
    assert rows.read_text() == "usage"
    town.refused("channel sign --channel '' --ceiling 1", 2, "it is empty")
    town.refused("channel sign --channel 0x --ceiling 1", 2, "'0x' names no channel")
    town.refused("market sign --series CHEAP --tokens 1 --out " + str(rows), 2, "exists already")
    town.refused(f"job sign --arbiter bob --milestone 1@2026-02-01 --file {rows} --out {rows}", 2, "exists already")
    assert rows.read_text() == "usage"


def test_a_number_of_a_purchase_is_used_once(town: ComputeTown) -> None:
    """Whatever the terms are: the token counts nonces by it alone."""
    first, second = (town.directory / name for name in ("first.json", "second.json"))
    town.say(f"market sign --series CHEAP --tokens 100 --number 7 --out {first}")
    town.say(f"market submit --file {first}")
    town.refused(f"market sign --series CHEAP --tokens 200 --number 7 --out {second}", 2, "is spent")
    town.say(f"market sign --series CHEAP --tokens 200 --number 8 --out {second}")


def deployed(town: ComputeTown, runtime: bytes) -> Address:
    """Deploy hand-assembled code as alice."""
    workspace = Workspace.open(town.directory)
    with workspace.chain(write=True) as chain:
        compute, alice = workspace.network(chain), workspace.accounts.signer("alice")
        (receipt,) = compute.hub.send(Transaction(alice, None, creation(runtime), 500_000, compute.hub.interface))
    assert receipt.contract_address is not None
    return receipt.contract_address


@pytest.mark.parametrize("series", [None, "CHEAP"])
def test_a_contract_that_signs_vouchers_is_asked(town: ComputeTown, series: str | None) -> None:
    """As the hub asks it (ERC-1271), within the same gas: `check` says what `claim` does, in yuan and in Tokens."""
    town.say("market buy --series CHEAP --tokens 5000000")
    workspace, account = Workspace.open(town.directory), deployed(town, ACCOUNT_1271)
    signers = {"account": account, "endless": deployed(town, bytes.fromhex("5b5f56")), "nobody": Address(b"\x77" * 20)}
    said = dict.fromkeys(signers, b"\x05" * 32) | {"other": b"\x06" * 32}
    rows, usage = [], {"usage": [500_000, 0, 0, 0, 0, 0]} if series else {}
    counted = "tokens" if series else "units"
    with workspace.chain(write=True) as chain:
        compute, alice, bob = (
            workspace.network(chain),
            workspace.accounts.key("alice"),
            workspace.accounts.address("bob"),
        )
        token: Token = compute.compute_lists.find(series) if series else compute.currency
        for number, (name, signature) in enumerate(said.items()):
            receiver = (token.address, compute.meter.address) if series else (bob, bob)
            signer = signers.get(name, account)
            config = ChannelConfig(alice.address, signer, *receiver, token.address, 3_600, number.to_bytes(32, "big"))
            deadline = chain.clock.now() + 3_600
            data = compute.hub.sign_deposit(alice, token, config, 1_000_000, deadline, number)
            compute.hub.send(compute.hub.deposit(alice, config, 1_000_000, data))
            channel = config.channel_id(compute.hub.domain)
            digest = voucher_digest(compute.hub.domain, channel, 500_000)
            if signer == account:
                approval = digest + b"\x05" * 32
                compute.hub.send(Transaction(alice, account, approval, 100_000, compute.hub.interface))
            row = {"channel": "0x" + channel.hex(), f"ceiling_{counted}": "500000", "signature": "0x" + signature.hex()}
            rows.append(row | usage)
    file, asset = town.file("rows.json", json.dumps(rows)), f"--series {series}" if series else "--currency CNY"
    checked = town.read(f"channel check {asset} --file {file}")["rows"]
    expected = [("500000", "valid"), *[("0", "INVALID")] * 3]
    assert [(it[f"would_claim_{counted}"], it["voucher"]) for it in checked] == expected
    by = "provider" if series else "bob"
    claimed = town.read(f"channel claim {asset} --file {file} --by {by}")["rows"]
    assert [(it[f"amount_{counted}"], it["result"]) for it in claimed] == [
        ("500000", "claimed"),
        *[("0", "voucher signature invalid")] * 3,
    ]


def test_a_contracts_authorization_is_asked_of_it(town: ComputeTown) -> None:
    """`inspect` says what the token finds: it can be submitted where the contract says so, and not otherwise."""
    account, file = deployed(town, ACCOUNT_1271), town.directory / "payment.json"
    town.say(f"token transfer --from alice --to 0x{account.hex()} --amount 1")
    town.say(f"token authorize --from alice --to bob --amount 1 --out {file}")
    document = json.loads(file.read_text()) | {"from": "0x" + account.hex(), "signature": "0x" + "05" * 32}
    file.write_text(json.dumps(document))
    assert "not signed by the holder of the tokens" in town.say(f"token inspect --file {file}")
    workspace = Workspace.open(town.directory)
    with workspace.chain(write=True) as chain:
        currency, alice = workspace.network(chain).currency, workspace.accounts.signer("alice")
        message = SignedMessage.from_bytes(file.read_bytes()).message
        assert isinstance(message, Authorization)
        approval = message.transfer_digest(currency.domain) + b"\x05" * 32
        currency.send(Transaction(alice, account, approval, 100_000, currency.interface))
    assert "can be submitted" in town.say(f"token inspect --file {file}")
    assert "bob: 0.00 -> 1.00 yuan" in town.say(f"token submit --file {file} --by alice")
