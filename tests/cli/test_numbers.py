"""Every number of every command is read in one way: in the digits 0 to 9, with a point where it is money."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pysettle.cli import main
from pysettle.cli.main import children
from pysettle.cli.options import Count, Moment
from tests.cli.running import OPEN, ComputeTown

NOT_DIGITS = (
    "1_000",
    "\uff11\uff12",
    "+5",
    "1e9999999",
    "5.",
    "-5",
    "1e6",
    " 5",
    "5 ",
    "1e-999999999",
    ".5",
    "1,000",
    "0x10",
    "\u0661\u0662",
    "\u00bd",
    "NaN",
    "",
)
"""Numbers as Python's own readers, and no reader of money, may take them."""
MONEY = {
    *("amount", "quota", "reserve", "bond", "stages", "balance", "payment", "daily", "annual", "wanted", "most"),
    *("settlement_limit", "window_limit", "travel_threshold", "day_end_limit"),
    *("pays", "sells", "purchase", "window"),
}
"""Parameters of money, which have no type of their own."""
PROPOSE = "corridor propose --from-jurisdiction 156 --to-jurisdiction 344 --counter HKD"
CLASS = "fx limit --from-jurisdiction 344 --to-jurisdiction 156 --class II"
LIMITS = ("settlement-limit", "window-limit", "travel-threshold", "day-end-limit")
LINES = [
    "token transfer --from alice --to bob --amount {}",
    "token approve --from alice --spender bob --amount {}",
    "token issue --to bob --amount {}",
    "token authorize --from alice --to bob --amount {}",
    "token permit --from alice --spender bob --amount {}",
    "redemption request --from alice --amount {}",
    "reserve attest --amount {}",
    "reserve quota --amount {}",
    "network add-currency --currency THB --quota {}",
    "network add-currency --currency THB --reserve {}",
    "network deploy --quota {}",
    "network deploy --reserve {}",
    *(f"wallet limits --class IV --{limit} {{}}" for limit in ("balance", "payment", "daily", "annual")),
    "wallet freeze --account bob --amount {}",
    "wallet seize --account bob --to alice --legal-basis {file} --amount {}",
    "wallet seize-credit --account bob --to alice --legal-basis {file} --amount {}",
    "wallet claim-credit --account bob --amount {}",
    "interest open --quota {}",
    "settle write --end-to-end-id A --out x --leg CNY:alice:bob:{}",
    "settle return --file {instruction} --reason AC03 --end-to-end-id A --out x --amount {}",
    "liquidity pay-in --account bob --amount {}",
    "liquidity pay-out --account bob --amount {}",
    "liquidity reserve --account bob --amount {}",
    "liquidity release --account bob --amount {}",
    "liquidity freeze --account bob --amount {}",
    "liquidity seize --account bob --to alice --legal-basis {file} --amount {}",
    "corridor write-payload --debtor alice --creditor bob --payload {file} --out x --amount {}",
    *(f"{PROPOSE} " + " ".join(f"--{name} {'{}' if name == wrong else 5}" for name in LIMITS) for wrong in LIMITS),
    "fx quote --pay-in HKD --by bank --out x --sells 1 --pays {}",
    "fx quote --pay-in HKD --by bank --out x --pays 1 --sells {}",
    f"{CLASS} --window-limit 1 --purchase {{}}",
    f"{CLASS} --purchase 1 --window-limit {{}}",
    "market stake --amount {}",
    "market unstake --amount {}",
    "channel open --currency CNY --receiver bob --amount {}",
    *(
        f"channel {verb} --channel {{{channel}}} --{option} {{}}"
        for verb, option in (("sign", "ceiling"), ("withdraw", "amount"), ("refund", "amount"))
        for channel in ("tokens", "yuan")
    ),
    "job place --arbiter bob --file {file} --milestone {}@2026-02-01",
    "job place --arbiter bob --file {file} --milestone 5@2026-02-01 --bond {}",
    "job sign --arbiter bob --file {file} --out x --milestone {}@2026-02-01",
    "job sign --arbiter bob --file {file} --out x --milestone 5@2026-02-01 --bond {}",
    OPEN.replace("--compute {compute} ", "").replace("{symbol}", "NEW").replace("1,30,90/", "1,30,{}/"),
]
"""Commands that take an amount at {}."""


def options() -> Iterator[tuple[str, click.Option]]:
    """Return every option of every command, with the command's path."""

    def walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Option]]:
        for name, command in children(group):
            if isinstance(command, click.Group):
                yield from walk(command, f"{path}{name} ")
            else:
                yield from ((path + name, it) for it in command.params if isinstance(it, click.Option))

    return walk(main, "")


@pytest.fixture(scope="module")
def town(founded_market: Path, tmp_path_factory: pytest.TempPathFactory) -> ComputeTown:
    """Return a workspace with a channel in Tokens and one in e-CNY, which no test of this module changes."""
    town = ComputeTown(Path(shutil.copytree(founded_market, tmp_path_factory.mktemp("numbers") / "town")))
    town.say("market buy --series CHEAP --tokens 10")
    return town


@pytest.fixture(scope="module")
def places(town: ComputeTown) -> dict[str, str]:
    """Return what the commands name beside the amount."""
    instruction = shlex.quote(str(town.directory / "instruction"))
    town.say("liquidity open")
    town.say(f"settle write --leg CNY:alice:bob:2 --end-to-end-id A --out {instruction}")
    town.say(f"settle sign --file {instruction} --by alice")
    return {
        "instruction": instruction,
        "tokens": str(town.read("channel open --series CHEAP --tokens 10")["channel"]),
        "yuan": str(town.read("channel open --currency CNY --receiver bob --amount 10")["channel"]),
        "file": str(town.file("document", "an order")),
    }


def test_every_count_of_every_command_is_read_alike() -> None:
    """Hours, basis points, seeds, ports, Tokens and ids; and every day is written in the same digits."""
    found = [(path, it) for path, it in options() if isinstance(it.type, click.types.IntParamType)]
    assert len(found) >= 50
    for path, it in found:
        assert isinstance(it.type, Count), (path, it.name)
        for text in NOT_DIGITS:
            with pytest.raises(click.BadParameter, match="is no whole number; write it in the digits 0 to 9"):
                it.type.convert(text, it, None)
        assert it.type.convert("1", it, None) == 1
    assert not [path for path, it in options() if isinstance(it.type, click.types.FloatParamType)]
    days = [it.type for _, it in options() if isinstance(it.type, click.DateTime)]
    assert all(isinstance(it, Moment) for it in days)
    with pytest.raises(click.BadParameter, match="is not written in the digits 0 to 9"):
        days[0].convert("\uff12026-01-01", None, None)


def test_every_amount_of_every_command_is_tried() -> None:
    """So that a new option of money is not read in a way of its own."""
    texts = [(path, it) for path, it in options() if isinstance(it.type, click.types.StringParamType)]
    paths = {(path, it.opts[0]) for path, it in texts if it.name in MONEY}
    assert len(paths) >= 30
    for path, name in paths:
        assert any(line.startswith(f"{path} ") and f"{name} {{}}" in line for line in LINES), (path, name)


def test_an_empty_text_names_nothing() -> None:
    """It is refused where a command would take it for an option that was left out."""
    texts = [(path, it) for path, it in options() if isinstance(it.type, click.types.StringParamType)]
    assert len(texts) >= 150
    for path, it in texts:
        with pytest.raises(click.BadParameter, match="it is empty"):
            it.type.convert("", it, None)
        assert it.type.convert("x", it, None) == "x", path


@pytest.mark.parametrize("line", LINES, ids=[it[:60] for it in LINES])
def test_an_amount_is_written_in_plain_digits(town: ComputeTown, places: dict[str, str], line: str) -> None:
    """Anything else is bad usage, in one line, and nothing is sent."""
    before = town.block()
    words = [word.format("{}", **places) for word in shlex.split(line)]
    for text in NOT_DIGITS[:6]:
        town.refused(shlex.join(word.replace("{}", text) for word in words), 2, "in the digits 0 to 9")
    assert town.block() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("token transfer --from alice --to bob --amount 1.0000001", "has 7 decimals, 6 are possible"),
        ("token issue --to alice --amount 1.001", "has 3 decimals, 2 are possible"),
        ("reserve attest --amount 1.001", "has 3 decimals, 2 are possible"),
        ("channel withdraw --channel {yuan} --amount 1.0000001", "has 7 decimals, 6 are possible"),
        ("channel sign --channel {yuan} --ceiling 0", "more than nothing"),
        ("channel withdraw --channel {tokens} --amount 1.5", "is no whole number"),
        (f"channel sign --channel {{tokens}} --ceiling {2**128}", "less than 2^128"),
        (f"channel refund --channel {{yuan}} --amount {2**96}", "from 0 to 2^96-1 units"),
    ],
)
def test_an_amount_has_the_decimals_of_what_it_is_in(
    town: ComputeTown, places: dict[str, str], line: str, said: str
) -> None:
    """Six of a currency, two where reserve comes in or goes out, none of Tokens."""
    before = town.block()
    town.refused(line.format(**places), 2, said)
    assert town.block() == before


def test_a_channel_counts_in_one_unit(town: ComputeTown, places: dict[str, str], tmp_path: Path) -> None:
    """What opens a channel in yuan signs, withdraws and refunds in yuan, and the next command says so."""
    copy = ComputeTown(Path(shutil.copytree(town.directory, tmp_path / "town")))
    opened = copy.say("channel open --currency CNY --receiver bob --amount 1.25 --number 7")
    sign = opened.splitlines()[-1].removeprefix("Next: pysettle ")
    assert "--ceiling 1.25 " in sign
    assert "ceiling 1.25 yuan\n" in copy.say(sign)
    channel = f"--channel {places['yuan']}"
    assert "notice of 2.50 yuan" in copy.say(f"channel withdraw {channel} --amount 2.5")
    assert "balance: 10.00 -> 9.50 yuan" in copy.say(f"channel refund {channel} --amount 0.5 --provider bob")
    assert "ceiling 4 Tokens" in copy.say(f"channel sign --channel {places['tokens']} --ceiling 4")
