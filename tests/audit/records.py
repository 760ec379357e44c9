"""An index of a bundle, opened as questions open it, and the books behind it checked by every question at once."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pysettle.audit.records.files import write_file
from pysettle.audit.records.index import Index
from pysettle.audit.records.period import Period
from pysettle.audit.records.reading import Records
from pysettle.audit.records.roll_forward import roll_forward
from pysettle.audit.records.rows import PostingRow, StatementRow
from pysettle.audit.records.statement import statement, trial_balance
from pysettle.errors import ContractReverted
from pysettle.scenarios.demo import Demo

ALL = Period()
"""All of a history."""


@dataclass(frozen=True)
class Troubled:
    """A history with an administrator that seizes, and with attempts that were refused."""

    demo: Demo
    bundle: Path
    index: Path
    refused: list[ContractReverted]
    seized_in: int
    revoked_in: int


@contextmanager
def opened(file: Path) -> Iterator[Records]:
    """Yield the records of an index that is filled."""
    with Index.open(file) as index:
        position = index.position()
        assert position is not None
        yield Records(index, position)


def check_books(records: Records, folder: Path) -> None:
    """Require that all questions and files about the books agree.

    Debits equal credits, every statement closes at the balance of the ledger, supply rolls forward, and the totals of
    a file of postings, and of the statements of all accounts, are those of the trial balance.
    """
    expected = {f"0x{it.asset.address.hex()}": it.debits for it in trial_balance(records, ALL).totals}
    roll_forward(records, ALL)
    file = folder / "all-postings.csv"
    count = write_file(file, PostingRow, records.postings(ALL))
    with file.open(newline="") as stream:
        assert _debits(csv.DictReader(stream)) == {asset: total for asset, total in expected.items() if total}
    for giving, getting in batched(it for it in records.postings(ALL) if it.counter_owner is not None):
        assert (giving.log_index, giving.asset, giving.amount) == (getting.log_index, getting.asset, -getting.amount)
    nets = defaultdict[tuple[int, int, bytes], int](int)
    for it in records.postings(ALL):
        if it.counter_owner is None:
            nets[it.block, it.log_index, it.asset] += it.amount
    assert not any(nets.values())
    owners = [owner for (owner,) in records.index.rows("SELECT DISTINCT owner FROM accounts")]
    sections = (section for owner in owners for section in statement(records, owner, ALL))
    rows = sorted(
        (row for section in sections for row in section.rows), key=lambda it: (it.block, it.log_index, it.side)
    )
    assert write_file(folder / "all-statements.csv", StatementRow, rows) == count
    with (folder / "all-statements.csv").open(newline="") as stream:
        assert _debits(csv.DictReader(stream)) == {asset: total for asset, total in expected.items() if total}


def batched(postings: Iterator[PostingRow]) -> Iterator[tuple[PostingRow, PostingRow]]:
    """Yield postings two by two: the sides of one movement, which no handler tears apart."""
    return zip(postings, postings, strict=True)


def _debits(rows: csv.DictReader[str]) -> dict[str, int]:
    """Return asset -> sum of the debits in a file that somebody else reads."""
    found = defaultdict[str, int](int)
    for row in rows:
        found[row["asset"]] += max(0, int(row["amount_units"] or row["amount_tokens"]))
    return dict(found)
