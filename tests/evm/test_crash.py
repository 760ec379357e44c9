"""Killed at any moment, a writer leaves a chain that opens at a sealed block and re-executes to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rlp
from eth.chains.base import Chain

from pysettle.errors import ChainFileLocked
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.sqlite import SqliteDatabase
from tests.chance import chance, rounds
from tests.evm.accounts import genesis
from tests.evm.test_embedded import other_engine

ROOT = Path(__file__).parents[2]
ROUNDS = rounds(10, campaign=200)
ROUNDS_A_FILE = 10
"""Rounds that go on with what the one before left; then comes a new file, so that beginnings are killed too."""
LONGEST_S = 0.2
"""Longest that a process seals after its first block; one that is killed while it opens a file has half of it."""


class Writer:
    """A server of `file_writer`, with the one process it has forked last."""

    def __init__(self) -> None:
        """Start the server."""
        command = [sys.executable, "-m", "tests.evm.file_writer"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )

    def start(self, mode: str, file: Path) -> None:
        """Have a process forked."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps([mode, str(file)]) + "\n")
        self._server.stdin.flush()
        self.pid = int(self.line())

    def line(self) -> str:
        """Return the next line said."""
        assert self._server.stdout is not None
        return self._server.stdout.readline().strip()

    def kill(self) -> list[str]:
        """Kill the process; return what it had said that was not read yet."""
        os.kill(self.pid, signal.SIGKILL)
        return list(iter(self.line, "ended"))

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()


@pytest.fixture(scope="module")
def writer() -> Iterator[Writer]:
    """Yield a server."""
    server = Writer()
    yield server
    server.close()


@pytest.fixture
def other_writer() -> Iterator[Writer]:
    """Yield a second server."""
    server = Writer()
    yield server
    server.close()


class Verifier:
    """Stock py-evm beside a file: it executes every block once, with validation, as the file comes to have it."""

    def __init__(self) -> None:
        """Begin at the genesis."""
        self._engine: Chain = other_engine(genesis())

    def check(self, chain: EmbeddedChain) -> int:
        """Re-execute what is new up to the head, and compare the hashes; return the head's number."""
        known, head = self._engine.get_canonical_head(), chain.block()
        assert chain.block(known.block_number).hash == known.hash, "what was sealed stays"
        for number in range(known.block_number + 1, head.number + 1):
            content = rlp.encode(chain.py_evm.get_canonical_block_by_number(number))
            block = rlp.decode(content, sedes=self._engine.get_vm().get_block_class())
            self._engine.import_block(block, perform_validation=True)
        assert self._engine.get_canonical_head().hash == head.hash
        assert len(chain.receipts(head.number)) == len(head.transaction_hashes)
        return head.number


@pytest.mark.apart
@pytest.mark.long
@pytest.mark.random
def test_a_killed_writer_leaves_a_sealed_block(writer: Writer, tmp_path: Path) -> None:
    """SIGKILL at random moments: the chain opens, has what it reported and at most one block more, re-executes."""
    draw, sealed = chance(6), 0
    for number in range(ROUNDS):
        file = tmp_path / f"{number // ROUNDS_A_FILE}.sqlite"
        if number % ROUNDS_A_FILE == 0:
            verifier, head = Verifier(), 0
        writer.start("seal", file)
        # Of every four, one is killed while it opens the file, and three once they seal, however slow the machine is.
        first = [writer.line()] if number % 4 else []
        time.sleep(draw.uniform(0, LONGEST_S if first else LONGEST_S / 2))
        reported = max([head, *map(int, first), *map(int, writer.kill())])
        if not file.exists():
            continue
        with SqliteDatabase(file, create=True, wait_s=0) as database:
            before, head = head, verifier.check(EmbeddedChain(genesis(), database=database))
        assert reported <= head <= reported + 1
        sealed += head - before
    assert sealed > ROUNDS // 4, "most are killed while they seal"


def test_a_second_process_waits_for_the_first_to_end(writer: Writer, other_writer: Writer, tmp_path: Path) -> None:
    """A writer that finds another one waits, and goes on at the moment that one is gone, even if it was killed."""
    file, first, second = tmp_path / "chain.sqlite", writer, other_writer
    with SqliteDatabase(file, create=True) as database:
        EmbeddedChain(genesis(), database=database).seal()
    first.start("hold", file)
    assert first.line() == "holding"
    with pytest.raises(ChainFileLocked, match=f"process {first.pid} on .*file_writer"):
        SqliteDatabase(file, wait_s=0.1)
    second.start("wait", file)
    started = time.monotonic()
    with SqliteDatabase(file, read_only=True) as database:
        assert EmbeddedChain(genesis(), database=database).block().number == 1
    assert time.monotonic() - started < 5, "a reader does not wait"
    assert first.kill() == []
    assert second.line() == "2"
    assert second.line() == "ended"
