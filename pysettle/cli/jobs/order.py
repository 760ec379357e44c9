"""An order of batch compute from the options of `pysettle job place` and `sign`."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.options import BASIS_POINTS, NUMBER, Count
from pysettle.errors import UsageError
from pysettle.money import to_units
from pysettle.values import HOUR_S, Units

if TYPE_CHECKING:
    from pysettle.cli.command import Command, Function
    from pysettle.domain.jobs.terms import OrderTerms
    from pysettle.values import Address

_IF_SILENT = "Share of the provider without a ruling, in basis points."
SHOWN = click.Path(path_type=Path, exists=True, dir_okay=False)
"""A file that exists."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order from the options of a command."""

    file: Path
    by: str
    buyer: str | None
    provider: str
    arbiter: str
    stages: tuple[str, ...]
    accept_hours: int
    review_hours: int
    arbitration_hours: int
    default_bps: int
    bond: str
    number: int

    def terms(self, command: Command, token: Address, now: int) -> OrderTerms:
        """Return the terms of the order; their times run from now."""
        from pysettle.domain.jobs.terms import OrderTerms
        from pysettle.hashing import keccak

        terms = OrderTerms(
            currency=token,
            buyer=command.address(self.buyer or self.by),
            provider=command.address(self.provider),
            arbiter=command.address(self.arbiter),
            description=keccak(self.file.read_bytes()),
            accept_before=now + self.accept_hours * HOUR_S,
            review_s=self.review_hours * HOUR_S,
            arbitration_s=self.arbitration_hours * HOUR_S,
            milestones=tuple(map(_stage, self.stages)),
            default_bps=self.default_bps,
            bond=to_units(self.bond),
            salt=self.number.to_bytes(32, "big"),
        )
        terms.check_bounds()
        return terms


HOURS = Count(1, (2**32 - 1) // HOUR_S)
"""Hours of up to 2^32 - 1 seconds: more than a century."""
_WANTED = (
    click.option("--file", type=SHOWN, required=True, help="Description of the work; the order contains its hash."),
    click.option("--by", default="alice", show_default=True, help="Account that pays and receives every refund."),
    click.option("--buyer", help="Account that accepts deliveries.  [default: the payer]"),
    click.option("--provider", default="provider", show_default=True, help="Account that delivers."),
    click.option("--arbiter", required=True, help="Account that rules on disputes."),
    click.option(
        "--milestone", "stages", multiple=True, required=True, help="AMOUNT@DATE of a delivery; may be repeated."
    ),
    click.option("--accept-hours", type=HOURS, default=24, show_default=True, help="Time for the provider to accept."),
    click.option("--review-hours", type=HOURS, default=72, show_default=True, help="Time for the buyer to review."),
    click.option(
        "--arbitration-hours", type=HOURS, default=168, show_default=True, help="Time for the arbiter to rule."
    ),
    click.option("--default-bps", type=BASIS_POINTS, default=5_000, show_default=True, help=_IF_SILENT),
    click.option("--bond", default="0", show_default=True, help="Bond that the buyer deposits with a dispute."),
    click.option("--number", type=NUMBER, default=0, show_default=True, help="Distinguishes otherwise equal orders."),
)


def order_options(function: Function) -> Function:
    """Give a command an order as its `wanted`."""

    @functools.wraps(function)
    def run(**options: Any) -> object:
        wanted = Wanted(**{field.name: options.pop(field.name) for field in fields(Wanted)})
        return function(wanted=wanted, **options)

    return functools.reduce(lambda command, option: option(command), reversed(_WANTED), run)


def _stage(text: str) -> tuple[Units, int]:
    amount, _, day = text.partition("@")
    try:
        moment = dt.datetime.fromisoformat(day)
    except ValueError as problem:
        raise UsageError(f"the milestone {text!r} is not like 120.50@2026-02-01", text=text) from problem
    second = int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())
    if second < 0:
        raise UsageError(
            f"the day of --milestone {text} is before 1970-01-01, where unix seconds begin: give a later day", text=text
        )
    return to_units(amount), second
