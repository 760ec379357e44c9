"""The smaller cases across borders: value times in closed hours, and a stop before the value time."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.cli.documents import problems
from tests.cli.running import invoke


@cache
def told(name: str) -> dict[str, Any]:
    """Run a case once, as a command."""
    result = invoke("scenario", "run", name, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("compute-export-hkd", marks=pytest.mark.apart),
        pytest.param("holiday", marks=pytest.mark.apart),
        "stop",
    ],
)
def test_all_expected_figures_are_met(name: str) -> None:
    """Each of them, the audit and the conservation of each currency included; every figure has an origin."""
    document = told(name)
    assert problems(document) == []
    assert [it for it in document["expectations"] if not it["met"]] == []
    assert (document["audit"]["level"], document["audit"]["findings"]) == ("S", [])
    assert all((it["source"] is not None) == (it["origin"] == "published") for it in document["figures"])


@pytest.mark.apart
def test_a_holiday_moves_value_times_and_holds_up_no_open_currency() -> None:
    """E-CNY waits for the eighth of October, a payment in dirham does not; correspondents take longer in each case."""
    ends = {it["instruction"]: it for it in told("holiday")["settlements"]}
    (dirham,) = [it for text, it in ends.items() if "AED from" in text[:20]]
    assert int(dirham["final_unix_s"]) - int(dirham["handed_in_unix_s"]) == 1
    slower = [int(it["traditional_unix_s"]) > int(it["final_unix_s"]) for it in ends.values()]
    assert slower == [True] * 6


@pytest.mark.apart
def test_a_buyer_abroad_pays_in_its_own_currency() -> None:
    """The maker earns as for e-CNY. Correspondents take longer, and a payment above the threshold needs its payload."""
    document = told("compute-export-hkd")
    figures = {it["figure"]: it["amount_units"] for it in document["figures"]}
    assert [figures[name] for name in ("earned by the maker", "refunded to the buyers")] == ["6930000000", "2070000000"]
    at_once, evening, ahead = document["settlements"]
    took = [int(it["final_unix_s"]) - int(it["handed_in_unix_s"]) for it in (at_once, evening, ahead)]
    assert (took[0] <= 2, took[1], took[2] <= 2) == (True, 10 * 3_600 + 1_800, True)
    assert [int(it["traditional_unix_s"]) > int(it["final_unix_s"]) for it in (at_once, evening, ahead)] == [True] * 3
    refusals = {it["error"]: it["reason"] for it in document["refusals"]}
    assert "buyer of class corporate requested 9,000.00 in corridor 0x" in refusals["PurchaseLimitExceeded"]
    assert "from 50,000.00 on both institutions sign the payload first" in refusals["TravelPayloadUnsigned"]


def test_a_stop_sends_every_leg_home() -> None:
    """The first instruction is never final, the one after the stop is; a settlement of the stopped bank is refused."""
    home, again = told("stop")["settlements"]
    assert (home["final_unix_s"], home["instruction"]) == (None, again["instruction"])
    assert int(again["final_unix_s"]) > int(home["irrevocable_unix_s"])
    assert int(home["traditional_exposed_s"]) > 0
    assert [it["error"] for it in told("stop")["refusals"]] == ["InstructionNotBlocked", "ParticipantStopped"]
