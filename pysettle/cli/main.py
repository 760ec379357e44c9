"""The command `pysettle`, and the one place where an expected failure becomes a line on stderr and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import click

from pysettle import __version__
from pysettle.cli.account import account
from pysettle.cli.audit import audit
from pysettle.cli.channel import channel
from pysettle.cli.demo import demo
from pysettle.cli.init import init
from pysettle.cli.interest import interest
from pysettle.cli.job import job
from pysettle.cli.market import market
from pysettle.cli.network import network
from pysettle.cli.node import node
from pysettle.cli.options import Named
from pysettle.cli.output import printable
from pysettle.cli.redemption import redemption
from pysettle.cli.reserve import reserve
from pysettle.cli.role import role
from pysettle.cli.scenario import scenario
from pysettle.cli.time import time
from pysettle.cli.token import token
from pysettle.cli.wallet import wallet
from pysettle.errors import HandOverInterrupted, PysettleError


class _Group(click.Group):
    """A group whose expected failures end in one line and their exit code, without a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; turn an expected failure into one line and an exit."""
        try:
            return super().invoke(context)
        except PysettleError as failure:
            click.echo(f"pysettle: {printable(' '.join(str(failure).split()))}", err=True)
            sys.exit(failure.exit_code)
        except HandOverInterrupted as interrupt:
            click.echo(f"pysettle: {interrupt}", err=True)
            sys.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


def _refuse_empty_text(group: click.Group) -> None:
    """Refuse an empty text for every parameter of every command that takes one."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            _refuse_empty_text(command)
        for parameter in command.params:
            if parameter.type is click.STRING:
                parameter.type = Named()


_refuse_empty_text(main)
