"""Commands run in this process, as the tests of the command line run them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from pysettle.cli import main
from pysettle.cli.main import children


def invoke(*arguments: str, workspace: Path | None = None, stdin: str | None = None) -> Result:
    """Run a command on a workspace; the command that it calls useful next can be pasted."""
    environment = {"PYSETTLE_WORKSPACE": str(workspace) if workspace else None}
    result = CliRunner().invoke(main, arguments, env=environment, input=stdin)
    for line in (
        re.findall(r"^Next: .*?(pysettle .*)$", result.output, flags=re.MULTILINE) if not result.exit_code else ()
    ):
        check_command(line)
    return result


def check_command(line: str) -> None:
    """Check that a line is a command with options that it has, all that it needs, and values of their kinds."""
    program, *words = shlex.split(line)
    assert program == "pysettle"
    # The help is printed where everything else on the line can be parsed; what is missing is not looked for then.
    parsed = CliRunner().invoke(main, [*words, "--help"])
    assert parsed.exit_code == 0, (line, parsed.output)
    command: click.Command = main
    while words and isinstance(command, click.Group) and words[0] in dict(children(command)):
        command = dict(children(command))[words.pop(0)]
    if "--help" not in words:
        _check_values(command, words)
    needed = {it.opts[0] for it in command.params if it.required and isinstance(it, click.Option)}
    assert "--help" in words or needed <= set(words), line


def _check_values(command: click.Command, words: list[str]) -> None:
    context = click.Context(command)
    values, _, _ = command.make_parser(context).parse_args(args=list(words))
    for parameter in command.params:
        given = values.get(str(parameter.name))
        if not isinstance(parameter.type, click.Path):  # an example's file need not be there
            for value in given if isinstance(given, list) else [given]:
                if isinstance(value, str):
                    parameter.type.convert(value, parameter, context)


def commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command that is run, below one."""
    if isinstance(command, click.Group):
        for name, child in children(command):
            yield from commands(child, *words, name)
    else:
        yield words


def document(*arguments: str, workspace: Path) -> dict[str, Any]:
    """Run a command with `--json` and return what it printed."""
    result = invoke(*arguments, "--json", workspace=workspace)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


class Town:
    """A workspace, and commands on it written as a person writes them."""

    def __init__(self, directory: Path) -> None:
        """Use a workspace."""
        self.directory = directory

    def say(self, line: str) -> str:
        """Run a command that succeeds; return what it printed."""
        result = invoke(*line.split(), workspace=self.directory)
        assert result.exit_code == 0, result.output
        return result.stdout

    def tell(self, line: str) -> dict[str, Any]:
        """Run a command with `--json`; return its document, which is of the schema of its noun and verb."""
        noun, verb, *_ = words = line.split()
        found = document(*words, workspace=self.directory)
        assert found.pop("schema") == f"pysettle.{noun}-{verb}/1"
        return found

    def refuse(self, line: str, code: int, *said: str) -> str:
        """Run a command that is refused with an exit code, in one line that says these words; return the line."""
        result = invoke(*line.split(), workspace=self.directory)
        assert result.exit_code == code, result.output
        assert result.stderr.count("\n") == 1, result.stderr
        for words in said:
            assert words in result.stderr
        return result.stderr

    def held(self, account: str, currency: str = "CNY") -> str:
        """Return what an account holds, as text."""
        line = self.say(f"token balance --account {account} --currency {currency}")
        return line.removeprefix(f"{account}: ").split(" at block")[0]


OPEN = (
    "market open --compute {compute} --name Tokens --symbol {symbol} --unit-price 150000 --rates 1,30,90/2,60,180 "
    "--capacity 1000000000 --until 2026-03-01"
)
"""Opens a series; needs the compute and the symbol."""


class ComputeTown(Town):
    """A town whose commands may hold quoted words."""

    def say(self, line: str) -> str:
        """Run a command that succeeds; return what it printed."""
        result = invoke(*shlex.split(line), workspace=self.directory)
        assert result.exit_code == 0, result.output
        return result.stdout

    def read(self, line: str) -> dict[str, Any]:
        """Run a command with `--json`; return its document."""
        return document(*shlex.split(line), workspace=self.directory)

    def refused(self, line: str, code: int, *said: str) -> None:
        """Run a command that is refused, without a traceback, in words that name these."""
        result = invoke(*shlex.split(line), workspace=self.directory)
        assert result.exit_code == code, (result.output, result.exception)
        for words in said:
            assert words in result.stderr

    def file(self, name: str, content: str) -> Path:
        """Write a file."""
        path = self.directory / name
        path.write_text(content)
        return path

    def block(self) -> str:
        """Return the number of the newest block."""
        return str(self.read("time show")["block"])
