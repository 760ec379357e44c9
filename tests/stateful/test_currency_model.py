"""The contract of the currency against the model of it: the same operations, equal after every one.

`PYSETTLE_MODEL_SEED` and `PYSETTLE_MODEL_OPERATIONS` name another sequence than that of CI. How the two are compared is
in `comparison`, the model in `currency_model`, what is drawn in `generator`.
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


@pytest.mark.random
def test_the_contract_does_what_the_model_does() -> None:
    """Both say the same, refuse for the same reason, and have the same state after each operation; the audit passes."""
    comparison = CurrencyComparison(SEED)
    for _ in range(OPERATIONS):
        comparison.do(comparison.draw())
    comparison.compare_everything()
    comparison.audit_books()
    if OPERATIONS >= ENOUGH and chance.SEED is None:  # whatever is drawn in a run of its own, not all may happen
        comparison.check_that_everything_happened()
