"""The same comparison in short sequences that Hypothesis can shorten: the fewest operations that show a difference."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.stateful.comparison import CurrencyComparison


class CurrencyMachine(RuleBasedStateMachine):
    """A contract and its model, given one operation after the other."""

    def __init__(self) -> None:
        """Begin anew."""
        super().__init__()
        self.comparison = CurrencyComparison(seed=0)

    @rule(seed=st.integers(0, 2**32 - 1))
    def operate(self, seed: int) -> None:
        """Do the operation of a seed, whatever came before it."""
        self.comparison.generator.reseed(seed)
        self.comparison.do(self.comparison.draw())

    def teardown(self) -> None:
        """Audit all of it."""
        self.comparison.audit()


TestCurrencyMachine = CurrencyMachine.TestCase
TestCurrencyMachine.pytestmark = [pytest.mark.apart]
TestCurrencyMachine.settings = settings(max_examples=2, stateful_step_count=30, deadline=None)
