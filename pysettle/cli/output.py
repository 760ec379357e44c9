"""How results and progress look: tables on stdout, one progress bar on stderr when it is a terminal."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from pysettle.documents import parse_json
from pysettle.errors import UsageError

_CALENDAR_END = 253_402_300_800
"""Unix second of the year 10000, which datetime cannot hold."""


def printable(text: str) -> str:
    """Return text as a terminal may have it: what strangers named can hold characters that would steer it."""
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)


def say(text: str) -> None:
    """Print a result, line by line as a terminal may have it."""
    click.echo("\n".join(map(printable, text.split("\n"))))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, numbers to the right."""
    body = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in (header, *body)) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first, *rest = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join([first, *rest]).rstrip()

    rule = "  ".join("─" * width for width in widths)
    return "\n".join([line(header), rule, *map(line, body)])


def instant(timestamp: int) -> str:
    """Write a unix second as a person reads it, whatever the calendar can hold."""
    if timestamp >= _CALENDAR_END:
        return f"the end of time ({timestamp})"
    return f"{dt.datetime.fromtimestamp(timestamp, dt.UTC):%Y-%m-%d %H:%M:%S} UTC ({timestamp})"


def write_text(file: Path, text: str, schema: str | None = None) -> None:
    """Write a file that a command makes. One that is there may be what a command reads, and stays as it is.

    Args:
        file: The file.
        text: What it shall hold.
        schema: Schema of the document that it may replace, being another of the kind; None where it replaces none.

    Raises:
        UsageError: it is there already and holds something else, or cannot be written.
    """
    if file.is_file() and (schema is None or _schema(file) != schema):
        raise UsageError(f"{file} is there already, and is not replaced: name a new file, or move it away")
    try:
        file.write_text(text)
    except OSError as problem:
        raise UsageError(f"{file} cannot be written: {problem}") from problem


def _schema(file: Path) -> object:
    """Return the schema that a document names; None where it is none."""
    try:
        document = parse_json(file.read_bytes())
    except (OSError, ValueError):
        return None
    return document.get("schema") if isinstance(document, dict) else None


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on stderr while the block runs; nothing at all when stderr is no terminal.

    Yields:
        What to call with the name of a step, what is done of it, and its total.
    """
    if not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, object] = {}

        def on_progress(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done)  # type: ignore[arg-type]  # rich's TaskID is an int

        yield on_progress
