"""Options that commands on a workspace share, and how they print what they did."""

from __future__ import annotations

import datetime as dt
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from pysettle.cli.output import say, tell, widen
from pysettle.errors import InvalidNumber, PysettleError, UsageError
from pysettle.money import BPS
from pysettle.reading import read_whole

if TYPE_CHECKING:
    from pysettle.workspace.directory import Workspace

_Command = TypeVar("_Command", bound=Callable[..., Any])

_CHAIN = "pysettle.chain"
_SAID = "pysettle.said"
"""Where a command keeps the options by which it was told of its workspace: option -> value, as they were written."""
_PASSWORD_FILE = "PYSETTLE_PASSWORD_FILE"  # noqa: S105  # the name of a variable, not a password


class Count(click.IntRange):
    """A whole number in a range, read as every number here: in the digits 0 to 9 alone."""

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        try:
            number = read_whole(value) if isinstance(value, str) else value
        except InvalidNumber as problem:
            self.fail(f"{problem}, in the range {self._describe_range()}.", param, ctx)
        return int(super().convert(number, param, ctx))


class Whole(Count):
    """A whole number that a contract keeps in a number of bits; the bound is told as a power of two."""

    def __init__(self, bits: int, least: int = 0) -> None:
        """Take numbers from the least one to what the bits hold."""
        super().__init__(least, 2**bits - 1)
        self._bits = bits

    def _describe_range(self) -> str:
        return f"{self.min}<=x<2^{self._bits}"


class Moment(click.DateTime):
    """A day, or a second of it, in the digits 0 to 9: Python's own reader takes those of every script."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return the moment, without a time zone."""
        if isinstance(value, str) and not value.isascii():
            self.fail(f"{value!r} is not written in the digits 0 to 9.", param, ctx)
        return super().convert(value, param, ctx)


class Named(click.types.StringParamType):
    """Text that names something: an empty one would be taken for an option that was left out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is."""
        if value == "":
            self.fail("it is empty: name something, or leave the option out.", param, ctx)
        return str(super().convert(value, param, ctx))


class NearName(Named):
    """Something of the workspace by its name: a shell completes it, without opening a chain."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin as the word does; none where no workspace is found."""
        from pysettle.workspace.names import workspace_near

        directory = ctx.params.get("workspace")
        with suppress(PysettleError, OSError):
            names = self.names(workspace_near(directory or Path(), above=directory is None))
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return []

    def names(self, workspace: Path) -> list[str]:
        """Return the names that a workspace has."""
        raise NotImplementedError


class AccountName(NearName):
    """An account by its name, or an address."""

    def names(self, workspace: Path) -> list[str]:
        """Return the names of its accounts."""
        from pysettle.workspace.names import account_names

        return account_names(workspace)


class ListedName(NearName):
    """A series, a channel or an order, as the last list showed it."""

    def __init__(self, model: str) -> None:
        """Complete the names of a read model."""
        self._model = model

    def names(self, workspace: Path) -> list[str]:
        """Return the names that the last list left in the store."""
        from pysettle.workspace.names import listed_names

        return listed_names(workspace, self._model)


NAMED_OPTIONS: Mapping[str, Named] = {
    **dict.fromkeys(
        (
            "--account",
            "--arbiter",
            "--buyer",
            "--by",
            "--from",
            "--halter",
            "--operator",
            "--provider",
            "--receiver",
            "--spender",
            "--to",
        ),
        AccountName(),
    ),
    "--channel": ListedName("channels"),
    "--compute": ListedName("compute"),
    "--order": ListedName("orders"),
    "--series": ListedName("series"),
}
"""Option -> the kind of name that it takes."""


class Utf8(click.ParamType[str]):
    """Text that a contract keeps in a number of bytes, of which a character outside ASCII takes several."""

    name = "text"

    def __init__(self, most: int | None = None) -> None:
        """Take text of one byte in UTF-8 to so many; of any length from none if None."""
        self._most = most

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is."""
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            self.fail(f"{value!r} is no text in UTF-8.", param, ctx)
        if self._most is not None and not 0 < size <= self._most:
            self.fail(f"{value!r} has {size} bytes, and 1 to {self._most} are kept.", param, ctx)
        return value


class OneOf(click.ParamType[str]):
    """One of several words, which are looked up where one is read: the module that knows them takes long to load."""

    def __init__(self, name: str, words: Callable[[], Iterable[str]]) -> None:
        """Take one of the words; the name stands for it in the help."""
        self.name, self._words = name, words

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word."""
        if value not in (words := tuple(self._words())):
            self.fail(f"{value!r} is not one of {', '.join(map(repr, words))}.", param, ctx)
        return value


TOKENS = Whole(96, 1)
"""Tokens of a series, whose capacity has 96 bits."""
SEED = Count(0, 2**63 - 1)
"""Seed of keys and blocks, which SQLite keeps."""
CHAIN_ID = Count(1, 2**53)
"""Chain id (EIP-155), which JavaScript reads."""
BASIS_POINTS = Count(0, BPS)
"""Hundredths of a percent, up to all."""
NUMBER = Whole(256)
"""What tells equal things apart: a word."""


class Place(click.Path):
    """A path, which is not empty: Python takes an empty one for the folder one stands in."""

    @classmethod
    def like(cls, other: click.Path) -> Place:
        """Return a type that takes what another takes, but for an empty path."""
        made = cls()
        vars(made).update(vars(other))
        return made

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if value == "":
            self.fail("it is empty: name a path, or . for the folder you are in.", param, ctx)
        try:
            Path(value).exists()
        except OSError as problem:
            self.fail(f"{str(value)[:80]!r}: {problem.strerror}.", param, ctx)
        return super().convert(value, param, ctx)


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep an option that was written on this command line, for the commands that are told as useful next."""
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        context.meta.setdefault(_SAID, {})[parameter.opts[0]] = str(value)


def pasteable(command: str) -> str:
    """Return a command, such as `token balance --account alice`, as it can be pasted into the shell one is in.

    It is on the same workspace: told of it by the same options, as far as the command takes them. Values in it that
    others chose are quoted by the caller.
    """
    context, words = click.get_current_context(), shlex.split(command)
    target: click.Command = context.find_root().command
    while isinstance(target, click.Group) and words:
        found = target.get_command(context, words.pop(0))
        assert found is not None, "a useful next command is one"
        target = found
    taken = {name for parameter in target.params for name in parameter.opts}
    said: dict[str, str] = context.meta.get(_SAID, {})
    # A URL with a user and a password in it is a secret, and not shown.
    again = [f" {name} {shlex.quote(value)}" for name, value in said.items() if name in taken and "@" not in value]
    return f"pysettle {command}" + "".join(it for it in again if it.split()[0] not in words)


def _chain(context: click.Context, parameter: click.Parameter, chain: str | None) -> None:
    _keep(context, parameter, chain)
    context.meta[_CHAIN] = chain


def _workspace(context: click.Context, parameter: click.Parameter, directory: Path | None) -> Workspace | Path | None:
    if context.resilient_parsing:
        # A shell asks for the rest of a word: whoever completes it needs to know where, and nothing else.
        return directory
    from pysettle.workspace.directory import Workspace

    _keep(context, parameter, directory)
    chain = context.meta[_CHAIN]
    workspace = Workspace.open(directory, chain) if directory else Workspace.find(Path(), chain)
    workspace.notify = lambda text: tell(f"pysettle: {text}")
    return workspace


def _password(context: click.Context, parameter: click.Parameter, file: Path | None) -> str | None:
    if context.resilient_parsing:
        return None
    _keep(context, parameter, file)
    try:
        return file.read_text().rstrip("\r\n") if file else None
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"the password cannot be read from {file}: {problem}") from problem


def workspace_option(command: _Command) -> _Command:
    """Give a command the workspace it works on, and let its network be reached by another URL."""
    command = click.option(
        "--chain",
        metavar="embedded|URL",
        envvar="PYSETTLE_CHAIN",
        callback=_chain,
        is_eager=True,
        expose_value=False,
        help="Where the workspace's network answers. PYSETTLE_CHAIN if left out, else what `init` was told.",
    )(command)
    return click.option(
        "--workspace",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="PYSETTLE_WORKSPACE",
        callback=_workspace,
        help="The workspace. PYSETTLE_WORKSPACE if left out, else the one the current folder is in.",
    )(command)


def password_option(command: _Command) -> _Command:
    """Give a command the password of encrypted accounts, which is never a value on the command line."""
    return click.option(
        "--password-file",
        "password",
        type=click.Path(path_type=Path),
        envvar=_PASSWORD_FILE,
        callback=_password,
        help=f"File with the password of the accounts; development keys need none. {_PASSWORD_FILE} if left out.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Let a command print one JSON document."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)


def _widen(context: click.Context, parameter: click.Parameter, wide: bool) -> None:
    if wide:
        widen()


def wide_option(command: _Command) -> _Command:
    """Let a command print its tables whole."""
    text = "Print tables whole, however wide they get."
    return click.option("--wide", is_flag=True, expose_value=False, callback=_widen, help=text)(command)


def _numbers(value: object) -> Iterator[object]:
    """Yield the numbers in a document that some readers of JSON would round."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from _numbers(part)


def schema() -> str:
    """Return the schema of the documents that the command prints that is run: by its noun and verb."""
    context: click.Context | None = click.get_current_context()
    words: list[str] = []
    while context is not None and context.parent is not None:
        words.insert(0, str(context.info_name))
        context = context.parent
    return f"pysettle.{'-'.join(words)}/1"


def show(document: Mapping[str, Any], lines: Sequence[str], as_json: bool) -> None:
    """Print a result: as a document with its schema's name, or as lines.

    Args:
        document: What machines read: integers as decimal strings, with the unit in the name; absent values are None.
        lines: What a person reads.
        as_json: Whether to print the document.
    """
    assert not (found := list(_numbers(document))), f"numbers are written as text: {found}"
    say(json.dumps({"schema": schema(), **document}, indent=2) if as_json else "\n".join(lines))
