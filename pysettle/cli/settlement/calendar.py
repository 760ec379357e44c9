"""`pysettle corridor calendar` and `opening`: the opening hours of a currency."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, by_option, currency_command, currency_view, dry_run_option, refuse_by
from pysettle.cli.documents import NOT_SENT
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Moment
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.money import Currency
from pysettle.values import time_text

if TYPE_CHECKING:
    from pysettle.domain.settlement.calendars import Calendar, Hours

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@click.command(cls=Verb)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Calendar file, whose part of the currency is set.",
)
@by_option(Role.CENTRAL_BANK)
@dry_run_option
@currency_command
def calendar(file: Path | None, by: str | None, dry_run: bool, command: Command) -> None:
    """Show the opening hours of a currency, or set them from a file as its central bank."""
    from pysettle.client.settlement.corridors import Corridors

    if file is None:
        refuse_by(by, "--file")
        with command.workspace.chain() as chain:
            network = command.workspace.network(chain)
            place = network.system(command.currency).token.address
            found = Corridors.of(network).calendar(place)
        return command.show({**_document(found), **NOT_SENT}, _lines(found, command))
    new = _read(file, command.currency)
    signer = command.holder(by, Role.CENTRAL_BANK)
    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        corridors, place = Corridors.of(network), network.system(command.currency).token.address
        before = corridors.calendar(place)
        places = sorted({*before.words, *new.words})
        steps = [corridors.set_week(signer, place, new.week)]
        steps += [
            corridors.set_days(signer, place, number, new.words.get(number, 0))
            for number in places
            if before.words.get(number, 0) != new.words.get(number, 0)
        ]
        if dry_run:
            # Each step sets a word of its own, so that none needs another one.
            for step in steps:
                corridors.check(step)
        receipt = None if dry_run else corridors.send(*steps)[-1]
        now = corridors.calendar(place)
    command.show_sent(receipt, _document(now), _lines(now, command), f"corridor opening --with {_other(command)}")
    return None


@click.command(cls=Verb)
@click.option(
    "--with",
    "others",
    type=click.Choice([currency.value for currency in Currency]),
    multiple=True,
    help="Currency that has to be open too; may be given several times.",
)
@click.option("--from-time", "time", type=Moment(), help="Time from which to look, in UTC.  [default: now]")
@currency_view
def opening(others: tuple[str, ...], time: dt.datetime | None, command: Command) -> None:
    """Show the next time at which currencies are open together."""
    from pysettle.client.settlement.corridors import Corridors

    currencies = [command.currency, *(Currency(other) for other in others)]
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        places = [network.system(currency).token.address for currency in currencies]
        now = chain.block().timestamp if time is None else int(time.replace(tzinfo=dt.UTC).timestamp())
        found = Corridors.of(network).next_opening(places, now)
    names = " and ".join(currency.value for currency in currencies)
    document = {
        "with": [*others],
        "from_time_unix_s": str(now),
        "opens_at_unix_s": str(found),
    }
    words = "are" if others else "is"
    line = f"{names} {words} open" if found == now else f"{names} {words} open next"
    command.show(document, [f"{line} at {time_text(found)}"])


def _read(file: Path, currency: Currency) -> Calendar:
    """Return the calendar of a currency from a file.

    Raises:
        UsageError: a line cannot be read, or the file has no part of the currency.
    """
    from pysettle.domain.settlement.calendar_file import read_calendars

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise UsageError(f"line {line} of {file}: this is no UTF-8 text", path=file, line=line) from None
    found = read_calendars(text, str(file))
    if currency not in found:
        raise UsageError(
            f"{file} has no part of {currency.value}; it has {', '.join(it.value for it in found)}",
            path=file,
            currency=currency,
        )
    return found[currency]


def _document(found: Calendar) -> dict[str, object]:
    week = found.week
    return {
        "always_open": week is None,
        "offset": None if week is None else _offset(week.offset_minutes),
        "week": None if week is None else {name: _hours(it) for name, it in zip(_WEEKDAYS, week.days, strict=True)},
        "worked": None if week is None else _hours(week.worked),
        "holidays": [date for date, is_open in _changed(found) if not is_open],
        "worked_days": [date for date, is_open in _changed(found) if is_open],
    }


def _lines(found: Calendar, command: Command) -> list[str]:
    if found.week is None:
        return [f"{command.currency.value} is always open"]
    week = found.week
    lines = [f"{command.currency.value} at UTC{_offset(week.offset_minutes)}"]
    lines += [f"{name}: {_hours(hours) or 'closed'}" for name, hours in zip(_WEEKDAYS, week.days, strict=True)]
    changed = _changed(found)
    if holidays := [date for date, is_open in changed if not is_open]:
        lines.append(f"holidays: {', '.join(holidays)}")
    if worked := [date for date, is_open in changed if is_open]:
        lines.append(f"worked {_hours(week.worked)}: {', '.join(worked)}")
    return lines


def _changed(found: Calendar) -> list[tuple[str, bool]]:
    """Return (date, whether it is open) of each day that differs from its day of the week."""
    from pysettle.domain.settlement.calendars import CLOSED, DAYS_IN_WORD

    days = [
        place * DAYS_IN_WORD + bit
        for place, bitmap in sorted(found.words.items())
        for bit in range(DAYS_IN_WORD)
        if bitmap >> bit & 1
    ]
    first = dt.date(1970, 1, 1)
    return [(str(first + dt.timedelta(days=day)), found.hours_of(day) != CLOSED) for day in days]


def _hours(hours: Hours) -> str | None:
    if not hours.closes:
        return None
    return f"{hours.opens // 60:02}:{hours.opens % 60:02}-{hours.closes // 60:02}:{hours.closes % 60:02}"


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _other(command: Command) -> str:
    return "HKD" if command.currency is not Currency.HKD else "CNY"
