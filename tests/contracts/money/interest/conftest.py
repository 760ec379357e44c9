"""A world in which e-CNY bears interest."""

from __future__ import annotations

import pytest

from pysettle.client.money.interest import InterestPayments
from tests.contracts.savings import opened
from tests.contracts.world import World


@pytest.fixture
def contract(world: World) -> InterestPayments:
    """Let e-CNY be deposit money with a partial reserve, and open what pays interest on it."""
    return opened(world)
