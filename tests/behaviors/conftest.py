"""The backends every behaviour suite runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pysettle.evm.backend import ChainBackend
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.evm.sqlite import SqliteDatabase
from tests.evm.accounts import genesis
from tests.evm.anvil import anvil
from tests.evm.eth_tester import EthTesterChain
from tests.node.process import node_of

NODES: dict[str, Callable[[Genesis, Path], AbstractContextManager[str]]] = {"anvil": anvil, "node": node_of}


@pytest.fixture(scope="session", params=["embedded", "embedded in a file", "eth-tester", *NODES])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a kind of chain, or the URL of a node in a process of its own, which serves one test after another."""
    if request.param not in NODES:
        yield request.param
        return
    with NODES[request.param](genesis(), tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.fixture
def chain(backend: str, tmp_path: Path) -> Iterator[ChainBackend]:
    """Yield a fresh chain in which the test accounts hold 100 ether each."""
    if backend == "embedded":
        yield EmbeddedChain(genesis())
    elif backend == "eth-tester":
        yield EthTesterChain(genesis())
    elif backend == "embedded in a file":
        with SqliteDatabase(tmp_path / "chain.sqlite", create=True) as database:
            yield EmbeddedChain(genesis(), database=database)
    else:
        rpc = JsonRpc(backend)
        before = rpc.ask("evm_snapshot")
        yield RpcChain(backend)
        assert rpc.ask("evm_revert", before)
