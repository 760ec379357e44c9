"""A period of a history: by times, which become blocks, or up to a block."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from pysettle.audit.records.index import Index
from pysettle.errors import UsageError

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_LAST = 2**62
"""Height beyond every block."""


@dataclass(frozen=True, slots=True)
class Period:
    """Blocks from one to another, both in it. There may be none."""

    first: int = 0
    """First block."""
    last: int = _LAST
    """Last block."""

    @classmethod
    def of(cls, index: Index, *, begin: str | None = None, end: str | None = None, block: int | None = None) -> Period:
        """Return the blocks of a period.

        Args:
            index: Knows the times of the blocks.
            begin: Day or moment that it begins with; None for the first block.
            end: Day or moment that it ends with, the whole day and the moment's second included; None for the head.
            block: Last block, in place of an end.

        Raises:
            UsageError: a time cannot be read; or the index does not go as far as the block.
        """
        first, last = 0, _LAST
        if begin is not None:
            ((number,),) = index.rows("SELECT MIN(number) FROM blocks WHERE time >= ?", [seconds(begin)[0]])
            first = _LAST if number is None else number
        if end is not None:
            ((number,),) = index.rows("SELECT MIN(number) FROM blocks WHERE time >= ?", [seconds(end)[1]])
            last = _LAST if number is None else number - 1
        if block is not None:
            position = index.position()
            if position and block > position.block:
                raise UsageError(
                    f"block {block} is after the last one, {position.block}: name an earlier one",
                    block=block,
                    last=position.block,
                )
            last = block
        return cls(first, last)


def seconds(text: str) -> tuple[int, int]:
    """Return the first unix second of a day or a moment, and the second after its last one.

    Example:
        >>> seconds("2026-01-02"), seconds("2026-01-02+08:00")
        ((1767312000, 1767398400), (1767283200, 1767369600))
        >>> seconds("2026-01-02T08:00:00+08:00")
        (1767312000, 1767312001)

    Raises:
        UsageError: it is neither.
    """
    try:
        if day := _DAY.fullmatch(text):
            begin = int(dt.datetime.fromisoformat(f"{day[1]}T00:00:00{day[2] or 'Z'}").timestamp())
            return begin, begin + 86_400
        if _MOMENT.fullmatch(text):
            begin = int(dt.datetime.fromisoformat(text).timestamp())
            return begin, begin + 1
    except ValueError:
        pass
    raise UsageError(
        f"{text[:40]!r} is no day and no moment; write 2026-01-31 for a day of UTC, 2026-01-31+08:00 for one of UTC+8, "
        "2026-01-31T08:00:00+08:00 for a moment",
        text=text,
    )
