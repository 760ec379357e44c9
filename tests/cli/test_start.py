"""How a command line starts: it loads what its command needs, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from pysettle.cli import main
from pysettle.cli.main import children
from pysettle.cli.nouns import example
from pysettle.domain.compute.prices import SERVICE_CLASSES
from tests.cli.running import ComputeTown, Town, check_command, commands

HEAVY = frozenset(
    {"web3", "eth", "eth_abi", "eth_account", "eth_keys", "eth_utils", "hypothesis", "py_ecc", "rich", "rlp", "urllib3"}
)
"""Packages that take long to load."""
LOOK = """\
import json, sys
from click.testing import CliRunner
from pysettle.cli import main
loaded, seen = {{}}, set()
for noun, lines in {!r}.items():
    for line in lines:
        assert CliRunner().invoke(main, line).exit_code == 0, line
    packages = {{it for it in sys.modules if "." not in it}}
    loaded[noun] = sorted(packages - seen)
    seen |= packages
print(json.dumps(loaded))
"""
"""Shows help, noun by noun, and prints the packages that each has loaded, beyond those of the ones before it."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """Show all help in another Python; return the packages that each noun's has loaded there first."""
    lines: dict[str, list[list[str]]] = {"": [["--help"]]}
    for noun, command in children(main):
        verbs = [name for name, _ in children(command)] if isinstance(command, click.Group) else []
        lines[noun] = [[noun, "--help"], *([noun, verb, "--help"] for verb in verbs)]
    done = subprocess.run([sys.executable, "-c", LOOK.format(lines)], capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("noun", ["", *(name for name, _ in children(main))])
def test_the_help_of_a_noun_loads_no_heavy_package(noun: str, loaded: dict[str, list[str]]) -> None:
    """The help of everything, of each noun and of each of its commands is there without a chain, keys or HTTP."""
    assert not HEAVY.intersection(loaded[noun])


def test_a_shell_completes_the_names_of_accounts(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the workspace that is named, that is said by the variable, or that the current folder is in."""
    directory = str(town.directory)

    def completed(*words: str, **variables: str) -> list[str]:
        asked = {"_PYSETTLE_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words)), **variables}
        asked["COMP_WORDS"] = " ".join(["pysettle", *words])
        result = CliRunner().invoke(main, prog_name="pysettle", env={"PYSETTLE_WORKSPACE": None, **asked})
        return [line.removeprefix("plain,") for line in result.stdout.splitlines() if line]

    balance = ("token", "balance", "--account", "s")
    expected = ["second-bank", "seizer", "settlement-registrar"]
    assert completed("token", "balance", "--workspace", directory, "--account", "s") == expected
    assert completed(*balance, PYSETTLE_WORKSPACE=directory) == expected
    assert completed("market", "buy", "--by", "se", PYSETTLE_WORKSPACE=directory) == expected
    assert completed(*balance) == []
    monkeypatch.chdir(town.directory / "accounts")
    assert completed(*balance) == expected
    assert completed("tok") == ["token"]


@pytest.mark.parametrize(
    ("words", "completed"),
    [("token balance --account al", "plain,alice"), ("market show --series D", "")],
)
def test_completion_loads_no_heavy_package(town: Town, words: str, completed: str) -> None:
    """A shell waits for no chain, keys or HTTP."""
    look = "import sys; from pysettle.__main__ import run\ntry: run()\nfinally: print(*sys.modules, file=sys.stderr)"
    asked = {"_PYSETTLE_COMPLETE": "bash_complete", "COMP_CWORD": "4", "PYSETTLE_WORKSPACE": str(town.directory)}
    asked["COMP_WORDS"] = f"pysettle {words}"
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, env={**os.environ, **asked}
    )
    assert done.stdout.strip() == completed
    assert not HEAVY.intersection(done.stderr.split())


def test_the_help_names_every_service_class() -> None:
    """The option says in words which classes there are, for it looks them up only where it is used."""
    market = dict(children(main))["market"]
    assert isinstance(market, click.Group)
    for verb in ("open", "list", "index"):
        (option,) = (it for it in market.commands[verb].params if it.name == "service_class")
        assert isinstance(option, click.Option)
        assert all(name in str(option.help) for name in SERVICE_CLASSES)


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
def test_every_command_shows_an_example_in_80_columns(words: tuple[str, ...]) -> None:
    """The example has all that the command needs, and can be parsed; no line of the help is cut or longer."""
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = dict(children(command))[word]
    check_command(example(command, " ".join(["pysettle", *words])))
    shown = CliRunner().invoke(main, [*words, "--help"], prog_name="pysettle", terminal_width=80).stdout
    assert "Example:" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("noun", ["", *(name for name, it in children(main) if isinstance(it, click.Group))])
def test_every_line_of_a_noun_is_whole(noun: str) -> None:
    """The help of everything and of each noun says of each command a whole sentence, in 80 columns."""
    lines = CliRunner().invoke(main, [*noun.split(), "--help"], terminal_width=80).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines[1:] if line.endswith("...")]


def test_a_shell_completes_what_lists_showed(compute_town: ComputeTown) -> None:
    """Series by their symbols, channels and orders by their ids, as the last list left them; nothing if none did."""

    def completed(*words: str) -> list[str]:
        asked = {"_PYSETTLE_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words))}
        asked |= {"COMP_WORDS": " ".join(["pysettle", *words]), "PYSETTLE_WORKSPACE": str(compute_town.directory)}
        result = CliRunner().invoke(main, prog_name="pysettle", env=asked)
        return [line.removeprefix("plain,") for line in result.stdout.splitlines() if line]

    lists = compute_town.directory / "lists.sqlite"
    lists.unlink(missing_ok=True)
    assert completed("market", "buy", "--series", "") == []
    compute_town.say("market buy --series DSV4 --tokens 1000000")
    channel = compute_town.read("channel open --series DSV4 --tokens 1000000")["channel"]
    compute_town.say("channel list")
    assert completed("market", "buy", "--series", "") == ["DSV4", "CHEAP"]
    assert completed("market", "show", "--series", "D") == ["DSV4"]
    assert completed("channel", "show", "--channel", channel[:5]) == [channel]
    assert completed("job", "show", "--order", "0x") == []
    compute_town.file("ordered", "what is ordered")
    order = f"job place --arbiter bob --milestone 1@2026-02-01 --file {compute_town.directory / 'ordered'}"
    placed = compute_town.read(order)["order"]
    compute_town.say("job list")
    assert completed("job", "show", "--order", placed[:5]) == [placed]
    (compute,) = compute_town.read("market compute")["compute"]
    assert completed("market", "open", "--compute", "0x") == [compute["compute"]]
    lists.write_bytes(b"no database")
    assert completed("market", "buy", "--series", "") == []
