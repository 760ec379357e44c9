"""A deployed network for contract tests: one chain a session, taken back to its snapshot around each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pysettle.client import SeriesTerms, SettlementNetwork, genesis
from pysettle.client.network import Roles
from pysettle.domain.signing import Signer
from pysettle.evm.embedded import EmbeddedChain
from tests.contracts.effects import check_books
from tests.contracts.world import ACTORS, CAPACITY, LIFE_S, RATE_CARD, START, UNIT_PRICE, World


@pytest.fixture(scope="session")
def deployed() -> World:
    """Deploy once a session."""
    actors = {name: Signer.derived("test", name) for name in ACTORS}
    chain = EmbeddedChain(genesis(START, [signer.address for signer in actors.values()]))
    roles = Roles(
        actors["administrator"],
        actors["central bank"],
        actors["registrar"],
        (actors["operator"], actors["other operator"]),
    )
    network = SettlementNetwork.deploy(chain, roles)
    terms = SeriesTerms("Test Tokens", "TEST", "inference", UNIT_PRICE, CAPACITY, chain.clock.now() + LIFE_S, RATE_CARD)
    return World(network, actors, chain, network.open_series(actors["provider"], terms))


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    """Return the deployed network, as it was after deployment; afterwards its books must agree with the contracts."""
    snapshot, opened = deployed.chain.snapshot(), len(deployed.network.series)
    yield deployed
    try:
        # Who never held anything is looked at by `effect`.
        check_books(deployed, everybody=False)
    finally:
        del deployed.network.series[opened:]
        deployed.chain.revert(snapshot)
