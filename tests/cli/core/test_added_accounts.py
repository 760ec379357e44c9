"""Accounts that are added later, passwords, and what is done with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import verify
from pysettle.workspace import Workspace
from tests.cli.running import Town, document, invoke
from tests.node.process import node


def test_an_account_is_added_at_any_time_and_can_pay(town: Town, tmp_path: Path) -> None:
    """It has a development key and gas, pays and is paid; the chain re-executes from its genesis."""
    added = town.say("account add dora")
    assert "development key" in added
    town.say("token transfer --from alice --to dora --amount 3")
    town.say("token transfer --from dora --to bob --amount 1")
    assert (town.held("dora"), town.held("bob")) == ("2.00 yuan", "1.00 yuan")
    workspace = Workspace.open(town.directory)
    with workspace.chain() as chain:
        export_bundle(
            chain,
            tmp_path / "bundle",
            workspace.network(chain).contracts(),
        )
    report = verify(tmp_path / "bundle")
    assert (report.level, report.findings) == ("S", ())
    town.refuse("account add dora", 2, "there is an account dora already")


@pytest.mark.usefixtures("cheap_keystores")
def test_an_account_is_added_before_deployment(tmp_path: Path) -> None:
    """One that replaces another has gas too, so that it can deploy."""
    directory = tmp_path / "town"
    assert invoke("init", str(directory)).exit_code == 0
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    line = ("account", "add", "administrator", "--replace", "--password-file", str(password))
    added = document(*line, workspace=directory)
    assert (added["key"], added["can_pay_gas"]) == ("encrypted keystore", True)
    assert invoke("network", "deploy", workspace=directory).exit_code == 2
    result = invoke("network", "deploy", "--password-file", str(password), workspace=directory)
    assert result.exit_code == 0, result.output


def test_an_account_of_a_development_node_is_funded_there(tmp_path: Path) -> None:
    """The node is told its balance."""
    with node() as url:
        assert invoke("init", str(tmp_path / "town"), "--chain", url).exit_code == 0
        added = document("account", "add", "dora", workspace=tmp_path / "town")
        assert added["can_pay_gas"] is True
        assert invoke("network", "deploy", workspace=tmp_path / "town").exit_code == 0
        assert invoke("token", "issue", "--to", "dora", "--amount", "2", workspace=tmp_path / "town").exit_code == 0
        Town(tmp_path / "town").say("token transfer --from dora --to bob --amount 1")


def test_an_empty_password_protects_nothing(tmp_path: Path) -> None:
    """It is refused wherever a key would be encrypted by it, before anything is made."""
    password = tmp_path / "password"
    password.write_text("\n")
    refused = invoke("init", str(tmp_path / "town"), "--password-file", str(password))
    assert (refused.exit_code, "the password is empty" in refused.stderr) == (2, True)
    assert [it.name for it in tmp_path.iterdir()] == ["password"]
    assert invoke("init", str(tmp_path / "town")).exit_code == 0
    line = ("account", "add", "dora", "--password-file", str(password))
    again = invoke(*line, workspace=tmp_path / "town")
    assert (again.exit_code, "the password is empty" in again.stderr) == (2, True)


@pytest.mark.usefixtures("cheap_keystores")
def test_the_password_file_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYSETTLE_PASSWORD_FILE stands for --password-file, which wins where both are given."""
    monkeypatch.setattr("pysettle.workspace.directory.ACCOUNTS", ("alice",))
    for name, word in (("right", "correct horse"), ("wrong", "battery staple")):
        (tmp_path / name).write_text(word)
    monkeypatch.setenv("PYSETTLE_PASSWORD_FILE", str(tmp_path / "right"))
    made = document("init", str(tmp_path / "town"), workspace=tmp_path)
    assert made["keys"] == "encrypted"
    assert document("account", "add", "dora", workspace=tmp_path / "town")["can_pay_gas"] is True
    line = ("account", "add", "erin", "--password-file", str(tmp_path / "wrong"))
    assert document(*line, workspace=tmp_path / "town")["can_pay_gas"] is False


def test_redemptions_are_listed(town: Town) -> None:
    """In their order, with where each stands, and those of one account alone."""
    assert town.say("redemption list") == "no redemption\n"
    town.say("token transfer --from alice --to bob --amount 10")
    town.say("redemption request --from alice --amount 5")
    town.say("redemption request --from bob --amount 2")
    town.say("redemption cancel --id 1")
    listed = town.tell("redemption list")["redemptions"]
    assert [(it["id"], it["holder"], it["operator"], it["amount_units"], it["status"]) for it in listed] == [
        ("1", "alice", "bank", "5000000", "cancelled"),
        ("2", "bob", "bank", "2000000", "requested"),
    ]
    assert len(town.tell("redemption list --account bob")["redemptions"]) == 1
    assert len(town.tell("redemption list --account bank")["redemptions"]) == 2
    assert town.say("redemption list").splitlines()[-1].split() == ["2", "bob", "bank", "2.00", "yuan", "requested"]
    assert town.say("redemption list --currency HKD") == "no redemption\n"
