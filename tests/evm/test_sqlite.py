"""A chain in a file: the same chain when it is opened again, one writer, and one clear error for each unfit file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pysettle.errors import (
    ChainFileDamaged,
    ChainFileError,
    ChainFileFull,
    ChainFileInvalid,
    ChainFileLocked,
    ChainFileReadOnly,
    ChainFileTooNew,
)
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.sqlite import VERSION, SqliteDatabase
from pysettle.evm.transactions import relay
from tests.chance import chance
from tests.evm.accounts import ALICE, BOB, deploy, genesis, sign, word
from tests.evm.bytecode import RECORDER, REVERTER, creation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that holds a chain of some blocks, closed."""
    path = tmp_path / "chain.sqlite"
    with SqliteDatabase(path, create=True) as database:
        chain = EmbeddedChain(genesis(), database=database)
        recorder, reverter = deploy(chain, creation(RECORDER)), deploy(chain, creation(REVERTER))
        for number in range(10):
            chain.submit([sign(chain, ALICE, recorder, word(number)), sign(chain, BOB, reverter, b"no")])
        chain.clock.advance(77)
    return path


@pytest.fixture
def writer(file: Path) -> Iterator[EmbeddedChain]:
    """Yield the chain in the file, open to write."""
    with SqliteDatabase(file) as database:
        yield EmbeddedChain(genesis(), database=database)


def read(file: Path) -> EmbeddedChain:
    """Return the chain in the file, open to read; the file is closed when it is collected."""
    return EmbeddedChain(genesis(), database=SqliteDatabase(file, read_only=True))


# Opening again


def test_a_reopened_file_is_the_same_chain(tmp_path: Path) -> None:
    """Head, clock, receipts with their revert data, logs and state are those it was closed with."""
    memory = EmbeddedChain(genesis())
    path = tmp_path / "chain.sqlite"
    with SqliteDatabase(path, create=True) as database:
        in_file = EmbeddedChain(genesis(), database=database)
        for chain in (memory, in_file):
            recorder, reverter = deploy(chain, creation(RECORDER)), deploy(chain, creation(REVERTER))
            chain.submit([sign(chain, ALICE, recorder, word(1)), sign(chain, BOB, reverter, b"no")])
            chain.clock.advance(77)
    with SqliteDatabase(path) as database:
        again = EmbeddedChain(genesis(), database=database)
        assert again.block() == memory.block()
        assert again.clock.now() == memory.clock.now()
        assert [again.receipts(number) for number in range(4)] == [memory.receipts(number) for number in range(4)]
        assert list(again.logs()) == list(memory.logs())
        assert again.balance(ALICE) == memory.balance(ALICE)
        assert again.seal() == memory.seal()


def test_a_closed_chain_is_one_file(file: Path) -> None:
    """Nothing of the chain is outside its file when nobody has it open: it can be copied alone."""
    alone = file.with_name("copy.sqlite")
    shutil.copy(file, alone)
    assert {path.name for path in file.parent.iterdir()} == {"chain.sqlite", "chain.sqlite.lock", "copy.sqlite"}
    assert read(alone).block() == read(file).block()


def test_opening_writes_nothing(file: Path) -> None:
    """A chain that has begun is opened, to write too, without a byte changed."""
    before = file.read_bytes()
    with SqliteDatabase(file) as database:
        EmbeddedChain(genesis(), database=database)
    assert file.read_bytes() == before


# All or nothing


def test_a_failed_transaction_keeps_nothing(file: Path) -> None:
    """What was set and deleted before an error is neither in the file nor seen."""
    with SqliteDatabase(file) as database:
        database[b"kept"] = b"1"

        def spoil() -> None:
            with database.transaction():
                database[b"new"] = b"2"
                del database[b"kept"]
                assert database[b"new"] == b"2"
                assert b"kept" not in database
                raise InterruptedError

        with pytest.raises(InterruptedError):
            spoil()
        assert database[b"kept"] == b"1"
        assert b"new" not in database
        del database[b"kept"]
        with pytest.raises(KeyError):
            database[b"kept"]
        with pytest.raises(KeyError):
            del database[b"kept"]


def test_a_full_disk_costs_one_block(file: Path, writer: EmbeddedChain) -> None:
    """The block that does not fit is refused; head, clock and nonce stay, and with space again it is sealed."""
    connection = writer._database._connection  # the limit is the connection's own
    before = (writer.block(), writer.clock.now(), writer.nonce(ALICE))
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    large = sign(writer, ALICE, data=creation(chance(2).randbytes(20_000)), gas=10**7)
    with pytest.raises(ChainFileFull, match="disk is full"):
        writer.submit([large])
    with pytest.raises(ChainFileFull):
        writer.seal([large])
    assert (writer.block(), writer.clock.now(), writer.nonce(ALICE)) == before
    assert read(file).block() == before[0]
    connection.execute("PRAGMA max_page_count = 1000000")
    (receipt,) = relay(writer, [large])
    assert receipt.block_number == before[0].number + 1
    assert read(file).block() == writer.block()


# Files that are unfit


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Only `create` makes a file."""
    for read_only in (False, True):
        with pytest.raises(ChainFileInvalid, match="no such file"):
            SqliteDatabase(tmp_path / "chain.sqlite", read_only=read_only)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000], ids=["empty", "text", "header"]
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    """Somebody's notes are neither read nor written over."""
    path = tmp_path / "chain.sqlite"
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(ChainFileInvalid):
            SqliteDatabase(path, read_only=read_only)
    assert path.read_bytes() == content


def test_the_database_of_another_program(tmp_path: Path) -> None:
    """A SQLite database without our mark is left alone, also when one was to be made there."""
    path = tmp_path / "chain.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    connection.close()
    for create in (False, True):
        with pytest.raises(ChainFileInvalid, match="another program"):
            SqliteDatabase(path, create=create)


def test_a_file_of_a_newer_version(file: Path) -> None:
    """A newer layout is refused by its number."""
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(ChainFileTooNew, match="newer pysettle") as refused:
        SqliteDatabase(file)
    assert (refused.value.version, refused.value.supported) == (VERSION + 1, VERSION)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_file(file: Path, part: float) -> None:
    """A file that lost its end is refused when it is opened, before anything is read from it."""
    os.truncate(file, int(file.stat().st_size * part))
    with pytest.raises(ChainFileDamaged, match="damaged"):
        SqliteDatabase(file)


@pytest.mark.random
def test_a_changed_byte_is_an_error_or_of_no_effect(file: Path) -> None:
    """Whatever byte changes: every value that can still be read is the one that was written, or the file is refused."""
    with SqliteDatabase(file, read_only=True) as database:
        entries = database._connection.execute("SELECT key, value FROM entry").fetchall()
    good = file.read_bytes()
    draw, noticed = chance(3), 0
    for _ in range(150):
        content = bytearray(good)
        content[draw.randrange(len(good))] ^= 1 << draw.randrange(8)
        file.write_bytes(content)
        try:
            with SqliteDatabase(file, read_only=True) as database:
                for key, value in entries:
                    assert database[key] == value
        except ChainFileError:
            noticed += 1
    assert noticed > 75


@pytest.mark.parametrize(
    "change", ["UPDATE entry SET value = 5 WHERE key = ?", "UPDATE entry SET key = 7 WHERE key = ?"]
)
def test_what_is_no_bytes_is_damage(file: Path, change: str) -> None:
    """A changed byte in a record's header makes a number of its value or key; who meets it is told of damage."""
    with SqliteDatabase(file, read_only=True) as database:
        key = min(key for (key,) in database._connection.execute("SELECT key FROM entry"))
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(change, (key,))
    connection.close()
    # A number sorts before all bytes, and so beside the first key.
    with SqliteDatabase(file, read_only=True) as database, pytest.raises(ChainFileDamaged, match="no bytes"):
        database[key]


@pytest.mark.random
def test_a_changed_key_is_damage_and_not_a_missing_entry(file: Path) -> None:
    """An entry whose key lost a bit, wherever in the key, is an error to whoever looks for it or asks whether it is."""
    with SqliteDatabase(file, read_only=True) as database:
        keys = [key for (key,) in database._connection.execute("SELECT key FROM entry")]
    good = file.read_bytes()
    draw = chance(5)
    for key in draw.sample([key for key in keys if good.count(key) == 1], 40):
        content = bytearray(good)
        content[good.index(key) + draw.randrange(len(key))] ^= 1 << draw.randrange(8)
        file.write_bytes(content)
        with SqliteDatabase(file, read_only=True) as database:
            with pytest.raises(ChainFileDamaged, match="checksum"):
                database[key]
            with pytest.raises(ChainFileDamaged, match="checksum"):
                assert key in database


def test_a_file_that_may_not_be_written(file: Path, writer: EmbeddedChain) -> None:
    """SQLite's refusal to write comes out as one error, and the chain stays at its head."""
    before = writer.block()
    writer._database._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(ChainFileReadOnly, match="not written"):
        writer.seal()
    assert writer.block() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes to any file")
def test_a_read_only_file_is_refused_to_a_writer(file: Path) -> None:
    """A file without permission to write is refused at once, and can be read."""
    file.chmod(stat.S_IRUSR)
    with pytest.raises(ChainFileReadOnly):
        SqliteDatabase(file)
    assert read(file).block().number == 12


def test_a_reader_cannot_write(file: Path) -> None:
    """What is open to read only is not changed, by a block or by the clock."""
    chain = read(file)
    for change in (chain.seal, lambda: chain.clock.advance(1)):
        with pytest.raises(ChainFileReadOnly):
            change()
    assert chain.clock.now() == read(file).clock.now()


# One writer, any readers


def test_a_second_writer_is_told_who_holds_the_file(file: Path, writer: EmbeddedChain) -> None:
    """After its patience a second writer is refused with process, machine and command; then the file is free."""
    with pytest.raises(ChainFileLocked, match=f"process {os.getpid()} on ") as refused:
        SqliteDatabase(file, wait_s=0.05)
    assert refused.value.holder is not None
    assert refused.value.holder.pid == os.getpid()
    assert "pytest" in str(refused.value) or "python" in str(refused.value)
    writer._database.close()
    SqliteDatabase(file, wait_s=0).close()


def test_a_reader_sees_the_chain_as_it_opened_it(file: Path, writer: EmbeddedChain) -> None:
    """A reader does not wait for a writer, and its view stays while blocks are sealed; one opened later sees them."""
    reader = read(file)
    before = (reader.block(), reader.clock.now(), reader.balance(ALICE))
    writer.submit([sign(writer, ALICE, BOB, value=1)])
    assert (reader.block(), reader.clock.now(), reader.balance(ALICE)) == before
    assert read(file).block() == writer.block()
    assert writer.block().number == before[0].number + 1


def test_a_reader_inside_a_block_sees_the_one_before(file: Path, writer: EmbeddedChain) -> None:
    """While a block is being made, a reader opens at once and finds the head sealed before it."""
    with writer._database.transaction():
        writer._database[b"half"] = b"made"
        chain = read(file)
        assert chain.block() == writer.block()
        assert b"half" not in chain._database


def test_a_file_killed_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    """A header without a table, which is what such a kill may leave, holds nothing: making the chain goes on."""
    file = tmp_path / "chain.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert file.stat().st_size > 0
    with SqliteDatabase(file, create=True) as database:
        database[b"key"] = b"value"
    with SqliteDatabase(file) as database:
        assert database[b"key"] == b"value"
