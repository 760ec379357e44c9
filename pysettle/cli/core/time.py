"""`pysettle time`: the chain's own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, json_option, pasteable, show, workspace_option
from pysettle.cli.output import done, instant
from pysettle.errors import UsageError
from pysettle.values import DAY_S, HOUR_S

if TYPE_CHECKING:
    from pysettle.workspace.directory import Workspace


@click.group("time", cls=Noun)
def time() -> None:
    """Show and advance chain time. Nothing on the chain follows the machine's clock."""


@time.command("show")
@workspace_option
@json_option
def show_(workspace: Workspace, as_json: bool) -> None:
    """Show the head's time, and the time the next block carries."""
    with workspace.chain() as chain:
        head, now = chain.block(), chain.clock.now()
    document = {"block": str(head.number), "block_time": str(head.timestamp), "now": str(now)}
    lines = [f"block {head.number} was sealed at {instant(head.timestamp)}", f"now it is        {instant(now)}"]
    show(document, lines, as_json)


@time.command()
@click.option("--days", type=Count(min=0), default=0, help="Days to advance by.")
@click.option("--hours", type=Count(min=0), default=0, help="Hours to advance by.")
@click.option("--seconds", type=Count(min=0), default=0, help="Seconds to advance by.")
@workspace_option
@json_option
def advance(days: int, hours: int, seconds: int, workspace: Workspace, as_json: bool) -> None:
    """Move chain time forward; the next block carries it."""
    by = days * DAY_S + hours * HOUR_S + seconds
    if not 0 < by < 2**32:
        raise UsageError("say how far to advance, by --days, --hours or --seconds, up to a century")
    with workspace.chain(write=True) as chain:
        before = chain.clock.now()
        now = chain.clock.advance(by)
    done(f"chain time is advanced to {instant(now)}")
    lines = [f"chain time {instant(before)} -> {instant(now)}", f"Next: {pasteable('time show')}"]
    show({"before": str(before), "now": str(now)}, lines, as_json)
