"""Rows as files: one writer for CSV, one for JSONL, both by the fields of the row type.

Integers are whole, ids and hashes are hex in full. In CSV an absent value is an empty cell, and `fields` is JSON in one
cell. In JSONL integers are decimal text, since many readers of JSON round them; an absent value is null.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pysettle.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def columns(kind: type[DataclassInstance]) -> tuple[str, ...]:
    """Return the names of the columns of a row type, in order."""
    return tuple(it.name for it in fields(kind))


def write_csv(stream: TextIO, kind: type[DataclassInstance], rows: Iterable[DataclassInstance]) -> int:
    """Write rows as CSV (RFC 4180) under a line with the names of the columns; return their number."""
    writer, names, count = csv.writer(stream), columns(kind), 0
    writer.writerow(names)
    for count, row in enumerate(rows, start=1):  # noqa: B007  # it is returned
        writer.writerow(map(_cell, row_values(row, names)))
    return count


def write_jsonl(stream: TextIO, kind: type[DataclassInstance], rows: Iterable[DataclassInstance]) -> int:
    """Write rows as JSON, one object in a line, with the names of the columns; return their number."""
    names, count = columns(kind), 0
    for count, row in enumerate(rows, start=1):  # noqa: B007  # it is returned
        stream.write(json.dumps(document(row, names), separators=(",", ":")) + "\n")
    return count


def document(row: DataclassInstance, names: tuple[str, ...]) -> dict[str, Any]:
    """Return a row as JSON has it."""
    return dict(zip(names, map(_plain, row_values(row, names)), strict=True))


def row_values(row: DataclassInstance, names: tuple[str, ...]) -> list[Any]:
    """Return the values of a row, in the order of its columns."""
    return [getattr(row, name) for name in names]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str | Mapping):
        return value
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"))
    return "" if value is None else str(_plain(value))


Writer = Callable[[TextIO, "type[DataclassInstance]", "Iterable[DataclassInstance]"], int]
FORMS: Mapping[str, Writer] = {".csv": write_csv, ".jsonl": write_jsonl}
"""End of a file's name -> the writer of its form."""


def write_file(file: Path, kind: type[DataclassInstance], rows: Iterable[DataclassInstance]) -> int:
    """Write a file of rows in the form that its name ends with; it is there whole or not at all.

    Returns:
        The number of rows.

    Raises:
        UsageError: the name ends otherwise, the file exists, or it cannot be written.
    """
    writer = FORMS.get(file.suffix)
    if writer is None:
        raise UsageError(f"{file} ends with neither .csv nor .jsonl: the end of the name decides the form", path=file)
    if file.exists():
        raise UsageError(f"{file} exists already, and is not replaced: name a new file, or move it away", path=file)
    unfinished = file.with_name(f".{file.name}.unfinished-{os.getpid()}")
    try:
        try:
            with unfinished.open("x", encoding="utf-8", newline="") as stream:
                count = writer(stream, kind, rows)
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as problem:
        raise UsageError(f"{file} cannot be written: {problem}", path=file) from problem
    return count
