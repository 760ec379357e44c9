"""The columns of the network. Code that treats every column reads them from here.

A column has a folder of its name on every floor: its contracts, its rules here, its errors, its wrappers, its
commands, its tests. A further column is one line here, and new files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pysettle.domain.core.column import Column
    from pysettle.domain.core.contracts import Kind

NAMES = (
    "money",
    "compute",
    "channel",
    "jobs",
    "settlement",
)
"""The columns, each after the columns that it uses; all of them use the core."""


COLUMNS: dict[str, Column]
"""Name -> column; they are loaded at its first use, so that a reader of the names alone does not wait for them."""


def __getattr__(name: str) -> Any:
    """Load the columns at the first use of `COLUMNS`."""
    if name != "COLUMNS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _columns()


@cache
def _columns() -> dict[str, Column]:
    return {name: import_module(f"pysettle.domain.{name}.column").COLUMN for name in NAMES}


def kinds() -> tuple[Kind[Any], ...]:
    """Return the kinds of contracts that a bundle may list, column by column."""
    return tuple(kind for column in _columns().values() for kind in column.kinds)


def contracts_used(name: str) -> Mapping[str, str]:
    """Return mapping immutable or argument of a contract -> name of the contract there; empty for an unlisted one."""
    return next((kind.uses for kind in kinds() if kind.name == name), {})
