"""A refusal of a contract is said in words: names of the workspace, its currencies, Tokens, dates and roles."""

from __future__ import annotations

import re

import pytest

from tests.cli.running import ComputeTown, Town

REFUSED = [
    (
        "token transfer --from alice --to bob --amount 100.01",
        "alice holds 100.00 yuan; 100.01 needed",
    ),
    (
        "token transfer --from alice --to bob --amount 100.01 --currency HKD",
        "alice holds 100.00 HKD; 100.01 needed",
    ),
    (
        "token issue --to alice --amount 9900.01",
        "alice may receive 9,900.00 yuan more; 9,900.01 requested",
    ),
    (
        "wallet limits --class IV --balance 150",
        "150.00 yuan is not a limit; a limit is a multiple of 100.00",
    ),
    (
        "role offer --role seizer --account carol --by seizer",
        "seizer lacks the role administrator",
    ),
    (
        "redemption request --from alice --amount 1 --operator bob",
        "bob is no operating institution",
    ),
]


@pytest.mark.parametrize(("command", "words"), REFUSED)
def test_accounts_and_amounts_are_in_words(town: Town, command: str, words: str) -> None:
    """The line on stderr has the names of the workspace and the currency of the command, and no raw number."""
    line = town.refuse(command, 5, words)
    assert not re.search(r"0x|\d{6}", line), line


def test_tokens_are_said_as_tokens(compute_town: ComputeTown) -> None:
    """What a series has left is in Tokens, and what a purchase lacks in yuan."""
    compute_town.refuse("market buy --series CHEAP --by bob --tokens 1000000", 5, "bob holds 0.00 yuan; 0.02 needed")
    everything = "market buy --series CHEAP --by alice --tokens 1000000001"
    compute_town.refuse(everything, 5, "1,000,000,000 Tokens left to sell; 1,000,000,001 requested")


def test_a_call_that_names_no_currency_is_said_in_its_own(town: Town) -> None:
    """A step of an order names the order alone, and is of its currency, of several that there are."""
    (town.directory / "file").write_text("what is ordered")
    file = f"--file {town.directory / 'file'} --currency HKD"
    line = f"job place --arbiter carol --buyer bob --bond 10 --milestone 5@2026-02-01 {file}"
    order = town.tell(line)["order"]
    town.say(f"job accept --order {order} --currency HKD")
    town.say(f"job deliver --order {order} {file}")
    town.refuse(f"job dispute --order {order} --by bob {file}", 5, "bob holds 0.00 HKD; 10.00 needed")


def test_a_purchase_is_said_in_the_currency_of_its_series(compute_town: ComputeTown) -> None:
    """A purchase names its series alone, and is paid in e-CNY, of several currencies that there are."""
    compute_town.say("network add-currency --currency HKD")
    compute_town.refused("market buy --series CHEAP --by bob --tokens 1000000", 5, "bob holds 0.00 yuan; 0.02 needed")


def test_times_are_dates(town: Town) -> None:
    """A refusal that comes too early or too late has both times as dates."""
    town.say("redemption request --from alice --amount 60")
    town.say("redemption take --id 1")
    line = town.refuse("redemption cancel --id 1", 5)
    times = re.search(
        r"can be cancelled from (2026-\d\d-\d\d \S+ UTC); the chain time is (2026-\d\d-\d\d \S+ UTC)", line
    )
    assert times, line
    assert times[1] > times[2]
