"""`pysettle job`: an order of two milestones, as separate commands on one workspace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import Town, document


@pytest.fixture
def town(bare: Path, tmp_path: Path) -> Town:
    """Return a workspace where alice holds 1,000 yuan, and a file to hash."""
    town = Town(Path(shutil.copytree(bare, tmp_path / "town")))
    town.say("token issue --to alice --amount 1000")
    (town.directory / "file").write_text("what is ordered")
    return town


def place(town: Town, *options: str) -> str:
    """Place an order of two milestones; return its id."""
    line = "job place --arbiter bob --milestone 100@2026-02-01 --milestone 250.50@2026-03-01 --bond 10 --file"
    found = document(*line.split(), str(town.directory / "file"), *options, workspace=town.directory)
    assert found["amount_units"] == "350500000"
    return str(found["order"])


def test_delivered_accepted_disputed_and_ruled(town: Town) -> None:
    """The provider is paid for the first, a third of the second; alice gets the rest and her bond."""
    order, file = place(town), town.directory / "file"
    assert "order: placed -> accepted" in town.say(f"job accept --order {order}")
    for milestone in (0, 1):
        step = f"job deliver --order {order} --milestone {milestone} --file {file}"
        assert f"milestone {milestone}: due -> delivered" in town.say(step)
    assert "milestone 0: delivered -> released" in town.say(f"job accept-delivery --order {order}")
    dispute = f"job dispute --order {order} --milestone 1 --file {file}"
    assert "milestone 1: delivered -> disputed" in town.say(dispute)
    assert town.held("alice") == "639.50 yuan"
    rule = f"job rule --order {order} --milestone 1 --provider-bps 3333 --file {file}"
    town.refuse(f"{rule} --by alice", 5, "OrderCallerInvalid")
    assert "milestone 1: disputed -> ruled" in town.say(f"{rule} --by bob")
    assert "due to provider: 183.49165 -> 0.00 yuan" in town.say("job pay --account provider")
    assert "due to alice: 177.00835 -> 0.00 yuan" in town.say("job pay --account alice --by bob")
    town.refuse("job pay --account alice", 5, "NothingDue")
    shown = document("job", "show", "--order", order, workspace=town.directory)
    assert [it["state"] for it in shown["milestones"]] == ["released", "ruled"]
    assert (shown["payer"], shown["arbiter"], shown["state"]) == ("alice", "bob", "accepted")


def test_given_up_missed_and_cancelled(town: Town) -> None:
    """All of it comes back to who paid: by the provider, by time, and before the provider accepts."""
    order = place(town)
    town.say(f"job accept --order {order}")
    assert "milestone 0: due -> refunded" in town.say(f"job concede --order {order}")
    town.refuse(f"job conclude --order {order} --milestone 1", 5, "MilestoneTimeRunning")
    town.say("time advance --days 60")
    assert "milestone 1: due -> refunded" in town.say(f"job conclude --order {order} --milestone 1 --by bob")
    assert "due to alice: 350.50 -> 0.00 yuan" in town.say("job pay --account alice")


def test_an_order_for_somebody_else_is_taken_back(town: Town) -> None:
    """The buyer cancels what alice paid for, and alice is due all of it."""
    town.say("token issue --to bob --amount 1")
    line = f"job place --arbiter registrar --buyer bob --milestone 5@2026-02-01 --file {town.directory / 'file'}"
    order = str(document(*line.split(), workspace=town.directory)["order"])
    assert "order: placed -> cancelled" in town.say(f"job cancel --order {order} --by bob")
    assert "due to alice: 5.00 -> 0.00 yuan" in town.say("job pay --account alice")


def test_mistakes_are_told(town: Town) -> None:
    """Before anything is sent."""
    file = town.directory / "file"
    town.refuse(f"job place --arbiter bob --milestone 5 --file {file}", 2, "is not like 120.50@2026-02-01")
    town.refuse(f"job accept --order 0x{'11' * 32}", 2, "no order has an id that begins with 0x1111")
    town.refuse("job accept --order 0x", 2, "names no order")
    town.refuse(f"job place --arbiter alice --milestone 5@2026-02-01 --file {file}", 5, "OrderTermsInvalid")


def test_an_order_is_named_by_how_its_id_begins(town: Town) -> None:
    """A part of the id that no other order has names the order, in every command and in either case of letters."""
    order = place(town)
    place(town, "--number", "1")
    assert "placed -> accepted" in town.say(f"job accept --order {order[:12]}")
    assert town.tell(f"job show --order {order[2:12].upper()}")["state"] == "accepted"


def test_a_signed_order_is_submitted_by_somebody_else(town: Town) -> None:
    """Signing moves nothing; who submits changes nothing, pays nothing, and does it once."""
    file, signed = town.directory / "file", town.directory / "order.json"
    line = f"job sign --arbiter bob --milestone 100@2026-02-01 --file {file} --bond 2 --out {signed}"
    said = town.tell(line)
    assert (said["amount_units"], town.held("alice")) == ("100000000", "1,000.00 yuan")
    found = town.tell(f"job submit --file {signed}")
    assert (found["order"], town.held("alice")) == (said["order"], "900.00 yuan")
    shown = town.tell(f"job show --order {found['order']}")
    assert (shown["payer"], shown["buyer"], shown["state"], shown["bond_units"]) == (
        "alice",
        "alice",
        "placed",
        "2000000",
    )
    town.refuse(f"job submit --file {signed}", 5, "OrderPlacedAlready")


def test_a_signed_order_that_was_changed_is_refused(town: Town) -> None:
    """Whichever of its terms: the currency sees another nonce. Another form is told before anything is sent."""
    file, signed = town.directory / "file", town.directory / "order.json"
    town.say(f"job sign --arbiter bob --milestone 100@2026-02-01 --file {file} --out {signed}")
    true = json.loads(signed.read_text())
    assert true["schema"] == "pysettle.signed-order/1"
    for name, changed in (
        ("default_bps", "10000"),
        ("salt", "0x" + "01" * 32),
        ("provider", true["arbiter"]),
        ("milestones", [{**true["milestones"][0], "amount_units": "1"}]),
    ):
        signed.write_text(
            json.dumps({**true, name: changed, **({"arbiter": true["escrow"]} if name == "provider" else {})})
        )
        town.refuse(f"job submit --file {signed}", 5, "AuthorizationSignatureInvalid")
    for name, changed, said in (
        ("schema", "pysettle.permit/1", "this is no signed order"),
        ("salt", "0x01", "this is no signed order"),
        ("bond_units", "-1", "this is no signed order"),
        ("milestones", [{}], "this is no signed order"),
        ("escrow", true["token"], "this was signed for the escrow"),
        ("chain_id", "1", "this was signed for the escrow"),
        ("currency", "HKD", "give --currency HKD"),
    ):
        signed.write_text(json.dumps({**true, name: changed}))
        town.refuse(f"job submit --file {signed}", 2, said)


def test_a_milestone_may_name_its_time_zone(town: Town) -> None:
    """It is UTC where it names none."""
    line = f"job place --arbiter bob --file {town.directory / 'file'} --milestone 5@2026-02-01T00:00:00"
    order = town.tell(f"{line} --milestone 5@2026-02-01T08:00:00+08:00")["order"]
    stages = town.tell(f"job show --order {order}")["milestones"]
    assert [it["deliver_before_unix_s"] for it in stages] == ["1769904000"] * 2


def test_orders_are_listed_with_how_they_stand(town: Town) -> None:
    """In the order they were placed in, of all parties or of one, each currency for itself."""
    town.say("network add-currency --currency HKD")
    first, second = place(town), place(town, "--number", "1", "--provider", "registrar")
    town.say(f"job accept --order {first}")
    town.say(f"job concede --order {first}")
    listed = town.tell("job list")["orders"]
    assert [(it["order"], it["state"], it["provider"], it["ended_count"], it["milestone_count"]) for it in listed] == [
        (first, "accepted", "provider", "1", "2"),
        (second, "placed", "registrar", "0", "2"),
    ]
    assert [it["order"] for it in town.tell("job list --account registrar")["orders"]] == [second]
    assert len(town.tell("job list --account bob")["orders"]) == 2
    line = town.say("job list --wide").splitlines()[2]
    assert line.split() == [first, "accepted", "alice", "provider", "350.50", "yuan", "1", "of", "2"]
    assert town.say("job list --currency HKD") == "no order\n"


def test_an_order_is_in_one_currency(town: Town) -> None:
    """A command that names another is refused: amounts and bond would be shown and allowed in the wrong one."""
    town.say("network add-currency --currency HKD")
    town.say("token issue --to alice --amount 100 --currency HKD")
    line = f"job place --arbiter bob --milestone 5@2026-02-01 --file {town.directory / 'file'} --currency HKD"
    order = str(document(*line.split(), workspace=town.directory)["order"])
    for command in ("show", "accept"):
        town.refuse(f"job {command} --order {order}", 2, "this order is in HKD: give --currency HKD")
    assert "5.00" in town.say(f"job show --order {order} --currency HKD")
    assert "placed -> accepted" in town.say(f"job accept --order {order} --currency HKD")
