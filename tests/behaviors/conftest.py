"""The backends every behaviour suite runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pysettle.evm.backend import ChainBackend
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.sqlite import SqliteDatabase
from tests.evm.accounts import genesis


def in_memory(_: Path) -> Iterator[ChainBackend]:
    """Yield an embedded chain in memory."""
    yield EmbeddedChain(genesis())


def in_a_file(folder: Path) -> Iterator[ChainBackend]:
    """Yield an embedded chain in a file."""
    with SqliteDatabase(folder / "chain.sqlite", create=True) as database:
        yield EmbeddedChain(genesis(), database=database)


BACKENDS = {"embedded": in_memory, "embedded in a file": in_a_file}


@pytest.fixture(params=sorted(BACKENDS))
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChainBackend]:
    """Yield a fresh chain in which the test accounts hold 100 ether each."""
    yield from BACKENDS[request.param](tmp_path)
