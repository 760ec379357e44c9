"""The whole network against its specification: the same operations, equal after every one.

Money, compute, settlement and clearing, time jumps and frozen parties. `PYSETTLE_MODEL_SEED` and
`PYSETTLE_MODEL_OPERATIONS` name another sequence than that of CI: in 5,000 operations everything has to happen that
can. The books are audited at the end; the short sequences of `test_network_machine` are audited whole. `comparison`
compares, the draws draw, the specification is `tests/spec/network.py`.
"""

from __future__ import annotations

import os

import pytest

from tests import chance
from tests.stateful.network.comparison import NetworkComparison

SEED = int(os.environ.get("PYSETTLE_MODEL_SEED", "1000"))
OPERATIONS = int(os.environ.get("PYSETTLE_MODEL_OPERATIONS", "150"))
ENOUGH = 5_000
"""Operations in which everything has to happen that can."""


@pytest.mark.random
def test_the_network_does_what_the_model_does() -> None:
    """Both refuse for the same reason, emit the same events and have the same state each time; the audit passes."""
    comparison = NetworkComparison(SEED)
    for _ in range(OPERATIONS):
        comparison.do(comparison.draw())
    comparison.compare_everything()
    comparison.audit_books()
    if OPERATIONS >= ENOUGH and chance.SEED is None:  # whatever is drawn in a run of its own, not all may happen
        comparison.check_that_everything_happened()
