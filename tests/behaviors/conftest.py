"""The backends every behaviour suite runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pysettle.evm.backend import ChainBackend
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.rpc import RpcChain
from pysettle.evm.sqlite import SqliteDatabase
from tests.evm.accounts import genesis
from tests.evm.anvil import anvil


def in_memory(_: Path) -> Iterator[ChainBackend]:
    """Yield an embedded chain in memory."""
    yield EmbeddedChain(genesis())


def in_a_file(folder: Path) -> Iterator[ChainBackend]:
    """Yield an embedded chain in a file."""
    with SqliteDatabase(folder / "chain.sqlite", create=True) as database:
        yield EmbeddedChain(genesis(), database=database)


def behind_anvil(folder: Path) -> Iterator[ChainBackend]:
    """Yield the chain of an anvil in a process of its own."""
    with anvil(genesis(), folder) as url:
        yield RpcChain(url)


BACKENDS = {"anvil": behind_anvil, "embedded": in_memory, "embedded in a file": in_a_file}


@pytest.fixture(params=sorted(BACKENDS))
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChainBackend]:
    """Yield a fresh chain in which the test accounts hold 100 ether each."""
    yield from BACKENDS[request.param](tmp_path)
