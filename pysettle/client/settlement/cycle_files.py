"""The files of a cycle: obligations and positions as CSV, each problem named by row and column.

Obligations have the columns debtor, creditor, currency and amount, and may have priority (0 if it is missing), index
(the order of the file) and pair (the same text on both halves of a PvP pair). Positions have participant, currency and
reserved. Amounts are written as for a person, such as 12.50.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pysettle.domain.settlement.netting.queue import Account, Obligation, Queue, queue_of
from pysettle.errors import UsageError
from pysettle.money import Currency, to_units
from pysettle.reading import read_number
from pysettle.rows import Row, read_rows

_Value = TypeVar("_Value")
_MOST_NAME = 64
_ORDER_BITS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Cycle:
    """The obligations and positions of a cycle, as the files have them."""

    obligations: tuple[Obligation, ...]
    """The obligations, in the order of the file."""
    reserved: dict[Account, int]
    """Account -> units that it reserved."""
    queue: Queue
    """The queue of the obligations."""
    accounts: tuple[Account, ...]
    """The account of each number in the queue."""


def read_cycle(obligations: Path, positions: Path) -> Cycle:
    """Read the files of a cycle.

    Raises:
        RowError: a file cannot be read, or a row of it is wrong.
        UsageError: the gross value is too large for one cycle.
    """
    read = read_obligations(obligations)
    reserved: dict[Account, int] = {}
    for row in read_rows(positions, ("participant", "currency", "reserved")):
        account = Account(_name(row, "participant"), _currency(row))
        if account in reserved:
            raise row.refusal("participant", f"{account.participant} has a position in this currency above")
        reserved[account] = _read(row, "reserved", to_units)
    queue, accounts = queue_of_rows(read, reserved)
    return Cycle(tuple(owed for _, owed in read), reserved, queue, tuple(accounts))


def read_obligations(file: Path) -> list[tuple[Row, Obligation]]:
    """Return the rows of a file of obligations.

    Raises:
        RowError: the file cannot be read, or a row of it is wrong.
    """
    rows = read_rows(file, ("debtor", "creditor", "currency", "amount"), ("priority", "index", "pair"))
    return [(row, _obligation(row)) for row in rows]


def queue_of_rows(
    read: Sequence[tuple[Row, Obligation]], reserved: Mapping[Account, int]
) -> tuple[Queue, list[Account]]:
    """Return the queue of the rows of a file, and the account of each number in it.

    Raises:
        RowError: an obligation or a pair has a wrong form, or two share a place in a queue.
        UsageError: the gross value is too large for one cycle.
    """
    try:
        return queue_of([owed for _, owed in read], reserved)
    except UsageError as problem:
        place = problem.values
        if "row" not in place:
            raise
        raise read[int(str(place["row"]))][0].refusal(str(place["column"]), str(place["problem"])) from None


def _obligation(row: Row) -> Obligation:
    debtor, creditor, currency = _name(row, "debtor"), _name(row, "creditor"), _currency(row)
    amount = _read(row, "amount", to_units)
    priority, index = _place(row, "priority", 0), _place(row, "index", row.number)
    return Obligation(debtor, creditor, currency, amount, priority, index, row.cells.get("pair") or None)


def _place(row: Row, column: str, otherwise: int) -> int:
    """Read a number of the order; an empty cell or a missing column stands for the other number."""
    if not row.cells.get(column):
        return otherwise
    return _read(row, column, lambda text: read_number(text, _ORDER_BITS))


def _name(row: Row, column: str) -> str:
    name = row.cells[column]
    if not 0 < len(name) <= _MOST_NAME or not name.isprintable():
        raise row.refusal(column, f"{name[:40]!r} is no name; write 1 to {_MOST_NAME} characters")
    return name


def _currency(row: Row) -> Currency:
    known = ", ".join(it.value for it in Currency)
    return _read(row, "currency", Currency, f"is no currency; write one of {known}")


def _read(row: Row, column: str, read: Callable[[str], _Value], problem: str | None = None) -> _Value:
    text = row.cells[column]
    try:
        return read(text)
    except ValueError as reason:
        raise row.refusal(column, f"{text[:40]!r} {problem}" if problem else str(reason)) from None
