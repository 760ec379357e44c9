"""Institutions to admit as a CSV file: one institution a row, with the names of the columns in the first row.

```
account,lei,bic,jurisdiction,agent
alice,PYSETTLE000000000111,BKCHCNBJ,156,
bob,PYSETTLE000000000208,HSBCHKHH,344,alice
```

An empty agent means the account itself.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from pysettle.domain.settlement.identifiers import Identity
from pysettle.errors import InvalidNumber, UsageError
from pysettle.reading import read_whole

COLUMNS = ("account", "lei", "bic", "jurisdiction", "agent")
"""Columns of the file."""
MOST_ROWS = 1_000
"""Most institutions of one file."""
_MOST_JURISDICTION = 999
_ANY_LEI, _ANY_BIC = "PYSETTLE000000000111", "PYSEXXXX"


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """One institution of a file."""

    row: int
    """Its row, from 1 for the names of the columns."""
    account: str
    """Its account, as the file names it."""
    identity: Identity
    """Its names."""
    jurisdiction: int
    """ISO 3166-1 number."""
    agent: str
    """Its settlement agent, as the file names it."""


def read_participants(text: str, name: str) -> list[ParticipantRow]:
    """Read the institutions of a file.

    Args:
        text: Content of the file.
        name: Name of the file, for messages.

    Raises:
        UsageError: a row cannot be read, or names an account again; the message names row and column.
    """
    header, *rows = list(csv.reader(text.splitlines())) or [[]]
    if tuple(header) != COLUMNS:
        raise wrong_cell(name, 1, ",".join(header)[:80] or "-", f"the columns are {','.join(COLUMNS)}, in this order")
    if not 0 < len(rows) <= MOST_ROWS:
        raise wrong_cell(name, 1, "account", f"{len(rows)} rows follow, and 1 to {MOST_ROWS} can")
    read = [_row(name, number, cells) for number, cells in enumerate(rows, 2)]
    seen: dict[str, int] = {}
    for it in read:
        if (first := seen.setdefault(it.account, it.row)) != it.row:
            raise wrong_cell(name, it.row, "account", f"{it.account} is in row {first} already")
    return read


def wrong_cell(name: str, row: int, column: str, problem: str) -> UsageError:
    """Return the error of one cell."""
    return UsageError(f"row {row}, column {column} of {name}: {problem}", path=name, row=row, column=column)


def _row(name: str, number: int, cells: Sequence[str]) -> ParticipantRow:
    if len(cells) != len(COLUMNS):
        column = COLUMNS[min(len(cells), len(COLUMNS) - 1)]
        raise wrong_cell(name, number, column, f"the row has {len(cells)} cells, and {len(COLUMNS)} columns")
    account, lei, bic, jurisdiction, agent = (cell.strip() for cell in cells)
    if not account:
        raise wrong_cell(name, number, "account", "write a name or an address")
    # One after the other, so that the column of a mistake is known.
    for column, identity in (("lei", Identity(lei, _ANY_BIC)), ("bic", Identity(_ANY_LEI, bic))):
        try:
            identity.check()
        except UsageError as problem:
            raise wrong_cell(name, number, column, str(problem)) from None
    try:
        country = read_whole(jurisdiction)
    except InvalidNumber:
        country = 0
    if not 0 < country <= _MOST_JURISDICTION:
        words = f"{jurisdiction[:40]!r} is no ISO 3166-1 number from 1 to {_MOST_JURISDICTION}, such as 344"
        raise wrong_cell(name, number, "jurisdiction", words)
    return ParticipantRow(number, account, Identity(lei, bic), country, agent or account)
