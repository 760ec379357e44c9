"""The command `pysettle`, and the one place where a failure becomes a line on stderr and an exit code."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from pysettle import __version__
from pysettle.cli.output import deeds, has_printed, printing, say, tell
from pysettle.domain.catalogue import NAMES

_ABOVE = {
    "demo": "Run one whole settlement: issue, sell, deliver, pay, prove.",
    "scenario": "Run scripted cases of settlement, and prove them.",
    "audit": "Prove a transaction history from its bundle alone.",
}
_SERVED = {"gateway": "Sell inference by the Token over HTTP, paid through x402."}
_INTERRUPTED = 130
_ABORTED = 1
_YOUNG = 100_000
"""Objects more than before, at which Python looks for cycles; by its default of 700, a tenth of a short command."""


class _Section(NamedTuple):
    """Nouns under one heading of the help."""

    title: str
    """Its heading."""
    package: str
    """Package of the nouns' modules; each module has the name of its noun and defines the command of that name."""
    nouns: Mapping[str, str]
    """Noun -> its purpose, in one line."""
    extends: Mapping[str, str] = {}
    """Noun of a column below -> module of the package whose `extend` adds to its commands."""


@functools.cache
def _sections() -> tuple[_Section, ...]:
    """Return the sections in the order of work: those of the columns, then the gateway, demonstration and proof."""
    columns = [import_module(f"pysettle.cli.{column}") for column in ("core", *NAMES)]
    return (
        *(_Section(it.TITLE, it.__name__, it.NOUNS, getattr(it, "EXTENDS", {})) for it in columns),
        _Section("Sell over HTTP", "pysettle.cli", _SERVED),
        _Section("Try and prove", "pysettle.cli", _ABOVE),
    )


class _Interrupted(click.ClickException):
    """Ctrl-C after a transaction was sent; not a KeyboardInterrupt, since click would handle that itself."""

    exit_code = _INTERRUPTED


class _Program(click.Group):
    """The whole command line: every command ends with an exit code, and a failed one with one line of explanation.

    The module of a noun is loaded when the noun is named, so that no command loads the modules of others.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the nouns in the order of work."""
        return [noun for section in _sections() for noun in section.nouns]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load a noun."""
        if name not in self.commands:
            module = next((f"{section.package}.{name}" for section in _sections() if name in section.nouns), None)
            if module is None:
                return None
            command: click.Command = getattr(import_module(module), name)
            for section in _sections():
                if name in section.extends:
                    import_module(f"{section.package}.{section.extends[name]}").extend(command)
            _refuse_empty(command)
            self.add_command(command)
        return self.commands[name]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the nouns with a line each, by sections."""
        for section in _sections():
            with formatter.section(section.title):
                formatter.write_dl(list(section.nouns.items()), col_max=12)

    def main(self, *arguments: Any, **settings: Any) -> NoReturn:
        """Run a command line and end the process."""
        try:
            gc.set_threshold(_YOUNG)
            with deeds() as done:
                code = self._run(done, arguments, settings | {"standalone_mode": False})
            sys.exit(code)
        except KeyboardInterrupt:
            # A second Ctrl-C, or one after the last line.
            sys.exit(_INTERRUPTED)

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Read the options before the command; the help of the program and its version are printed here."""
        # None if the help could not be printed.
        rest: list[str] | None = None
        with printing():
            rest = super().parse_args(context, arguments)
        return context.exit() if rest is None else rest

    def invoke(self, context: click.Context) -> Any:
        """Run the command; handle Ctrl-C and a closed pipe here, since click would handle them itself."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt as interrupt:
            if words := str(interrupt):
                raise _Interrupted(words) from interrupt
            context.exit(_INTERRUPTED)
        except RuntimeError as failure:
            # Until Python 3.12, a Ctrl-C while a class is created arrives wrapped.
            if not isinstance(failure.__cause__, KeyboardInterrupt):
                raise
            context.exit(_INTERRUPTED)
        except BrokenPipeError as problem:
            with printing():
                raise problem

    def _run(self, done: Callable[[], str], arguments: tuple[Any, ...], settings: dict[str, Any]) -> int:
        """Run a command line; turn every expected failure into one line, and a document; return the exit code."""
        words = settings.get("args") or (arguments[0] if arguments else None) or sys.argv[1:]
        as_json = "--json" in words
        try:
            code = int(super().main(*arguments, **settings) or 0)
        except (click.Abort, KeyboardInterrupt):
            code = _INTERRUPTED
        except click.exceptions.NoArgsIsHelpError as failure:
            failure.show()
            return failure.exit_code
        except Exception as failure:
            if (ended := _ended(failure, done)) is None:
                raise
            return _refuse(*ended, failure, as_json)
        if code == _INTERRUPTED:
            after = f"; look before repeating the command: {done()}" if done() else ": nothing was sent or written"
            return _refuse(f"interrupted{after}", code, KeyboardInterrupt(), as_json)
        return code


def _ended(failure: Exception, done: Callable[[], str]) -> tuple[str, int] | None:
    """Return the message and the exit code of an expected failure; None for any other."""
    # The errors are loaded after a failure only: most commands end without one.
    from pysettle.errors import PysettleError

    if isinstance(failure, PysettleError):
        return str(failure), failure.exit_code
    if isinstance(failure, click.ClickException):
        return _in_words(failure), failure.exit_code
    if isinstance(failure, OSError):
        # A failure of a disk or a connection without a class of its own.
        return f"{failure}; look before repeating the command: {done()}" if done() else str(failure), _ABORTED
    return None


def _refuse(why: str, code: int, failure: BaseException, as_json: bool) -> int:
    """Print one line on stderr, and the document of the failure with `--json`; return the exit code."""
    why = " ".join(why.split())
    tell(f"pysettle: {why}")
    if as_json and not has_printed():
        from pysettle.cli.failures import failure_document

        # The exit code is the same whether or not the document can be printed.
        with suppress(Exception):
            say(failure_document(failure, why, code))
    return code


def _in_words(problem: click.ClickException) -> str:
    """Return the mistake in a command line, and the help to read."""
    message = problem.format_message()
    context = getattr(problem, "ctx", None)
    return f"{message} See `{context.command_path} --help`." if context else message


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="pysettle", message="%(prog)s %(version)s (simulation)")
def main() -> None:
    """Simulate the settlement network of the Token economy on a local EVM. Nothing touches real money."""


def _refuse_empty(command: click.Command) -> None:
    """Refuse an empty text and an empty path for every parameter of a command and of its subcommands."""
    if isinstance(command, click.Group):
        for _, child in children(command):
            _refuse_empty(child)
    from pysettle.cli.options import NAMED_OPTIONS, Named, Place

    for parameter in command.params:
        if parameter.type is click.STRING:
            parameter.type = NAMED_OPTIONS.get(parameter.opts[0], Named())
        if isinstance(parameter.type, click.Path):
            parameter.type = Place.like(parameter.type)


def children(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Yield the commands of a group with their names, in the order of work; each is loaded."""
    context = click.Context(group)
    for name in group.list_commands(context) if isinstance(group, _Program) else group.commands:
        command = group.get_command(context, name)
        assert command is not None, "a group has each command that it lists"
        yield name, command
