"""The settlement layer, opened once for each module and taken back around each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pysettle.money import Currency
from tests.contracts.banks import HONGKONG, Banks, open_banks
from tests.contracts.effects import restored
from tests.contracts.world import World


@pytest.fixture(scope="module")
def funded(deployed: World) -> Iterator[Banks]:
    """Open the layer with two banks in two currencies."""
    with restored(deployed):
        yield open_banks(deployed)


@pytest.fixture
def banks(funded: Banks) -> Iterator[Banks]:
    """Return the layer as it was after its opening; afterwards its books must agree with the contracts."""
    with restored(funded.world):
        yield funded


@pytest.fixture
def domestic(banks: Banks) -> Banks:
    """Have the registrars move both banks to one country: no leg between them crosses a border."""
    for currency in (Currency.CNY, Currency.HKD):
        banks.world.send(banks.admit(HONGKONG, currency, jurisdiction=156))
    return banks
