"""`pysettle time`: the chain's own clock."""

from __future__ import annotations

import click

from pysettle.cli.command import Command, network_view
from pysettle.cli.documents import change
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count
from pysettle.cli.output import done, instant
from pysettle.errors import UsageError
from pysettle.values import DAY_S, HOUR_S


@click.group("time", cls=Noun)
def time() -> None:
    """Show and advance chain time. The chain does not follow the machine's clock."""


@time.command("show")
@network_view
def show_(command: Command) -> None:
    """Show the time of the head, and the time of the next block."""
    with command.workspace.chain() as chain:
        head, now = chain.block(), chain.clock.now()
    document = {"block": str(head.number), "block_time_unix_s": str(head.timestamp), "now_unix_s": str(now)}
    lines = [f"block {head.number} was sealed at {instant(head.timestamp)}", f"now it is        {instant(now)}"]
    command.show(document, lines)


@time.command()
@click.option("--days", type=Count(min=0), default=0, help="Days to advance by.")
@click.option("--hours", type=Count(min=0), default=0, help="Hours to advance by.")
@click.option("--seconds", type=Count(min=0), default=0, help="Seconds to advance by.")
@network_view
def advance(days: int, hours: int, seconds: int, command: Command) -> None:
    """Advance chain time; the next block has the new time."""
    by = days * DAY_S + hours * HOUR_S + seconds
    if not 0 < by < 2**32:
        raise UsageError("give the time to advance by --days, --hours or --seconds, up to a century")
    with command.workspace.chain(write=True) as chain:
        before = chain.clock.now()
        now = chain.clock.advance(by)
    done(f"chain time is advanced to {instant(now)}")
    lines = [f"chain time {instant(before)} -> {instant(now)}", f"Next: {command.next('time show')}"]
    command.show({"time_unix_s": change(before, now)}, lines)
