"""`--json` of every command: one document on stdout, whatever becomes of the command."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from pysettle.cli import main
from pysettle.cli.main import children
from tests.cli.running import Town, commands, invoke

GENESIS = ("network", "genesis")
"""Prints a genesis, which is itself a document, in the form that other engines read."""


@pytest.mark.parametrize("words", [it for it in commands(main) if it != GENESIS], ids=" ".join)
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
        "values": {},
    }
    assert result.exit_code == 2
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = dict(children(command))[word]
    assert "--json" in {name for it in command.params for name in it.opts}


def test_a_refusal_tells_its_values(town: Town) -> None:
    """A contract's refusal is named as in Solidity, with its values: integers as decimal strings, addresses in hex."""
    result = invoke(
        *["token", "transfer", "--from", "alice", "--to", "bob", "--amount", "101", "--json"], workspace=town.directory
    )
    found = json.loads(result.stdout)
    assert (found["error"], found["exit_code"], result.exit_code) == ("ERC20InsufficientBalance", "5", 5)
    assert (found["values"]["balance"], found["values"]["needed"]) == ("100000000", "101000000")


def test_a_result_and_a_failure_are_one_document(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that prints what it found, and ends with a code for it, prints nothing else."""
    monkeypatch.setattr("pysettle.client.deployment.Deployment.differing", lambda *_: ("CurrencyToken",))
    result = invoke("network", "status", "--json", workspace=town.directory)
    assert (json.loads(result.stdout)["schema"], result.exit_code) == ("pysettle.network-status/1", 4)
