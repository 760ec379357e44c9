"""`pysettle role`: powers offered, accepted, handed over, withdrawn and revoked."""

from __future__ import annotations

import json

from tests.cli.running import Town

NOTHING = {"held": False, "offered": False}
OFFERED = {"held": False, "offered": True}
HELD = {"held": True, "offered": False}


def test_holders_and_offers_are_shown(town: Town) -> None:
    """All roles with who holds them; then one role with its offers, given and handed over; then one account's."""
    roles = town.tell("role show")["roles"]
    contracts = json.loads((town.directory / "deployment.json").read_text())["contracts"]
    assert {label: it["holders"] for label, it in roles.items()} == {
        "administrator": ["administrator"],
        "central-bank": ["central-bank"],
        "operator": ["bank"],
        "registrar": ["registrar"],
        "freezer": ["freezer"],
        "seizer": ["seizer"],
        "pauser": ["pauser"],
        "settlement-registrar": ["settlement-registrar", contracts["ComputeMarket"]["address"]],
        "attester": ["attester"],
    }
    town.say("role offer --role operator --account second-bank")
    town.say("role hand-over --role operator --account bank --to carol")
    shown = town.tell("role show --role operator")["roles"]
    offers = [{"to": "second-bank", "handed_over_by": None}, {"to": "carol", "handed_over_by": "bank"}]
    assert shown == {"operator": {"holders": ["bank"], "offers": offers, "held_by_account": None}}
    text = town.say("role show --role operator")
    assert "offered to second-bank, beside its holders" in text
    assert "offered to carol, handed over by bank" in text
    only = town.tell("role show --role operator --account carol")["roles"]
    assert only == {"operator": {"holders": ["bank"], "offers": offers[1:], "held_by_account": False}}
    held = town.tell("role show --role operator --account bank")
    assert held["account"] == "bank"
    assert held["roles"]["operator"]["held_by_account"] is True
    one = town.say("role show --account carol")
    assert "operator: bank, not carol\n  offered to carol, handed over by bank\n" in one
    assert "freezer: freezer, not carol\n" in one
    assert "nobody" not in one
    assert "operator: bank\n" in town.say("role show --account bank")


def test_a_role_is_offered_and_accepted(town: Town) -> None:
    """Before it accepts, the second bank cannot issue; afterwards it can, within its quota, and the first still can."""
    issue = "token issue --to bob --amount 1 --by second-bank"
    offered = town.tell("role offer --role operator --account second-bank")
    assert offered["accounts"] == {"second-bank": {"before": NOTHING, "now": OFFERED}}
    assert (offered["role"], offered["currency"]) == ("operator", "CNY")
    town.refuse(issue, 5, "AccessManagedUnauthorized")
    accepted = town.say("role accept --role operator --account second-bank")
    assert "operator, second-bank: offered -> held" in accepted
    assert "Next: pysettle reserve quota --operator second-bank" in accepted
    town.refuse(issue, 5, "QuotaExceeded")
    town.say("reserve quota --operator second-bank --amount 5")
    assert "bob: 0.00 -> 1.00 yuan" in town.say(issue)
    assert "bob: 1.00 -> 2.00 yuan" in town.say("token issue --to bob --amount 1")


def test_nobody_gets_a_role_without_accepting_an_offer(town: Town) -> None:
    """What is not offered cannot be accepted, and what is withdrawn or revoked is offered no longer."""
    accept = "role accept --role pauser --account carol"
    town.refuse(accept, 5, "RoleOfferNotFound")
    offered = town.say("role hand-over --role pauser --account pauser --to carol")
    assert "pauser, carol: not held -> offered" in offered
    assert "Next: pysettle role accept --role pauser --account carol" in offered
    withdrawn = town.tell("role withdraw --role pauser --account carol")
    assert withdrawn["accounts"] == {"carol": {"before": OFFERED, "now": NOTHING}}
    town.refuse(accept, 5, "RoleOfferNotFound")
    town.say("role offer --role pauser --account carol")
    town.refuse("role withdraw --role pauser --account carol", 2, "role revoke` for the administrator's offer")
    revoked = town.tell("role revoke --role pauser --account carol")
    assert revoked["accounts"] == {"carol": {"before": OFFERED, "now": NOTHING}}
    town.refuse(accept, 5, "RoleOfferNotFound")


def test_a_role_is_handed_over(town: Town) -> None:
    """The old holder keeps its power until the successor accepts, and has none afterwards."""
    handed = town.tell("role hand-over --role freezer --account freezer --to carol")
    assert handed["accounts"] == {
        "freezer": {"before": HELD, "now": HELD},
        "carol": {"before": NOTHING, "now": OFFERED},
    }
    town.say("wallet freeze --account alice --outgoing")
    accepted = town.tell("role accept --role freezer --account carol")
    assert accepted["accounts"] == {
        "freezer": {"before": HELD, "now": NOTHING},
        "carol": {"before": OFFERED, "now": HELD},
    }
    freezer = "the role freezer of CNY is held by carol"
    town.refuse("wallet unfreeze --account alice", 5, "AccessManagedUnauthorized", freezer)
    town.refuse("role hand-over --role freezer --account freezer --to bob", 5, "RoleNotHeld", freezer)
    assert "alice: frozen outgoing -> nothing" in town.say("wallet unfreeze --account alice --by carol")


def test_a_role_is_revoked(town: Town) -> None:
    """The administrator takes a role, and nobody else does."""
    town.refuse("role revoke --role operator --account bank --by carol", 5, "AccessManagerUnauthorizedAccount")
    revoked = town.tell("role revoke --role operator --account bank")
    assert revoked["accounts"] == {"bank": {"before": HELD, "now": NOTHING}}
    town.refuse("token issue --to bob --amount 1", 5, "AccessManagedUnauthorized", "operator of CNY is held by nobody")
    assert town.say("role show --role operator").startswith("operator: nobody\n")


def test_what_is_not_held_is_not_handed_over(town: Town) -> None:
    """An account without a role cannot offer it, in neither way."""
    town.refuse("role hand-over --role seizer --account alice --to carol", 5, "RoleNotHeld")
    town.refuse("role offer --role seizer --account carol --by seizer", 5, "AccessManagerUnauthorizedAccount")


def test_roles_are_those_of_one_currency(town: Town) -> None:
    """What is handed over in one currency is not in the other."""
    town.say("role hand-over --role pauser --account hkd-pauser --to carol --currency HKD")
    town.say("role accept --role pauser --account carol --currency HKD")
    assert "HKD: not paused -> paused" in town.say("token pause --by carol --currency HKD")
    town.refuse("token pause --by carol", 5, "AccessManagedUnauthorized")
    assert town.tell("role show --role pauser")["roles"]["pauser"]["holders"] == ["pauser"]


def test_a_refused_command_names_the_role_and_who_holds_it_now(town: Town) -> None:
    """Whatever contract refuses it: after a hand-over the account that got the role at deployment lacks it."""
    for role, holder in {"operator": "bank", "central-bank": "central-bank", "administrator": "administrator"}.items():
        town.say(f"role hand-over --role {role} --account hkd-{holder} --to carol --currency HKD")
        town.say(f"role accept --role {role} --account carol --currency HKD")
    town.say("role offer --role operator --account second-bank --by carol --currency HKD")
    town.say("role accept --role operator --account second-bank --currency HKD")
    for line, error, role, holders in (
        ("token issue --to bob --amount 1", "AccessManagedUnauthorized", "operator", "carol, second-bank"),
        ("redemption request --from alice --amount 1", "RedemptionOperatorInvalid", "operator", "carol, second-bank"),
        ("reserve quota --amount 1", "AccessManagedUnauthorized", "central-bank", "carol"),
        ("reserve attest --amount 1", "ReserveAttesterInvalid", "central-bank", "carol"),
        ("role offer --role pauser --account bob", "AccessManagerUnauthorizedAccount", "administrator", "carol"),
    ):
        said = f"the role {role} of HKD is held by {holders}"
        town.refuse(f"{line} --currency HKD", 5, error, said)
    town.say("token issue --to bob --amount 1")


def test_the_last_administrator_is_not_revoked_without_being_asked(town: Town) -> None:
    """It is refused, with what would be lost; beside another one, or where it is said, it is done."""
    revoke = "role revoke --role administrator --account administrator"
    before = town.tell("time show")["block"]
    town.refuse(
        revoke, 2, "last administrator of CNY", "nobody can ever grant or revoke a role", "--last-administrator"
    )
    assert town.tell("time show")["block"] == before
    town.say("role offer --role administrator --account carol")
    town.refuse(revoke, 2, "last administrator")
    town.say("role accept --role administrator --account carol")
    assert "administrator, administrator: held -> not held" in town.say(revoke)
    town.say("role revoke --role administrator --account alice --by carol")
    town.refuse("role revoke --role administrator --account carol --by carol", 2, "carol is the last administrator")
    town.say("role revoke --role administrator --account carol --by carol --last-administrator")
    assert town.say("role show --role administrator").startswith("administrator: nobody\n")
    town.refuse("role offer --role pauser --account bob --by carol", 5, "administrator of CNY is held by nobody")
