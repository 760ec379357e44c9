"""The whole compute layer against the model of it: the same operations, equal after every one.

Money, market, series, channels, jobs, time jumps and frozen parties. `PYSETTLE_MODEL_SEED` and
`PYSETTLE_MODEL_OPERATIONS` name another sequence than that of CI: in 5,000 operations everything has to happen that
can. How both are compared is in `comparison`, the model in `market`, `series`, `hub` and `jobs` beside that of the
money, and what is drawn in the draws.
"""

from __future__ import annotations

import os

import pytest

from tests.stateful.network.comparison import NetworkComparison

SEED = int(os.environ.get("PYSETTLE_MODEL_SEED", "1"))
OPERATIONS = int(os.environ.get("PYSETTLE_MODEL_OPERATIONS", "400"))
ENOUGH = 5_000
"""Operations in which everything has to happen that can."""


@pytest.mark.random
def test_the_network_does_what_the_model_does() -> None:
    """Both say the same, refuse for the same reason, and have the same state after each operation; the audit passes."""
    comparison = NetworkComparison(SEED)
    for _ in range(OPERATIONS):
        comparison.do(comparison.draw())
    comparison.compare_everything()
    comparison.audit()
    if OPERATIONS >= ENOUGH:
        comparison.check_that_everything_happened()
