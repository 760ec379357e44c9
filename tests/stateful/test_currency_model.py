"""The contracts of the currency against their specification: the same operations, equal after every one.

`PYSETTLE_MODEL_SEED` and `PYSETTLE_MODEL_OPERATIONS` name another sequence than that of CI, in whose seed everything
happens early. `comparison` compares, `generator` draws, the specification is `tests/spec/money`.
"""

from __future__ import annotations

import os

import pytest

from tests import chance
from tests.stateful.comparison import CurrencyComparison

SEED = int(os.environ.get("PYSETTLE_MODEL_SEED", "29"))
OPERATIONS = int(os.environ.get("PYSETTLE_MODEL_OPERATIONS", "1500"))
ENOUGH = 1_500
"""Operations in which everything has to happen that can."""


@pytest.mark.apart
@pytest.mark.long
@pytest.mark.random
def test_the_contract_does_what_the_model_does() -> None:
    """Both refuse for the same reason, emit the same events and have the same state each time; the audit passes."""
    comparison = CurrencyComparison(SEED)
    for _ in range(OPERATIONS):
        comparison.do(comparison.draw())
    comparison.compare_everything()
    comparison.audit_books()
    if OPERATIONS >= ENOUGH and chance.SEED is None:  # whatever is drawn in a run of its own, not all may happen
        comparison.check_that_everything_happened()
