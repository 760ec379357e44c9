"""The store of read models: lists, folded once from the events of a chain, and stored between commands.

The store is one SQLite file, which may be deleted at any time: only the chain counts. Damaged entries, and entries of
another form or deployment, are folded again. An entry is a key with a value, and has a version for each block that
changed it, so that a replaced block is reverted by deleting its versions. The store records the last read blocks by
number and hash; a hash commits to all blocks before it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pysettle.client.core.blocks import block_at, is_on_chain
from pysettle.domain.core import events
from pysettle.domain.core.events import Event
from pysettle.errors import ChainError, ChainUnreachable
from pysettle.evm.backend import Block, Log
from pysettle.evm.transactions import TransactionSender
from pysettle.values import Address

KEPT_BLOCKS = 64
"""Latest blocks that can be reverted singly: two epochs, after which Ethereum's blocks are final."""
WAIT_S = 10.0
"""Longest wait for another command that folds into the file; after that a command folds for itself, in memory."""
_MOMENT_S = 0.2
"""Longest wait of a reader of the store."""

Value = dict[str, Any]
"""The value of an entry, as JSON has it."""
Entries = dict[bytes, Value]
"""Key -> value of the entries of a read model, in the order in which their first events were emitted."""

_TABLES = """
CREATE TABLE identity (text TEXT NOT NULL);
CREATE TABLE marks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE versions (
    model TEXT NOT NULL, key BLOB NOT NULL, block INTEGER NOT NULL, place INTEGER NOT NULL, value BLOB NOT NULL,
    digest BLOB NOT NULL, PRIMARY KEY (model, key, block)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Entries that events of some kinds make and change."""

    name: str
    """Its name; a network has one of each."""
    form: int
    """Number of the form of its values, raised when that changes: entries of another form are folded again."""
    kinds: tuple[type[Event], ...]
    """The kinds of events."""
    emitters: Callable[[Callable[[str], Entries]], Sequence[Address]]
    """Given the entries of the earlier models by name: returns the contracts with events that count."""
    key: Callable[[Address, Any], bytes]
    """Given an emitter and its event: returns the key of the entry that the event is about."""
    fold: Callable[[Value | None, Any, Address, TransactionSender], Value]
    """Given the value before an event, None without an entry, the event, its emitter, and a function that reads state
    without events: returns the value."""


class _Damaged(Exception):
    """A row differs from the written one."""


class Store:
    """The read models of one network."""

    def __init__(
        self,
        sender: TransactionSender,
        models: Sequence[ReadModel],
        *,
        identity: str,
        first_block: int,
        file: Path | None = None,
    ) -> None:
        """Prepare the store; this reads no events.

        Args:
            sender: Source of events, which also makes reads.
            models: The read models, each after those that name its emitters.
            identity: Identifies the network; entries of another network are folded again.
            first_block: First block that may hold their events, such as that of the deployment.
            file: File for entries between commands; None for memory alone.
        """
        self._sender, self._models, self._first, self._file = sender, models, first_block, file
        self._chain = sender.chain
        forms = {model.name: model.form for model in models}
        self._identity = json.dumps([identity, first_block, forms])
        self._memory: sqlite3.Connection | None = None

    def read(self, *names: str) -> tuple[Entries, ...]:
        """Return the entries of read models at the head of the chain, after folding new events.

        Args:
            names: Names of the models.

        Raises:
            ChainUnreachable: the node does not answer.
        """
        for _ in range(2):
            if self._file is None:
                break
            try:
                return self._in_file(self._file, names)
            except sqlite3.OperationalError as problem:
                if "locked" in str(problem):
                    break
                self._file = _removed(self._file)
            except (_Damaged, sqlite3.DatabaseError, ValueError):
                self._file = _removed(self._file)
        if self._memory is None:
            self._memory = sqlite3.connect(":memory:", isolation_level=None)
        return self._read(self._memory, names)

    def _in_file(self, file: Path, names: Sequence[str]) -> tuple[Entries, ...]:
        with closing(sqlite3.connect(file, timeout=WAIT_S, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = NORMAL")
            return self._read(database, names)

    def _read(self, database: sqlite3.Connection, names: Sequence[str]) -> tuple[Entries, ...]:
        """Fold and read in one transaction, so that another command's blocks do not come between."""
        with _transaction(database):
            self._prepare(database)
            self._update(database)
            return tuple(_entries(database, name) for name in names)

    def _prepare(self, database: sqlite3.Connection) -> None:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        is_ours = tables == {"identity", "marks", "versions"}
        if is_ours and database.execute("SELECT text FROM identity").fetchall() == [(self._identity,)]:
            return
        for name in tables:
            database.execute(f'DROP TABLE "{name}"')
        for statement in filter(str.strip, _TABLES.split(";")):
            database.execute(statement)
        database.execute("INSERT INTO identity VALUES (?)", (self._identity,))

    def _update(self, database: sqlite3.Connection) -> None:
        """Revert replaced blocks, then fold until the head is read."""
        while True:
            height = self._take_back(database)
            head = self._chain.block()
            if height >= head.number:
                return
            # The latest blocks are read singly, so that each of them can be reverted alone.
            settled = head.number - KEPT_BLOCKS
            last = block_at(self._chain, settled) if height < settled else head
            if last is not None:
                self._fold(database, height, last)

    def _take_back(self, database: sqlite3.Connection) -> int:
        """Delete entries of replaced blocks; return the number of the last read block that is on the chain."""
        for number, known in database.execute("SELECT number, hash FROM marks ORDER BY number DESC").fetchall():
            block = block_at(self._chain, number)
            if block is not None and block.hash == known:
                database.execute("DELETE FROM marks WHERE number > ?", (number,))
                database.execute("DELETE FROM versions WHERE block > ?", (number,))
                return int(number)
        database.execute("DELETE FROM marks")
        database.execute("DELETE FROM versions")
        return self._first - 1

    def _fold(self, database: sqlite3.Connection, height: int, last: Block) -> None:
        """Fold the blocks after a height up to a block, unless the chain changes meanwhile."""
        (oldest,) = database.execute("SELECT MIN(number) FROM marks").fetchone()
        database.execute("SAVEPOINT fold")
        try:
            for model in self._models:
                for log, event in self._events(database, model, height + 1, last.number):
                    _put(database, model, log, event, self._sender)
                    _settle(database, model, model.key(log.address, event), last.number if oldest is None else oldest)
            stands = is_on_chain(self._chain, last.number, last.hash)
        except ChainUnreachable:
            raise
        except ChainError:
            # A reverted contract gives no answer; any other failure occurs again on an unchanged chain.
            if stands := is_on_chain(self._chain, last.number, last.hash):
                raise
        if stands:
            database.execute("INSERT INTO marks VALUES (?, ?)", (last.number, last.hash))
            # Marks serve the replacement of at most as many blocks as are stored singly.
            database.execute(
                "DELETE FROM marks WHERE number < (SELECT MAX(number) FROM marks WHERE number <= ?)",
                (last.number - KEPT_BLOCKS,),
            )
        else:
            database.execute("ROLLBACK TO fold")
        database.execute("RELEASE fold")

    def _events(
        self, database: sqlite3.Connection, model: ReadModel, first: int, last: int
    ) -> Iterator[tuple[Log, Event]]:
        emitters = model.emitters(lambda name: _entries(database, name))
        if not emitters:
            return
        topics = events.topics(*model.kinds)
        for log in self._chain.logs(from_block=first, to_block=last, addresses=emitters, topics=topics):
            event = events.decode(log.topics, log.data)
            if isinstance(event, model.kinds):
                yield log, event


def _entries(database: sqlite3.Connection, model: str) -> Entries:
    """Return the entries of a model at the last read block.

    Raises:
        _Damaged: an entry differs from the written one.
    """
    rows = database.execute(
        "SELECT key, MAX(block), place, value, digest FROM versions WHERE model = ? GROUP BY key ORDER BY place",
        (model,),
    )
    entries = {}
    for key, block, place, value, digest in rows:
        if _digest(model, key, block, place, value) != digest:
            raise _Damaged
        entries[key] = json.loads(value)
    return entries


def kept(file: Path, model: str) -> Entries:
    """Return the entries of a read model in a store; none if there is no store, or it is damaged.

    The chain is not read: later blocks are not in them.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_MOMENT_S)) as database:
            return _entries(database, model)
    except (_Damaged, sqlite3.Error, ValueError):
        return {}


def _put(database: sqlite3.Connection, model: ReadModel, log: Log, event: Event, sender: TransactionSender) -> None:
    key = model.key(log.address, event)
    row = database.execute(
        "SELECT block, place, value, digest FROM versions WHERE model = ? AND key = ? ORDER BY block DESC LIMIT 1",
        (model.name, key),
    ).fetchone()
    before, place = None, log.block_number << 32 | log.log_index
    if row is not None:
        block, place, value, digest = row
        if _digest(model.name, key, block, place, value) != digest:
            raise _Damaged
        before = json.loads(value)
    value = json.dumps(model.fold(before, event, log.address, sender)).encode()
    row = model.name, key, log.block_number, place, value
    database.execute("INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?)", (*row, _digest(*row)))


def _settle(database: sqlite3.Connection, model: ReadModel, key: bytes, oldest: int) -> None:
    """Forget the versions of an entry that only a replacement of blocks before the oldest mark would need."""
    database.execute(
        "DELETE FROM versions WHERE model = ?1 AND key = ?2 AND block < "
        "(SELECT MAX(block) FROM versions WHERE model = ?1 AND key = ?2 AND block <= ?3)",
        (model.name, key, oldest),
    )


def _digest(model: str, key: bytes, block: int, place: int, value: bytes) -> bytes:
    return hashlib.blake2b(repr((model, key, block, place, value)).encode(), digest_size=16).digest()


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Lock the store against other writers, and commit all changes or none."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.execute("COMMIT")


def _removed(file: Path) -> Path | None:
    """Remove a store that cannot be used; return None if that is not allowed."""
    try:
        for leftover in (file, file.with_name(file.name + "-journal")):
            leftover.unlink(missing_ok=True)
    except OSError:
        return None
    return file
