"""Strict reading of CSV files from outside: each problem is named by file, row and column.

The first row is the header. Columns stand in any order, and further ones are allowed. Each row has as many cells as the
header: one too many would shift those after it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pysettle.errors import RowError

_MAX_LINE = 4_096
"""Characters a line may have; a longer one is no row."""
_HEADER = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file, from column to text without spaces around it."""

    file: str
    """Name of the file."""
    number: int
    """Number of the row; the header has 1."""
    cells: dict[str, str]
    """Column -> text, of the columns that were asked for and that the file has."""

    def refusal(self, column: str, problem: str) -> RowError:
        """Return the error that names a cell of this row."""
        return RowError(self.file, self.number, column, problem)


def read_rows(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a file in its order; empty lines are none.

    Raises:
        RowError: the file cannot be read, has no rows, lacks a required column, has a column twice, or a row has more
            or fewer cells than the header.
    """
    name = str(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(name, file, required, optional)
    except OSError as problem:
        raise RowError(name, 0, "-", f"cannot be read ({problem.strerror}); name a readable CSV file") from None
    except UnicodeDecodeError as problem:
        raise RowError(name, 0, "-", f"is not UTF-8 text at byte {problem.start}; name a CSV file") from None


def _rows(name: str, file: TextIO, required: Sequence[str], optional: Sequence[str]) -> Iterator[Row]:
    header: list[str] = []
    number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        if len(line) > _MAX_LINE:
            raise RowError(name, number, "-", f"a line of more than {_MAX_LINE} characters; give each row a line")
        cells = next(csv.reader([line]), [])
        if not header:
            header = _header(name, cells, required, optional)
            wanted = [column for column in (*required, *optional) if column in header]
        elif cells:
            yield Row(name, number, _cells(name, number, header, cells, wanted))
    if number <= _HEADER:
        raise RowError(name, number, "-", "holds no rows; give a header line and at least one row")


def _header(name: str, cells: list[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    for column in (*required, *optional):
        if cells.count(column) > 1 or (column in required and column not in cells):
            problem = "is there twice" if column in cells else "is missing"
            raise RowError(name, _HEADER, column, f"{problem}; the header needs {', '.join(required)}, each once")
    return cells


def _cells(name: str, number: int, header: list[str], cells: list[str], wanted: list[str]) -> dict[str, str]:
    if len(cells) > len(header):
        problem = f"the header has {len(header)} columns and the row {len(cells)} cells; give every value its column"
        raise RowError(name, number, str(len(header) + 1), problem)
    if len(cells) < len(header):
        raise RowError(name, number, header[len(cells)][:40], "has no value; give every column a value")
    return {column: cells[header.index(column)].strip() for column in wanted}
