"""`pysettle participant` and `liquidity`: two banks in a workspace of two currencies, command by command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.running import Town

ADMIT = "participant admit --account {} --lei {} --bic HSBCHKHH --jurisdiction 344"
LEIS = {"alice": "PYSETTLE000000000111", "bob": "PYSETTLE000000000208"}


@pytest.fixture(scope="module")
def opened(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Open the settlement layer in a workspace of e-CNY and e-HKD, and admit alice."""
    town = Town(Path(shutil.copytree(founded, tmp_path_factory.mktemp("layer") / "town")))
    assert "in CNY, HKD" in town.say("liquidity open")
    town.say(ADMIT.format("alice", LEIS["alice"]))
    (town.directory / "order").write_text("a court orders it")
    return town.directory


@pytest.fixture
def layer(opened: Path, tmp_path: Path) -> Town:
    """Return a copy of that workspace."""
    return Town(Path(shutil.copytree(opened, tmp_path / "layer")))


def test_it_is_opened_once(town: Town, layer: Town) -> None:
    """Before that each command says how; after it the contracts are those of the build."""
    for line in ("participant list", "liquidity show --account alice"):
        town.refuse(line, 2, "run `pysettle liquidity open`")
    layer.refuse("liquidity open", 2, "is open already")
    verified = layer.say("network verify")
    for name in ("ParticipantRegistry", "LiquidityAccounts"):
        assert name in verified
    layer.say("network add-currency --currency THB")
    place = layer.tell("network status")["contracts"]
    assert place


def test_money_comes_in_and_goes_out(layer: Town) -> None:
    """In either currency, for participants alone."""
    assert "position of alice: 0.00 -> 60.00 yuan\nalice: 100.00 -> 40.00 yuan" in layer.say(
        "liquidity pay-in --account alice --amount 60"
    )
    assert "alice: 60.00 yuan available" in layer.say("liquidity show --account alice")
    assert "position of alice: 60.00 -> 35.00 yuan" in layer.say("liquidity pay-out --account alice --amount 25")
    layer.refuse("liquidity pay-out --account alice --amount 36", 5, "PositionExceeded", "35.00 yuan available; 36.00")
    layer.refuse("liquidity pay-in --account alice --amount 1 --currency HKD", 5, "ParticipantNotFound")
    layer.say(ADMIT.format("alice", LEIS["alice"]) + " --currency HKD --agent bob")
    assert "position of alice: 0.00 -> 1.00 HKD" in layer.say(
        "liquidity pay-in --account alice --amount 1 --currency HKD"
    )


def test_participants_come_from_a_file(layer: Town, tmp_path: Path) -> None:
    """All of them or none: a wrong cell is named by row and column, and a dry run sends nothing."""
    header, file = "account,lei,bic,jurisdiction,agent\n", tmp_path / "banks.csv"
    right = f"bob,{LEIS['bob']},HSBCHKHH,344,alice\n"
    block = layer.tell("network status")["block"]
    for rows, row, column, words in (
        ("", 1, "account", "0 rows follow"),
        (right + f"bank,{LEIS['bob'][:-1]}9,HSBCHKHH,344,\n", 3, "lei", "check digits"),
        (right + "bank,PYSETTLE000000000111,HSBC,344,\n", 3, "bic", "is no BIC"),
        (right + "bank,PYSETTLE000000000111,HSBCHKHH,HK,\n", 3, "jurisdiction", "'HK' is no ISO 3166-1 number"),
        (right + "nobody,PYSETTLE000000000111,HSBCHKHH,344,\n", 3, "account", "nobody"),
        (right.replace("alice", "nobody"), 2, "agent", "nobody"),
        (right + right, 3, "account", "bob is in row 2 already"),
        (right + "bank,PYSETTLE000000000111\n", 3, "bic", "the row has 2 cells"),
    ):
        file.write_text(header + rows)
        layer.refuse(f"participant admit-all --file {file}", 2, f"row {row}, column {column} of {file}", words)
    file.write_text("name,lei\n")
    layer.refuse(f"participant admit-all --file {file}", 2, f"row 1, column name,lei of {file}")
    file.write_text(header + right)
    assert "nothing was sent" in layer.say(f"participant admit-all --file {file} --dry-run")
    assert layer.tell("network status")["block"] == block
    assert "bob: not admitted -> participant 2 of CNY" in layer.say(f"participant admit-all --file {file}")


def test_participants_are_listed_and_stopped(layer: Town) -> None:
    """By their numbers; a stop and its end bear a ground."""
    layer.say(ADMIT.format("bob", LEIS["bob"]) + " --agent alice")
    shown = layer.tell("participant show --account bob")
    assert (shown["participant"], shown["lei"], shown["agent"]) == ("2", LEIS["bob"], "alice")
    file = layer.directory / "order"
    assert "bob in CNY: active -> suspended" in layer.say(f"participant suspend --account bob --file {file}")
    assert "bob in CNY: suspended -> stopped" in layer.say(f"participant stop --account bob --file {file}")
    found = layer.tell("participant list")["participants"]
    assert [(it["account"], it["suspended"], it["stopped"]) for it in found] == [
        ("alice", False, False),
        ("bob", True, True),
    ]
    layer.refuse("liquidity pay-in --account bob --amount 1", 5, "ParticipantStopped", "bob is stopped")
    assert "bob in CNY: stopped -> active" in layer.say(f"participant release --account bob --file {file}")
    layer.refuse(f"participant stop --account bob --file {file} --by alice", 5, "CurrencyPowerMissing")
    assert layer.say("participant list --currency HKD") == "HKD has no participant\n"
    assert "carol: not admitted" in layer.say("participant show --account carol")


def test_measures_reach_account_and_position_at_once(layer: Town) -> None:
    """A freeze, a seizure beyond the position, and a pause; anybody copies those of the currency alone."""
    layer.say("liquidity pay-in --account alice --amount 60")
    said = layer.say("liquidity freeze --account alice --outgoing --amount 5")
    assert "account of alice: frozen nothing -> outgoing, 5.00 yuan" in said
    assert "position of alice: frozen nothing -> outgoing, 5.00 yuan" in said
    seize = f"liquidity seize --account alice --to bob --legal-basis {layer.directory / 'order'} --amount"
    layer.refuse(f"{seize} 100.01", 2, "has 100.00 yuan in position and account together")
    said = layer.say(f"{seize} 70")
    assert "position of alice: 60.00 -> 0.00 yuan\nalice: 40.00 -> 30.00 yuan" in said
    assert layer.held("bob") == "70.00 yuan"
    said = layer.say("liquidity unfreeze --account alice")
    assert "position of alice: frozen outgoing, 5.00 yuan -> nothing" in said
    layer.say("wallet freeze --account alice --incoming")
    assert "position of alice: frozen nothing -> incoming" in layer.say("liquidity copy-freeze --account alice")
    layer.refuse("liquidity copy-freeze --account alice", 5, "NothingToCopy")
    assert "positions in CNY: not paused -> paused" in layer.say("liquidity pause")
    assert "positions in CNY: paused -> not paused" in layer.say("liquidity unpause")
    layer.say("token pause")
    assert "positions in CNY: not paused -> paused" in layer.say("liquidity copy-pause")
    assert "are paused" in layer.say("liquidity show --account alice")


def test_wrong_names_are_told_before_anything_is_sent(layer: Town) -> None:
    """False check digits are named with the right ones."""
    line = "participant admit --account bob --jurisdiction 344 --lei {} --bic {}"
    layer.refuse(line.format("PYSETTLE000000000112", "HSBCHKHH"), 2, "they would be 11")
    layer.refuse(line.format("pysettle000000000111", "HSBCHKHH"), 2, "is no LEI")
    layer.refuse(line.format(LEIS["bob"], "HSBCHKH"), 2, "is no BIC")
    layer.refuse("liquidity freeze --account alice", 2, "at least one of")


def test_the_whole_is_audited(layer: Town, tmp_path: Path) -> None:
    """The bundle lists both contracts; code, books and answers agree."""
    layer.say("liquidity pay-in --account alice --amount 60")
    layer.say("liquidity freeze --account alice --outgoing --amount 5")
    layer.say("liquidity pay-out --account alice --amount 1")
    layer.say(f"audit export --out {tmp_path / 'bundle'}")
    report = layer.tell(f"audit verify {tmp_path / 'bundle'}")
    assert report["passed"]
    assert (report["level"], report["checks"]["G"], report["checks"]["L"]) == ("S", "passed", "passed")
