"""The pilot of mBridge: the published figures, money conserved, days within policy, and a bundle without a finding."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.cli.running import invoke

pytestmark = [pytest.mark.long, pytest.mark.apart]


@pytest.fixture(scope="module")
def pilot() -> dict[str, Any]:
    """Run the pilot once, as a command."""
    result = invoke("scenario", "run", "mbridge-2022", "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_the_published_figures_are_met(pilot: dict[str, Any]) -> None:
    """164 settled, over 22 million dollars on 12 million issued; each currency conserved; nothing above policy."""
    assert [it for it in pilot["expectations"] if not it["met"]] == []
    expected = {it["expectation"]: it["actual"] for it in pilot["expectations"]}
    assert expected["payments and PvP"] == "164 settled"
    assert {name for name in expected if name.endswith("conserved")} == {
        f"{code} conserved" for code in ("CNY", "HKD", "THB", "AED")
    }
    amounts = {(it["figure"], it["origin"]): it["amount_units"] for it in pilot["figures"]}
    assert 22_000_000 < int(amounts["settled, at ECB rates", "computed"]) / 10**6 < 22_200_000
    assert 12_000_000 < int(amounts["issued, at ECB rates", "computed"]) / 10**6 < 12_200_000
    assert (pilot["audit"]["level"], pilot["audit"]["findings"]) == ("S", [])


def test_every_figure_has_an_origin(pilot: dict[str, Any]) -> None:
    """A published figure names its source, and no other one does."""
    assert {it["origin"] for it in pilot["figures"]} == {"published", "drawn", "computed"}
    assert all((it["source"] is not None) == (it["origin"] == "published") for it in pilot["figures"])


def test_closed_hours_refuse_and_move_a_value_time(pilot: dict[str, Any]) -> None:
    """Each refusal is of closed hours, and its exchange is final at a later opening; all others after one block."""
    waited = [it for it in pilot["settlements"] if it["final_unix_s"] != it["irrevocable_unix_s"]]
    assert Counter(it["error"] for it in pilot["refusals"]) == {"CurrencyClosed": len(waited)}
    assert sorted(it["step"] for it in pilot["refusals"]) == sorted(it["instruction"] for it in waited)
    assert {it["kind"] for it in waited} == {"PvP"}
    at_once = [it for it in pilot["settlements"] if it not in waited]
    assert {int(it["final_unix_s"]) - int(it["handed_in_unix_s"]) for it in at_once} <= {1, 2}


def test_correspondents_are_slower_and_leave_one_side_unpaid(pilot: dict[str, Any]) -> None:
    """An exchange takes two working days there, and its sides open at different times unless the hours are the same."""
    exchanges = [it for it in pilot["settlements"] if it["kind"] == "PvP"]
    assert all(int(it["traditional_unix_s"]) - int(it["final_unix_s"]) > 0 for it in exchanges)
    assert {int(it["traditional_exposed_s"]) for it in exchanges} <= {0, 3_600, 9_000, 12_600}
    assert {int(it["traditional_exposed_s"]) for it in pilot["settlements"] if it["kind"] == "payment"} == {0}
