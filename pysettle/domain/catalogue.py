"""Which columns the network has. Whatever is said of every column is read from here.

A column stands in a folder of its name on every floor: its contracts, its rules here, its errors, its wrappers, its
commands, its tests. A further one is one line here, and new files.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pysettle.domain.core.column import Column
from pysettle.domain.core.contracts import Kind

NAMES = (
    "money",
    "compute",
    "channel",
    "jobs",
)
"""The columns, each after those that it stands on; the core is beneath them all."""


def _column(name: str) -> Column:
    column: Column = import_module(f"pysettle.domain.{name}.column").COLUMN
    return column


COLUMNS = {name: _column(name) for name in NAMES}
"""Name -> column."""


def kinds() -> tuple[Kind[Any], ...]:
    """Return the kinds of contracts whose books are kept, column by column."""
    return tuple(kind for column in COLUMNS.values() for kind in column.kinds)
