"""Wrong inputs to every command, made from its parameters: each is one line, a documented code, and no deed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pysettle.cli import main
from pysettle.cli.main import children
from pysettle.workspace.names import LISTS_FILE, RECORDS_FILE
from tests.chance import rounds
from tests.cli.running import ComputeTown

DOCUMENTED = {2, 3, 4, 5, 6}
"""Exit codes of a refusal; 1 is no answer to a wrong input, and 7 and 8 are answers to a right one."""
LEAST = 300
EVERY = 5
"""One line in so many of each command is tried: the same options have the same wrong values in many commands."""
MOST_S = 0.01
"""Most seconds of the processor that a line may take, on average."""
LONG = "n" * 300
MAKERS = ("init", "network add-currency")
"""Commands that make the accounts they are told of."""

AMOUNTS = {
    *("--amount", "--quota", "--reserve", "--bond"),
    *("--settlement-limit", "--window-limit", "--travel-threshold", "--day-end-limit"),
    *("--pays", "--sells", "--purchase"),
}
ACCOUNTS = {
    *("--account", "--by", "--to", "--from", "--spender", "--operator", "--provider", "--receiver", "--buyer"),
    *("--arbiter", "--halter", "--agent", "--debtor", "--creditor", "--taker"),
}
RIGHT = {
    **dict.fromkeys(AMOUNTS, "1"),
    **dict.fromkeys(ACCOUNTS, "alice"),
    "--series": "CHEAP",
    "--compute": "0x" + "00" * 32,
    "--channel": "0x" + "00" * 32,
    "--order": "0x" + "00" * 32,
    "--milestone": "1@2026-02-01",
    "--rates": "1,30,90/2,60,180",
    "--ceiling": "1",
    "--nonce": "0x" + "01" * 32,
    "--file": "a-file",
    "--evidence": "a-file",
    "--legal-basis": "a-file",
    "--out": "not-written",
    "--name": "Tokens",
    "--symbol": "SYM",
    "--jurisdiction": "156",
    "--leg": "CNY:alice:bob:1",
    "--reference": "0.9",
    "--end-to-end-id": "INV-1",
    "--reason": "AC03",
    "--lei": "PYSETTLE000000000111",
    "--bic": "HSBCHKHH",
}
"""Option -> a value of it that is right in form; a required option that is not here takes one from its type."""


@dataclass(frozen=True)
class Wrong:
    """A command line with one thing wrong in it."""

    line: tuple[str, ...]
    what: str


def _commands(command: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, child in children(command):
            yield from _commands(child, *names, name)
    else:
        yield names, command


def _right(parameter: click.Parameter, command: str) -> str:
    name, kind = parameter.opts[0], parameter.type
    if name in RIGHT and not isinstance(kind, click.Choice | click.IntRange):
        return RIGHT[name]
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.IntRange):
        return str(max(int(kind.min or 0), 1))
    if isinstance(kind, click.DateTime):
        return "2026-02-01"
    if isinstance(kind, click.Path):
        return "a-file"
    return "alice"


def _wrong(parameter: click.Parameter) -> list[str]:
    """Return values that are wrong for a parameter, by its type, and for text by what its name says."""
    name, kind = parameter.opts[0], parameter.type
    if isinstance(kind, click.IntRange):
        beyond = [] if kind.min is None else [str(int(kind.min) - 1)]
        beyond += [] if kind.max is None else [str(int(kind.max) + 1), "9" * 90]
        return ["", "one", "1.5", "1e3", "\udcff", *beyond]
    if isinstance(kind, click.Choice | click.DateTime):
        return ["", "no-such", LONG, "\udcff"]
    if isinstance(kind, click.Path):
        there = ["no-such/file", "/dev/null/x", f"folder/{LONG}"]
        return ["", *(there if kind.exists or name in ("--keystore", "--password-file", "--workspace") else [])]
    if name in AMOUNTS:
        return ["", "much", "-1", "NaN", "1e9999999", "0.0000001", "9" * 40, "1,000", "\udcff"]
    if name in ACCOUNTS:
        return ["", "nobody", LONG, "../config", "0x12", "0x" + "zz" * 20, "\udcff", "a b"]
    if name == "--leg" and not isinstance(kind, click.IntRange):
        return ["", "no-such", LONG, "CNY:alice:bob:-1", "CNY:alice:nobody:1", "XYZ:alice:bob:1", "\udcff"]
    if name in ("--lei", "--bic"):
        return ["", "no-such", LONG, "PYSETTLE000000000112", "\udcff"]
    if name in ("--series", "--compute", "--channel", "--order", "--nonce", "--rates", "--milestone", "--ceiling"):
        return ["", "no-such", LONG, "0xzz", "\udcff"]
    return []


def _lines(path: tuple[str, ...], command: click.Command) -> Iterator[Wrong]:
    """Yield wrong lines of one command."""
    told = " ".join(path)
    options = [it for it in command.params if isinstance(it, click.Option)]
    arguments = [it for it in command.params if isinstance(it, click.Argument)]
    required = [it for it in options if it.required]
    positional = [_right(it, told) if not isinstance(it.type, click.Path) else "no-such/folder" for it in arguments]

    def line(*more: str, without: click.Option | None = None) -> tuple[str, ...]:
        rest = [word for it in required if it is not without for word in (it.opts[0], _right(it, told))]
        return (*path, *positional, *rest, *more)

    yield Wrong(line("--no-such-option"), "an unknown option")
    yield Wrong(line("surplus"), "an argument too many")
    for option in required:
        yield Wrong(line(without=option), f"no {option.opts[0]}")
    for option in options:
        if option.is_flag:
            continue
        yield Wrong(line(option.opts[0], without=option), f"{option.opts[0]} without a value")
        for value in _wrong(option):
            if value == "nobody" and told in MAKERS:
                continue
            yield Wrong(line(option.opts[0], value, without=option), f"{option.opts[0]} {value[:40]!r}")


def _judged(result: Result) -> list[str]:
    """Return what is wrong with how a command refused."""
    faults = []
    if not isinstance(result.exception, SystemExit):
        faults.append(f"it raised {result.exception!r}")
    if result.exit_code not in DOCUMENTED:
        faults.append(f"exit code {result.exit_code}")
    if result.stderr.count("\n") != 1 or not result.stderr.startswith("pysettle: "):
        faults.append(f"it said {result.stderr!r}")
    if result.stdout:
        faults.append(f"it printed {result.stdout!r}")
    return faults


def _invoke(line: tuple[str, ...], environment: dict[str, str | None]) -> Result:
    return CliRunner().invoke(main, line, env=environment)


def _state(directory: Path) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of every file of a workspace, but for those that a reader makes beside it.

    A reader may bring a store of lists or records up to date before it looks up a name.
    """
    by_readers = (".lock", "-wal", "-shm", LISTS_FILE, RECORDS_FILE)
    files = (file for file in directory.rglob("*") if not file.name.endswith(by_readers))
    return {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()}


WRONG = [(path, list(_lines(path, command))) for path, command in _commands(main)]
"""Wrong lines by command."""


def test_the_lines_cover_every_command() -> None:
    """There are as many as was asked for, and each command has some, one of each kind of its parameters."""
    assert sum(len(lines) for _, lines in WRONG) >= LEAST
    assert all(len(lines) >= 2 for _, lines in WRONG)


@pytest.mark.random
def test_every_wrong_input_is_one_line(compute_town: ComputeTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends with a documented code and one line on stderr, prints nothing, and leaves the workspace as it was."""
    town = compute_town
    monkeypatch.chdir(town.directory.parent)
    Path("a-file").write_text("[]")
    Path("folder").mkdir()
    environment = {"PYSETTLE_WORKSPACE": str(town.directory), "PYSETTLE_CHAIN": None, "PYSETTLE_PASSWORD_FILE": None}
    before, block, started = _state(town.directory), town.block(), time.process_time()
    faults, tried = [], 0
    for path, lines in WRONG:
        for wrong in lines[:: rounds(EVERY, campaign=1)]:
            faults += [f"{' '.join(path)}, {wrong.what}: {it}" for it in _judged(_invoke(wrong.line, environment))]
            tried += 1
        if (after := _state(town.directory)) != before:
            faults.append(f"{' '.join(path)} changed the workspace")
            before = after
    assert not faults, "\n".join(faults)
    assert town.block() == block
    assert sorted(it.name for it in Path().iterdir()) == ["a-file", "folder", "town"]
    took_s = (time.process_time() - started) / tried
    assert took_s < MOST_S, f"{tried} inputs took {took_s:.3f} s of the processor each"


@pytest.mark.parametrize("fault", ["raises", "chatters", "prints", "succeeds", "aborts"])
def test_the_judge_sees_a_fault(fault: str) -> None:
    """A traceback, a second line, a result and an undocumented code are faults, so the test above can fail."""

    @click.command()
    def faulty() -> None:
        if fault == "raises":
            raise TypeError
        if fault == "prints":
            click.echo("done")
        if fault != "succeeds":
            click.echo("pysettle: refused" + "\n!" * (fault == "chatters"), err=True)
        raise SystemExit({"succeeds": 0, "aborts": 1}.get(fault, 2))

    assert len(_judged(CliRunner().invoke(faulty))) == (3 if fault in ("raises", "succeeds") else 1)


def test_a_gateway_is_refused_with_what_to_do(compute_town: ComputeTown) -> None:
    """A URL that is none, and a secret that is missing or too short, are refused before anything is served."""
    secret = compute_town.directory / "secret"
    facilitator = f"gateway facilitator --account bob --token-file {secret}"
    compute_town.refuse("gateway proxy --to bob --account alice", 2, "--to: bob is no URL", "write it as http://")
    compute_town.refuse(facilitator, 2, "cannot be read", "write one secret word of 16 characters")
    secret.write_text("short")
    compute_town.refuse(facilitator, 2, "has not exactly one word", "write one secret word of 16 characters")
    compute_town.refuse("gateway serve --config none.toml", 2, "is no configuration", "see docs/gateway.md")
