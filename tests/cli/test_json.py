"""`--json` of every command: one document on stdout, whatever becomes of the command."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from pysettle.cli import main
from pysettle.cli.main import children
from pysettle.workspace import Workspace
from tests.cli.documents import problems
from tests.cli.running import Town, commands, invoke


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
def test_a_failure_is_one_document(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command takes `--json`, and prints why it failed as a document, beside the line on stderr."""
    monkeypatch.chdir(tmp_path)
    result = invoke(*words, "--json", "--no-such-option")
    found = json.loads(result.stdout)
    assert found == {
        "schema": "pysettle.failure/1",
        "error": "NoSuchOption",
        "exit_code": "2",
        "message": result.stderr.removeprefix("pysettle: ").removesuffix("\n"),
        "values": {"option": "--no-such-option"},
    }
    assert result.exit_code == 2
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = dict(children(command))[word]
    assert "--json" in {name for it in command.params for name in it.opts}


def test_a_refusal_tells_its_values(town: Town) -> None:
    """A contract's refusal is named as in Solidity, with its values: integers as text, units in names, a currency."""
    result = invoke(
        *["token", "transfer", "--from", "alice", "--to", "bob", "--amount", "101", "--json"], workspace=town.directory
    )
    found = json.loads(result.stdout)
    assert (found["error"], found["exit_code"], result.exit_code) == ("ERC20InsufficientBalance", "5", 5)
    assert found["values"] == {
        "sender": "0x" + Workspace.open(town.directory).accounts.address("alice").hex(),
        "balance_units": "100000000",
        "currency": "CNY",
        "needed_units": "101000000",
    }


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("token inspect --file none.json", {"path": "none.json"}),
        ("market show --series NONE", {"series": "NONE"}),
        ("job list --currency THB", {"currency": "THB"}),
        ("role withdraw --role operator --account carol", {"role": "operator", "account": "carol"}),
        ("wallet claim-credit --account carol", {"account": "carol"}),
        (f"token issue --to bob --amount {2**96}", {"limit_units": str(2**96 - 1), "currency": None}),
        ("token issue --to bob", {"option": "--amount"}),
        ("token balance --account 0x12", {"text": "0x12"}),
        ("channel show --channel 0xabcd", {"kind": "channel", "text": "0xabcd"}),
        (
            "token issue --to bob --amount 1.2345678",
            {"text": "1.2345678", "decimals_count": "7", "limit_count": "2"},
        ),
    ],
)
def test_what_is_refused_before_anything_is_sent_tells_its_values(
    town: Town, line: str, values: dict[str, object]
) -> None:
    """The path, account, role, currency or limit that the message says is a value of the document too."""
    result = invoke(*line.split(), "--json", workspace=town.directory)
    found = json.loads(result.stdout)
    assert (found["schema"], found["values"], result.exit_code) == ("pysettle.failure/1", values, 2)
    assert not problems(found)


def test_a_genesis_stands_in_a_document_as_other_engines_read_it(town: Town) -> None:
    """With `--json` the genesis that the command writes is in the document, whole; else it is the output."""
    found = town.tell("network genesis")
    assert found == {"file": None, "genesis": json.loads(town.say("network genesis"))}
    file = town.directory / "begun.json"
    assert town.tell(f"network genesis --out {file}") == {"file": str(file), "genesis": json.loads(file.read_text())}


def test_a_result_and_a_failure_are_one_document(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that prints what it found, and ends with a code for it, prints nothing else."""
    monkeypatch.setattr("pysettle.client.deployment.Deployment.differing", lambda *_: ("CurrencyToken",))
    result = invoke("network", "status", "--json", workspace=town.directory)
    assert (json.loads(result.stdout)["schema"], result.exit_code) == ("pysettle.network-status/1", 4)
