"""The cases of the clearing house, and the liquidity that obligations need."""

from __future__ import annotations

import json

import pytest

from pysettle.domain.core.signing import Signer
from pysettle.money import Currency
from pysettle.scenarios.borders import Bank
from pysettle.scenarios.clearing import Owed, liquidity_needed
from pysettle.values import Units
from tests.cli.documents import problems
from tests.cli.running import invoke


@pytest.mark.parametrize(
    "name", ["ring", *(pytest.param(it, marks=pytest.mark.apart) for it in ("gridlock", "outage")), "stop-in-cycle"]
)
def test_all_expected_figures_are_met(name: str) -> None:
    """Each of them, the audit and the conservation of the currency included, and longer cycles need less liquidity."""
    result = invoke("scenario", "run", name, "--seed", "7", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert problems(document) == []
    assert [it for it in document["expectations"] if not it["met"]] == []
    assert (document["audit"]["level"], document["audit"]["findings"]) == ("S", [])
    needed = [int(it["amount_units"]) for it in document["figures"] if "needed" in it["figure"]]
    assert len(needed) == 5
    assert needed == sorted(needed, reverse=True)
    assert needed[0] > needed[-1]


def test_the_liquidity_that_obligations_need() -> None:
    """Gross in the order in which they arise, in a cycle by the nets; a credit that comes later helps nobody before."""
    anna, ben, cora = (Bank(it, Currency.CNY, Signer.derived(0, "test", it), 1) for it in ("anna", "ben", "cora"))
    owed = [Owed(0, anna, ben, Units(100)), Owed(30, ben, cora, Units(90)), Owed(70, cora, anna, Units(80))]
    assert [liquidity_needed(owed, seconds) for seconds in (0, 60, 100)] == [100, 100, 20]
    assert liquidity_needed([owed[1], owed[0]], 0) == 190
    assert liquidity_needed([], 60) == 0
