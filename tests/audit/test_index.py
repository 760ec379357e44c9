"""The index: of one bundle alone, whole or not at all, and with figures that are those of the books."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pysettle.audit.bundle import MANIFEST_FILE, Bundle
from pysettle.audit.records.files import write_file
from pysettle.audit.records.filling import filling
from pysettle.audit.records.index import Index
from pysettle.audit.records.period import Period, seconds
from pysettle.audit.records.reading import Records
from pysettle.audit.records.recording import Recorder
from pysettle.audit.records.roll_forward import roll_forward
from pysettle.audit.records.rows import EventRow, PostingRow, StatementRow, TransactionRow
from pysettle.audit.records.statement import statement, trial_balance
from pysettle.audit.verify import verify
from pysettle.domain.core.contracts import Contracts
from pysettle.errors import AuditFailed, BundleError, UsageError
from pysettle.values import Address
from tests.audit.records import ALL, check_books, opened


def test_the_index_names_the_bundle_and_the_level(settlement_bundle: Bundle, settlement_index: Path) -> None:
    """It has the hash of the manifest's file, the last block, and what the verification came to."""
    with opened(settlement_index) as records:
        position = records.position
    manifest = (settlement_bundle.directory / MANIFEST_FILE).read_bytes()
    assert position.identity == sha256(manifest).hexdigest()
    assert (position.block, position.hash) == (
        len(settlement_bundle.manifest.hashes) - 1,
        settlement_bundle.manifest.hashes[-1],
    )
    assert (position.level, position.verdict) == ("S", "PASSED, level S")


def test_another_bundles_index_is_refused(settlement_bundle: Bundle, settlement_index: Path, tmp_path: Path) -> None:
    """Neither it, nor a file that is no index, nor a place in the bundle is written to."""
    strange, database = tmp_path / "thesis.txt", tmp_path / "other.sqlite"
    strange.write_text("years of work" * 100)
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE works (year)")
    listed = replace(settlement_bundle.manifest, labels={Address(bytes(20)): "somebody else"})
    other = tmp_path / "bundle"
    shutil.copytree(settlement_bundle.directory, other)
    (other / MANIFEST_FILE).write_bytes(listed.to_bytes())
    inside = other / "index.sqlite"
    for file, said in (
        (settlement_index, "another bundle"),
        (strange, "not a database"),
        (database, "another database"),
        (inside, "outside it"),
    ):
        before = file.read_bytes() if file.exists() else None
        with pytest.raises(UsageError, match=said):
            verify(other, level="R", index=file)
        assert (file.read_bytes() if file.exists() else None) == before


def test_without_books_there_is_no_index(settlement_bundle: Bundle, golden_bundle: Bundle, tmp_path: Path) -> None:
    """A lower level, and a bundle without contracts, are refused before anything is verified."""
    file = tmp_path / "index.sqlite"
    with pytest.raises(UsageError, match="level R or more"):
        verify(settlement_bundle.directory, level="H", index=file)
    with pytest.raises(UsageError, match="lists no contract"):
        verify(golden_bundle.directory, index=file)
    assert not file.exists()


def test_a_failed_verification_leaves_no_index(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Without the books at the head nothing is kept."""
    changed, file = tmp_path / "bundle", tmp_path / "index.sqlite"
    shutil.copytree(settlement_bundle.directory, changed)
    (changed / "receipts.rlp").write_bytes(b"")
    assert not verify(changed, level="R", index=file).passed
    assert not file.exists()


def test_an_interrupted_filling_leaves_no_file(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Ctrl-C leaves the folder as it was."""
    file = tmp_path / "index.sqlite"
    with pytest.raises(KeyboardInterrupt), filling(file, settlement_bundle, "R"):
        raise KeyboardInterrupt
    assert not file.exists()


def test_a_time_that_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    """A header has more bits for its time than a file of SQLite."""
    with Index.open(tmp_path / "index.sqlite") as index:
        index.empty()
        recorder = Recorder(index, Contracts())
        with pytest.raises(BundleError, match="beyond 63 bits"):
            recorder.block(1, 2**63, bytes(32))


KILLED = """
import os, signal, sys
from pathlib import Path
from pysettle.audit.records.index import Index
from pysettle.audit.records.recording import Recorder
from pysettle.audit.verify import verify

block, empty = Recorder.block, Index.empty

def small(self):
    # A page or two in memory: the rows go to the file before the end.
    self.database.execute("PRAGMA cache_size = 2")
    empty(self)

def until(self, number, timestamp, block_hash):
    if number == 15:
        os.kill(os.getpid(), signal.SIGKILL)
    block(self, number, timestamp, block_hash)

Index.empty, Recorder.block = small, until
verify(Path(sys.argv[1]), level="R", index=Path(sys.argv[2]))
"""


def test_a_killed_filling_leaves_nothing_that_looks_whole(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """After kill -9 in the middle of the rows the file is no index, and the next run fills it."""
    file = tmp_path / "index.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, settlement_bundle.directory, file], check=False)
    assert done.returncode == -signal.SIGKILL
    assert file.stat().st_size > 2**16, "rows were in the file"
    with Index.open(file) as index:
        assert index.position() is None
    assert verify(settlement_bundle.directory, level="R", index=file).passed
    with opened(file) as records:
        assert records.position.verdict == "PASSED, level R; asked for R"
        assert trial_balance(records, ALL).lines


def test_receipts_alone_give_the_same_rows(settlement_bundle: Bundle, settlement_index: Path, tmp_path: Path) -> None:
    """On R, nobody executes, and the rows are those of S, but for what only an execution or a call tells."""
    file = tmp_path / "index.sqlite"
    verify(settlement_bundle.directory, level="R", index=file)
    with opened(settlement_index) as executed, opened(file) as proven:
        assert list(proven.transactions(ALL)) == list(executed.transactions(ALL))
        assert list(proven.events(ALL)) == list(executed.events(ALL))
        for one, other in zip(proven.postings(ALL), executed.postings(ALL), strict=True):
            assert (one.owner, one.amount, one.counter_owner) == (other.owner, other.amount, other.counter_owner)
            assert one.currency is None


def test_all_questions_and_files_agree(settlement_index: Path, tmp_path: Path) -> None:
    """On a whole settlement, for every account and every asset."""
    with opened(settlement_index) as records:
        check_books(records, tmp_path)


def test_debits_equal_credits(settlement_index: Path) -> None:
    """Over all of the history and over each block, in every currency and in Tokens."""
    with opened(settlement_index) as records:
        for period in (ALL, *(Period(block, block) for block in range(10, records.position.block + 1))):
            for total in trial_balance(records, period).totals:
                assert (total.debits - total.credits, total.opening, total.closing) == (0, 0, 0)
        balances = trial_balance(records, ALL, each_account=True).lines
        held = {(it.asset.symbol, it.purpose): it.closing for it in trial_balance(records, ALL).lines}
    assert sum(it.accounts for it in balances) == len(balances)
    assert held["eCNY", "issuance"] == -sum(units for (asset, name), units in held.items() if name != "issuance")
    assert {name for _, name in held} == {"issuance", "own", "escrow", "redemption", "channel", "claim"}


def test_a_statement_runs_from_opening_to_closing(settlement_index: Path) -> None:
    """A buyer's money: issued, paid into the escrow of the series, returned, redeemed; every line adds up."""
    with opened(settlement_index) as records:
        purchase = next(records.events(ALL, "AND e.name = 'Purchased'"))
        buyer, series = bytes.fromhex(purchase.fields["payer"][2:]), purchase.contract
        money, tokens = statement(records, buyer, ALL)
        rows = list(money.rows)
        assert [(it.event, it.counter_purpose) for it in rows] == [
            ("Transfer", "issuance"),
            ("Transfer", "escrow"),
            ("Transfer", "escrow"),
            ("Transfer", "redemption"),
        ]
        assert rows[1].counterparty == series
        assert rows[1].tx_hash == purchase.tx_hash
        assert [it.balance_units for it in rows] == [sum(it.amount_units or 0 for it in rows[:n]) for n in (1, 2, 3, 4)]
        assert (money.opening, money.closing) == (0, rows[-1].balance_units)
        assert [it.amount_units for it in tokens.rows] == [None] * 4
        (later, *_) = statement(records, buyer, Period(rows[1].block, rows[1].block))
        assert [it.balance_units for it in later.rows] == [rows[1].balance_units]
        assert (later.opening, later.closing) == (rows[0].balance_units, rows[1].balance_units)


def test_the_supply_rolls_forward(settlement_index: Path) -> None:
    """Opening, issued, redeemed and closing; the position of the bank is the supply; the reserve covers it."""
    with opened(settlement_index) as records:
        money, tokens = roll_forward(records, ALL)
        issued = [int(it.fields["amount"]) for it in records.events(ALL, "AND e.name = 'Issued'")]
        assert (money.opening, money.issued, money.closing) == (0, sum(issued), money.issued - money.redeemed)
        assert [*money.positions.values()] == [money.closing]
        assert money.reserve is not None
        assert (money.covered, money.ratio_bps) == (money.reserve.amount, 10_000)
        assert (tokens.issued, tokens.closing, tokens.reserve) == (tokens.redeemed, 0, None)
        before, after = (roll_forward(records, it)[0] for it in (Period(0, 15), Period(16, 2**62)))
        assert (before.closing, after.closing) == (after.opening, money.closing)
        assert before.postings + after.postings == money.postings
        assert (before.hash_total + after.hash_total) % 2**256 == money.hash_total


@pytest.mark.parametrize("end", [".csv", ".jsonl"])
def test_files_hold_what_the_books_hold(settlement_index: Path, tmp_path: Path, end: str) -> None:
    """Read back by readers of others, a file has every row, exact amounts, and the totals of the trial balance."""
    file = tmp_path / f"postings{end}"
    with opened(settlement_index) as records:
        count = write_file(file, PostingRow, records.postings(ALL))
        totals = {f"0x{it.asset.address.hex()}": it.debits for it in trial_balance(records, ALL).totals}
        hashes = {f"0x{it.asset.address.hex()}": it.hash_total for it in roll_forward(records, ALL)}
        for kind, rows in ((TransactionRow, records.transactions(ALL)), (EventRow, records.events(ALL))):
            assert write_file(tmp_path / f"{kind.__name__}{end}", kind, rows) > 100
    read = _csv(file) if end == ".csv" else [json.loads(line) for line in file.read_text().splitlines()]
    assert len(read) == count
    debits, found = defaultdict[str, int](int), defaultdict[str, int](int)
    for it in read:
        amount = int(it["amount_units"] or it["amount_tokens"])
        debits[it["asset"]] += max(0, amount)
        text = ",".join(
            [*(it[name] for name in ("block", "log_index", "side", "asset", "purpose", "owner")), str(amount)]
        )
        found[it["asset"]] += int(sha256(text.encode()).hexdigest(), 16)
        assert len(it["tx_hash"]) == 66
    assert debits == totals
    assert {asset: total % 2**256 for asset, total in found.items()} == hashes


def _csv(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_file_is_not_replaced(settlement_index: Path, tmp_path: Path) -> None:
    """Nor is one of another form written, nor does a failure leave a part of one."""
    (tmp_path / "there.csv").write_text("years of work")
    with opened(settlement_index) as records:
        for name in ("there.csv", "rows.xlsx", "no-folder/rows.csv"):
            with pytest.raises(UsageError):
                write_file(tmp_path / name, PostingRow, records.postings(ALL))
    assert [it.name for it in tmp_path.iterdir()] == ["there.csv"]


def _statements(records: Records) -> None:
    for (owner,) in records.index.rows("SELECT DISTINCT owner FROM accounts"):
        for section in statement(records, owner, ALL):
            list[StatementRow](section.rows)


PLANTED: dict[str, tuple[str, Callable[[Records], object]]] = {
    "a wrong amount, and a statement": ("UPDATE postings SET amount = '7' WHERE block = 23", _statements),
    "a skipped posting, and a statement": ("DELETE FROM postings WHERE block = 23 AND side = 1", _statements),
    "a skipped posting, and the trial balance": (
        "DELETE FROM postings WHERE block = 23 AND side = 1",
        lambda records: trial_balance(records, ALL),
    ),
    "a skipped account, and the trial balance": (
        "DELETE FROM postings WHERE account IN (SELECT id FROM accounts WHERE purpose = 'escrow')",
        lambda records: trial_balance(records, ALL),
    ),
    "a posting on another account, and the trial balance": (
        "UPDATE postings SET account = 1 + account % 4 WHERE block = 23",
        lambda records: trial_balance(records, Period(0, 12)),
    ),
    "a skipped issuance, and the roll-forward": (
        "UPDATE events SET name = 'Other' WHERE (block, log) IN "
        "(SELECT block, log FROM events WHERE name = 'Issued' LIMIT 1)",
        lambda records: roll_forward(records, ALL),
    ),
    "a skipped transfer to nobody, and the roll-forward": (
        "DELETE FROM postings WHERE (account, block, log) IN (SELECT p.account, p.block, p.log FROM postings p "
        "JOIN accounts a ON a.id = p.account WHERE a.purpose = 'issuance' LIMIT 1)",
        lambda records: roll_forward(records, ALL),
    ),
}


@pytest.mark.parametrize("about", PLANTED)
def test_a_wrong_row_is_no_answer(settlement_index: Path, tmp_path: Path, about: str) -> None:
    """Each question refuses an index that is not that of the books."""
    statement_, ask = PLANTED[about]
    file = Path(shutil.copy(settlement_index, tmp_path))
    with opened(file) as records:
        ask(records)
        assert records.index.database.execute(statement_).rowcount > 0
        with pytest.raises(AuditFailed, match="delete the index"):
            ask(records)


def test_a_period_is_of_days_of_any_zone(settlement_index: Path) -> None:
    """A day of UTC+8 begins eight hours before that of UTC; both ends are in the period; other words are refused."""
    with opened(settlement_index) as records:
        times = dict(records.index.rows("SELECT number, time FROM blocks"))
        for begin, end in (("2026-03-04", None), (None, "2026-03-04"), ("2026-03-04+08:00", "2026-03-04+08:00")):
            period = Period.of(records.index, begin=begin, end=end)
            first = seconds(begin)[0] if begin else 0
            last = seconds(end)[1] if end else 2**62
            assert [it for it in times if period.first <= it <= period.last] == [
                number for number, time in times.items() if first <= time < last
            ]
        with pytest.raises(UsageError, match="after the last one"):
            Period.of(records.index, block=10**6)
    assert seconds("2026-03-04")[0] - seconds("2026-03-04+08:00")[0] == 8 * 3_600
    for text in ("yesterday", "2026-13-01", "2026-03-04T08:00:00", "\uff12026-03-04", ""):
        with pytest.raises(UsageError, match="no day"):
            seconds(text)
