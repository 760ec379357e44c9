"""Results and progress: tables on stdout, one progress bar on stderr if that is a terminal.

If a result cannot be printed, a command that sent a transaction or wrote a file ends with `OutputFailed`, since nobody
should repeat it. A command that only read may be repeated.
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
"""Effects of the command other than transactions, in words."""
_PRINTED: ContextVar[list[str] | None] = ContextVar("_PRINTED", default=None)
"""Results that the command has printed."""
_SENT: ContextVar[list[bytes] | None] = ContextVar("_SENT", default=None)
"""Hashes of the transactions that the command sent."""

_WIDE = "pysettle.wide"
"""Key of a context under which a command stores that it prints whole tables."""
_LINE = 80
"""Columns of a line, the usual width of a terminal."""
_LEAST = 10
"""Least columns of a cell that is cut: 0x, seven hex digits and the mark."""
_CUT = "… is cut to fit 80 columns: --wide shows it whole"


@contextmanager
def deeds() -> Iterator[Callable[[], str]]:
    """Record the effects of the command in the block; yield a function that returns them in words, empty for none."""
    with recorded() as sent:
        tokens = _SENT.set(sent), _DONE.set([]), _PRINTED.set([])
        try:
            yield _deeds
        finally:
            _SENT.reset(tokens[0])
            _DONE.reset(tokens[1])
            _PRINTED.reset(tokens[2])


def done(effect: str) -> None:
    """Record an effect of the command in words; transactions are recorded without this."""
    effects = _DONE.get()
    if effects is not None:
        effects.append(effect)


def _deeds() -> str:
    sent, words = _SENT.get() or [], list(_DONE.get() or [])
    if sent:
        others = f" and {len(sent) - 1} before it" if len(sent) > 1 else ""
        words.insert(0, f"transaction 0x{sent[-1].hex()}{others} was handed over")
    return ", ".join(words)


def printable(text: str) -> str:
    """Return text without control characters: names that strangers chose may contain some that steer a terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def say(text: str) -> None:
    """Print a result, each line without control characters.

    Raises:
        OutputFailed: the result cannot be printed, and the command has sent a transaction or written a file.
        PysettleError: the result cannot be printed, and nothing was sent or written. If a reader such as `head` closed
            the pipe, that is not a failure.
    """
    with printing():
        if sys.stdout is None:
            raise OSError(errno.EBADF, "stdout is closed")
        click.echo("\n".join(map(printable, text.split("\n"))))
    if (printed := _PRINTED.get()) is not None:
        printed.append(text)


def has_printed() -> bool:
    """Whether the running command has printed a result."""
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
    """Print a line on stderr; if that fails, the exit code has to suffice."""
    try:
        click.echo(printable(line), err=True)
    except (OSError, UnicodeError):
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Discard the rest of a stream's buffer, so that Python does not fail on it again at exit."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def widen() -> None:
    """Let the running command print whole tables of any width."""
    click.get_current_context().meta[_WIDE] = True


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, numbers to the right.

    In a command the table is at most 80 columns wide: the widest ids and texts are cut, and a line below names the
    option that shows them whole. A cell that begins with a digit is never cut, since half a number is another number.
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
    """Return widths that fit a line, as far as the columns that may be cut allow; the widest is cut first."""
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > _LINE:
        place = max((column for column, may in enumerate(may_be_cut) if may), key=fitted.__getitem__, default=None)
        if place is None or fitted[place] <= _LEAST:
            break
        fitted[place] -= 1
    return fitted


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    cut = [cell if len(cell) <= width else f"{cell[: width - 1]}…" for cell, width in zip(cells, widths, strict=True)]
    first, *rest = zip(cut, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]).rstrip()


def instant(timestamp: int) -> str:
    """Write a unix second as a date and as a number."""
    from pysettle.values import time_text

    return f"{time_text(timestamp)} ({timestamp})"


def write_text(file: Path, text: str, schema: str | None = None) -> None:
    """Write a new file. An existing file is not replaced, since it may be the input of a command.

    Args:
        file: The file.
        text: Its content.
        schema: Schema of the document in an existing file that may be replaced; None if none may be.

    Raises:
        UsageError: the file exists and has other content, or cannot be written.
    """
    from pysettle.errors import UsageError

    try:
        if file.is_file() and (schema is None or _schema(file) != schema):
            raise UsageError(f"{file} exists already, and is not replaced: name a new file, or move it away", path=file)
        file.write_text(text)
    except (OSError, UnicodeError) as problem:
        raise UsageError(f"{file} cannot be written: {problem}", path=file) from problem
    done(f"{file} is written")


def _schema(file: Path) -> object:
    """Return the schema that a document names; None if the file is no document."""
    from pysettle.documents import parse_json

    try:
        document = parse_json(file.read_bytes())
    except (OSError, ValueError):
        return None
    return document.get("schema") if isinstance(document, dict) else None


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on stderr while the block runs, if stderr is a terminal.

    Yields:
        A function of the name of a step, its progress and its total.
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
