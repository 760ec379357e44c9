"""The terms of a series: from the options of `pysettle market open`, and for the output of `show`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.options import Moment
from pysettle.errors import UsageError
from pysettle.reading import read_whole

if TYPE_CHECKING:
    from pysettle.cli.command import Command
    from pysettle.client.compute.series import ComputeToken, SeriesTerms
    from pysettle.domain.compute.usage import PeakHours, RateCard

NO_HASH = b"\0" * 32
"""In place of a hash where the terms name none."""


def _second(_: click.Context, __: click.Parameter, moment: dt.datetime) -> int:
    """Return the unix second of a moment in UTC."""
    second = int(moment.replace(tzinfo=dt.UTC).timestamp())
    if second < 0:
        raise click.BadParameter(f"{moment} is before 1970-01-01, where unix seconds begin.")
    return second


def rates(_: click.Context, __: click.Parameter, text: str) -> RateCard:
    """Return the rate card of an option."""
    from pysettle.domain.compute.usage import RATE_BITS, Meters, RateCard

    try:
        (a, b, c), (d, e, f) = (map(read_whole, part.split(",")) for part in text.split("/"))
    except ValueError as problem:
        raise click.BadParameter(
            f"{text!r} is not of the form 3 whole numbers / 3 whole numbers in the digits 0 to 9."
        ) from problem
    for rate in (a, b, c, d, e, f):
        if rate >> RATE_BITS:
            raise click.BadParameter(f"{rate} is not in the range 0<=x<2^{RATE_BITS}.")
    return RateCard(Meters(a, b, c), Meters(d, e, f))


until_option = click.option("--until", type=Moment(), callback=_second, required=True, help="End (UTC), not included.")


def series_terms(
    command: Command,
    windows: Path | None,
    until: int,
    halter: str | None,
    ground: str | None,
    **plain: Any,
) -> SeriesTerms:
    """Return the terms of the options.

    Raises:
        UsageError: a halter is without a ground or the other way round, or the windows cannot be read.
    """
    from pysettle.client.compute.series import SeriesTerms
    from pysettle.domain.core.messages import ZERO_ADDRESS
    from pysettle.hashing import keccak

    if bool(halter) != bool(ground):
        raise UsageError("a halter needs a ground, and a ground a halter: give both or neither")
    return SeriesTerms(
        **plain,
        windows_hash=read_windows(windows).hash() if windows else NO_HASH,
        expiry=until,
        halter=command.address(halter) if halter else ZERO_ADDRESS,
        halt_ground=keccak(ground.encode()) if ground else b"\0" * 32,
    )


def read_windows(file: Path) -> PeakHours:
    """Read a file of peak hours.

    Raises:
        UsageError: the file cannot be read, or is malformed.
    """
    from pysettle.domain.compute.usage import PeakHours

    try:
        return PeakHours.from_json(file.read_text())
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"the windows cannot be read from {file}: {problem}", path=file) from problem


def applying_window(token: ComputeToken, file: Path, now: int) -> str:
    """Return the window of a series that applies at a unix second, by a file of peak hours.

    Raises:
        UsageError: the terms of the series contain no hash of peak hours, or the hash of another file.
    """
    peak_hours = read_windows(file)
    if token.windows_hash == NO_HASH:
        raise UsageError(
            f"the terms of {token.symbol} contain no hash of peak hours: leave --windows out", series=token.symbol
        )
    if peak_hours.hash() != token.windows_hash:
        raise UsageError(
            f"{file} has other peak hours than the series {token.symbol}: its hash is 0x{peak_hours.hash().hex()}, "
            f"the hash in the terms is 0x{token.windows_hash.hex()}; ask the provider for the file",
            path=file,
            series=token.symbol,
        )
    return peak_hours.window(now).name.lower().replace("_", "-")


def rates_text(card: RateCard) -> str:
    """Write a rate card in the form of the option."""
    return "/".join(",".join(map(str, window.lanes())) for window in (card.off_peak, card.peak))
