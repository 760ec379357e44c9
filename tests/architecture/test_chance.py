"""Random tests draw from one place: `scripts/test` gives the same answer twice, and a named seed gives others."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from pysettle.evm.artifacts import ROOT

SOURCE = "tests/chance.py"
OWN_DRAWS = re.compile(r"\bRandom\(|^import random\b|urandom|derandomize|SystemRandom", re.MULTILINE)
DRAWS = """
from hypothesis import given, strategies as st
from tests.chance import chance, load_profile

load_profile()
drawn = [chance("a test").random(), chance("another").random()]

@given(st.integers(0, 2**64))
def draw(number: int) -> None:
    drawn.append(number)

draw()
print(drawn)
"""


def drawn(seed: str | None) -> str:
    """Return what a process of its own draws under a seed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYSETTLE_TEST_SEED"}
    if seed is not None:
        environment["PYSETTLE_TEST_SEED"] = seed
    done = subprocess.run([sys.executable, "-c", DRAWS], cwd=ROOT, env=environment, capture_output=True, check=True)
    return done.stdout.decode()


def test_the_same_is_drawn_twice_and_a_seed_draws_something_else() -> None:
    """Without a seed two processes draw the same, with one seed too, and other seeds draw other numbers."""
    fixed, first, second = drawn(None), drawn("1"), drawn("2")
    assert (drawn(None), drawn("1")) == (fixed, first)
    assert len({fixed, first, second}) == 3


def test_no_test_draws_elsewhere() -> None:
    """Whatever is random in a test comes from `tests.chance`."""
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    elsewhere = [
        f"{name}: {found.group()}"
        for name, text in sources.items()
        if name not in (SOURCE, "tests/architecture/test_chance.py")
        for found in OWN_DRAWS.finditer(text)
    ]
    assert elsewhere == []


def test_assure_names_a_seed() -> None:
    """`scripts/assure` runs the random tests under a new seed, which it prints; `scripts/test` names none."""
    assure, test = ((ROOT / "scripts" / name).read_text() for name in ("assure", "test"))
    assert 'layer "random tests, seed $seed"' in assure
    assert "PYSETTLE_TEST_SEED" not in test
