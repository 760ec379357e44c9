"""After each test the books must agree with the contracts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.effects import check_books
from tests.contracts.world import World


@pytest.fixture(autouse=True)
def _books(world: World) -> Iterator[None]:
    """Compare ledger and contracts once the test has passed, and forget the series it opened."""
    opened = len(world.network.series)
    yield
    try:
        # Who never held anything is looked at by `effect`.
        check_books(world, everybody=False)
    finally:
        del world.network.series[opened:]
