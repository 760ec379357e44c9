"""Options and types of options that commands share, and the output of a result."""

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
_ELSEWHERE = "pysettle.elsewhere"
"""Key of a context under which a command stores whether it works on a network without a workspace."""
_WRITTEN = "pysettle.written"
"""Key of a context under which a command stores the options that name its workspace: option -> value, as written."""
_PASSWORD_FILE = "PYSETTLE_PASSWORD_FILE"  # noqa: S105  # the name of a variable, not a password


class Count(click.IntRange):
    """A whole number in a range, written in the digits 0 to 9 alone, as every number here."""

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        try:
            number = read_whole(value) if isinstance(value, str) else value
        except InvalidNumber as problem:
            self.fail(f"{problem}, in the range {self._describe_range()}.", param, ctx)
        return int(super().convert(number, param, ctx))


class Whole(Count):
    """A whole number that a contract stores in a number of bits; its help gives the bound as a power of two."""

    def __init__(self, bits: int, least: int = 0) -> None:
        """Accept numbers from the least one to the largest of so many bits."""
        super().__init__(least, 2**bits - 1)
        self._bits = bits

    def _describe_range(self) -> str:
        return f"{self.min}<=x<2^{self._bits}"


class Moment(click.DateTime):
    """A day, or a second of it, in the digits 0 to 9: Python's own reader accepts the digits of every script."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return the moment, without a time zone."""
        if isinstance(value, str) and not value.isascii():
            self.fail(f"{value!r} is not written in the digits 0 to 9.", param, ctx)
        return super().convert(value, param, ctx)


class Named(click.types.StringParamType):
    """A name, which is not empty: a command would take an empty one for an option that was left out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is."""
        if value == "":
            self.fail("it is empty: give a name, or leave the option out.", param, ctx)
        return str(super().convert(value, param, ctx))


class NearName(Named):
    """A name in the workspace, which a shell completes without opening a chain."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin with the word; none if there is no workspace."""
        from pysettle.workspace.names import workspace_near

        directory = ctx.params.get("workspace")
        with suppress(PysettleError, OSError):
            names = self.names(workspace_near(directory or Path(), above=directory is None))
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return []

    def names(self, workspace: Path) -> list[str]:
        """Return the names in a workspace."""
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
        """Return the names that the last list stored."""
        from pysettle.workspace.names import listed_names

        return listed_names(workspace, self._model)


NAMED_OPTIONS: Mapping[str, Named] = {
    **dict.fromkeys(
        (
            "--account",
            "--agent",
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
"""Option -> the kind of its name."""


class Utf8(click.ParamType[str]):
    """Text that a contract stores in a number of bytes; a character outside ASCII takes several bytes."""

    name = "text"

    def __init__(self, most: int | None = None) -> None:
        """Accept text of 1 to `most` bytes in UTF-8; of any length if None."""
        self._most = most

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is."""
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            self.fail(f"{value!r} is not text in UTF-8.", param, ctx)
        if self._most is not None and not 0 < size <= self._most:
            self.fail(f"{value!r} has {size} bytes; 1 to {self._most} are possible.", param, ctx)
        return value


class OneOf(click.ParamType[str]):
    """One of several words, which are looked up when a value is read: their module takes long to load."""

    def __init__(self, name: str, words: Callable[[], Iterable[str]]) -> None:
        """Accept one of the words; the help shows the name."""
        self.name, self._words = name, words

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word."""
        if value not in (words := tuple(self._words())):
            self.fail(f"{value!r} is not one of {', '.join(map(repr, words))}.", param, ctx)
        return value


TOKENS = Whole(96, 1)
"""Tokens of a series; a capacity has 96 bits."""
SEED = Count(0, 2**63 - 1)
"""Seed of keys and blocks, which SQLite stores."""
CHAIN_ID = Count(1, 2**53)
"""Chain id (EIP-155), which JavaScript reads."""
BASIS_POINTS = Count(0, BPS)
"""Hundredths of a percent, up to all."""
NUMBER = Whole(256)
"""Number that distinguishes otherwise equal terms: a word of 256 bits."""


class Place(click.Path):
    """A path, which is not empty: Python takes an empty one for the current folder."""

    @classmethod
    def like(cls, other: click.Path) -> Place:
        """Return a type that accepts the same paths as another, but no empty path."""
        place = cls()
        vars(place).update(vars(other))
        return place

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if value == "":
            self.fail("it is empty: name a path, or . for the current folder.", param, ctx)
        try:
            Path(value).exists()
        except OSError as problem:
            self.fail(f"{str(value)[:80]!r}: {problem.strerror}.", param, ctx)
        return super().convert(value, param, ctx)


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Store an option that was written on this command line, for the next useful commands."""
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        context.meta.setdefault(_WRITTEN, {})[parameter.opts[0]] = str(value)


def pasteable(command: str) -> str:
    """Return a command, such as `token balance --account alice`, ready to paste into the current shell.

    It works on the same workspace, by the same options, as far as the command has them. The caller quotes the values
    that others chose.
    """
    context, words = click.get_current_context(), shlex.split(command)
    target: click.Command = context.find_root().command
    while isinstance(target, click.Group) and words:
        child = target.get_command(context, words.pop(0))
        assert child is not None, "the next useful command exists"
        target = child
    taken = {name for parameter in target.params for name in parameter.opts}
    written: dict[str, str] = context.meta.get(_WRITTEN, {})
    # A URL with a user and a password in it is a secret, and not shown.
    again = [f" {name} {shlex.quote(value)}" for name, value in written.items() if name in taken and "@" not in value]
    return f"pysettle {command}" + "".join(option for option in again if option.split()[0] not in words)


def _chain(context: click.Context, parameter: click.Parameter, chain: str | None) -> None:
    _keep(context, parameter, chain)
    context.meta[_CHAIN] = chain


def _workspace(context: click.Context, parameter: click.Parameter, directory: Path | None) -> Workspace | Path | None:
    if context.resilient_parsing:
        # A shell asks for the rest of a word: its completion needs the directory and nothing else.
        return directory
    if context.meta.get(_ELSEWHERE):
        return None
    from pysettle.workspace.directory import Workspace

    _keep(context, parameter, directory)
    chain = context.meta[_CHAIN]
    workspace = Workspace.open(directory, chain) if directory else Workspace.find(Path(), chain)
    workspace.notify = lambda text: tell(f"pysettle: {text}")
    return workspace


def elsewhere(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    """Be the callback of an eager option with which a command needs no workspace."""
    context.meta[_ELSEWHERE] = file is not None
    return file


def deployment_option(command: _Command) -> _Command:
    """Let a command with `workspace_option` work on a network without a workspace, at the URL of `--chain`."""
    return click.option(
        "--deployment",
        type=click.Path(path_type=Path, dir_okay=False),
        callback=elsewhere,
        is_eager=True,
        help="deployment.json of a network without a workspace; --chain names a node of the network.",
    )(command)


def chain_named() -> str | None:
    """Return the value of `--chain`."""
    chain: str | None = click.get_current_context().meta[_CHAIN]
    return chain


def _password(context: click.Context, parameter: click.Parameter, file: Path | None) -> str | None:
    if context.resilient_parsing:
        return None
    _keep(context, parameter, file)
    try:
        return file.read_text().rstrip("\r\n") if file else None
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"the password cannot be read from {file}: {problem}", path=file) from problem


def workspace_option(command: _Command) -> _Command:
    """Give a command its workspace, and an option for another URL of its network."""
    command = click.option(
        "--chain",
        metavar="embedded|URL",
        envvar="PYSETTLE_CHAIN",
        callback=_chain,
        is_eager=True,
        expose_value=False,
        help="URL of the workspace's network. Defaults to PYSETTLE_CHAIN, then to the URL given to `init`.",
    )(command)
    return click.option(
        "--workspace",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="PYSETTLE_WORKSPACE",
        callback=_workspace,
        help="The workspace. Defaults to PYSETTLE_WORKSPACE, then to the one that contains the current folder.",
    )(command)


def password_option(command: _Command) -> _Command:
    """Give a command the password of encrypted accounts, which is never a value on the command line."""
    return click.option(
        "--password-file",
        "password",
        type=click.Path(path_type=Path),
        envvar=_PASSWORD_FILE,
        callback=_password,
        help=f"File with the password of the accounts; development keys need none. Defaults to {_PASSWORD_FILE}.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Let a command print one JSON document."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)


def _widen(context: click.Context, parameter: click.Parameter, wide: bool) -> None:
    if wide:
        widen()


def wide_option(command: _Command) -> _Command:
    """Let a command print whole tables."""
    text = "Print whole tables of any width."
    return click.option("--wide", is_flag=True, expose_value=False, callback=_widen, help=text)(command)


def _numbers(value: object) -> Iterator[object]:
    """Yield the numbers in a document, which some readers of JSON would round."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from _numbers(part)


def schema() -> str:
    """Return the schema of the running command's document, named by its noun and verb."""
    context: click.Context | None = click.get_current_context()
    words: list[str] = []
    while context is not None and context.parent is not None:
        words.insert(0, str(context.info_name))
        context = context.parent
    return f"pysettle.{'-'.join(words)}/1"


def show(
    document: Mapping[str, Any], lines: Sequence[str], as_json: bool, foreign: Mapping[str, object] | None = None
) -> None:
    """Print a result: as a document with its schema's name, or as lines.

    Args:
        document: For programs: integers as decimal strings, with the unit in the name; absent values are None.
        lines: For persons.
        as_json: Whether to print the document.
        foreign: Parts of the document that others read too, and that stay in their form.
    """
    assert not (numbers := list(_numbers(document))), f"numbers are written as text: {numbers}"
    say(json.dumps({"schema": schema(), **document, **(foreign or {})}, indent=2) if as_json else "\n".join(lines))
