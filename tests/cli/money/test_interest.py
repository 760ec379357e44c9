"""`pysettle interest`: open, compute, declare, pay, verify and show, as separate commands on one workspace."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.records.powers import powers
from pysettle.audit.report import Check, Outcome
from pysettle.audit.verify import verify
from pysettle.cli import main
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.money.contracts import INTEREST_PAYMENTS
from pysettle.domain.money.wallets import WalletClass
from pysettle.errors.states import Role
from pysettle.workspace import Workspace
from tests.audit.records import ALL, opened

DAYS = ("--first-day", "2026-01-02", "--end-day", "2026-01-12", "--rate-bps", "3600")
"""Ten days at 36 % a year: one per cent."""


def invoke(workspace: Path, *arguments: str) -> Result:
    """Run a command in this process, on a workspace."""
    return CliRunner().invoke(main, arguments, env={"PYSETTLE_WORKSPACE": str(workspace)})


def run(workspace: Path, *arguments: str) -> str:
    """Run a command that must succeed; return what it printed."""
    result = invoke(workspace, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def document(workspace: Path, *arguments: str) -> dict[str, object]:
    """Run a command with `--json`; return the document."""
    return dict(json.loads(run(workspace, *arguments, "--json")))


def set_ratio(directory: Path, ratio_bps: int) -> None:
    """Have the central bank set the reserve ratio."""
    workspace = Workspace.open(directory)
    with workspace.chain(write=True) as chain:
        currency = workspace.network(chain).currency
        currency.send(currency.desk.set_reserve_ratio(workspace.accounts.signer("central-bank"), ratio_bps))


@pytest.fixture(scope="module")
def with_holders(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace where alice, of class II, holds 1,000 yuan and bob, of class IV, 500, since 2026-01-01."""
    directory = Path(shutil.copytree(bare, tmp_path_factory.mktemp("holders") / "town"))
    set_ratio(directory, 2_000)
    workspace = Workspace.open(directory)
    with workspace.chain(write=True) as chain:
        currency, registrar = workspace.network(chain).currency, workspace.accounts.signer("registrar")
        currency.send(currency.register_wallet(registrar, workspace.accounts.address("alice"), WalletClass.II))
    run(directory, "token", "issue", "--to", "alice", "--amount", "1000")
    run(directory, "token", "issue", "--to", "bob", "--amount", "500")
    return directory


@pytest.fixture
def town(with_holders: Path, tmp_path: Path) -> Path:
    """Return a copy of that workspace."""
    return Path(shutil.copytree(with_holders, tmp_path / "town"))


@pytest.fixture(scope="module")
def later(with_holders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with interest opened, on 2026-01-13 in China."""
    directory = Path(shutil.copytree(with_holders, tmp_path_factory.mktemp("later") / "town"))
    assert "up to 100.00 yuan" in run(directory, "interest", "open", "--quota", "100")
    run(directory, "time", "advance", "--days", "12")
    return directory


@pytest.fixture
def after(later: Path, tmp_path: Path) -> Path:
    """Return a copy of that workspace."""
    return Path(shutil.copytree(later, tmp_path / "town"))


def test_from_opening_to_payment(after: Path) -> None:
    """Ten days of 1,000 yuan at one per cent are ten yuan, which alice has in the end, once."""
    assert "alice      10,000.00  10.00" in run(after, "interest", "compute", *DAYS)
    computed = document(after, "interest", "compute", *DAYS)
    assert computed["schema"] == "pysettle.interest-compute/1"
    assert computed["total_units"] == "10000000"
    alice = "0x" + Workspace.open(after).accounts.address("alice").hex()
    assert computed["rows"] == [
        {"index": "0", "account": alice, "accumulation_unit_days": "10000000000", "amount_units": "10000000"}
    ]
    declared = document(after, "interest", "declare", *DAYS)
    assert (declared["period"], declared["root"]) == ("1", computed["root"])
    assert run(after, "interest", "verify", "--period", "1").endswith("equal\n")
    shown = document(after, "interest", "show")
    assert shown["quota_units"] == "100000000"
    assert shown["periods"] == [
        {
            "period": "1",
            "first_day": "2026-01-02",
            "end_day": "2026-01-12",
            "rate_bps": "3600",
            "root": computed["root"],
            "total_units": "10000000",
            "paid_units": "0",
        }
    ]
    paid = document(after, "interest", "pay", "--period", "1", "--by", "bob")
    assert (paid["paid_count"], paid["refused"]) == ("1", [])
    assert paid["paid_units"] == {"before": "0", "now": "10000000"}
    assert document(after, "token", "balance", "--account", "alice")["balance_units"] == "1010000000"
    assert document(after, "token", "balance", "--account", "bob")["balance_units"] == "500000000"
    again = document(after, "interest", "pay", "--period", "1")
    assert (again["tx_hashes"], again["paid_count"], again["refused"]) == ([], "0", [])
    verified = document(after, "interest", "verify", "--period", "1")
    assert verified["equal"] is True
    assert verified["declared"] == verified["computed"] == {"root": computed["root"], "total_units": "10000000"}
    assert "2026-01-12  3600          10.00      10.00" in run(after, "interest", "show")


def test_a_false_declaration(after: Path) -> None:
    """A root that the chain does not say is told with exit code 7, and its rows are not paid by our command."""
    workspace = Workspace.open(after)
    with workspace.chain(write=True) as chain:
        contract = workspace.network(chain).interest
        honest = contract.compute(20_455, 20_465, 3_600)
        bob = workspace.accounts.address("bob")
        false = replace(honest, rows=(replace(honest.rows[0], account=bob),))
        contract.send(contract.declare(workspace.accounts.signer("bank"), false))
    told = invoke(after, "interest", "verify", "--period", "1")
    assert (told.exit_code, "NOT EQUAL" in told.stdout) == (7, True)
    assert "differs from the chain" in told.stderr
    as_json = invoke(after, "interest", "verify", "--period", "1", "--json")
    answer = json.loads(as_json.stdout)
    assert (as_json.exit_code, answer["equal"]) == (7, False)
    assert answer["declared"]["total_units"] == answer["computed"]["total_units"]
    assert answer["declared"]["root"] != answer["computed"]["root"]
    refused = invoke(after, "interest", "pay", "--period", "1")
    assert refused.exit_code == 7
    assert document(after, "token", "balance", "--account", "bob")["balance_units"] == "500000000"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (
            ("compute", "--first-day", "2026-01-12", "--end-day", "2026-01-12", "--rate-bps", "1"),
            2,
            "at least one day",
        ),
        (
            ("compute", "--first-day", "1969-12-31", "--end-day", "1970-01-02", "--rate-bps", "1"),
            2,
            "at least one day",
        ),
        (("declare", "--first-day", "2026-01-02", "--end-day", "2026-01-14", "--rate-bps", "1"), 5, "PeriodInvalid"),
        (("declare", *DAYS, "--by", "alice"), 5, "AccessManagedUnauthorized"),
        (("verify", "--period", "1"), 5, "InterestPeriodNotFound"),
        (("pay", "--period", "1"), 5, "InterestPeriodNotFound"),
        (("open",), 2, "opened in this workspace already"),
    ],
)
def test_what_is_refused(after: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    """Each refusal has its exit code and says why."""
    result = invoke(after, "interest", *arguments)
    assert (result.exit_code, told in result.stderr) == (code, True), result.output


def test_before_it_is_opened(town: Path) -> None:
    """Without the contract every command but `open` says what to do first."""
    for arguments in (("compute", *DAYS), ("declare", *DAYS), ("pay", "--period", "1"), ("show",)):
        result = invoke(town, "interest", *arguments)
        assert (result.exit_code, "pysettle interest open" in result.stderr) == (2, True), result.output


def test_in_full_reserve(after: Path) -> None:
    """The opening says that no interest can be declared, and a declaration is refused."""
    set_ratio(after, 10_000)
    refused = invoke(after, "interest", "declare", *DAYS)
    assert (refused.exit_code, "InterestInFullReserve" in refused.stderr) == (5, True)


def test_an_opening_in_full_reserve_says_so(town: Path) -> None:
    """Opened before the ratio is lowered, it can be declared later, and is told."""
    set_ratio(town, 10_000)
    assert "no interest can be declared" in run(town, "interest", "open")


def test_the_deployment_names_it(after: Path) -> None:
    """The contract is in deployment.json, and its code is compared like that of any other."""
    contracts = document(after, "network", "status")["contracts"]
    assert isinstance(contracts, dict)
    assert contracts["InterestPayments"] == "as deployed"
    verified = document(after, "network", "verify")["contracts"]
    assert isinstance(verified, dict)
    assert verified["InterestPayments"] == "as built"


def test_an_auditor_sees_it(after: Path, tmp_path: Path) -> None:
    """A bundle lists the contract; its audit keeps the books of it, and shows who declared; unlisted, it is named."""
    run(after, "interest", "declare", *DAYS)
    run(after, "interest", "pay", "--period", "1")
    workspace = Workspace.open(after)
    with workspace.embedded_chain() as chain:
        listed = workspace.network(chain).contracts()
        export_bundle(chain, tmp_path / "listed", listed)
        export_bundle(chain, tmp_path / "unlisted", Contracts({**listed.listed, INTEREST_PAYMENTS: {}}))
    assert Bundle.read(tmp_path / "listed").manifest.contracts.addresses() == listed.addresses()
    report = verify(tmp_path / "listed", index=tmp_path / "index.sqlite")
    assert report.divergences == report.notices == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED
    with opened(tmp_path / "index.sqlite") as records:
        (declared,) = (it for it in powers(records, ALL).uses if it.function == "declare")
    assert (declared.role, declared.account) == (Role.OPERATOR, workspace.accounts.address("bank"))
    report = verify(tmp_path / "unlisted")
    assert report.divergences == ()
    subject = "contract 0x" + workspace.deployment().address("InterestPayments").hex()
    books, code = (it.detail for it in report.notices if it.subject == subject)
    assert "InterestDeclared, InterestPaid" in books
    assert code.startswith("has the genuine code of InterestPayments and is not listed in the manifest")


def test_why_class_iv_gets_nothing_is_said(town: Path) -> None:
    """Bob is of class IV: what bore nothing for that is told, of whom, and how it ends: by a registration."""
    run(town, "interest", "open")
    run(town, "time", "advance", "--days", "20")
    said = run(town, "interest", "compute", *DAYS)
    assert "wallets of class IV bear no interest" in said
    assert "5,000.00 yuan x days of bob bear none for this reason:" in said
    assert "pysettle wallet register" in said
    (bob,) = document(town, "interest", "compute", *DAYS)["class_iv"]  # type: ignore[misc]
    assert bob == {"account": "0x" + Workspace.open(town).accounts.address("bob").hex(), "unit_days": "5000000000"}
    run(town, "wallet", "register", "--account", "bob", "--class", "II")
    days = ("--first-day", "2026-01-22", "--end-day", "2026-01-23", "--rate-bps", "3600")
    run(town, "time", "advance", "--days", "5")
    assert "class IV" not in run(town, "interest", "compute", *days)
