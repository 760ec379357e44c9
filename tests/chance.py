"""Where random tests draw from: the same numbers in every run, or those of a seed that is named.

`scripts/test` gives the same answer twice. `scripts/assure` draws other numbers each time: it names a new seed in
`PYSETTLE_TEST_SEED`, and prints it, so that what it found can be drawn again.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

from hypothesis import HealthCheck, core, settings

_NAMED = os.environ.get("PYSETTLE_TEST_SEED")
SEED = None if _NAMED is None else int(_NAMED)
"""The seed that is named, None where the numbers are fixed."""


def chance(own: int | str) -> Random:
    """Return a source of numbers; what a test draws from it is its own by what the test gives."""
    return Random(own if SEED is None else f"{SEED}/{own}")  # noqa: S311 - a test's choice, not a secret


def fixed(own: int) -> Random:
    """Return a source of the same numbers in every run, a campaign too, for a test that states what comes of them."""
    return Random(own)  # noqa: S311 - a test's choice, not a secret


def rounds(fixed: int, *, campaign: int) -> int:
    """Return how many rounds a test makes: the few of every run, or those of a campaign, whose seed is named."""
    return fixed if SEED is None else campaign


def load_profile() -> None:
    """Have Hypothesis draw the same examples in every run, or those of the seed; it keeps none of its own on disk.

    It does not judge the speed of a machine, which others may use at the same time.
    """
    common: dict[str, Any] = {"database": None, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("fixed", derandomize=True, **common)
    settings.register_profile("fresh", derandomize=False, print_blob=True, **common)
    settings.load_profile("fixed" if SEED is None else "fresh")
    if SEED is not None:
        core.global_force_seed = SEED
