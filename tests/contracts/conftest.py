"""A deployed network for contract tests: one chain a session, taken back to its snapshot around each test.

`PYSETTLE_TEST_CHAIN` names another than the embedded one: `eth-tester`, `anvil`, Foundry's node, or `node`, our own.
`PYSETTLE_TEST_EVERY=N` leaves one test in N, the same ones each time: eth-tester and our node execute by the EVM that
the embedded chain has, and need not show all of it three times. Tests without a chain run on the embedded one alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from pysettle.client import genesis
from pysettle.evm.backend import ChainBackend
from pysettle.evm.rpc import RpcChain
from tests.contracts.effects import restored
from tests.contracts.world import ACTOR_KEYS, START, World, deployed_on
from tests.evm.anvil import anvil
from tests.evm.remembering import RememberingChain
from tests.node.process import node_of

CHAIN = os.environ.get("PYSETTLE_TEST_CHAIN", "embedded")
NODES = {"anvil": anvil, "node": node_of}
EVERY = int(os.environ.get("PYSETTLE_TEST_EVERY", "1"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave one contract test in so many, and on another chain than the embedded one those that use a chain."""
    if CHAIN == "embedded" and EVERY == 1:
        return
    here = [it for it in items if Path(__file__).parent in it.path.parents]
    left_out = {it for it in here if crc32(it.nodeid.encode()) % EVERY}
    if CHAIN != "embedded":
        left_out |= {it for it in here if "fresh_chain" not in getattr(it, "fixturenames", ())}
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [it for it in items if it not in left_out]


@pytest.fixture(scope="session")
def fresh_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainBackend]:
    """Begin a chain once a session, of the kind that the environment asks for."""
    block_0 = genesis(START, [signer.address for signer in ACTOR_KEYS.values()])
    if CHAIN == "embedded":
        yield RememberingChain(block_0)
        return
    if CHAIN == "eth-tester":
        # Its packages take a second to load, which no other run of the tests needs.
        from tests.evm.eth_tester import EthTesterChain

        yield EthTesterChain(block_0)
        return
    known = ("embedded", "eth-tester", *NODES)
    assert CHAIN in NODES, f"PYSETTLE_TEST_CHAIN is one of {', '.join(known)}, not {CHAIN}"
    with NODES[CHAIN](block_0, tmp_path_factory.mktemp(CHAIN)) as url:
        yield RpcChain(url)


@pytest.fixture(scope="session")
def deployed(fresh_chain: ChainBackend) -> World:
    """Deploy once a session."""
    return deployed_on(fresh_chain)


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    """Return the deployed network, as it was after deployment; afterwards its books must agree with the contracts."""
    with restored(deployed):
        yield deployed
