"""The pilot of mBridge, gross and netted: published figures, money conserved, days within policy, and no finding."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.cli.running import invoke

pytestmark = [pytest.mark.long, pytest.mark.apart]


def test_the_pilot() -> None:
    """One run each, as a command: several tests would run in several processes, each with a pilot of its own."""
    pilot = run("mbridge-2022")
    check_published_figures(pilot)
    check_origins(pilot)
    check_closed_hours(pilot)
    check_correspondents(pilot)
    netted = run("mbridge-2022-netted")
    check_published_figures(netted)
    check_origins(netted)
    check_netted(netted, pilot)


def run(name: str) -> dict[str, Any]:
    """Run a case with the standard seed, and return its document."""
    result = invoke("scenario", "run", name, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def check_published_figures(pilot: dict[str, Any]) -> None:
    """Check 164 settled, over 22 million dollars on 12 million issued; currencies conserved; nothing above policy."""
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


def check_origins(pilot: dict[str, Any]) -> None:
    """Check that a published figure names its source, and no other one does."""
    assert {it["origin"] for it in pilot["figures"]} == {"published", "drawn", "computed"}
    assert all((it["source"] is not None) == (it["origin"] == "published") for it in pilot["figures"])


def check_closed_hours(pilot: dict[str, Any]) -> None:
    """Check that each refusal is of closed hours, and final at a later opening; all others after one block."""
    waited = [it for it in pilot["settlements"] if it["final_unix_s"] != it["irrevocable_unix_s"]]
    assert Counter(it["error"] for it in pilot["refusals"]) == {"CurrencyClosed": len(waited)}
    assert sorted(it["step"] for it in pilot["refusals"]) == sorted(it["instruction"] for it in waited)
    assert {it["kind"] for it in waited} == {"PvP"}
    at_once = [it for it in pilot["settlements"] if it not in waited]
    assert {int(it["final_unix_s"]) - int(it["handed_in_unix_s"]) for it in at_once} <= {1, 2}


def check_correspondents(pilot: dict[str, Any]) -> None:
    """Check that an exchange takes two working days there, and leaves one side open unless the hours are the same."""
    exchanges = [it for it in pilot["settlements"] if it["kind"] == "PvP"]
    assert all(int(it["traditional_unix_s"]) - int(it["final_unix_s"]) > 0 for it in exchanges)
    assert {int(it["traditional_exposed_s"]) for it in exchanges} <= {0, 3_600, 9_000, 12_600}
    assert {int(it["traditional_exposed_s"]) for it in pilot["settlements"] if it["kind"] == "payment"} == {0}


def check_netted(netted: dict[str, Any], gross: dict[str, Any]) -> None:
    """Check that both have the same obligations, and that cycles below a day need as much liquidity as gross."""
    of_gross, of_netted = (
        {(it["figure"], it["currency"]): it["text"] for it in case["figures"]} for case in (gross, netted)
    )
    own = {"value times moved to the next opening", "clear-outs at the end of a day"}
    assert {it: text for it, text in of_gross.items() if it[0] not in own}.items() <= of_netted.items()
    exchanges = sum(it["kind"] == "PvP" for it in gross["settlements"])
    counts = {it["figure"]: int(it["count"]) for it in netted["figures"] if it["count"] is not None}
    assert counts["obligations queued, a PvP as two"] == 164 + exchanges
    assert netted["refusals"] == []
    needed = [int(it["amount_units"]) for it in netted["figures"] if "needed" in it["figure"]]
    assert len(needed) == 5
    assert needed[0] == needed[3] > needed[4] > 0
