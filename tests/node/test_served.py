"""A workspace whose chain a node serves: commands write through the node, and say so; readers read the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from click.testing import Result
from eth_account import Account
from eth_utils.address import to_checksum_address

from pysettle.audit.extract import export_bundle
from pysettle.domain.core.signing import Signer
from pysettle.errors import ChainFileLocked
from pysettle.evm.artifacts import ROOT
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.interface import Interface
from pysettle.evm.lock import WriterLock, holder_of
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.node.accounts import development_accounts
from pysettle.workspace.directory import Workspace
from tests.cli.running import Town, invoke
from tests.node.process import node

pytestmark = pytest.mark.apart

PYSETTLE = [sys.executable, "-c", "from pysettle.cli import main; main()"]
UNANSWERED = "http://127.0.0.1:1"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Return a workspace with a network, in which alice holds 100 yuan."""
    directory = tmp_path / "town"
    assert invoke("init", str(directory)).exit_code == 0
    town = Town(directory)
    town.say("network deploy")
    town.say("token issue --to alice --amount 100")
    return town


def run(town: Town, line: str) -> Result:
    """Run a command on the workspace."""
    return invoke(*line.split(), workspace=town.directory)


@pytest.fixture
def served(town: Town) -> Iterator[str]:
    """Serve the workspace; yield where the node listens."""
    with node("--workspace", str(town.directory)) as url:
        yield url


def test_commands_write_through_the_node(town: Town, tmp_path: Path) -> None:
    """What changes something is sent to the node and says so, what reads is not; the audit passes afterwards."""
    with node("--workspace", str(town.directory)) as url:

        def write(line: str) -> str:
            result = run(town, line)
            assert result.exit_code == 0, result.output
            assert result.stderr == f"pysettle: the node at {url} holds this workspace: the command is sent there\n"
            return result.stdout

        assert "bob: 0.00 -> 12.50 yuan" in write("token transfer --from alice --to bob --amount 12.5")
        assert "alice: 87.50 -> 187.50 yuan" in write("token issue --to alice --amount 100")
        assert "CurrencyToken-HKD" in write("network add-currency --currency HKD")
        opened = json.loads(write("channel open --currency CNY --amount 5 --receiver bob --by alice --json"))
        channel = opened["channel"]
        assert "notice of 2.00 yuan" in write(f"channel withdraw --channel {channel} --amount 2 --by alice")
        assert "chain time" in write("time advance --days 3")
        # The clock that was moved counts, before any block carries it.
        assert "balance: 5.00 -> 3.00 yuan" in write(f"channel finalize --channel {channel} --by alice")
        reading = invoke("token", "balance", "--account", "bob", workspace=town.directory)
        assert (reading.exit_code, reading.stderr) == (0, "")
        assert reading.stdout.startswith("bob: 12.50 yuan at block")
        refused = run(town, "token transfer --from bob --to alice --amount 1000")
        assert (refused.exit_code, "ERC20InsufficientBalance" in refused.stderr) == (5, True)
    assert holder_of(town.directory / "chain.sqlite") is None
    after = run(town, "token transfer --from bob --to alice --amount 2.5")
    assert (after.exit_code, after.stderr) == (0, "")
    assert "bob: 12.50 -> 10.00 yuan" in after.stdout
    with Workspace.open(town.directory).embedded_chain() as chain:
        export_bundle(chain, tmp_path / "bundle")
    assert run(town, f"audit verify {tmp_path / 'bundle'}").exit_code == 0


def test_a_network_is_deployed_through_the_node(tmp_path: Path) -> None:
    """A workspace can be served from the start: what is deployed then is in its files like any other."""
    town = Town(tmp_path / "town")
    assert invoke("init", str(town.directory)).exit_code == 0
    with node("--workspace", str(town.directory)):
        town.say("network deploy")
        town.say("token issue --to alice --amount 100")
        assert "alice: 100.00 yuan" in town.say("token balance --account alice")
    assert "as deployed" in town.say("network status")


def test_two_commands_at_once_share_no_nonce(town: Town, served: str) -> None:
    """Commands that write at the same moment wait for each other; none is lost."""
    line, environment = "token transfer --from alice --to bob --amount 1", os.environ | {"PYTHONPATH": str(ROOT)}
    environment["PYSETTLE_WORKSPACE"] = str(town.directory)
    running = [
        subprocess.Popen(
            [*PYSETTLE, *line.split()], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert all(served in it for it in said)
    assert "bob: 4.00 yuan" in town.say("token balance --account bob")


def test_keys_from_elsewhere_sign_as_ever(town: Town, url: str, tmp_path: Path) -> None:
    """An encrypted key is opened by the command, a remote signer is asked by it: the node gets what is signed."""
    secret = Signer.derived("a keystore")
    (tmp_path / "keystore.json").write_text(json.dumps(Account.encrypt(secret.secret, "correct horse", iterations=2)))
    (tmp_path / "password").write_text("correct horse\n")
    keeper = development_accounts()[8].address
    town.say(f"account add carol --keystore {tmp_path / 'keystore.json'} --password-file {tmp_path / 'password'}")
    town.say(f"account add dora --signer {url} --address {to_checksum_address(keeper)}")
    with node("--workspace", str(town.directory)) as listening:
        sender = TransactionSender(RpcChain(listening), RevertDecoder([]))
        alice, nothing = Workspace.open(town.directory).accounts.signer("alice"), Interface("none", [])
        sender.send(*(Transaction(alice, it, b"", 21_000, nothing, 10**18) for it in (secret.address, keeper)))
        for line in (
            "token transfer --from alice --to carol --amount 9",
            f"token transfer --from carol --to dora --amount 4 --password-file {tmp_path / 'password'}",
            "token transfer --from dora --to bob --amount 1",
        ):
            town.say(line)
        assert "dora: 3.00 yuan" in town.say("token balance --account dora")
        refused = run(town, "token transfer --from carol --to bob --amount 1")
        assert (refused.exit_code, "password" in refused.stderr) == (2, True)


def test_the_file_by_hand(town: Town, served: str) -> None:
    """`--chain embedded` is the file, and so is a second node: both name the node that holds it, at once."""
    start = time.monotonic()
    for line in (
        "token issue --to alice --amount 1 --chain embedded",
        f"node --port 0 --workspace {town.directory}",
    ):
        result = run(town, line)
        assert (result.exit_code, result.stderr.count("\n")) == (4, 1), result.output
        assert f"serves it at {served}" in result.stderr
    assert time.monotonic() - start < 8, "there is no waiting for a node"
    assert "block" in town.say("time show --chain embedded")


def test_a_node_that_was_killed_holds_nothing(town: Town) -> None:
    """Its URL stays in the file of the lock, which it no longer holds: the next command writes to the file."""
    line = [*PYSETTLE, "node", "--port", "0", "--json", "--workspace", str(town.directory)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        process.send_signal(signal.SIGKILL)
    holder = holder_of(town.directory / "chain.sqlite")
    assert holder is not None
    assert holder.url == url
    result = run(town, "token issue --to bob --amount 1")
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_node_that_ends_says_what_it_sealed(town: Town) -> None:
    """Ctrl-C is how a node ends: it names the blocks that the workspace keeps."""
    line = [*PYSETTLE, "node", "--port", "0", "--json", "--workspace", str(town.directory)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdout=pipe, stderr=pipe, env=environment, text=True) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        head = run(town, "time show --json")
        assert run(town, "token issue --to bob --amount 1").exit_code == 0
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    first = int(json.loads(head.stdout)["block"]) + 1
    assert process.returncode == 130
    assert f"the node sealed blocks {first} to {first}, and {town.directory} keeps them" in said


def test_a_node_that_is_ending_is_waited_for(town: Town) -> None:
    """Where the node no longer answers and still has the lock, the command waits for the lock, as for any writer."""
    workspace, file = Workspace.open(town.directory), town.directory / "chain.sqlite"
    lock = WriterLock(file, 0)
    lock.announce(UNANSWERED)
    with pytest.raises(ChainFileLocked, match=f"serves it at {UNANSWERED}"), workspace.chain(write=True, wait_s=0):
        pass
    Timer(1, lock.release).start()
    with workspace.chain(write=True, wait_s=60) as chain:
        assert isinstance(chain, EmbeddedChain)


def test_a_writer_elsewhere_is_no_node_here(town: Town, served: str) -> None:
    """A URL of loopback that a process on another machine wrote is another machine's."""
    file = town.directory / "chain.sqlite.lock"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"host": "another", "url": served}))
    workspace = Workspace.open(town.directory)
    with pytest.raises(ChainFileLocked, match="on another"), workspace.chain(write=True, wait_s=0.2):
        pass
