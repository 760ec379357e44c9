"""The command `pysettle`, and the one place where a failure becomes a line on stderr and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from pysettle import __version__
from pysettle.cli.audit import audit
from pysettle.cli.channel.channel import channel
from pysettle.cli.compute.market import market
from pysettle.cli.core.account import account
from pysettle.cli.core.init import init
from pysettle.cli.core.network import network
from pysettle.cli.core.node import node
from pysettle.cli.core.role import role
from pysettle.cli.core.time import time
from pysettle.cli.demo import demo
from pysettle.cli.jobs.job import job
from pysettle.cli.money.interest import interest
from pysettle.cli.money.redemption import redemption
from pysettle.cli.money.reserve import reserve
from pysettle.cli.money.token import token
from pysettle.cli.money.wallet import wallet
from pysettle.cli.options import Named, Place
from pysettle.cli.output import deeds, printing, tell
from pysettle.cli.scenario import scenario
from pysettle.errors import HandOverInterrupted, PysettleError

_INTERRUPTED = 130
_ABORTED = 1


class _Interrupted(PysettleError):
    """Ctrl-C, after something was handed over; as no KeyboardInterrupt, which click would answer itself."""

    exit_code = _INTERRUPTED


class _Program(click.Group):
    """The whole command line: however a command ends, it is with an exit code, and at most one line of why."""

    def main(self, *arguments: Any, **settings: Any) -> NoReturn:
        """Run a command line and end the process."""
        try:
            with deeds() as done:
                code = self._run(done, arguments, settings | {"standalone_mode": False})
            sys.exit(code)
        except KeyboardInterrupt:
            # Once more, or after the last word.
            sys.exit(_INTERRUPTED)

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Read what is before the command: the help of everything, or the version, are printed here."""
        rest: list[str] = []
        with printing():
            rest = super().parse_args(context, arguments)
        return rest or context.exit()

    def invoke(self, context: click.Context) -> Any:
        """Run the command; keep click from answering itself where Ctrl-C comes, or its help is cut short."""
        try:
            return super().invoke(context)
        except HandOverInterrupted as interrupt:
            raise _Interrupted(str(interrupt)) from interrupt
        except KeyboardInterrupt:
            context.exit(_INTERRUPTED)
        except BrokenPipeError as problem:
            with printing():
                raise problem

    def _run(self, done: Callable[[], str], arguments: tuple[Any, ...], settings: dict[str, Any]) -> int:
        """Run a command line; turn every expected failure into one line; return the exit code."""
        try:
            code = int(super().main(*arguments, **settings) or 0)
        except PysettleError as failure:
            return _refuse(str(failure), failure.exit_code)
        except click.exceptions.NoArgsIsHelpError as problem:
            problem.show()
            return problem.exit_code
        except click.ClickException as problem:
            return _refuse(_in_words(problem), problem.exit_code)
        except (click.Abort, KeyboardInterrupt):
            code = _INTERRUPTED
        except OSError as problem:
            # A failure of a disk or a connection that nobody foresaw; one that was foreseen has a name of its own.
            return _refuse(f"{problem}; look before repeating it: {done()}" if done() else str(problem), _ABORTED)
        if code == _INTERRUPTED:
            after = f"; look before repeating it: {done()}" if done() else ": nothing was sent or written"
            _refuse(f"interrupted{after}", code)
        return code


def _refuse(why: str, code: int) -> int:
    """Say in one line on stderr why the command ends; return the exit code."""
    tell(f"pysettle: {' '.join(why.split())}")
    return code


def _in_words(problem: click.ClickException) -> str:
    """Return what is wrong with a command line, and where to read how it is meant."""
    message = problem.format_message()
    context = getattr(problem, "ctx", None)
    return f"{message} See `{context.command_path} --help`." if context else message


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="pysettle", message="%(prog)s %(version)s (simulation)")
def main() -> None:
    """Simulate the settlement network of the Token economy on a local EVM. Nothing touches real money."""


for _command in (
    init,
    account,
    network,
    role,
    reserve,
    token,
    redemption,
    wallet,
    interest,
    market,
    channel,
    job,
    time,
    node,
    demo,
    scenario,
    audit,
):
    main.add_command(_command)


def _refuse_empty(group: click.Group) -> None:
    """Refuse an empty text, and an empty path, for every parameter of every command that takes one."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            _refuse_empty(command)
        for parameter in command.params:
            if parameter.type is click.STRING:
                parameter.type = Named()
            if isinstance(parameter.type, click.Path):
                parameter.type = Place.like(parameter.type)


_refuse_empty(main)
