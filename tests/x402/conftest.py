"""A network on a node, from our genesis, which official x402 clients are let loose on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pysettle.client import SeriesTerms, SettlementNetwork, genesis
from pysettle.client.core.access import Role, Roles
from pysettle.client.network import Plan
from pysettle.domain.core.signing import Signer
from pysettle.evm.rpc import RpcChain
from tests.contracts.effects import restored
from tests.contracts.world import ACTORS, CAPACITY, LIFE_S, RATE_CARD, UNIT_PRICE, World, open_series
from tests.evm.anvil import anvil
from tests.node.process import node_of

NODES = {"node": node_of, "anvil": anvil}


@dataclass
class Site:
    """A network and the node it is on."""

    world: World
    """The network, with one series and everybody in it."""
    url: str
    """JSON-RPC of its chain."""


@pytest.fixture(scope="session", params=["node", pytest.param("anvil", marks=pytest.mark.apart)])
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy the network to our node, and to Foundry's; its clock is the world's, which the SDK's clients go by."""
    actors = {name: Signer.derived("x402", name) for name in (*ACTORS, "facilitator")}
    block_0 = genesis(int(time.time()), [signer.address for signer in actors.values()])
    with NODES[request.param](block_0, tmp_path_factory.mktemp(request.param)) as url:
        chain = RpcChain(url)
        roles = Roles.of({role: actors[role.label.replace("-", " ")] for role in Role})
        network = SettlementNetwork.deploy(chain, Plan(roles, class_limits={}))
        expiry = chain.clock.now() + LIFE_S
        terms = SeriesTerms("Test Tokens", "TEST", "inference", UNIT_PRICE, CAPACITY, expiry, RATE_CARD)
        world = World(network, actors, chain, open_series(network, actors, terms))
        world.attest_everything()
        yield Site(world, url)


@pytest.fixture
def site(deployed: Site) -> Iterator[Site]:
    """Return the network as it was after deployment; afterwards its books must agree with the contracts."""
    with restored(deployed.world):
        yield deployed
