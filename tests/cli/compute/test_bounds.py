"""Every number and text that a compute command takes has the bound of what it becomes on chain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import OPEN, ComputeTown

REGISTER = "market register --accelerator Ascend --units 8 --rate 1000 --until 2026-06-01"
SERIES = OPEN.replace("--compute {compute} ", "").format(symbol="NEW")
PLACE = "job place --arbiter bob --milestone 5@2026-02-01 --file {file}"
TOO_LARGE = [
    (f"{REGISTER} --accelerator {'a' * 33}", "--accelerator", "33 bytes; 1 to 32"),
    (f"{REGISTER} --accelerator {'代' * 11}", "--accelerator", "33 bytes; 1 to 32"),
    (f"{REGISTER} --units {2**64}", "--units", "1<=x<2^64"),
    (f"{REGISTER} --units 0", "--units", "1<=x<2^64"),
    (f"{REGISTER} --rate {2**64}", "--rate", "1<=x<2^64"),
    (f"{REGISTER} --until 1969-12-31", "--until", "before 1970-01-01"),
    (f"{SERIES} --class {'c' * 33}", "--class", "is not one of 'inference'"),
    (f"{SERIES} --class poetry", "--class", "is not one of 'inference'"),
    (f"{SERIES} --name {'n' * 32}", "--name", "32 bytes; 1 to 31"),
    (f"{SERIES} --symbol {'s' * 32}", "--symbol", "32 bytes; 1 to 31"),
    (f"{SERIES} --symbol ''", "--symbol", "0 bytes; 1 to 31"),
    (f"{SERIES} --unit-price {2**64}", "--unit-price", "1<=x<2^64"),
    (f"{SERIES} --capacity {2**96}", "--capacity", "1<=x<2^96"),
    (f"{SERIES} --rates {2**32},1,1/1,1,1", "--rates", "0<=x<2^32"),
    (f"{SERIES} --rates 1,1,1/1,1,-1", "--rates", "is not of the form 3 whole numbers / 3 whole numbers"),
    (f"{SERIES} --rates 1,1,1/1,1,1,1", "--rates", "is not of the form 3 whole numbers / 3 whole numbers"),
    (f"{SERIES} --until 1969-12-31", "--until", "before 1970-01-01"),
    (f"{SERIES} --compensation-bps 10001", "--compensation-bps", "0<=x<=10000"),
    (f"market stake --amount {2**96}", f"{2**96}", "from 0 to 2^96-1 units"),
    (f"market unstake --amount {2**96}", f"{2**96}", "from 0 to 2^96-1 units"),
    *(
        (f"{command} --series CHEAP --tokens {2**96}", "--tokens", "1<=x<2^96")
        for command in (
            "market buy",
            "market sign --out x",
            "market transfer --to bob",
            "market consume",
            "market refund",
            "market redeem",
            "channel open",
        )
    ),
    (f"channel open --series CHEAP --tokens 1 --number {2**256}", "--number", "0<=x<2^256"),
    ("channel open --series CHEAP --tokens 1 --delay-hours 721", "--delay-hours", "1<=x<=720"),
    (f"{PLACE} --accept-hours 99999999", "--accept-hours", "1<=x<=1193046"),
    (f"{PLACE} --review-hours 99999999", "--review-hours", "1<=x<=1193046"),
    (f"{PLACE} --arbitration-hours 99999999", "--arbitration-hours", "1<=x<=1193046"),
    (f"{PLACE} --number {2**256}", "--number", "0<=x<2^256"),
    (f"{PLACE} --bond {2**96}", f"{2**96}", "from 0 to 2^96-1 units"),
    (f"{PLACE} --milestone {2**96}@2026-02-01", f"{2**96}", "from 0 to 2^96-1 units"),
    (f"{PLACE} --milestone 5@1969-12-31", "--milestone", "before 1970-01-01"),
    (f"{PLACE.replace('place', 'sign')} --out x --hours 99999999", "--hours", "1<=x<=1193046"),
    (f"job deliver --order 0x --file {{file}} --milestone {2**256}", "--milestone", "0<=x<=63"),
    (f"market sign --series CHEAP --tokens 1 --out x --number {2**64}", "--number", "0<=x<2^64"),
    ("market sign --series CHEAP --tokens 1 --out x --hours 1000001", "--hours", "1<=x<=1000000"),
    (f"channel open --currency CNY --receiver bob --amount {2**96}", f"{2**96}", "from 0 to 2^96-1 units"),
    (f"redemption show --id {2**256}", "--id", "1<=x<2^256"),
]
"""(command, option or value that is told, bound that is told)."""
COUNTERS = [1, 2, 3, 4, 5, 6]
ROW = {"usage": COUNTERS, "ceiling_tokens": "5", "signature": "0x" + "11" * 65}
BROKEN_ROWS = [
    ("usage", [1.9, 2, 3, 4, 5, 6], "1.9 is no whole number in the range 0<=x<2^42"),
    ("usage", [-1, 2, 3, 4, 5, 6], "-1 is no whole number in the range 0<=x<2^42"),
    ("usage", [True, 2, 3, 4, 5, 6], "True is no whole number"),
    ("usage", ["1.0", 2, 3, 4, 5, 6], "'1.0' is no whole number"),
    ("usage", [2**42, 2, 3, 4, 5, 6], f"{2**42} is no whole number in the range 0<=x<2^42"),
    ("usage", COUNTERS[:5], "is no list of 6 counters"),
    ("usage", "123456", "is no list of 6 counters"),
    ("ceiling_tokens", -1, "-1 is no whole number in the range 0<=x<2^128"),
    ("ceiling_tokens", str(2**128), "is no whole number in the range 0<=x<2^128"),
    ("ceiling_tokens", 5.0, "5.0 is no whole number"),
    ("ceiling_tokens", None, "None is no whole number"),
    ("signature", "0x1", "is not written in hex digits"),
    ("signature", 7, "is not written as hex digits"),
    ("channel", "0xffff", "no channel has an id that begins with 0xffff"),
    ("channel", 7, "is no id of a channel"),
    ("channel", "", "names no channel"),
    ("channel", "0x", "names no channel"),
]
"""(field, what it is in the second row, what is told)."""


@pytest.fixture(scope="module")
def town(founded_market: Path) -> ComputeTown:
    """Return a workspace that no test of this module changes."""
    return ComputeTown(founded_market)


@pytest.mark.parametrize(("line", "option", "bound"), TOO_LARGE, ids=[it[0][-60:] for it in TOO_LARGE])
def test_what_a_contract_has_no_room_for_is_bad_usage(town: ComputeTown, line: str, option: str, bound: str) -> None:
    """It names the option and its bound, without a traceback, and nothing is sent."""
    file, before = town.file("ordered", "what is ordered"), town.block()
    town.refused(line.format(file=file), 2, option, bound)
    assert town.block() == before


@pytest.fixture(scope="module")
def channel_town(founded_market: Path, tmp_path_factory: pytest.TempPathFactory) -> ComputeTown:
    """Return a workspace with a channel, which no test of this module changes either."""
    town = ComputeTown(Path(shutil.copytree(founded_market, tmp_path_factory.mktemp("channel") / "town")))
    town.say("market buy --series CHEAP --tokens 10")
    town.say("channel open --series CHEAP --tokens 10")
    return town


@pytest.fixture(scope="module")
def row(channel_town: ComputeTown) -> dict[str, object]:
    """Return a row of its channel."""
    (channel,) = channel_town.read("channel list")["channels"]
    return {"channel": channel["channel"], **ROW}


@pytest.mark.parametrize("command", ["check", "claim"])
@pytest.mark.parametrize(("field", "value", "said"), BROKEN_ROWS)
def test_a_broken_row_is_named_with_its_field(
    channel_town: ComputeTown, row: dict[str, object], command: str, field: str, value: object, said: str
) -> None:
    """Whether it is checked or claimed; and nothing is claimed of the row before it."""
    rows = channel_town.file("rows.json", json.dumps([row, {**row, field: value}]))
    before = channel_town.block()
    channel_town.refused(f"channel {command} --series CHEAP --file {rows}", 2, f"row 2, {field}: ", said)
    assert channel_town.block() == before


def test_a_row_is_of_a_channel_of_the_series(channel_town: ComputeTown, row: dict[str, object]) -> None:
    """A file is a list of one row at least, all of whose fields are there, on channels of the series that is named."""
    for content, said in (
        ("[]", "is not a list of at least one row"),
        ("{}", "is not a list of at least one row"),
        ("[1]", "is not a list of at least one row"),
        ("[" * 100_000 + "]" * 100_000, "is not a list of rows (nested more than 32 deep)"),
        (json.dumps([row, {**row, "signature": "0x11"}]), "it has 1 bytes, and that of row 1 has 65"),
        (
            json.dumps([{"channel": row["channel"], "usage": COUNTERS, "ceiling_tokens": 1}]),
            "row 1, signature: it is missing",
        ),
    ):
        rows = channel_town.file("rows.json", content)
        channel_town.refused(f"channel check --series CHEAP --file {rows}", 2, said)
    rows = channel_town.file("rows.json", json.dumps([row]))
    channel_town.refused(f"channel check --file {rows}", 2, "in the asset of --currency CNY")
    channel_town.refused(f"channel check --file {rows} --currency CNY", 2, "in the asset of --currency CNY")
    channel_town.refused(
        f"channel claim --series DSV4 --file {rows}",
        2,
        f"{row['channel']} is not a channel in the asset of --series DSV4",
    )


def test_a_signed_order_has_the_same_bounds(compute_town: ComputeTown) -> None:
    """Whoever wrote the file."""
    file, signed = compute_town.file("ordered", "what is ordered"), compute_town.directory / "order.json"
    compute_town.say(f"job sign --arbiter bob --milestone 100@2026-02-01 --file {file} --out {signed}")
    true, before = json.loads(signed.read_text()), compute_town.block()
    stage = {"amount_units": "1", "deliver_before_unix_s": "1"}
    for change, said in (
        ({"review_s": str(2**32)}, f"review_s of the order is {2**32}, and has to be below 2^32"),
        ({"accept_before_unix_s": str(2**40)}, "has to be below 2^40"),
        ({"bond_units": str(2**96)}, "has to be below 2^96"),
        ({"milestones": [{**stage, "amount_units": str(2**96)}]}, "has to be below 2^96"),
        ({"milestones": [{**stage, "deliver_before_unix_s": str(2**40)}]}, "has to be below 2^40"),
    ):
        signed.write_text(json.dumps(true | change))
        compute_town.refused(f"job submit --file {signed}", 2, said)
    assert compute_town.block() == before
