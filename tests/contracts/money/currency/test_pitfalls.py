"""Pitfalls of other systems that concern money, each with the tests that fail when the currency falls into it.

The table is in docs/assurance.md. Every bug in it was planted once, and the tests named beside it failed. It is held
here that no pitfall is without a test, and that these tests are still there.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
MONEY = {*(f"P-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 18, 20, 22, 24, 25, 26, 28)), "CMT"}
"""Codes of the pitfalls that concern the currency."""
COMPUTE = {f"P-{n}" for n in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 24, 26, 28)}
"""Codes of those that concern market, series, hub, meter and orders."""
ELSEWHERE = {"P-19", "P-25", "P-27", "P-29"}
"""Codes of those that concern followers of a chain, documents, exports and audits."""
_ROW = re.compile(r"^\| (P-\d+|CMT|-) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def table() -> list[tuple[str, str, tuple[str, str]]]:
    """Return (code, planted bug, (file, test)) of every test that the documentation names."""
    section = (ROOT / "docs" / "assurance.md").read_text().partition("## Pitfalls")[2].partition("\n## ")[0]
    return [(code, bug, test) for code, bug, tests in _ROW.findall(section) for test in _TEST.findall(tests)]


def test_every_pitfall_has_a_test() -> None:
    """No pitfall that concerns money is without a test that was seen to fail."""
    assert {code for code, _, _ in table() if code != "-"} == MONEY


@pytest.mark.parametrize(("file", "name"), sorted({test for _, _, test in table()}))
def test_the_test_is_there(file: str, name: str) -> None:
    """What the table names can be run."""
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def named_below(*folders: str) -> set[str]:
    """Return the codes that tests in folders say they are of."""
    codes: set[str] = set()
    for folder in folders:
        for path in sorted((ROOT / "tests" / folder).rglob("test_*.py")):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
                if is_test or isinstance(node, ast.Module):
                    codes |= set(re.findall(r"\bP-\d+\b", ast.get_docstring(node) or ""))
    return codes


def test_the_compute_layer_has_a_test_of_each() -> None:
    """By the codes that its tests name. What such bugs look like, its mutants are."""
    compute = [f"contracts/{folder}" for folder in ("compute", "channel", "jobs")]
    assert COMPUTE - named_below(*compute) == set()


def test_the_others_have_one_too() -> None:
    """Wherever that is."""
    assert ELSEWHERE - named_below("architecture", "audit", "client", "scenarios") == set()
