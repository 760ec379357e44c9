"""Commands on a workspace: five processes that are one system, and what each of them refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.client.channel.plan import DEPOSIT_COLLECTOR_ADDRESS
from pysettle.client.genuine import CANONICAL, Standing
from pysettle.errors import WorkspaceError
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.sqlite import SqliteDatabase
from pysettle.workspace import Workspace
from pysettle.workspace.config import GENESIS_TIME, NetworkConfig
from tests.cli.running import Town, document, invoke
from tests.evm.anvil import anvil
from tests.node.process import node

ROOT = Path(__file__).parents[2]


@pytest.mark.apart
def test_five_processes_are_one_system(tmp_path: Path) -> None:
    """Init, deploy, issue, transfer and balance, each a process of its own, found by the current folder."""
    directory = tmp_path / "town"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYSETTLE_WORKSPACE", None)

    def run(command: str, folder: Path) -> str:
        line = [sys.executable, "-c", "from pysettle.cli import main; main()", *command.split()]
        done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "simulation" in run(f"init {directory}", tmp_path)
    assert "Next: pysettle token issue" in run("network deploy", directory)
    assert "alice: 0.00 -> 100.00 yuan" in run("token issue --to alice --amount 100", directory)
    moved = run("token transfer --from alice --to bob --amount 12.5", directory / "accounts")
    assert "alice: 100.00 -> 87.50 yuan" in moved
    assert "bob: 0.00 -> 12.50 yuan" in moved
    assert run("token balance --account bob", directory) == "bob: 12.50 yuan at block 11\n"


@pytest.mark.apart
@pytest.mark.long
@pytest.mark.parametrize("kind", ["anvil", "node"])
def test_the_same_on_a_network(kind: str, tmp_path: Path) -> None:
    """The same five commands on anvil, which gets funds and the canonical contracts, and on our own node; then more."""
    directory = tmp_path / "town"
    town = Town(directory)
    with anvil(Genesis(chain_id=31_337, timestamp=GENESIS_TIME), tmp_path) if kind == "anvil" else node() as url:
        assert "chain 31337" in Town(tmp_path).say(f"init {directory} --chain {url}")
        assert sorted(it.name for it in directory.iterdir()) == ["accounts", "config.toml"]
        assert "0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003" in town.say("network deploy")
        assert "alice: 0.00 -> 100.00 yuan" in town.say("token issue --to alice --amount 100")
        assert "bob: 0.00 -> 12.50 yuan" in town.say("token transfer --from alice --to bob --amount 12.5")
        assert town.say(f"token balance --account bob --chain {url}").startswith("bob: 12.50 yuan at block")
        assert "CurrencyToken-HKD" in town.say("network add-currency --currency HKD")
        assert "alice: 0.00 -> 5.00 HKD" in town.say("token issue --to alice --amount 5 --currency HKD")
        assert "differs" not in town.say("network status") + town.say("network verify")
        assert document("token", "balance", "--account", "alice", workspace=directory)["balance_units"] == "87500000"

        refused = invoke("token", "transfer", "--from", "bob", "--to", "alice", "--amount", "13", workspace=directory)
        assert (refused.exit_code, "ERC20InsufficientBalance" in refused.stderr) == (5, True)
        now = int(str(document("time", "show", workspace=directory)["now_unix_s"]))
        moved = document("time", "advance", "--days", "1", workspace=directory)
        assert int(moved["time_unix_s"]["now"]) == int(moved["time_unix_s"]["before"]) + 86_400 >= now + 86_400
    with anvil(Genesis(chain_id=31_337, timestamp=GENESIS_TIME + 1), tmp_path) as url:
        anew = invoke("token", "balance", "--account", "bob", "--chain", url, workspace=directory)
        assert (anew.exit_code, "block 0" in anew.stderr, "Traceback" in anew.output) == (4, True, False)
    gone = invoke("token", "balance", "--account", "bob", workspace=directory)
    assert (gone.exit_code, "is the node running?" in gone.stderr) == (4, True)


@pytest.mark.usefixtures("cheap_keystores")
def test_a_private_network_begins_with_its_genesis(tmp_path: Path) -> None:
    """`network genesis` of a workspace with encrypted keys gives a node all that its deployment needs."""
    password, directory = tmp_path / "password", tmp_path / "town"
    password.write_text("correct horse\n")
    encrypted = ("--password-file", str(password))
    address = "http://127.0.0.1:1"
    begun = invoke("init", str(directory), "--chain", address, "--chain-id", "4242", *encrypted)
    assert begun.exit_code == 0, begun.output
    file = tmp_path / "block-0.json"
    assert invoke("network", "genesis", "--out", str(file), workspace=directory).exit_code == 0
    assert invoke("network", "genesis", workspace=directory).stdout_bytes == file.read_bytes()
    block_0 = Genesis.from_bytes(file.read_bytes())
    assert set(Workspace.open(directory).accounts.addresses().values()) < set(block_0.alloc)
    with anvil(block_0, tmp_path) as url:
        deployed = invoke("network", "deploy", "--chain", url, *encrypted, workspace=directory)
        assert deployed.exit_code == 0, deployed.output
        verified = invoke("network", "verify", "--chain", url, "--json", workspace=directory)
        states = json.loads(verified.stdout)["contracts"]
        assert (len(states), set(states.values())) == (9, {"as built"})
        JsonRpc(url).ask("anvil_setCode", "0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003", "0x00")
        forged = invoke("network", "verify", "--chain", url, workspace=directory)
        assert (forged.exit_code, "the code of ChannelHub is not that of this build" in forged.stderr) == (4, True)
    assert invoke("network", "genesis", "--out", str(tmp_path), workspace=directory).exit_code == 2


@pytest.mark.parametrize("place", ["first", "immutable", "last"])
def test_code_is_compared_with_the_build(workspace: Path, place: str) -> None:
    """A changed byte is another code, unless an immutable stands there; so is a code that is longer or absent."""
    artifact = artifacts.load("ERC3009DepositCollector")
    with Workspace.open(workspace).chain() as chain:
        code = bytearray(chain.code(DEPOSIT_COLLECTOR_ADDRESS))
    assert artifact.is_code_of(bytes(code))
    code[{"first": 0, "immutable": artifact.immutable_references["hub"][0][0], "last": -1}[place]] ^= 1
    assert artifact.is_code_of(bytes(code)) == (place == "immutable")
    assert not artifact.is_code_of(bytes(code) + b"\0")
    assert not artifact.is_code_of(b"")


def begun_with(directory: Path, change: Callable[[Genesis], Genesis]) -> Path:
    """Make a workspace whose chain begins with a changed block 0."""
    assert invoke("init", str(directory)).exit_code == 0
    block_0 = change(Genesis.from_bytes((directory / "genesis.json").read_bytes()))
    (directory / "genesis.json").write_bytes(block_0.to_bytes())
    (directory / "chain.sqlite").unlink()
    with SqliteDatabase(directory / "chain.sqlite", create=True) as database:
        EmbeddedChain(block_0, database=database)
    return directory


def with_account(block_0: Genesis, address: Address, **changes: object) -> Genesis:
    """Return a block 0 with one account changed, or added."""
    account = replace(block_0.alloc.get(address, GenesisAccount()), **changes)  # type: ignore[arg-type]  # by name
    return replace(block_0, alloc={**block_0.alloc, address: account})


@pytest.mark.parametrize("name", CANONICAL)
def test_a_network_is_not_deployed_on_foreign_code(tmp_path: Path, name: str) -> None:
    """Whatever stands at a canonical address in its place is refused with both hashes before anything is sent."""
    address = CANONICAL[name]
    directory = begun_with(tmp_path / "town", lambda block_0: with_account(block_0, address, code=b"\1"))
    refused = invoke("network", "deploy", workspace=directory)
    assert (refused.exit_code, refused.stderr.count("\n"), "Traceback" in refused.output) == (4, 1, False)
    for words in (f"0x{address.hex()}", f"0x{keccak(bytes([1])).hex()}", name, "network genesis"):
        assert words in refused.stderr
    assert document("time", "show", workspace=directory)["block"] == "0"
    assert not (directory / "deployment.json").exists()


@pytest.mark.parametrize("place", ["hub", "token to be created"])
def test_a_network_is_not_deployed_over_planted_storage(tmp_path: Path, place: str) -> None:
    """Neither storage in the hub nor where a contract will be created, which would be a thief's balance from birth."""
    honest = tmp_path / "honest"
    assert invoke("init", str(honest)).exit_code == 0
    assert invoke("network", "deploy", workspace=honest).exit_code == 0
    token = Workspace.open(honest).deployment().address("CurrencyToken")
    address = CANONICAL["ChannelHub"] if place == "hub" else token
    directory = begun_with(tmp_path / "town", lambda block_0: with_account(block_0, address, storage={5: 10**12}))
    refused = invoke("network", "deploy", workspace=directory)
    assert (refused.exit_code, refused.stderr.count("\n")) == (4, 1), refused.output
    assert f"0x{address.hex()}" in refused.stderr
    assert document("time", "show", workspace=directory)["block"] == "0"


def test_a_false_record_is_told(tmp_path: Path) -> None:
    """Another collector's immutable, and a record with the hash of that code: both status and verify say which."""
    directory = tmp_path / "town"
    with anvil(Genesis(chain_id=31_337, timestamp=GENESIS_TIME), tmp_path) as url:
        assert invoke("init", str(directory), "--chain", url).exit_code == 0
        assert invoke("network", "deploy", workspace=directory).exit_code == 0
        address = CANONICAL["ERC3009DepositCollector"]
        code = Standing("ERC3009DepositCollector", address, {"ChannelHub": address}).code(31_337)
        JsonRpc(url).ask("anvil_setCode", f"0x{address.hex()}", f"0x{code.hex()}")
        file = directory / "deployment.json"
        record = json.loads(file.read_text())
        record["contracts"]["ERC3009DepositCollector"]["code_hash"] = f"0x{keccak(code).hex()}"
        file.write_text(json.dumps(record))
        for verb in ("status", "verify"):
            told = invoke("network", verb, workspace=directory)
            assert (told.exit_code, "the code of ERC3009DepositCollector is not" in told.stderr) == (4, True)


def test_a_workspace_of_a_network_keeps_no_user_and_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its config has the URL without them; with a chain id and a password, no node is needed to make it."""
    monkeypatch.setattr("pysettle.workspace.directory.ACCOUNTS", ("alice",))
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    command = ["init", str(tmp_path / "town"), "--chain", "https://user:secret@node.invalid/rpc", "--chain-id", "5"]
    result = invoke(*command, "--confirmations", "3", "--legacy-fees", "--password-file", str(password))
    assert result.exit_code == 0, result.output
    config = (tmp_path / "town" / "config.toml").read_text()
    assert ("secret" in config, "https://node.invalid/rpc" in config) == (False, True)
    network = Workspace.open(tmp_path / "town").config.network
    assert network == NetworkConfig("https://node.invalid/rpc", confirmations=3, legacy_fees=True)


def test_each_document_names_its_schema(workspace: Path, tmp_path: Path) -> None:
    """`--json` prints one document; amounts are units as decimal strings beside their currency."""
    transfer = document("token", "transfer", "--from", "alice", "--to", "bob", "--amount", "1", workspace=workspace)
    assert transfer["schema"] == "pysettle.token-transfer/1"
    assert transfer["balance_units"] == {
        "alice": {"before": "100000000", "now": "99000000"},
        "bob": {"before": "0", "now": "1000000"},
    }
    balance = document("token", "balance", "--account", "bob", workspace=workspace)
    assert balance == {
        "schema": "pysettle.token-balance/1",
        "account": "bob",
        "currency": "CNY",
        "balance_units": "1000000",
        "block": "11",
    }
    issued = document("token", "issue", "--to", "bob", "--amount", "1", workspace=workspace)
    assert issued["schema"] == "pysettle.token-issue/1"
    assert document("network", "status", workspace=workspace)["schema"] == "pysettle.network-status/1"
    assert document("network", "verify", workspace=workspace)["schema"] == "pysettle.network-verify/1"
    assert document("time", "show", workspace=workspace)["schema"] == "pysettle.time-show/1"
    assert document("init", str(tmp_path / "other"), workspace=workspace)["schema"] == "pysettle.init/1"
    deployed = document("network", "deploy", workspace=tmp_path / "other")
    assert deployed["schema"] == "pysettle.network-deploy/1"
    assert (tmp_path / "other" / "deployment.json").read_bytes() == (workspace / "deployment.json").read_bytes()


def test_the_reserve_is_attested_and_shown(workspace: Path) -> None:
    """Deployment attests as much as the quota; an attestation replaces it, shows both, and ends by chain time."""
    begun = document("reserve", "show", workspace=workspace)
    assert (begun["schema"], begun["reserve_fen"], begun["sequence"]) == ("pysettle.reserve-show/1", "100000000", "1")
    assert (begun["supply_units"], begun["headroom_units"], begun["valid"]) == ("100000000", "999900000000", True)
    attested = document("reserve", "attest", "--amount", "150.01", "--days", "2", workspace=workspace)
    assert attested["schema"] == "pysettle.reserve-attest/1"
    assert attested["attestation"]["before"] == {
        name: begun[name] for name in ("reserve_fen", "as_of_unix_s", "sequence", "valid_before_unix_s")
    }
    now = attested["attestation"]["now"]
    assert isinstance(now, dict)
    assert (now["reserve_fen"], now["sequence"]) == ("15001", "2")
    shown = document("reserve", "show", workspace=workspace)
    assert {name: shown[name] for name in now} == now
    assert shown["headroom_units"] == "50010000"

    beyond = invoke("token", "issue", "--to", "bob", "--amount", "50.02", workspace=workspace)
    assert (beyond.exit_code, "ReserveExceeded" in beyond.stderr) == (5, True)
    assert invoke("token", "issue", "--to", "bob", "--amount", "50.01", workspace=workspace).exit_code == 0
    assert invoke("time", "advance", "--days", "2", workspace=workspace).exit_code == 0
    late = invoke("reserve", "show", workspace=workspace)
    assert "NOT VALID" in late.stdout
    assert "the reserve exceeds it by 0.00" in late.stdout
    again = invoke("reserve", "attest", "--amount", "200", workspace=workspace)
    assert "reserve: 150.01 -> 200.00 yuan, attestation 3" in again.stdout
    assert "NOT VALID" not in invoke("reserve", "show", workspace=workspace).stdout


def test_a_central_bank_whose_key_only_signs_transactions_cannot_attest(tmp_path: Path) -> None:
    """Deployment says so before anything is deployed: its remote signer is not even asked."""
    directory = tmp_path / "town"
    assert invoke("init", str(directory)).exit_code == 0
    remote = ("--signer", "http://127.0.0.1:9", "--address", "0x" + "c1" * 20, "--replace")
    assert invoke("account", "add", "central-bank", *remote, workspace=directory).exit_code == 0
    refused = invoke("network", "deploy", workspace=directory)
    assert (refused.exit_code, "--keystore FILE" in refused.stderr) == (2, True)
    assert not Workspace.open(directory).is_deployed
    # The one block gave the account its gas.
    assert json.loads(invoke("time", "show", "--json", workspace=directory).stdout)["block"] == "1"


def test_an_account_is_frozen_further_and_freed(workspace: Path) -> None:
    """Freezes add up, are refused to others than the freezer, stop payments, and are lifted together."""
    nothing = {"outgoing": False, "incoming": False, "amount_units": "0"}
    assert invoke("wallet", "freeze", "--account", "alice", workspace=workspace).exit_code == 2
    stranger = invoke("wallet", "freeze", "--account", "alice", "--incoming", "--by", "bob", workspace=workspace)
    assert (stranger.exit_code, "AccessManagedUnauthorized" in stranger.stderr) == (5, True)
    assert document("wallet", "show", "--account", "alice", workspace=workspace)["frozen"] == nothing

    first = document("wallet", "freeze", "--account", "alice", "--amount", "60", workspace=workspace)
    assert (first["schema"], first["frozen"]["before"]) == ("pysettle.wallet-freeze/1", nothing)
    second = document("wallet", "freeze", "--account", "alice", "--incoming", workspace=workspace)
    assert second["frozen"]["now"] == {"outgoing": False, "incoming": True, "amount_units": "60000000"}
    shown = document("wallet", "show", "--account", "alice", workspace=workspace)
    assert (shown["frozen"], shown["balance_units"], shown["settlement_account"]) == (
        second["frozen"]["now"],
        "100000000",
        False,
    )
    payment = ("token", "transfer", "--from", "alice", "--to", "bob", "--amount")
    refused = invoke(*payment, "40.01", workspace=workspace)
    assert (refused.exit_code, "FrozenAmountExceeded" in refused.stderr) == (5, True)
    assert invoke(*payment, "40", workspace=workspace).exit_code == 0
    back = invoke("token", "transfer", "--from", "bob", "--to", "alice", "--amount", "1", workspace=workspace)
    assert (back.exit_code, "AccountFrozenIncoming" in back.stderr) == (5, True)

    freed = invoke("wallet", "unfreeze", "--account", "alice", workspace=workspace)
    assert "alice: frozen incoming, 60.00 yuan -> nothing" in freed.stdout
    assert document("wallet", "show", "--account", "alice", workspace=workspace)["frozen"] == nothing


def test_units_are_seized_on_a_legal_basis(workspace: Path, tmp_path: Path) -> None:
    """A seizure moves the units of a frozen account, and puts the hash of its document on chain."""
    order = tmp_path / "order.txt"
    order.write_text("Order 7 of the court")
    seizure = ("wallet", "seize", "--account", "alice", "--to", "bob", "--legal-basis", str(order), "--amount")
    assert invoke("wallet", "freeze", "--account", "alice", "--outgoing", workspace=workspace).exit_code == 0
    beyond = invoke(*seizure, "100.01", workspace=workspace)
    assert (beyond.exit_code, "ERC20InsufficientBalance" in beyond.stderr) == (5, True)
    seized = document(*seizure, "30", workspace=workspace)
    assert (seized["schema"], seized["legal_basis"]) == (
        "pysettle.wallet-seize/1",
        "0x" + keccak(b"Order 7 of the court").hex(),
    )
    assert seized["balance_units"] == {"before": "100000000", "now": "70000000"}
    assert document("token", "balance", "--account", "bob", workspace=workspace)["balance_units"] == "30000000"
    missing = invoke(*seizure[:-2], str(tmp_path / "none"), "--amount", "1", workspace=workspace)
    assert missing.exit_code == 2


def test_the_currency_is_paused_and_runs_again(workspace: Path) -> None:
    """While it is paused no payment is made; only the pauser begins and ends that."""
    payment = ("token", "transfer", "--from", "alice", "--to", "bob", "--amount", "1")
    assert invoke("token", "pause", "--by", "alice", workspace=workspace).exit_code == 5
    assert document("token", "pause", workspace=workspace)["paused"]["now"] is True
    assert document("wallet", "show", "--account", "alice", workspace=workspace)["currency_paused"] is True
    refused = invoke(*payment, workspace=workspace)
    assert (refused.exit_code, "CurrencyPaused" in refused.stderr) == (5, True)
    assert document("token", "unpause", workspace=workspace)["paused"]["now"] is False
    assert invoke(*payment, workspace=workspace).exit_code == 0


def test_deployment_attests_the_reserve_it_is_told(tmp_path: Path) -> None:
    """`network deploy --reserve` is the first attestation, apart from the quota."""
    directory = tmp_path / "town"
    assert invoke("init", str(directory)).exit_code == 0
    deployed = document("network", "deploy", "--quota", "500", "--reserve", "20", workspace=directory)
    assert (deployed["currency"], deployed["reserve_fen"]) == ("CNY", "2000")
    over = invoke("token", "issue", "--to", "bob", "--amount", "20.01", workspace=directory)
    assert (over.exit_code, "ReserveExceeded" in over.stderr) == (5, True)


def test_time_advances_between_commands(workspace: Path) -> None:
    """What one command advances another one sees, and the next block carries it."""
    before = int(str(document("time", "show", workspace=workspace)["now_unix_s"]))
    moved = document("time", "advance", "--days", "1", "--hours", "1", "--seconds", "1", workspace=workspace)
    assert moved["time_unix_s"] == {"before": str(before), "now": str(before + 90_001)}
    invoke("token", "issue", "--to", "bob", "--amount", "1", workspace=workspace)
    assert document("time", "show", workspace=workspace)["block_time_unix_s"] == str(before + 90_001)
    assert invoke("time", "advance", workspace=workspace).exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--legacy-fees", "--legacy-fees is for a network"),
        ("--confirmations 1", "--confirmations is for a network"),
        ("--chain http://127.0.0.1:1 --clock real", "--clock is for an embedded chain"),
        ("--chain http://127.0.0.1:1 --genesis-time 5", "--genesis-time is for an embedded chain"),
        ("--chain http://127.0.0.1:1 --block-interval 5", "--block-interval is for an embedded chain"),
    ],
)
def test_an_option_of_the_other_kind_of_chain_is_refused(tmp_path: Path, options: str, said: str) -> None:
    """What would have no effect is not taken in silence, and nothing is made."""
    result = invoke("init", str(tmp_path / "town"), *options.split())
    assert (result.exit_code, said in result.stderr) == (2, True), result.output
    assert list(tmp_path.iterdir()) == []


def test_the_real_clock_is_asked_for(tmp_path: Path) -> None:
    """With `--clock real` blocks are not behind the machine's clock; advanced beyond it, time does not go back."""
    directory = tmp_path / "town"
    assert invoke("init", str(directory), "--clock", "real").exit_code == 0
    began = int(time.time())
    shown = document("time", "show", workspace=directory)
    assert began <= int(str(shown["now_unix_s"])) <= time.time()
    moved = document("time", "advance", "--days", "1", workspace=directory)
    assert int(moved["time_unix_s"]["now"]) == int(moved["time_unix_s"]["before"]) + 86_400
    assert invoke("network", "deploy", workspace=directory).exit_code == 0
    shown = document("time", "show", workspace=directory)
    assert (
        int(moved["time_unix_s"]["now"])
        < int(str(shown["block_time_unix_s"]))
        < int(str(shown["now_unix_s"]))
        < time.time() + 86_500
    )


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("token transfer --from alice --to bob --amount 101", 5, "ERC20InsufficientBalance"),
        ("token issue --to alice --amount 9900.01", 5, "BalanceLimitExceeded"),
        ("token issue --to alice --amount 1 --by alice", 5, "AccessManagedUnauthorized"),
        ("reserve attest --amount 1 --by alice", 5, "ReserveAttesterInvalid"),
        ("reserve attest --amount 0.001", 2, "has 3 decimals, 2 are possible"),
        ("token balance --account carol", 2, "use an address or one of administrator, alice"),
        ("token balance --account ../config", 2, "is not an account"),
        ("token issue --to alice --amount 0.0000001", 2, "has 7 decimals, 2 are possible"),
        ("network deploy", 2, "deployed in this workspace already"),
    ],
)
def test_what_is_refused_is_one_line(workspace: Path, command: str, code: int, said: str) -> None:
    """A refusal has its exit code and one line that says what to do; balances stay."""
    result = invoke(*command.split(), workspace=workspace)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert document("token", "balance", "--account", "alice", workspace=workspace)["balance_units"] == "100000000"


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    """`init` refuses it, and makes nothing beside it."""
    (tmp_path / "thesis.txt").write_text("years of work")
    assert invoke("init", str(tmp_path)).exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failed_creation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption on the way leaves neither a workspace nor a part of one."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pysettle.evm.embedded.EmbeddedChain", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Workspace.create(tmp_path / "town")
    assert list(tmp_path.iterdir()) == []


def test_no_workspace_is_said_with_what_to_do(tmp_path: Path, workspace: Path) -> None:
    """A folder that is none, a network not deployed, a config that is spoiled: exit code 2."""
    nothing = invoke("token", "balance", "--account", "bob", workspace=tmp_path)
    assert (nothing.exit_code, "pysettle init" in nothing.stderr) == (2, True)
    (workspace / "deployment.json").unlink()
    bare = invoke("token", "balance", "--account", "bob", workspace=workspace)
    assert (bare.exit_code, "pysettle network deploy" in bare.stderr) == (2, True)
    (workspace / "config.toml").write_text("format = 3")
    assert invoke("time", "show", workspace=workspace).exit_code == 2


def test_a_damaged_chain_exits_4(workspace: Path) -> None:
    """A truncated chain file is one line and exit code 4."""
    file = workspace / "chain.sqlite"
    os.truncate(file, file.stat().st_size // 2)
    result = invoke("time", "show", workspace=workspace)
    assert (result.exit_code, result.stderr.count("\n")) == (4, 1)
    assert "damaged" in result.stderr


def test_development_keys_are_marked(workspace: Path) -> None:
    """The file of an account whose key everybody knows says so, and holds no key."""
    for file in (workspace / "accounts").iterdir():
        account = json.loads(file.read_text())
        assert set(account) == {"name", "address", "development"}
        assert "everybody" in account["development"]


def test_encrypted_accounts_need_their_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys made with a password are keystores, and open with it alone."""
    monkeypatch.setattr("pysettle.workspace.directory.ACCOUNTS", ("alice",))
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    directory = tmp_path / "town"
    assert invoke("init", str(directory), "--password-file", str(password)).exit_code == 0
    account = json.loads((directory / "accounts" / "alice.json").read_text())
    assert account["keystore"]["crypto"]["kdf"] == "scrypt"
    workspace = Workspace.open(directory)
    assert workspace.accounts.signer("alice", "correct horse").address == workspace.accounts.address("alice")
    for wrong in (None, "battery staple"):
        with pytest.raises(WorkspaceError, match="password"):
            workspace.accounts.signer("alice", wrong)
    assert invoke("time", "show", workspace=directory).exit_code == 0
