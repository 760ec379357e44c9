"""The backends every behaviour suite runs on."""

from __future__ import annotations

import pytest

from pysettle.evm.backend import ChainBackend
from pysettle.evm.embedded import EmbeddedChain
from tests.evm.accounts import genesis

BACKENDS = {"embedded": lambda: EmbeddedChain(genesis())}


@pytest.fixture(params=sorted(BACKENDS))
def chain(request: pytest.FixtureRequest) -> ChainBackend:
    """Return a fresh chain in which the test accounts hold 100 ether each."""
    return BACKENDS[request.param]()
