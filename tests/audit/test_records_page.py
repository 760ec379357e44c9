"""`docs/reference/records.md` describes each column of each row type, with its type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from pysettle.audit.records.rows import EventRow, PostingRow, Row, StatementRow, TransactionRow

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "records.md").read_text()
TYPES = {int: "integer", bytes: "bytes", str: "text", bool: "true or false", Mapping[str, Any]: "object"}


def described() -> list[list[tuple[str, str]]]:
    """Return (column, type) of each table of columns, in the order of the page."""
    tables = re.findall(r"\| column \| type \| meaning \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", PAGE)
    rows = [re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE) for table in tables]
    return [[(name, kind) for name, kind in table] for table in rows]


def declared(kind: type[Row]) -> list[tuple[str, str]]:
    """Return (column, type) of each field of a row type, in its order."""
    hints = get_type_hints(kind)
    words = {**TYPES, **{each | None: f"{word}, absent" for each, word in TYPES.items()}}
    return [(it.name, words[hints[it.name]]) for it in fields(kind)]


def test_each_column_is_described() -> None:
    """In the order of the file; the first table has the columns of all of them."""
    first, *others = described()
    assert first == declared(Row)
    kinds = (TransactionRow, EventRow, PostingRow, StatementRow)
    assert [first + it for it in others] == [declared(kind) for kind in kinds]
