"""Each mistake of `plants.toml` can still be planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pysettle.evm.artifacts import ROOT
from tests.mutation.plants import Plant, plants


@pytest.mark.parametrize("plant", plants(), ids=lambda it: it.mistake)
def test_each_mistake_has_its_place(plant: Plant) -> None:
    """The text that a mistake replaces stands once in its source, and its tests exist: a campaign would stop there."""
    assert (ROOT / plant.file).read_text().count(plant.old) == 1
    assert plant.new != plant.old
    assert Path(ROOT / plant.tests).is_file()
