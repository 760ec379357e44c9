"""The records of a chain that goes on: those of its audit, and of the present chain alone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pysettle.audit.records.following import followed
from pysettle.audit.records.reading import Records
from pysettle.audit.records.statement import statement, trial_balance
from pysettle.domain.core.contracts import Contracts
from pysettle.errors import AuditFailed
from pysettle.values import Address
from tests.audit.records import ALL, Troubled, check_books, opened


def rows_of(records: Records) -> list[object]:
    """Return all rows."""
    return [*records.transactions(ALL), *records.events(ALL), *records.postings(ALL)]


def following(
    troubled: Troubled, file: Path, labels: Mapping[Address, str] | None = None
) -> AbstractContextManager[Records]:
    """Return the records of the chain, brought up to the head when they are opened."""
    return followed(troubled.demo.chain, b"network", troubled.demo.network.contracts, labels or {}, file)


def read(troubled: Troubled, file: Path) -> list[object]:
    """Return all rows of the chain, after bringing its records up to the head."""
    with following(troubled, file) as records:
        trial_balance(records, ALL)
        return rows_of(records)


def test_the_rows_are_those_of_the_audit(troubled: Troubled, tmp_path: Path) -> None:
    """Whether read at once, or in two parts, with the reasons of refusals."""
    file, demo = tmp_path / "records.sqlite", troubled.demo
    with opened(troubled.index) as audited:
        expected = rows_of(audited)
    assert read(troubled, tmp_path / "at-once.sqlite") == expected
    snapshot = demo.chain.snapshot()
    read(troubled, file)
    demo.network.send(demo.network.currency.transfer(demo.bank, demo.provider.address, 0))
    assert len(read(troubled, file)) > len(expected)
    demo.chain.revert(snapshot)
    with following(troubled, file) as records:
        assert rows_of(records) == expected
        check_books(records, tmp_path)


def test_replaced_blocks_are_taken_back(troubled: Troubled, tmp_path: Path) -> None:
    """A transfer that the chain replaced is on no statement, and the one in its place is."""
    file, demo, currency = tmp_path / "records.sqlite", troubled.demo, troubled.demo.network.currency
    payer, payee = demo.buyers[1].signer, demo.provider.address
    snapshot = demo.chain.snapshot()
    for amount in (5, 7):
        demo.network.send(currency.transfer(payer, payee, amount))
        with following(troubled, file, {payer.address: "payer"}) as records:
            section = next(statement(records, records.owner("payer"), ALL))
            assert [row.amount_units for row in section.rows][-1] == -amount
        demo.chain.revert(snapshot)
        snapshot = demo.chain.snapshot()
    demo.chain.revert(snapshot)
    with opened(troubled.index) as audited:
        assert read(troubled, file) == rows_of(audited)


def test_a_useless_store_is_filled_again(troubled: Troubled, tmp_path: Path) -> None:
    """A damaged file, one of other contracts, and a place where nothing can be written: the rows are right."""
    file, demo = tmp_path / "records.sqlite", troubled.demo
    expected = read(troubled, file)
    content = bytearray(file.read_bytes())
    content[200:4_000] = bytes(3_800)
    file.write_bytes(content)
    assert read(troubled, file) == expected
    with followed(demo.chain, b"another network", Contracts, {}, file) as records:
        assert not list(records.events(ALL))
    assert read(troubled, file) == expected
    (tmp_path / "folder").mkdir()
    assert read(troubled, tmp_path / "folder") == expected


def test_new_names_are_there_at_once(troubled: Troubled, tmp_path: Path) -> None:
    """An account that got a name since the last command is found by it, without a new block."""
    file, account = tmp_path / "records.sqlite", troubled.demo.bank.address
    read(troubled, file)
    with following(troubled, file, {account: "the bank"}) as records:
        assert records.owner("the bank") == account


def test_a_wrong_row_is_no_answer(troubled: Troubled, tmp_path: Path) -> None:
    """The closing balance is that of the books, which every update folds again."""
    file = tmp_path / "records.sqlite"
    read(troubled, file)
    with following(troubled, file) as records:
        records.index.database.execute("UPDATE postings SET amount = '7' WHERE side = 1")
        with pytest.raises(AuditFailed, match="delete the index"):
            trial_balance(records, ALL)
