"""Commands on currencies beside e-CNY: deployed with powers of their own, named in every command and text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pysettle.client.core.access import Role
from pysettle.errors import WorkspaceError
from pysettle.money import Currency
from pysettle.workspace import Workspace
from pysettle.workspace.deploying import add_currency
from tests.cli.running import Town, invoke


def test_a_currency_is_added_with_accounts_of_its_own(town: Town) -> None:
    """`add-currency` makes the accounts, tells who holds what, attests the reserve, and keeps it all."""
    added = town.tell("network add-currency --currency THB --quota 500 --reserve 20 --operator carol")
    assert (added["currency"], added["quota_units"], added["reserve_fen"]) == ("THB", "500000000", "2000")
    assert list(added["contracts"]) == ["NetworkAccess-THB", "CurrencyToken-THB", "IssuanceDesk-THB"]
    powers = ("administrator", "central-bank", "registrar", "freezer", "seizer", "pauser", "attester")
    powers += ("settlement-registrar",)
    assert added["accounts"] == {"operator": "carol", **{power: f"thb-{power}" for power in powers}}
    assert "carol: may issue 500.00 THB" in town.say("reserve quota --currency THB")
    town.refuse("token issue --to bob --amount 20.01 --currency THB", 5, "ReserveExceeded")
    issued = town.tell("token issue --to bob --amount 20 --currency THB")
    assert (issued["currency"], issued["balance_units"]["bob"]["now"]) == ("THB", "20000000")
    assert (town.held("bob", "THB"), town.held("bob"), town.held("bob", "HKD")) == (
        "20.00 THB",
        "0.00 yuan",
        "0.00 HKD",
    )


def test_status_and_verification_are_of_all_currencies(town: Town) -> None:
    """Every contract of every currency is compared with what was deployed, and with this build."""
    for verb, equal in (("status", "as deployed"), ("verify", "as built")):
        states = town.tell(f"network {verb}")["contracts"]
        assert {"CurrencyToken", "CurrencyToken-HKD", "NetworkAccess", "NetworkAccess-HKD"} < set(states)
        assert (len(states), set(states.values())) == (12, {equal})


def test_a_contract_of_a_further_currency_that_differs_is_named(town: Town) -> None:
    """A record of other code is noticed, by the name of the contract and its currency."""
    file = town.directory / "deployment.json"
    deployment = json.loads(file.read_text())
    deployment["contracts"]["CurrencyToken-HKD"]["code_hash"] = "0x" + "1" * 64
    file.write_text(json.dumps(deployment))
    town_status = invoke("network", "status", workspace=town.directory)
    assert (town_status.exit_code, "CurrencyToken-HKD is not the deployed code" in town_status.stderr) == (4, True)


@pytest.mark.parametrize(("verb", "equal"), [("status", "as deployed"), ("verify", "as built")])
def test_a_contract_with_roles_of_others_is_named(town: Town, verb: str, equal: str) -> None:
    """An access manager that is not that of its currency is noticed, though all code is as it should be."""
    file = town.directory / "deployment.json"
    deployment = json.loads(file.read_text())
    contracts = deployment["contracts"]
    for one, other in (("NetworkAccess", "NetworkAccess-HKD"), ("NetworkAccess-HKD", "NetworkAccess")):
        deployment["contracts"] = deployment["contracts"] | {one: contracts[other]}
    file.write_text(json.dumps(deployment))
    result = invoke("network", verb, "--json", workspace=town.directory)
    states = json.loads(result.stdout)["contracts"]
    assert (states["CurrencyToken-HKD"], states["ChannelHub"], result.exit_code) == ("other authority", equal, 4)
    assert "IssuanceDesk-HKD is not that of this network" in result.stderr


def test_currencies_know_nothing_of_each_other(town: Town) -> None:
    """The holder of a power over one currency is refused by the other, in both directions."""
    for currency, other in (("CNY", "hkd-"), ("HKD", "")):
        flag, lacks = f"--currency {currency}", "AccessManagedUnauthorized"
        town.refuse(f"token issue --to bob --amount 1 --by {other}bank {flag}", 5, lacks)
        town.refuse(f"reserve quota --amount 1 --by {other}central-bank {flag}", 5, lacks)
        town.refuse(f"reserve attest --amount 1 --by {other}central-bank {flag}", 5, "ReserveAttesterInvalid")
        town.refuse(f"wallet freeze --account bob --outgoing --by {other}freezer {flag}", 5, lacks)
        town.refuse(f"token pause --by {other}pauser {flag}", 5, lacks)
        offer = f"role offer --role operator --account bob --by {other}administrator {flag}"
        town.refuse(offer, 5, "AccessManagerUnauthorizedAccount")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("token balance --account bob --currency AED", 2, "run `pysettle network add-currency --currency AED`"),
        ("role show --currency AED", 2, "the network of this workspace has no AED"),
        ("network add-currency --currency HKD", 2, "the network has HKD already"),
        ("network add-currency --currency AED --operator no/name", 2, "cannot name an account"),
        ("token transfer --from alice --to bob --amount 101 --currency HKD", 5, "ERC20InsufficientBalance"),
        ("token issue --to alice --amount 1000000 --currency HKD", 5, "QuotaExceeded"),
        ("reserve attest --amount 0.001 --currency HKD", 2, "has 3 decimals, 2 are possible"),
    ],
)
def test_refusals_in_a_further_currency(town: Town, line: str, code: int, said: str) -> None:
    """Each is one line with its exit code; nothing is made and nothing moves."""
    accounts = sorted(it.name for it in (town.directory / "accounts").iterdir())
    town.refuse(line, code, said)
    assert town.held("alice", "HKD") == "100.00 HKD"
    assert sorted(it.name for it in (town.directory / "accounts").iterdir()) == accounts


def test_the_text_and_what_comes_next_name_the_currency(town: Town) -> None:
    """Amounts are of the currency, and the next command is on it too; e-CNY is yuan and the default."""
    foreign = town.say("token transfer --from alice --to bob --amount 12.5 --currency HKD")
    assert "alice: 100.00 -> 87.50 HKD" in foreign
    assert foreign.endswith("Next: pysettle token balance --account bob --currency HKD\n")
    own = town.say("token transfer --from alice --to bob --amount 12.5")
    assert "alice: 100.00 -> 87.50 yuan" in own
    assert own.endswith("Next: pysettle token balance --account bob\n")


def test_a_deployment_of_an_earlier_format_is_refused(town: Town) -> None:
    """It is of other contracts: the line says which format, and what to do."""
    file = town.directory / "deployment.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps(document | {"schema": "pysettle.deployment/1"}))
    town.refuse("token balance --account bob", 2, "pysettle.deployment/1", "deploy into a new workspace")
    del document["currencies"]["CNY"]["roles"]
    file.write_text(json.dumps(document))
    town.refuse("token balance --account bob", 2, "deployment.json cannot be read")


@pytest.mark.usefixtures("cheap_keystores")
def test_accounts_made_later_are_encrypted_under_the_password(tmp_path: Path) -> None:
    """With a password file the new keys are keystores, funded for gas; without it, nothing is made."""
    password, town = tmp_path / "password", Town(tmp_path / "town")
    password.write_text("correct horse\n")
    secret = f"--password-file {password}"
    assert invoke("init", str(town.directory), *secret.split()).exit_code == 0
    town.say(f"network deploy {secret}")
    town.refuse("network add-currency --currency HKD", 2, "give its password in a file")
    assert not list((town.directory / "accounts").glob("hkd-*"))
    bob = (town.directory / "accounts" / "bob.json").read_bytes()
    town.say(f"network add-currency --currency HKD --seizer bob {secret}")
    assert (town.directory / "accounts" / "bob.json").read_bytes() == bob
    for file in (town.directory / "accounts").glob("hkd-*"):
        assert set(json.loads(file.read_text())) == {"name", "address", "keystore"}
    assert "bob: 0.00 -> 1.00 HKD" in town.say(f"token issue --to bob --amount 1 --currency HKD {secret}")


def test_what_was_half_added_is_added_by_the_next_attempt(
    founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that fails after its accounts were made leaves the network as it was, and those accounts for later."""
    workspace = Workspace.open(Path(shutil.copytree(founded, tmp_path / "town")))
    before = workspace.deployment()

    def broken(*_: object, **__: object) -> None:
        raise WorkspaceError("the disk is full")

    with monkeypatch.context() as patch, workspace.chain(write=True) as chain:
        patch.setattr("pysettle.client.network.SettlementNetwork.open_currency", broken)
        with pytest.raises(WorkspaceError):
            add_currency(workspace, chain, Currency.AED, {}, quota=100, reserve_fen=100)
    assert workspace.deployment() == before
    with workspace.chain(write=True) as chain:
        add_currency(workspace, chain, Currency.AED, {}, quota=100, reserve_fen=100)
    assert workspace.deployment().currencies() == (Currency.CNY, Currency.HKD, Currency.AED)
    assert workspace.holder(Role.CENTRAL_BANK, Currency.AED) == "aed-central-bank"
