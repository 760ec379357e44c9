"""`pysettle obligation` and the steps of `cycle`: three banks of a workspace queue, and one cycle nets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pysettle.client.settlement.clearing import ClearingHouse
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.money import Currency
from pysettle.values import Units
from pysettle.workspace.directory import Workspace
from tests.cli.running import Town, invoke

LEIS = {"alice": "PYSETTLE000000000111", "bob": "PYSETTLE000000000208", "carol": "PYSETTLE000000000305"}
ADMIT = "participant admit --account {} --lei {} --bic HSBCHKHH --jurisdiction 156"
ROWS = """\
debtor,creditor,currency,amount,priority
alice,bob,CNY,100,0
bob,carol,CNY,90,0
carol,alice,CNY,80,0
alice,carol,CNY,30,1
alice,bob,CNY,5,1
"""
HEADER, *_ = ROWS.splitlines()


@pytest.fixture(scope="module")
def opened(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Open the layer with three banks of one country; alice has reserved 25 yuan, and an operator is appointed."""
    town = Town(Path(shutil.copytree(founded, tmp_path_factory.mktemp("obligations") / "town")))
    town.say("liquidity open")
    for name, lei in LEIS.items():
        town.say(ADMIT.format(name, lei))
    assert "CNY has no clearing cycles yet\nNext: pysettle cycle operator" in town.say("cycle show")
    assert "operator of CNY: nobody -> bank" in town.say("cycle operator --account bank")
    town.say("liquidity pay-in --account alice --amount 60")
    said = town.say("liquidity reserve --account alice --amount 25")
    assert "alice, available: 60.00 -> 35.00 yuan\nposition of alice, reserved: 0.00 -> 25.00 yuan" in said
    return town.directory


@pytest.fixture
def banks(opened: Path, tmp_path: Path) -> Town:
    """Return a copy of that workspace."""
    return Town(Path(shutil.copytree(opened, tmp_path / "banks")))


def queue(town: Town, rows: str = ROWS, options: str = "") -> str:
    """Write a file of obligations, and return the command that queues them."""
    file = town.directory / "obligations.csv"
    file.write_text(rows)
    return f"obligation queue --file {file}{options}"


def test_a_cycle_from_file_to_settlement(banks: Town) -> None:
    """Queued, closed, shown, settled, ended: 270 yuan by a movement of 20, and the rest has its reasons."""
    assert "nothing was sent" in banks.say(queue(banks, options=" --dry-run"))
    assert banks.say("obligation list") == "no obligation waits in CNY\n"
    found = banks.tell(queue(banks))["batches"]
    assert [(it["batch"], it["obligation_count"]) for it in found] == [
        ("alice:0:0", "1"),
        ("alice:1:0", "2"),
        ("bob:0:0", "1"),
        ("carol:0:0", "1"),
    ]
    again = invoke(*queue(banks, options=" --dry-run").split(), workspace=banks.directory).stderr.splitlines()
    assert len(again) == 4, "one warning for each batch of the file"
    assert "pysettle: alice:1:0 has the same obligations, and still waits: both are owed now" in again
    other = queue(banks, f"{HEADER}\nalice,bob,CNY,101,0\n", " --dry-run")
    assert not invoke(*other.split(), workspace=banks.directory).stderr
    banks.refuse("cycle close", 5, "CycleTooEarly")
    banks.say("time advance --seconds 300")
    assert "nothing was sent" in banks.say("cycle close --dry-run")
    assert "cycle 1 of CNY: open -> closed" in banks.say("cycle close")
    banks.refuse(
        "liquidity release --account alice --amount 1", 5, "CycleStillClosed", "cycle 1 of the currency CNY is closed"
    )
    shown = banks.tell("cycle show")
    assert shown["total"] == {"currency": "CNY", "settled_units": "270000000", "bound_units": "275000000"}
    assert [(it["batch"], it["item"], it["reason"]) for it in shown["waiting"]] == [
        ("alice:1:0", "0", "lack"),
        ("alice:1:0", "1", "behind"),
    ]
    assert "nothing was sent" in banks.say("cycle settle --dry-run")
    said = banks.say("cycle settle")
    assert "set 1: 3 obligations of 270.00 settled by a movement of 20.00 yuan" in said
    assert "cycle 1 of CNY: closed -> settled" in banks.say("cycle end")
    banks.refuse("cycle settle", 2, "nothing that is due can settle now")
    for name, net in (("alice", "-20.00"), ("bob", "10.00"), ("carol", "10.00")):
        (line,) = [it for it in banks.say(f"account statement {name}").splitlines() if "net of a cycle" in it]
        assert line.split()[-2] == net, "its counterparty is the whole set"
    said = banks.say("liquidity release --account bob --amount 10")
    assert "position of bob, reserved: 10.00 -> 0.00 yuan" in said


def test_sets_by_a_file(banks: Town) -> None:
    """`solve` needs no key and writes them; a large solution is cut, and the sets settle one after the other."""
    town, file = banks, banks.directory / "sets.json"
    singles = "".join(f"alice,{name},CNY,{units},0\n" for units in (1, 2, 3) for name in ("bob", "carol"))
    town.say(queue(town, ROWS + singles.replace(",0\n", ",2\n")))
    town.say("liquidity reserve --account alice --amount 35")
    town.say("time advance --seconds 300")
    town.say("cycle close")
    solved = town.tell(f"cycle solve --out {file} --most-gas 650000")
    assert [it["obligation_count"] for it in solved["sets"]] == ["3", "5"]
    assert solved["waiting_count"] == "3"
    document = json.loads(file.read_text())
    town.refuse("cycle solve --rule best", 2, "for files alone")
    town.refuse(f"cycle settle --file {file} --by bank --currency HKD", 2, "this proposal is for the currency")
    for change in (document | {"schema": "x"}, document | {"cycle": 1}, document | {"sets": [{}]}):
        (town.directory / "wrong.json").write_text(json.dumps(change))
        town.refuse(f"cycle settle --file {town.directory / 'wrong.json'}", 2, "this is no proposal")
    assert "set 2: 5 obligations" in town.say(f"cycle settle --file {file}")
    town.refuse(f"cycle settle --file {file}", 5, "ItemsNotQueued")
    assert town.tell("obligation list")["obligations"][0]["item"] == "3"


def test_a_set_that_no_transaction_holds_is_named(banks: Town) -> None:
    """A ring settles only together; the solver names its obligations in place of cutting it."""
    banks.say(queue(banks))
    banks.say("liquidity release --account alice --amount 5")
    banks.say("time advance --seconds 300")
    banks.say("cycle close")
    solved = banks.tell("cycle solve --most-gas 600000")
    assert (solved["settled_count"], solved["sets"]) == ("3", [])
    assert solved["too_large"] == ["alice:0:0 0", "bob:0:0 0", "carol:0:0 0"]
    banks.refuse("cycle settle --most-gas 600000", 2, "nothing that is due can settle now")


def test_an_operator_that_leaves_out_what_the_rule_settles(banks: Town) -> None:
    """The audit notes it with both sums; where a rulebook promises the rule, an option makes it a finding."""
    banks.say(queue(banks))
    banks.say("time advance --seconds 300")
    banks.say("cycle close")
    banks.refuse("cycle end", 2, "3 obligations can settle in cycle 1", "`pysettle cycle settle`", "--leave-due")
    assert "cycle 1 of CNY: closed -> unwound" in banks.say("cycle end --leave-due")
    bundle = banks.directory / "bundle"
    banks.say(f"audit export --out {bundle}")
    report = banks.tell(f"audit verify {bundle} --level R")
    (found,) = (it for it in report["notices"] if it["code"] == "INV-ORDER")
    words = "settled 0 units in 0 obligations, where the rule of order settles 270000000 in 3; its operator ended it"
    assert (found["detail"], report["passed"]) == (words, True)
    result = invoke("audit", "verify", str(bundle), "--level", "R", "--strict-cycles")
    assert result.exit_code == 7
    assert words in result.stdout
    banks.refuse(f"audit verify {bundle} --level H --strict-cycles", 2, "keeps no books to follow cycles in")


def test_pairs_of_two_currencies(banks: Town) -> None:
    """Each bank queues its half from one file; one transaction settles both currencies, and no half alone."""
    for name in ("alice", "bob"):
        banks.say(f"{ADMIT.format(name, LEIS[name])} --currency HKD")
    banks.say("cycle operator --account bank --currency HKD")
    rows = f"{HEADER},pair\nalice,bob,CNY,10,0,fx\nbob,alice,HKD,11,0,fx\nalice,bob,CNY,4,0,\nalice,bob,HKD,11,0,\n"
    rows += "bob,alice,HKD,22,0,second\nalice,bob,CNY,10,0,second\n"
    assert "alice:0:0: 2 obligations of 20.00 yuan" in banks.say(queue(banks, rows, " --debtor alice"))
    banks.refuse(queue(banks, rows, " --debtor carol"), 2, "the file has no obligation of carol")
    assert banks.say("obligation list --currency HKD").count("bob:") == 0
    banks.say(queue(banks, rows, " --debtor bob"))
    banks.say("time advance --seconds 300")
    for code in ("CNY", "HKD"):
        banks.say(f"cycle close --currency {code}")
    assert "one payment of a PvP pair" in banks.say("cycle show --wide")
    both = "cycle settle --with-currency HKD"
    banks.refuse(f"{both} --most-gas 100000", 2, "may state 100,000")
    assert "nothing was sent" in banks.say(f"{both} --dry-run")
    found = {it["currency"]: (it["obligation_count"], it["value_units"]) for it in banks.tell(both)["sets"]}
    assert found == {"CNY": ("2", "14000000"), "HKD": ("2", "22000000")}
    left = [(it["item"], it["amount_units"]) for it in banks.tell("obligation list --account alice")["obligations"]]
    assert left == [("1", "10000000")]
    banks.refuse(both, 2, "nothing that is due can settle now")
    banks.refuse(queue(banks, f"{HEADER},pair\nalice,bob,CNY,1,0,fx\n"), 2, "row 2, column pair: ")


def test_changes_of_queued_obligations(banks: Town) -> None:
    """A debtor holds, lets go on and cancels; a creditor rejects with a reason; each by batch and item."""
    banks.say(queue(banks))
    assert "nothing was sent" in banks.say("obligation hold --batch alice:1:0 --dry-run")
    assert "alice:1:0: 1 obligations of 30.00 yuan are held" in banks.say("obligation hold --batch alice:1:0 --item 0")
    states = [it["state"] for it in banks.tell("obligation list --account alice")["obligations"]]
    assert states == ["waiting", "held", "waiting", "waiting"]
    assert "are waiting" in banks.say("obligation resume --batch alice:1:0")
    banks.refuse("obligation resume --batch alice:1:0", 2, "no obligation of alice:1:0 can be waiting")
    banks.refuse("obligation hold --batch alice:1:0 --item 2", 2, "has 2 obligations, and none with the number 2")
    banks.refuse("obligation hold --batch alice:9:0", 2, "no obligation of alice:9:0 waits in CNY")
    banks.refuse("obligation hold --batch alice", 2, "is no batch")
    found = banks.tell("obligation reject --batch alice:1:0 --by bob --reason AM05")
    assert (found["items"], found["amount_units"], found["now"]) == (["1"], "5000000", "rejected")
    banks.refuse("obligation reject --batch alice:1:0 --by bob --reason AM05 --item 0", 5, "CallerNotParty")
    assert "1 obligations of 30.00 yuan are cancelled" in banks.say("obligation cancel --batch alice:1:0")
    assert len(banks.tell("obligation list")["obligations"]) == 3


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("nobody,bob,CNY,1,0", "debtor"),
        ("alice,dora,CNY,1,0", "creditor"),
        ("alice,alice,CNY,1,0", "creditor"),
        ("alice,bob,HKD,1,0", "debtor"),
        ("alice,bob,THB,1,0", "currency"),
        ("alice,bob,CNY,0,0", "amount"),
        ("alice,bob,CNY,1.0000001,0", "amount"),
        ("alice,bob,CNY,1,4", "priority"),
        ("alice,bob,CNY,1,high", "priority"),
        ("alice,bob,CNY,1", "priority"),
    ],
)
def test_a_wrong_row_is_named(opened: Path, tmp_path: Path, row: str, column: str) -> None:
    """Exit code 2, row and column, and nothing is sent, not even for the right rows before it."""
    town = Town(opened)
    file = tmp_path / "wrong.csv"
    file.write_text(f"{ROWS}{row}\n")
    town.refuse(f"obligation queue --file {file}", 2, f"row 7, column {column}: ")
    assert town.say("obligation list") == "no obligation waits in CNY\n"


def test_a_creditor_that_nobody_is(banks: Town) -> None:
    """Obligations to a number that no participant has are listed and explained, and are in nobody's way."""
    workspace = Workspace.open(banks.directory)
    with workspace.chain(write=True) as chain:
        network = workspace.network(chain)
        house, token = ClearingHouse.of(network), network.system(Currency.CNY).token.address
        items = [BatchItem(9, Units(7))]
        network.send(house.queue(workspace.accounts.signer("bob"), token, items, jurisdiction=156))
    (listed,) = banks.tell("obligation list")["obligations"]
    assert (listed["debtor"], listed["creditor"]) == ("bob", "participant 9")
    assert banks.tell("obligation list --account alice")["obligations"] == []
    banks.say("time advance --seconds 300")
    banks.say("cycle close")
    (waits,) = banks.tell("cycle show")["waiting"]
    assert (waits["creditor"], waits["reason"]) == ("participant 9", "unknown")
