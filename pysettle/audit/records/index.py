"""The index: one SQLite file with the rows of a history, disposable, since the history alone counts.

A filling is one transaction, from the emptied tables to the position: the last block, its hash and the level that its
verification reached. A process that is killed therefore leaves an index that is empty, or the one before. SQLite rolls
the rest back when the file is opened again.

Amounts are decimal text: SQLite's integers end at 63 bits.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pysettle.errors import UsageError

FORM = "3"
"""Form of the tables; a file of another form is filled again."""
_WAIT_S = 10.0
"""Longest wait for another process that fills the file."""
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE blocks (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, hash BLOB NOT NULL);
CREATE TABLE contracts (address BLOB PRIMARY KEY, name TEXT NOT NULL, currency BLOB, symbol TEXT) WITHOUT ROWID;
CREATE TABLE labels (account BLOB PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE transactions (
    block INTEGER, place INTEGER, hash BLOB NOT NULL, sender BLOB, receiver BLOB, created BLOB, nonce TEXT, value TEXT,
    function TEXT, succeeded INTEGER NOT NULL, gas TEXT NOT NULL, error TEXT, revert BLOB, PRIMARY KEY (block, place)
) WITHOUT ROWID;
CREATE INDEX by_hash ON transactions (hash);
CREATE TABLE events (
    block INTEGER, log INTEGER, place INTEGER NOT NULL, emitter BLOB NOT NULL, name TEXT NOT NULL,
    topics BLOB NOT NULL, data BLOB NOT NULL, PRIMARY KEY (block, log)
) WITHOUT ROWID;
CREATE TABLE mentions (value BLOB, block INTEGER, log INTEGER, PRIMARY KEY (value, block, log)) WITHOUT ROWID;
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, asset BLOB NOT NULL, purpose TEXT NOT NULL, owner BLOB NOT NULL, closing TEXT,
    UNIQUE (owner, asset, purpose)
);
CREATE TABLE postings (
    account INTEGER, block INTEGER, log INTEGER, side INTEGER, amount TEXT NOT NULL, counter INTEGER,
    PRIMARY KEY (account, block, log, side)
) WITHOUT ROWID;
CREATE INDEX by_place ON postings (block, log, side);
CREATE TABLE powers (
    kind TEXT NOT NULL, contract BLOB NOT NULL, account BLOB NOT NULL, block INTEGER NOT NULL, time INTEGER NOT NULL,
    sender BLOB, role TEXT, function TEXT NOT NULL, until_block INTEGER, until_time INTEGER
);
CREATE TABLE notices (block INTEGER NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL);
"""
_NAMES = frozenset(re.findall(r"CREATE TABLE (\w+)", _TABLES))


class IndexUnusable(UsageError):
    """The file of an index is damaged, something else, or cannot be opened or written."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index goes, and of which history it is."""

    identity: str
    """Hash of the manifest as hex; of a workspace, its deployment."""
    block: int
    """Last block."""
    hash: bytes
    """Hash of that block."""
    level: str
    """Level that the verification reached; empty for the chain of a workspace, which nobody verified."""
    verdict: str
    """The verdict of that verification; empty likewise."""


class Index:
    """An open index."""

    def __init__(self, database: sqlite3.Connection, file: Path) -> None:
        """Use an open database."""
        self.database, self.file = database, file
        database.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]  # its values are text

    @classmethod
    @contextmanager
    def open(cls, file: Path) -> Iterator[Index]:
        """Open an index, or an empty file for one.

        Raises:
            IndexUnusable: the file is something else, or cannot be opened or written; or that happens in the block.
        """
        try:
            with closing(sqlite3.connect(file, timeout=_WAIT_S, isolation_level=None)) as database:
                index = cls(database, file)
                index._check_tables()
                yield index
        except sqlite3.Error as problem:
            raise IndexUnusable(f"the index {file} cannot be used ({problem}): name another file", path=file) from None

    def _check_tables(self) -> None:
        tables = {name for (name,) in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not ("meta" in tables and tables <= _NAMES):
            raise IndexUnusable(
                f"{self.file} is another database, and is not changed: name another file", path=self.file
            )

    def position(self) -> Position | None:
        """Return how far the index goes; None if it is empty, or of another form."""
        try:
            stated = dict(self.database.execute("SELECT name, value FROM meta"))
        except sqlite3.OperationalError as problem:
            if "no such table" not in str(problem):
                raise
            return None
        if stated.get("form") != FORM or "block" not in stated:
            return None
        return Position(
            stated["identity"],
            int(stated["block"]),
            bytes.fromhex(stated["hash"]),
            stated["level"],
            stated["verdict"],
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Change the index in the block as a whole, or not at all if the block fails."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.database.execute("COMMIT")
        except BaseException:
            # A full disk has rolled it back already.
            with suppress(sqlite3.OperationalError):
                self.database.execute("ROLLBACK")
            raise

    def empty(self) -> None:
        """Make all tables anew."""
        for (name,) in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self.database.execute(f'DROP TABLE "{name}"')
        for statement in filter(str.strip, _TABLES.split(";")):
            self.database.execute(statement)

    def settle(self, position: Position) -> None:
        """Write how far the rows of this transaction go."""
        stated = {
            "form": FORM,
            "identity": position.identity,
            "block": str(position.block),
            "hash": position.hash.hex(),
            "level": position.level,
            "verdict": position.verdict,
        }
        self.database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", stated.items())

    def rows(self, statement: str, arguments: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, each as it is read."""
        return iter(self.database.execute(statement, tuple(arguments)))


class _ExactSum:
    """The sum of decimal texts, as SQLite's aggregate; it has no bound, and nothing is rounded."""

    def __init__(self) -> None:
        self._sum = 0

    def step(self, text: str) -> None:
        """Add one."""
        self._sum += int(text)

    def finalize(self) -> str:
        """Return the sum."""
        return str(self._sum)
