"""`pysettle settle`: an exchange of e-CNY for e-HKD between two banks, as documents from hand to hand."""

from __future__ import annotations

import json
import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pysettle.client.settlement.documents import SignedInstruction
from pysettle.errors import UsageError
from pysettle.hashing import keccak
from tests.chance import chance
from tests.cli.running import Town

PAYLOAD = Path(__file__).parents[3] / "pysettle" / "scenarios" / "travel_payload.json"
ADMIT = "participant admit --account {} --lei {} --bic HSBCHKHH --jurisdiction 344 --currency {}"
LEIS = {"alice": "PYSETTLE000000000111", "bob": "PYSETTLE000000000208"}
NAMED = re.compile(r"line (\d+) of it: this is no instruction: ([a-z_.0-9]+): (.+)")
"""Refusal of a file: the line, the path of the value, and the reason."""
WRITE = "settle write --leg CNY:alice:bob:10 --leg HKD:bob:alice:11 --end-to-end-id INV-{} --out {}"


@pytest.fixture(scope="module")
def funded(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Open the layer; alice has 60 yuan in her position, bob 60 HKD."""
    town = Town(Path(shutil.copytree(founded, tmp_path_factory.mktemp("settle") / "town")))
    town.say("liquidity open")
    town.say("token transfer --from alice --to bob --amount 60 --currency HKD")
    for name, lei in LEIS.items():
        for currency in ("CNY", "HKD"):
            town.say(ADMIT.format(name, lei, currency))
    town.say("liquidity pay-in --account alice --amount 60")
    town.say("liquidity pay-in --account bob --amount 60 --currency HKD")
    (town.directory / "order").write_text("a court orders it")
    return town.directory


@pytest.fixture
def banks(funded: Path, tmp_path: Path) -> Town:
    """Return a copy of that workspace."""
    return Town(Path(shutil.copytree(funded, tmp_path / "banks")))


def signed(town: Town, number: int, *options: str) -> Path:
    """Write an exchange, and have both sign it with its number as id; return its file."""
    file = town.directory / f"instruction-{number}"
    town.say(" ".join((WRITE.format(number, file), *options)))
    for name in LEIS:
        town.say(f"settle sign --file {file} --by {name} --id {number}")
    return file


def position(town: Town, account: str, currency: str) -> str:
    """Return the available units of a position."""
    return str(town.tell(f"liquidity show --account {account} --currency {currency}")["available_units"])


def test_an_exchange_from_hand_to_hand(banks: Town) -> None:
    """Written, signed by each in turn, looked at, tried, submitted; then both legs have moved."""
    file = banks.directory / "instruction"
    said = banks.say(WRITE.format(1, file))
    assert "has 2 legs; to be signed by alice, bob" in said
    banks.refuse(f"settle submit --file {file}", 2, "2 debited parties have not signed yet")
    wrong = banks.directory / "wrong"
    wrong.write_text(file.read_text().replace('"10000000"', '"1e7"'))
    banks.refuse(f"settle submit --file {wrong}", 2, f"line 12 of {wrong}", "instruction.legs.0.amount_units: ")
    assert "still to sign: bob" in banks.say(f"settle sign --file {file} --by alice")
    found = banks.tell(f"settle preflight --file {file}")
    assert found == {"missing": [{"leg": None, "condition": "bob has not signed"}], "ready": False}
    banks.refuse(f"settle sign --file {file} --by carol", 2, "no leg of this instruction debits the account")
    banks.say(f"settle sign --file {file} --by bob")
    assert banks.say(f"settle preflight --file {file}").startswith("nothing is missing")
    block = banks.tell("time show")["block"]
    assert "nothing was sent" in banks.say(f"settle submit --file {file} --dry-run")
    assert banks.tell("time show")["block"] == block
    assert banks.tell(f"settle show --file {file}")["state"] == "not submitted"
    banks.say(f"settle submit --file {file}")
    assert (position(banks, "alice", "CNY"), position(banks, "bob", "CNY")) == ("50000000", "10000000")
    assert (position(banks, "alice", "HKD"), position(banks, "bob", "HKD")) == ("11000000", "49000000")
    assert banks.tell(f"settle show --file {file}")["state"] == "settled"
    banks.refuse(f"settle submit --file {file}", 5, "ApprovalIdUsed", "alice has used or withdrawn its id 1")


def test_customers_are_a_payload_of_the_travel_rule(banks: Town, tmp_path: Path) -> None:
    """Of the two institutions of a leg; another file is refused with its line and field, and nothing is written."""
    file, wrong = banks.directory / "instruction", tmp_path / "wrong"
    write = f"settle write --leg CNY:{{}}:10 --end-to-end-id INV-1 --out {file} --customers"
    wrong.write_text(PAYLOAD.read_text().replace("1980-02-29", "1981-02-29"))
    banks.refuse(f"{write.format('bob:alice')} {wrong}", 2, f"line 29 of {wrong}", "dateOfBirth: write a date")
    refusal = banks.refuse(f"{write.format('alice:bob')} {PAYLOAD}", 2, "no leg pays from one to the other")
    assert f"from {LEIS['bob']} to {LEIS['alice']}" in refusal
    assert not file.exists()
    banks.say(f"{write.format('bob:alice')} {PAYLOAD}")
    assert SignedInstruction.from_bytes(file.read_bytes(), str(file)).instruction.customers == keccak(
        PAYLOAD.read_bytes()
    )


def test_it_waits_and_goes_home_by_a_stop(banks: Town) -> None:
    """One settles at its value time, the other goes home after a stop; neither can be withdrawn before."""
    first = signed(banks, 1, "--value-time 2026-01-02T00:00:00")
    second = signed(banks, 2, "--value-time 2026-01-02T00:00:00")
    for file in (first, second):
        assert "accepted; it settles from 2026-01-02" in banks.say(f"settle submit --file {file}")
    assert position(banks, "alice", "CNY") == "40000000"
    banks.refuse("settle withdraw --by alice --id 1", 5, "ApprovalIdUsed")
    banks.refuse(f"settle complete --file {first}", 5, "ValueTimeNotReached")
    banks.refuse(f"settle unwind --file {second}", 5, "InstructionNotBlocked")
    banks.say("time advance --days 2")
    assert ": settled" in banks.say(f"settle complete --file {first}")
    banks.say(f"participant stop --account bob --file {banks.directory / 'order'}")
    banks.refuse(f"settle complete --file {second}", 5, "ParticipantStopped")
    assert "all legs went home" in banks.say(f"settle unwind --file {second}")
    assert position(banks, "alice", "CNY") == "50000000"
    states = [banks.tell(f"settle show --file {file}")["state"] for file in (first, second)]
    assert states == ["settled", "unwound"]


def test_preflight_names_every_missing_condition(banks: Town) -> None:
    """All of them at once, by leg; the contract would name the first."""
    file = banks.directory / "instruction"
    legs = "--leg CNY:alice:carol:100 --leg HKD:bob:alice:50 --leg HKD:bob:alice:50"
    banks.say(f"settle write {legs} --end-to-end-id A --out {file}")
    banks.say(f"settle sign --file {file} --by alice --id 5")
    banks.say("settle withdraw --by alice --id 5")
    banks.say("liquidity pause --currency HKD")
    banks.say("liquidity freeze --account alice --incoming --currency HKD")
    found = banks.tell(f"settle preflight --file {file}")["missing"]
    conditions = [(it["leg"], it["condition"]) for it in found]
    assert conditions == [
        (None, "bob has not signed"),
        (None, "alice has used or withdrawn its id 5"),
        ("0", "carol is not admitted in CNY"),
        ("0", "alice lacks 40.00 CNY in its position"),
        ("1", "the positions in HKD are paused"),
        ("1", "the position of alice in HKD is frozen incoming"),
        ("2", "the positions in HKD are paused"),
        ("2", "the position of alice in HKD is frozen incoming"),
        ("2", "bob lacks 40.00 HKD in its position"),
    ]


def test_a_return(banks: Town) -> None:
    """In part, by the creditor of the leg; more than is left is refused."""
    file, back = signed(banks, 1), banks.directory / "back"
    banks.say(f"settle submit --file {file}")
    write = f"settle return --file {file} --leg 1 --reason AC03 --end-to-end-id RET-{{}} --out {{}}"
    banks.say(write.format(1, back) + " --amount 4")
    banks.say(f"settle sign --file {back} --by alice")
    banks.say(f"settle submit --file {back}")
    assert position(banks, "alice", "HKD") == "7000000"
    again = banks.directory / "again"
    banks.say(write.format(2, again))
    banks.say(f"settle sign --file {again} --by alice")
    refusal = banks.refuse(f"settle submit --file {again}", 5, "ReturnExceeded", "7.00")
    assert "11.00 requested" in refusal
    banks.refuse(f"settle return --file {file} --leg 2 --reason AC03 --end-to-end-id A --out x", 2, "count from 0")


def test_wrong_words_are_told_before_anything_is_sent(banks: Town) -> None:
    """Legs, codes and ids of another form."""
    write = f"settle write --out {banks.directory / 'x'} --end-to-end-id"
    banks.refuse(f"{write} A --leg CNY:alice:bob", 2, "is not like HKD:alice:bob:12.50")
    banks.refuse(f"{write} A --leg THB:alice:bob:1", 2, "has no THB")
    banks.refuse(f"{write} A --leg CNY:alice:bob:1 --purpose intc", 2, "is no code")
    banks.refuse(f"{write} {'A' * 36} --leg CNY:alice:bob:1", 2, "1 to 35 characters")


@pytest.fixture(scope="module")
def content(funded: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return a document that both have signed."""
    town = Town(Path(shutil.copytree(funded, tmp_path_factory.mktemp("content") / "town")))
    document: dict[str, Any] = json.loads(signed(town, 1).read_text())
    return document


def _places(value: Any, *before: str | int) -> list[tuple[str | int, ...]]:
    """Return the path of every text of a document."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [path for name, part in items for path in _places(part, *before, name)]
    return [before] if isinstance(value, str) else []


@pytest.mark.random
def test_a_thousand_mutated_instructions_are_refused(content: dict[str, Any]) -> None:
    """One character of one field: the document is no longer one, or a signature is not its party's."""
    random, places = chance(3), _places(content)
    assert SignedInstruction.from_bytes(json.dumps(content).encode(), "it").unsigned == ()
    for _ in range(1_000):
        changed = deepcopy(content)
        *path, last = random.choice(places)
        holder: Any = changed
        for name in path:
            holder = holder[name]
        text = holder[last]
        at = random.randrange(len(text))
        other = random.choice([it for it in "0123456789abcdef" if it != text[at]])
        holder[last] = text[:at] + other + text[at + 1 :]
        with pytest.raises(UsageError) as caught:
            SignedInstruction.from_bytes(json.dumps(changed, indent=2).encode(), "it")
        found = NAMED.match(str(caught.value))
        assert found, caught.value
        if "not its signature" not in found[3]:
            assert found[2] == ".".join(map(str, (*path, last)))
            assert (
                json.dumps(changed, indent=2)
                .splitlines()[int(found[1]) - 1]
                .strip()
                .rstrip(",")
                .endswith(json.dumps(holder[last]))
            )
