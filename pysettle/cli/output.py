"""How results and progress look: tables on stdout, one progress bar on stderr when it is a terminal.

A result that cannot be printed is told apart by what the command did before: a command that sent a transaction or wrote
a file ends with `OutputFailed`, since it must not be repeated; one that only read may be.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO

import click

from pysettle.deeds import recorded

if TYPE_CHECKING:
    from pathlib import Path

_DONE: ContextVar[list[str] | None] = ContextVar("_DONE", default=None)
"""What the command did beside sending transactions, in words."""
_PRINTED: ContextVar[list[str] | None] = ContextVar("_PRINTED", default=None)
"""Results that the command printed."""
_SENT: ContextVar[list[bytes] | None] = ContextVar("_SENT", default=None)
"""Hashes of the transactions that it handed over."""

_WIDE = "pysettle.wide"
"""Where a command keeps that its tables are printed whole."""
_LINE = 80
"""Columns of a line, as terminals have had them for long."""
_LEAST = 10
"""Columns that a cell keeps where it is cut: those of 0x and seven hex digits."""
_CUT = "… is cut to fit 80 columns: --wide shows it whole"


@contextmanager
def deeds() -> Iterator[Callable[[], str]]:
    """Keep what the command that runs in the block does; yield how to say it, in words, empty for nothing."""
    with recorded() as sent:
        tokens = _SENT.set(sent), _DONE.set([]), _PRINTED.set([])
        try:
            yield _deeds
        finally:
            _SENT.reset(tokens[0])
            _DONE.reset(tokens[1])
            _PRINTED.reset(tokens[2])


def done(what: str) -> None:
    """Keep in words what the command did, beside the transactions it sent, which are kept without it."""
    kept = _DONE.get()
    if kept is not None:
        kept.append(what)


def _deeds() -> str:
    sent, words = _SENT.get() or [], list(_DONE.get() or [])
    if sent:
        others = f" and {len(sent) - 1} before it" if len(sent) > 1 else ""
        words.insert(0, f"transaction 0x{sent[-1].hex()}{others} was handed over")
    return ", ".join(words)


def printable(text: str) -> str:
    """Return text as a terminal may have it: what strangers named can hold characters that would steer it."""
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)


def say(text: str) -> None:
    """Print a result, line by line as a terminal may have it.

    Raises:
        OutputFailed: it cannot be printed, and the command has sent or written something.
        PysettleError: it cannot be printed, and nothing was sent or written. A reader that has seen enough and closed
            the pipe, as `head` does, is no failure then.
    """
    with printing():
        if sys.stdout is None:
            raise OSError(errno.EBADF, "stdout is closed")
        click.echo("\n".join(map(printable, text.split("\n"))))
    if (printed := _PRINTED.get()) is not None:
        printed.append(text)


def has_printed() -> bool:
    """Whether the command that runs has printed a result."""
    return bool(_PRINTED.get())


@contextmanager
def printing() -> Iterator[None]:
    """Print a result in the block; errors as `say`."""
    try:
        yield
    except (OSError, UnicodeError) as problem:
        from pysettle.errors import OutputFailed, PysettleError

        _silence(sys.stdout)
        reason = getattr(problem, "strerror", None) or str(problem)
        if words := _deeds():
            raise OutputFailed(words, reason) from problem
        if not isinstance(problem, BrokenPipeError):
            raise PysettleError(f"the result cannot be printed ({reason}): nothing was sent or written") from problem


def tell(line: str) -> None:
    """Print a line of the conversation on stderr; where nobody can hear it, the exit code has to do."""
    try:
        click.echo(printable(line), err=True)
    except (OSError, UnicodeError):
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, so that Python does not fail on it once more when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def widen() -> None:
    """Let the command that runs print its tables whole, however wide they get."""
    click.get_current_context().meta[_WIDE] = True


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, numbers to the right.

    Where a command prints it, it is 80 columns wide at most: the widest ids and texts are cut, and a line below says
    how to see them whole. What begins with a digit is never cut, since half a number is another one.
    """
    lines = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    context = click.get_current_context(silent=True)
    if context is not None and _WIDE not in context.meta:
        widths = _fitted(widths, [_is_text(cells) for cells in zip(*lines[1:], strict=True)])
    head, *body = (_line(cells, widths) for cells in lines)
    rule = "  ".join("─" * width for width in widths)
    is_cut = any(len(cell) > width for cells in lines for cell, width in zip(cells, widths, strict=True))
    return "\n".join([head, rule, *body, *[_CUT] * is_cut])


def _is_text(cells: Sequence[str]) -> bool:
    """Whether a column may be cut: hex digits and words may be, numbers and dates may not."""
    return not any(cell.lstrip("-")[:1].isdigit() and not cell.startswith("0x") for cell in cells)


def _fitted(widths: Sequence[int], may_be_cut: Sequence[bool]) -> list[int]:
    """Return widths of columns that go into a line, as far as the widest of those that may be cut allow it."""
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > _LINE:
        place = max((it for it, may in enumerate(may_be_cut) if may), key=fitted.__getitem__, default=None)
        if place is None or fitted[place] <= _LEAST:
            break
        fitted[place] -= 1
    return fitted


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    cut = [cell if len(cell) <= width else f"{cell[: width - 1]}…" for cell, width in zip(cells, widths, strict=True)]
    first, *rest = zip(cut, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]).rstrip()


def instant(timestamp: int) -> str:
    """Write a unix second as a person reads it, and as commands print it beside."""
    from pysettle.values import time_text

    return f"{time_text(timestamp)} ({timestamp})"


def write_text(file: Path, text: str, schema: str | None = None) -> None:
    """Write a file that a command makes. One that is there may be what a command reads, and stays as it is.

    Args:
        file: The file.
        text: What it shall hold.
        schema: Schema of the document that it may replace, being another of the kind; None where it replaces none.

    Raises:
        UsageError: it is there already and holds something else, or cannot be written.
    """
    from pysettle.errors import UsageError

    try:
        if file.is_file() and (schema is None or _schema(file) != schema):
            raise UsageError(f"{file} is there already, and is not replaced: name a new file, or move it away")
        file.write_text(text)
    except (OSError, UnicodeError) as problem:
        raise UsageError(f"{file} cannot be written: {problem}") from problem
    done(f"{file} is written")


def _schema(file: Path) -> object:
    """Return the schema that a document names; None where it is none."""
    from pysettle.documents import parse_json

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
    from rich.console import Console
    from rich.progress import Progress

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
