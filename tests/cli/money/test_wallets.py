"""`pysettle wallet`: registration, limits, what is left of them, credits, and what only a payee may submit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import Town, invoke

NEVER = {
    "class": "IV",
    "identification_until": None,
    "identification_expiry_day": "0",
    "jurisdiction": "0",
    "real_name": False,
}


def test_a_payment_beyond_the_class_passes_after_registration(town: Town) -> None:
    """Class IV pays 2,000 yuan at once; class II pays more, and says so in text and document."""
    town.say("token issue --to alice --amount 9000")
    payment = "token transfer --from alice --to bob --amount 2000.01"
    town.refuse(
        payment, 5, "PaymentLimitExceeded", "alice may pay at most 2,000.00 yuan in one payment; 2,000.01 requested"
    )
    register = "wallet register --account alice --class II --jurisdiction 156 --identification-until 2026-12-31"
    registered = town.tell(register)
    assert registered["wallet"]["before"] == NEVER
    assert registered["wallet"]["now"] == {
        "class": "II",
        "identification_until": "2026-12-31",
        "identification_expiry_day": "20819",
        "jurisdiction": "156",
        "real_name": True,
    }
    assert "alice: 9,100.00 -> 7,099.99 yuan" in town.say(payment)
    again = town.say("wallet register --account alice --class corporate")
    assert "alice: class II -> corporate; identification without end, real name, no jurisdiction" in again


def test_an_identification_is_valid_through_its_last_day(town: Town) -> None:
    """On the last day, which ends at 16:00 UTC, the class holds; a second later the wallet is held to class IV."""
    town.say("wallet register --account alice --class II --identification-until 2026-01-01")
    now = int(town.tell("time show")["now_unix_s"])
    # Each of the two issuances below advances the clock by the second of its block.
    last = 1_767_225_600 + 16 * 3_600 - 1
    town.say(f"time advance --seconds {last - now}")
    assert town.tell("wallet show --account alice")["effective_class"] == "II"
    town.say("token issue --to alice --amount 20000")
    shown = town.tell("wallet show --account alice")
    assert (shown["class"], shown["effective_class"], shown["day"]) == ("II", "IV", "2026-01-02")
    assert "class II, identification expired: held to class IV" in town.say("wallet show --account alice")
    town.refuse("token issue --to alice --amount 0.01", 5, "BalanceLimitExceeded")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("--class I --anonymous", 5, "alice cannot have wallet class I without a real name;"),
        ("--class II --by bank", 5, "AccessManagedUnauthorized"),
        ("--class II --identification-until 2200-01-01", 2, "from 1970-01-01 to 2149-06-04"),
        ("--class II --identification-until 1969-12-31", 2, "from 1970-01-01 to 2149-06-04"),
    ],
)
def test_a_registration_that_is_refused(town: Town, options: str, code: int, said: str) -> None:
    """The wallet stays what it was."""
    town.refuse(f"wallet register --account alice {options}", code, said)
    assert {name: town.tell("wallet show --account alice")[name] for name in NEVER} == NEVER


def test_what_is_spent_and_what_is_left(town: Town) -> None:
    """Payments count against the day and the year; tomorrow the day begins anew, in another year the year."""
    town.say("token transfer --from alice --to bob --amount 12.5")
    shown = town.tell("wallet show --account alice")
    assert shown["today"] == {"spent_units": "12500000", "left_units": "4987500000"}
    assert shown["this_year"] == {"spent_units": "12500000", "left_units": "49987500000"}
    assert (shown["balance_units"], shown["credit_units"], shown["payee_only"], shown["effective_class"]) == (
        "87500000",
        "0",
        False,
        "IV",
    )
    text = town.say("wallet show --account alice")
    assert "spent today (2026-01-01, UTC+8): 12.50 yuan, 4,987.50 yuan left" in text
    town.say("time advance --days 1")
    shown = town.tell("wallet show --account alice")
    assert (shown["today"]["spent_units"], shown["this_year"]["spent_units"]) == ("0", "12500000")
    town.say("time advance --days 364")
    shown = town.tell("wallet show --account alice")
    assert (shown["today"]["spent_units"], shown["this_year"]["spent_units"]) == ("0", "0")
    foreign = town.tell("wallet show --account alice --currency HKD")
    assert foreign["today"] == foreign["this_year"] == {"spent_units": None, "left_units": None}
    assert "payments are not counted" in town.say("wallet show --account alice --currency HKD")


def test_limits_are_shown_and_set(town: Town) -> None:
    """Those that are named change, the others stay; zero is a limit and "none" is none."""
    found = {name: it["now"] for name, it in town.tell("wallet limits")["classes"].items()}
    assert list(found) == ["IV", "III", "II", "I", "corporate"]
    assert found["IV"] == {
        "balance_units": "10000000000",
        "payment_units": "2000000000",
        "daily_units": "5000000000",
        "annual_units": "50000000000",
    }
    assert set(found["corporate"].values()) == {None}
    changed = town.tell("wallet limits --class IV --payment 0 --annual none")["classes"]["IV"]
    assert changed["before"] == found["IV"]
    assert changed["now"] == found["IV"] | {"payment_units": "0", "annual_units": None}
    town.refuse("token transfer --from alice --to bob --amount 0.01", 5, "PaymentLimitExceeded")
    text = town.say("wallet limits --class IV --payment 300")
    assert "class IV, payment: 0.00 -> 300.00\n" in text
    assert "balance" not in text
    assert town.tell("wallet limits --class IV")["classes"]["IV"]["now"] == changed["now"] | {
        "payment_units": "300000000"
    }
    assert town.tell("wallet limits --class IV --currency HKD")["classes"]["IV"]["now"]["payment_units"] is None


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("--balance 100", 2, "give the --class"),
        ("--class IV --balance 150", 5, "ClassLimitInvalid"),
        ("--class corporate --balance 100", 5, "ClassWithoutLimits: wallet class corporate has no limits;"),
        ("--class IV --balance 100 --by alice", 5, "AccessManagedUnauthorized"),
        ("--class IV --balance nothing", 2, "is not an amount of money"),
    ],
)
def test_limits_that_are_refused(town: Town, options: str, code: int, said: str) -> None:
    """The limits stay as they were."""
    before = town.tell("wallet limits")
    town.refuse(f"wallet limits {options}", code, said)
    assert town.tell("wallet limits") == before


def test_a_credit_is_claimed_and_seized(town: Town, tmp_path: Path) -> None:
    """What cannot come in is held; part of it is seized, the rest claimed when the account may be paid again."""
    order = tmp_path / "order.txt"
    order.write_text("Order 9 of the court")
    town.say("redemption request --from alice --amount 60")
    town.say("wallet freeze --account alice --incoming")
    rejected = town.tell("redemption reject --id 1")
    assert rejected["balance_units"] == {"before": "40000000", "now": "40000000"}
    assert rejected["credit_units"] == {"before": "0", "now": "60000000"}
    assert "credit, held because the account could not receive it: 60.00 yuan" in town.say(
        "wallet show --account alice"
    )
    claim = "wallet claim-credit --account alice"
    town.refuse(claim, 5, "AccountFrozenIncoming")

    seizure = f"wallet seize-credit --account alice --to bob --legal-basis {order} --amount"
    town.refuse(f"{seizure} 60.01", 5, "CreditExceeded")
    town.refuse(f"{seizure} 1 --by alice", 5, "AccessManagedUnauthorized")
    seized = town.tell(f"{seizure} 20")
    assert seized["credit_units"] == {"before": "60000000", "now": "40000000"}
    assert town.held("bob") == "20.00 yuan"
    assert "alice: credit 40.00 -> 35.00 yuan, 5.00 yuan seized for bob" in town.say(f"{seizure} 5")

    town.say("wallet unfreeze --account alice")
    part = town.tell(f"{claim} --amount 15 --by carol")
    assert part["balance_units"] == {"alice": {"before": "40000000", "now": "55000000"}}
    assert part["credit_units"] == {"alice": {"before": "35000000", "now": "20000000"}}
    assert "alice: 55.00 -> 75.00 yuan" in town.say(claim)
    town.refuse(claim, 2, "alice has no credit")


def test_what_is_seized_for_a_full_account_is_its_credit(town: Town, tmp_path: Path) -> None:
    """The receiver's line says so."""
    order = tmp_path / "order.txt"
    order.write_text("Order 10 of the court")
    town.say("wallet freeze --account bob --incoming")
    seized = town.say(f"wallet seize --account alice --to bob --amount 1 --legal-basis {order}")
    assert "bob: credit, held because the account cannot receive: 0.00 -> 1.00 yuan" in seized


def test_a_payee_keeps_submission_to_itself(town: Town, tmp_path: Path) -> None:
    """While it does, nobody else submits an authorization to it; then anybody does again."""
    file = tmp_path / "payment.json"
    town.say(f"token authorize --from alice --to bob --amount 5 --out {file}")
    on = town.tell("wallet payee-only --account bob")
    assert on["payee_only"] == {"before": False, "now": True}
    assert "the account alone submits authorizations that pay it" in town.say("wallet show --account bob")
    town.refuse(f"token submit --file {file} --by carol", 5, "PayeeOnly")
    assert "the account alone -> any account" in town.say("wallet payee-only --account bob --off")
    assert "bob: 0.00 -> 5.00 yuan" in town.say(f"token submit --file {file} --by carol")


def test_a_contract_is_marked_as_a_settlement_account(town: Town) -> None:
    """A contract is, for ever; a key cannot be."""
    town.refuse("wallet mark-settlement --account alice", 5, "SettlementAccountWithoutCode")
    meter = json.loads((town.directory / "deployment.json").read_text())["contracts"]["UsageMeter"]["address"]
    marked = town.tell(f"wallet mark-settlement --account {meter}")
    assert marked["settlement_account"] == {"before": False, "now": True}
    shown = invoke("wallet", "show", "--account", meter, workspace=town.directory)
    assert "settlement account, cannot be frozen or seized" in shown.stdout
    assert "class" not in shown.stdout
    town.refuse(f"wallet register --account {meter} --class I", 5, "SettlementAccountProtected")
