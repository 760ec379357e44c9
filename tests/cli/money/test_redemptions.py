"""`pysettle redemption` and `pysettle reserve`: tokens exchanged for reserve, and what is issued against it."""

from __future__ import annotations

import pytest

from tests.cli.running import Town


def test_a_redemption_is_taken_and_completed(town: Town) -> None:
    """Its tokens are held, then destroyed; quota and position follow, and every step says what it changed."""
    asked = town.tell("redemption request --from alice --amount 60")
    assert (asked["id"], asked["holder"], asked["operator"], asked["amount_units"]) == (
        "1",
        "alice",
        "bank",
        "60000000",
    )
    assert asked["balance_units"] == {"before": "100000000", "now": "40000000"}
    before = town.tell("reserve quota")
    taken = town.say("redemption take --id 1")
    assert "redemption 1: requested -> taken\n60.00 yuan of alice, requested from bank\n" in taken
    assert "alice can cancel the redemption from 2026-01-02" in taken
    town.refuse("redemption take --id 1", 5, "RedemptionTakenAlready")
    town.refuse("redemption cancel --id 1", 5, "RedemptionNotCancellable")
    completed = town.tell("redemption complete --id 1")
    assert completed["status"] == {"before": "taken", "now": "completed"}
    assert completed["balance_units"] == {"before": "40000000", "now": "40000000"}
    after = town.tell("reserve quota")
    assert int(after["quota_units"]["now"]) - int(before["quota_units"]["now"]) == 60_000_000
    assert (before["position_units"], after["position_units"]) == ("100000000", "40000000")
    shown = town.tell("redemption show --id 1")
    assert (shown["status"], shown["holder"], shown["amount_units"]) == ("completed", "alice", "60000000")
    town.refuse("redemption reject --id 1", 5, "RedemptionEnded: redemption 1 is already completed")


@pytest.mark.parametrize(("verb", "ended"), [("reject", "rejected"), ("cancel", "cancelled")])
def test_a_redemption_that_gives_the_tokens_back(town: Town, verb: str, ended: str) -> None:
    """The holder has what it asked for again."""
    town.say("redemption request --from alice --amount 60 --currency HKD")
    done = town.tell(f"redemption {verb} --id 1 --currency HKD")
    assert done["status"] == {"before": "requested", "now": ended}
    assert done["balance_units"] == {"before": "40000000", "now": "100000000"}
    assert (done["currency"], town.held("alice", "HKD"), town.held("alice")) == ("HKD", "100.00 HKD", "100.00 yuan")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("request --from alice --amount 1 --operator bob", 5, "RedemptionOperatorInvalid"),
        ("request --from alice --amount 0.001", 2, "'0.001' has 3 decimals, 2 are possible"),
        ("request --from alice --amount 100.01", 5, "ERC20InsufficientBalance"),
        ("take --id 1 --by second-bank", 5, "AccessManagedUnauthorized"),
        ("complete --id 1 --by alice", 5, "AccessManagedUnauthorized"),
        ("reject --id 1 --by alice", 5, "AccessManagedUnauthorized"),
        ("cancel --id 1 --by bob", 5, "RedemptionCallerInvalid"),
        ("show --id 2", 5, "RedemptionNotFound: no redemption has the number 2"),
        ("complete --id 2", 5, "RedemptionNotFound"),
    ],
)
def test_what_is_refused_of_a_redemption(town: Town, line: str, code: int, said: str) -> None:
    """Each is one line; the redemption stays as it was."""
    town.say("redemption request --from alice --amount 1")
    town.refuse(f"redemption {line}", code, said)
    assert town.tell("redemption show --id 1")["status"] == "requested"
    assert town.held("alice") == "99.00 yuan"


def test_a_quota_is_shown_and_set(town: Town) -> None:
    """It replaces what was left, and bounds issuance; the position stays."""
    assert "bank: may issue 999,900.00 yuan, its position is 100.00 yuan" in town.say("reserve quota")
    changed = town.tell("reserve quota --amount 5")
    assert (changed["operator"], changed["quota_units"]) == ("bank", {"before": "999900000000", "now": "5000000"})
    assert changed["position_units"] == "100000000"
    town.refuse("token issue --to bob --amount 5.01", 5, "QuotaExceeded")
    town.refuse("reserve quota --amount 5 --by bank", 5, "AccessManagedUnauthorized")
    assert "second-bank: may issue 0.00 -> 7.00 HKD" in town.say(
        "reserve quota --operator second-bank --amount 7 --currency HKD"
    )
    assert town.tell("reserve quota --operator second-bank")["quota_units"] == {"before": None, "now": "0"}


def test_a_partial_reserve_lets_more_be_issued(town: Town) -> None:
    """At half of full cover the same reserve allows twice the supply, as `reserve show` says."""
    town.say("reserve attest --amount 150")
    town.refuse("token issue --to bob --amount 50.01", 5, "ReserveExceeded")
    assert town.tell("reserve ratio")["ratio_bps"] == {"before": None, "now": "10000"}
    changed = town.tell("reserve ratio --basis-points 5000")
    assert changed["ratio_bps"] == {"before": "10000", "now": "5000"}
    assert "has to cover 50.00 % of the supply" in town.say("reserve ratio")
    shown = town.tell("reserve show")
    assert (shown["ratio_bps"], shown["headroom_units"]) == ("5000", "200000000")
    assert "has to cover 50.00 % and allows 200.00" in town.say("reserve show")
    town.refuse("token issue --to bob --amount 200.01", 5, "ReserveExceeded")
    assert "bob: 0.00 -> 200.00 yuan" in town.say("token issue --to bob --amount 200")


def test_a_ratio_that_is_refused(town: Town) -> None:
    """Nothing, more than all, and somebody else's word are no ratio."""
    for bps in (0, 10_001):
        town.refuse(f"reserve ratio --basis-points {bps}", 5, "ReserveRatioInvalid")
    town.refuse("reserve ratio --basis-points 5000 --by bank", 5, "AccessManagedUnauthorized")
    assert town.tell("reserve ratio")["ratio_bps"] == {"before": None, "now": "10000"}
