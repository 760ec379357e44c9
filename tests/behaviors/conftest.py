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
from tests.evm.geth import geth
from tests.node.process import node_of

NODES: dict[str, Callable[[Genesis, Path], AbstractContextManager[str]]] = {"anvil": anvil, "node": node_of}
"""Development nodes."""
DEVELOPMENT = ("embedded", "embedded in a file", "eth-tester", *NODES)
"""Chains that are ours to seal, each fresh for every test."""
NETWORKS = (pytest.param("geth", marks=pytest.mark.geth),)
"""Networks that seal by themselves; one chain serves all tests."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on each chain that its module names in `BACKENDS`."""
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", metafunc.module.BACKENDS, indirect=True, scope="session")


@pytest.fixture(scope="session")
def geth_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield where geth listens, with the accounts of the tests in its block 0."""
    with geth(genesis(), tmp_path_factory.mktemp("geth")) as url:
        yield url


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a kind of chain, or the URL of a node in a process of its own, which serves one test after another."""
    if request.param == "geth":
        yield request.getfixturevalue("geth_url")
        return
    if request.param not in NODES:
        yield request.param
        return
    with NODES[request.param](genesis(), tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.fixture
def chain(backend: str, tmp_path: Path) -> Iterator[ChainBackend]:
    """Yield a chain in which the test accounts began with 100 ether each; a fresh one, unless it is a network's."""
    if backend == "embedded":
        yield EmbeddedChain(genesis())
    elif backend == "eth-tester":
        # Its packages take a second to load, which no other tests need.
        from tests.evm.eth_tester import EthTesterChain

        yield EthTesterChain(genesis())
    elif backend == "embedded in a file":
        with SqliteDatabase(tmp_path / "chain.sqlite", create=True) as database:
            yield EmbeddedChain(genesis(), database=database)
    elif (network := RpcChain(backend)).is_development_node:
        rpc = JsonRpc(backend)
        before = rpc.ask("evm_snapshot")
        yield network
        assert rpc.ask("evm_revert", before)
    else:
        yield network
