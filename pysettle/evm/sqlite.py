"""A chain in one SQLite file: py-evm's database of keys and values, written one transaction a block.

This module knows keys and values, the lock of the writer, and the defects of a file; it knows no blocks. One writer
holds the file for as long as it is open, since it keeps the head in memory. Readers see the chain at the time of their
opening, and neither wait for a writer nor delay one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from zlib import crc32

from eth.db.backends.base import BaseDB

from pysettle.errors import (
    ChainFileDamaged,
    ChainFileError,
    ChainFileFull,
    ChainFileInvalid,
    ChainFileReadOnly,
    ChainFileTooNew,
)
from pysettle.evm.lock import WriterLock

APPLICATION_ID = int.from_bytes(b"pSet", "big")
"""Number in the header of an SQLite file that identifies its application."""
VERSION = 1
"""Version of the table below, in the file's `user_version`."""

_SCHEMA = "CREATE TABLE entry (key BLOB PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"
_SELECT = "SELECT value, checksum FROM entry WHERE key = ?"
_EXISTS = "SELECT 1 FROM entry WHERE key = ?"
_NEIGHBOURS = (
    "SELECT * FROM (SELECT * FROM entry WHERE key < ?1 ORDER BY key DESC LIMIT 1)"
    " UNION ALL SELECT * FROM (SELECT * FROM entry WHERE key > ?1 ORDER BY key LIMIT 1)"
)
_INSERT = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)"
_DELETE = "DELETE FROM entry WHERE key = ?"
_BUSY_TIMEOUT_S = 5
"""Longest wait for SQLite's own short locks: another process may be recovering the file after a crash."""


class SqliteDatabase(BaseDB):
    """Keys and values in a file. All values set inside `transaction()` are stored, or none.

    Every row carries a checksum, so that a changed byte is an error where it is read, or looked for, and never a wrong
    balance.
    One thread writes. Others may read meanwhile what never changes, such as the nodes of a state trie.
    """

    def __init__(self, file: Path, *, read_only: bool = False, create: bool = False, wait_s: float = 10) -> None:
        """Open a file, and take its lock to write.

        Args:
            file: The database; SQLite keeps `-wal` and `-shm` beside it while it is open, the lock is in `.lock`.
            read_only: Read the file in its present state, even if another process writes to it meanwhile.
            create: Make the file where there is none, or an empty one.
            wait_s: Longest wait for another writer to end, in seconds.

        Raises:
            ChainFileLocked: another process has been writing for longer than that.
            ChainFileError: the file is missing, or cannot be used, as its kind states.
        """
        assert not (read_only and create), "a file that is only read is not made"
        self.file = file
        self.read_only = read_only
        self._pending: dict[bytes, bytes | None] | None = None
        if not create and not file.is_file():
            raise ChainFileInvalid(file, "there is no such file")
        if not read_only and file.exists() and not os.access(file, os.W_OK):
            raise ChainFileReadOnly(file)
        self._lock = None if read_only else WriterLock(file, wait_s)
        try:
            self._connection = self._connect(create)
        except BaseException:
            self._release()
            raise

    # py-evm's interface

    def __getitem__(self, key: bytes) -> bytes:
        entries = self._pending  # a copy of the name: the writer may end its transaction while another thread reads
        if entries is not None and key in entries:
            pending = entries[key]
            if pending is None:
                raise KeyError(key)
            return pending
        rows = self._rows(_SELECT, key)
        if not rows:
            self._check_missing(key)
            raise KeyError(key)
        value, checksum = cast(tuple[bytes, int], rows[0])
        self._check_entry(key, value, checksum)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._set(key, value)

    def __delitem__(self, key: bytes) -> None:
        if key not in self:
            raise KeyError(key)
        self._set(key, None)

    def _exists(self, key: bytes) -> bool:
        entries = self._pending
        if entries is not None and key in entries:
            return entries[key] is not None
        if self._rows(_EXISTS, key):
            return True
        self._check_missing(key)
        return False

    def _check_missing(self, key: bytes) -> None:
        """Check that the key is not there, rather than there with a changed byte.

        An entry with a damaged key stays at its place in the order, so that a search for its key ends beside it.
        """
        for neighbour in self._rows(_NEIGHBOURS, key):
            self._check_entry(*neighbour)

    def _check_entry(self, key: object, value: object, checksum: object) -> None:
        """Check an entry as it was read: a changed byte in the header of its record makes other things of bytes."""
        if not isinstance(key, bytes) or not isinstance(value, bytes):
            raise ChainFileDamaged(self.file, "an entry is no bytes")
        if _checksum(key, value) != checksum:
            raise ChainFileDamaged(self.file, f"the entry 0x{key.hex()} differs from its checksum")

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything set and deleted inside, durably and at once; on any error keep nothing.

        Reads inside see the new values. Nothing is written before the end, so that a block is computed without a lock
        on the file.

        Raises:
            ChainFileReadOnly: opened to read only, or the file cannot be written.
            ChainFileFull: no space is left; the file is as it was.
        """
        assert self._pending is None, "transactions do not nest"
        if self.read_only:
            raise ChainFileReadOnly(self.file)
        self._pending = {}
        try:
            yield
            self._commit(self._pending)
        finally:
            self._pending = None

    def _set(self, key: bytes, value: bytes | None) -> None:
        if self._pending is not None:
            self._pending[key] = value
        else:
            with self.transaction():
                self._set(key, value)

    def _commit(self, entries: dict[bytes, bytes | None]) -> None:
        connection = self._connection
        rows = [(key, value, _checksum(key, value)) for key, value in entries.items() if value is not None]
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, rows)
            connection.executemany(_DELETE, [(key,) for key, value in entries.items() if value is None])
            connection.execute("COMMIT")
        except sqlite3.Error as problem:
            with suppress(sqlite3.Error):
                connection.rollback()
            raise self._error(problem) from problem

    def close(self) -> None:
        """Close the file and give up its lock; closing again does nothing."""
        self._connection.close()
        self._release()

    def __enter__(self) -> SqliteDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Opening

    def _connect(self, create: bool) -> sqlite3.Connection:
        try:
            return self._open(create)
        except sqlite3.OperationalError as problem:
            # On a read-only medium SQLite cannot make its `-shm`; without a `-wal` there is nothing it would be for.
            if self.read_only and not self._has_wal() and not os.access(self.file.parent, os.W_OK):
                return self._open(create, immutable=True)
            raise self._error(problem) from problem
        except sqlite3.Error as problem:
            raise self._error(problem) from problem

    def _has_wal(self) -> bool:
        """Whether there are blocks beside the file that are not in it yet."""
        wal = self.file.with_name(self.file.name + "-wal")
        return wal.exists() and wal.stat().st_size > 0

    def _open(self, create: bool, immutable: bool = False) -> sqlite3.Connection:
        mode = "ro" if self.read_only else "rwc" if create else "rw"
        uri = f"{self.file.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            if create and _is_empty(connection):
                _begin(connection)
            self._check(connection)
            # A block that was reported as sealed is final: it outlives a loss of power too.
            connection.execute("PRAGMA synchronous = FULL")
            if self.read_only:
                connection.execute("BEGIN")
                connection.execute(_EXISTS, (b"",)).fetchone()  # the view is taken by the first read
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        application, version = (_pragma(connection, name) for name in ("application_id", "user_version"))
        if application != APPLICATION_ID:
            raise ChainFileInvalid(self.file, "it is empty, or the database of another program")
        if version > VERSION:
            raise ChainFileTooNew(self.file, version, VERSION)
        # SQLite itself notices missing pages, not a last one that lacks its end. After a crash the `-wal` may have it.
        if self.file.stat().st_size % _pragma(connection, "page_size") and not self._has_wal():
            raise ChainFileDamaged(self.file, "it ends in the middle of a page")

    def _rows(self, statement: str, key: bytes) -> list[Any]:
        try:
            return self._connection.execute(statement, (key,)).fetchall()
        except sqlite3.Error as problem:
            raise self._error(problem) from problem

    def _error(self, problem: sqlite3.Error) -> ChainFileError:
        """Return the meaning of SQLite's error for the user of the file."""
        # The low byte is the kind; the others name the place in SQLite.
        match getattr(problem, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_NOTADB:
                return ChainFileInvalid(self.file, "it is not a SQLite database")
            case sqlite3.SQLITE_CORRUPT:
                return ChainFileDamaged(self.file, str(problem))
            case sqlite3.SQLITE_READONLY:
                return ChainFileReadOnly(self.file)
            case sqlite3.SQLITE_FULL:
                return ChainFileFull(self.file)
            case _:
                return ChainFileError(self.file, f"it cannot be read or written: {problem}", "look at the disk")

    def announce(self, url: str) -> None:
        """Tell other processes where this one serves the file, which it holds to write, as long as it is open."""
        assert self._lock is not None, "a file that is only read is served by nobody"
        self._lock.announce(url)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _checksum(key: bytes, value: bytes) -> int:
    return crc32(value, crc32(key))


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nothing is stored yet: no file, or a file with a header alone after its creation was killed."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables and not _pragma(connection, "application_id")


def _begin(connection: sqlite3.Connection) -> None:
    """Make the table of a new file, whole or not at all."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_SCHEMA)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
