"""`pysettle corridor`: two central banks, a calendar from a file, and the rules on two banks of two countries."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pysettle.hashing import keccak
from tests.cli.running import Town
from tests.cli.settlement.test_settlement import ADMIT, LEIS

ENDS = "--from-jurisdiction 156 --to-jurisdiction 344"
LIMITS = "--settlement-limit 40 --window-limit 100 --travel-threshold 30 --day-end-limit 20"
PAYLOAD = Path(__file__).parents[3] / "pysettle" / "scenarios" / "travel_payload.json"
CALENDAR = Path(__file__).parents[3] / "pysettle" / "scenarios" / "calendars.txt"


@pytest.fixture(scope="module")
def opened(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Open the layer, with alice of Hong Kong and her agent bob of China in e-CNY."""
    town = Town(Path(shutil.copytree(founded, tmp_path_factory.mktemp("ways") / "town")))
    town.say("liquidity open")
    town.say(ADMIT.format("alice", LEIS["alice"]) + " --agent bob")
    town.say(ADMIT.format("bob", LEIS["bob"]).replace("344", "156"))
    (town.directory / "paper").write_text("payload")
    return town.directory


@pytest.fixture
def layer(opened: Path, tmp_path: Path) -> Town:
    """Return a copy of that workspace."""
    return Town(Path(shutil.copytree(opened, tmp_path / "layer")))


def test_a_corridor_needs_both_central_banks(layer: Town) -> None:
    """One proposes, the other one agrees, and either closes."""
    layer.refuse(f"corridor agree {ENDS} --counter HKD", 2, "the central bank of CNY proposed no terms")
    said = layer.say(f"corridor propose {ENDS} --counter HKD {LIMITS}")
    assert "they come into force when the central bank of HKD agrees" in said
    assert "corridor agree --from-jurisdiction 156 --to-jurisdiction 344 --counter HKD --as HKD" in said
    assert "156 to 344 in CNY: without terms" in layer.say(f"corridor show {ENDS}")
    layer.refuse(f"corridor agree {ENDS} --counter HKD --by alice", 5, "CurrencyPowerMissing")
    layer.refuse(f"corridor agree {ENDS} --counter HKD --by alice --dry-run", 5, "CurrencyPowerMissing")
    assert "nothing was sent" in layer.say(f"corridor agree {ENDS} --counter HKD --dry-run")
    said = layer.say(f"corridor agree {ENDS} --counter HKD")
    assert "corridor 156 to 344 in CNY: without terms -> open" in said
    assert "one debtor at most 100.00 yuan in 1 day" in said
    shown = layer.tell(f"corridor show {ENDS} --account alice")
    assert (shown["standing"], shown["revision"], shown["used_units"]) == ("open", "1", "0")
    assert [it["standing"] for it in layer.tell("corridor list")["corridors"]] == ["open"]
    assert layer.say("corridor list --currency HKD") == "HKD has no corridor\n"
    assert "open -> closed" in layer.say(f"corridor close {ENDS} --counter HKD --as HKD")
    layer.refuse(f"corridor propose {ENDS} --counter CNY {LIMITS}", 5, "CorridorInvalid")


def test_a_home_currency_needs_all_central_banks(layer: Town) -> None:
    """Those of both founding ones agree, and that of the new one; then its corridors can be proposed."""
    assert [(it["jurisdiction"], it["home"]) for it in layer.tell("corridor homes")["homes"]] == [
        ("156", "CNY"),
        ("344", "HKD"),
    ]
    layer.refuse("corridor agree-home --home THB", 2, "network add-currency --currency THB")
    for wrong in ("--home EUR", "--home THB --jurisdiction 0", "--home THB --jurisdiction 1000", "--home THB --as EUR"):
        layer.refuse(f"corridor agree-home {wrong}", 2, "Invalid value")
    layer.refuse("corridor agree-home --home HKD", 5, "HomeCurrencyKept")
    layer.refuse("corridor agree-home --home HKD --jurisdiction 764 --dry-run", 5, "CurrencyOfOtherJurisdiction")
    layer.say("network add-currency --currency THB")
    way = "--from-jurisdiction 156 --to-jurisdiction 764 --counter THB"
    layer.refuse(f"corridor propose {way} {LIMITS}", 5, "HomeCurrencyMissing")
    layer.refuse("corridor agree-home --home THB --by alice", 5, "CurrencyPowerMissing")
    said = layer.say("corridor agree-home --home THB --dry-run")
    assert "nothing was sent" in said
    assert layer.tell("corridor homes")["proposed"] == []
    said = layer.say("corridor agree-home --home THB")
    assert "it is one when the central banks of all others agree too: CNY, HKD" in said
    assert "corridor agree-home --home THB --jurisdiction 764 --as CNY" in said
    layer.say("corridor agree-home --home THB --as CNY")
    (further,) = layer.tell("corridor homes")["proposed"]
    assert further == {"jurisdiction": "764", "home": "THB", "agreed": ["THB", "CNY"], "missing": ["HKD"]}
    assert "HKD missing" in layer.say("corridor homes")
    done = layer.tell("corridor agree-home --home THB --as HKD")
    assert (done["is_home"], done["missing"]) == (True, [])
    layer.say(f"corridor propose {way} {LIMITS}")
    assert "without terms -> open" in layer.say(f"corridor agree {way}")


def test_a_calendar_comes_from_a_file(layer: Town) -> None:
    """The part of the currency is set; a wrong line is named, and nothing is sent."""
    assert layer.say("corridor calendar") == "CNY is always open\n"
    said = layer.say(f"corridor calendar --file {CALENDAR}")
    assert "CNY at UTC+08:00" in said
    assert "2026-02-16" in said
    shown = layer.tell("corridor calendar")
    assert (shown["week"]["Monday"], shown["week"]["Sunday"]) == ("08:30-17:15", None)
    assert "2026-02-17" in shown["holidays"]
    assert "2026-02-14" in shown["worked_days"]
    layer.say(f"corridor calendar --file {CALENDAR} --currency HKD")
    opening = layer.say("corridor opening --with HKD --from-time 2026-02-16T02:00:00")
    assert "CNY and HKD are open next at 2026-02-24 00:30:00 UTC" in opening
    before = layer.tell("network status")["block"]
    wrong = layer.directory / "wrong.txt"
    wrong.write_text("currency CNY\noffset +08:00\nmon-fri 08:30-17:00\nholiday 2026-02-30\n")
    layer.refuse(f"corridor calendar --file {wrong}", 2, f"line 4 of {wrong}", "'2026-02-30' is no date")
    wrong.write_bytes(b"currency CNY\n\xff")
    layer.refuse(f"corridor calendar --file {wrong}", 2, f"line 2 of {wrong}", "no UTF-8")
    wrong.write_text("currency HKD\noffset +08:00\nmon 08:30-17:00\n")
    layer.refuse(f"corridor calendar --file {wrong}", 2, "has no part of CNY")
    layer.refuse("corridor calendar --by alice", 2, "--by names the account")
    assert layer.tell("network status")["block"] == before
    layer.refuse(f"corridor calendar --file {CALENDAR} --by alice", 5, "CurrencyPowerMissing")


def test_a_payload_is_signed_in_each_workspace(layer: Town, tmp_path: Path) -> None:
    """Each institution with its own key alone, by a file that goes between them; the auditor opens it later."""
    layer.say(f"corridor propose {ENDS} --counter HKD {LIMITS}")
    layer.say(f"corridor agree {ENDS} --counter HKD")
    others = Town(Path(shutil.copytree(layer.directory, tmp_path / "others")))
    alice = layer.tell("account list")["accounts"]["alice"]["address"]
    for town, stranger in ((layer, "alice"), (others, "bob")):
        (town.directory / "accounts" / f"{stranger}.json").rename(tmp_path / f"{stranger}-{town.directory.name}")
    statement = tmp_path / "statement"
    line = f"corridor write-payload --amount 30 --payload {PAYLOAD} --out {statement}"
    layer.refuse(f"{line} --debtor {alice} --creditor bob", 2, "the payload names the institution PYSETTLE000000000208")
    layer.say(f"{line} --debtor bob --creditor {alice}")
    sign = f"corridor sign-payload --file {statement} --payload"
    assert "still to sign: 0x" in layer.say(f"{sign} {PAYLOAD} --by bob")
    layer.refuse(f"corridor submit-payload --file {statement} --by bob", 2, "1 institutions have not signed yet")
    other = tmp_path / "other"
    other.write_text(PAYLOAD.read_text().replace("Zhang", "Wang"))
    others.refuse(f"{sign} {other} --by alice", 2, "the payload has the hash 0x", "and the statement names 0x")
    other.write_text(PAYLOAD.read_text().replace("1980-02-29", "1981-02-29"))
    others.refuse(f"{sign} {other} --by alice", 2, f"line 29 of {other}", "write a date")
    others.refuse(f"{sign} {PAYLOAD} --by carol", 2, "neither debtor nor creditor")
    assert "still to sign: nobody" in others.say(f"{sign} {PAYLOAD} --by alice")
    assert layer.tell(f"corridor submit-payload --file {statement} --by bob")["state"] == "signed"
    layer.refuse(f"corridor submit-payload --file {statement} --by bob", 5, "TravelPayloadKnown")
    key, public, sealed, opened = (tmp_path / name for name in ("key", "public", "sealed", "opened"))
    layer.say(f"corridor auditor-key --out {key} --public-out {public}")
    assert key.stat().st_mode & 0o077 == 0
    layer.say(f"corridor seal-payload --payload {PAYLOAD} --key {public} --out {sealed}")
    layer.refuse(f"corridor open-payload --file {sealed} --key {public} --out {opened}", 2, "give the secret key")
    assert layer.tell(f"corridor open-payload --file {sealed} --key {key} --out {opened}")["payload"] == (
        "0x" + keccak(PAYLOAD.read_bytes()).hex()
    )
    assert opened.read_bytes() == PAYLOAD.read_bytes()


def test_a_clear_out(layer: Town, tmp_path: Path) -> None:
    """After the end of the day the agent gets the excess; the audit finds nothing."""
    layer.say(f"corridor propose {ENDS} --counter HKD {LIMITS}")
    layer.say(f"corridor agree {ENDS} --counter HKD")
    layer.say("liquidity pay-in --account alice --amount 60")
    clear = f"corridor clear-out {ENDS} --account alice"
    layer.refuse(clear, 5, "CurrencyStillOpen")
    hours = layer.directory / "hours.txt"
    hours.write_text("currency CNY\noffset +08:00\nsun 00:00-00:01\n")
    layer.say(f"corridor calendar --file {hours}")
    assert "position of alice: 60.00 -> 20.00 yuan" in layer.say(clear)
    assert "bob: 40.00 yuan available" in layer.say("liquidity show --account bob")
    layer.refuse(clear, 5, "NothingToClear", "20.00 yuan")
    layer.say(f"audit export --out {tmp_path / 'bundle'}")
    report = layer.tell(f"audit verify {tmp_path / 'bundle'}")
    assert report["passed"]
    assert (report["level"], report["checks"]["G"], report["checks"]["L"]) == ("S", "passed", "passed")


def test_preflight_names_what_a_corridor_lacks(layer: Town) -> None:
    """Without a corridor, then by its terms: limits, payload and hours; and nothing once all is there."""
    layer.say("token transfer --from alice --to bob --amount 60")
    layer.say("liquidity pay-in --account bob --amount 60")

    def lacking(*legs: str, payload: str = "") -> list[str]:
        file = layer.directory / f"instruction-{len(list(layer.directory.iterdir()))}"
        words = " ".join(f"--leg CNY:bob:alice:{amount}" for amount in legs)
        layer.say(f"settle write {words} --end-to-end-id A --out {file} {payload}")
        layer.say(f"settle sign --file {file} --by bob")
        return [it["condition"] for it in layer.tell(f"settle preflight --file {file}")["missing"]]

    assert lacking("1") == ["the corridor 156 to 344 in CNY is not open"]
    layer.say(f"corridor propose {ENDS} --counter HKD {LIMITS.replace('100', '45')}")
    layer.say(f"corridor agree {ENDS} --counter HKD")
    assert lacking("1", "20") == []
    assert lacking("41") == [
        "one leg has at most 40.00 yuan in this corridor",
        "the payload of the Travel Rule is unsigned: both institutions sign it first",
    ]
    assert lacking("20", "26") == ["bob has 45.00 yuan left in this window, and 46.00 yuan are needed"]
    hours = layer.directory / "hours.txt"
    hours.write_text("currency CNY\noffset +08:00\nsun 00:00-00:01\n")
    layer.say(f"corridor calendar --file {hours}")
    (closed,) = lacking("1")
    assert closed.startswith("CNY is closed until ")
