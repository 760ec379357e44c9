"""Our own client on our own node."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pysettle.cli import main
from pysettle.errors import ChainError, ChainFileLocked, NodeError, TransactionRefused
from pysettle.evm.genesis import Genesis
from pysettle.evm.interface import Interface
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.node.accounts import development_accounts
from pysettle.node.server import listen
from pysettle.workspace.config import GENESIS_TIME, Config
from pysettle.workspace.directory import Workspace
from tests.evm.anvil import anvil
from tests.node.process import node

GAS_PAYMENT = 21_000


def test_the_client_sends_through_the_node(url: str) -> None:
    """Transactions of two accounts are sealed in order, and their receipts and blocks are read back."""
    chain = RpcChain(url, chain_id=31337)
    first, second = development_accounts()[7:9]
    sender = TransactionSender(chain, RevertDecoder([]))
    nonces = chain.nonce(first.address), chain.nonce(second.address)
    payments = [
        Transaction(it, second.address, b"", GAS_PAYMENT, Interface("none", [])) for it in (first, second, first)
    ]
    receipts = sender.send(*payments)
    assert all(receipt.succeeded for receipt in receipts)
    assert (chain.nonce(first.address), chain.nonce(second.address)) == (nonces[0] + 2, nonces[1] + 1)
    for receipt in receipts:
        assert receipt.transaction_hash in chain.block(receipt.block_number).transaction_hashes


def test_what_the_node_refuses_is_named(url: str) -> None:
    """A refusal is the same typed error as on any chain, and its nonce is free again."""
    chain, account = RpcChain(url), development_accounts()[7]
    sender, nothing = TransactionSender(chain, RevertDecoder([])), Interface("none", [])
    before = chain.nonce(account.address)
    with pytest.raises(TransactionRefused, match="transaction 0 of 1"):
        sender.send(Transaction(account, account.address, b"", GAS_PAYMENT - 1, nothing))
    assert chain.nonce(account.address) == before
    assert sender.send(Transaction(account, account.address, b"", GAS_PAYMENT, nothing))[0].succeeded


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the chain of a workspace, which no client may take back: a network like any other."""
    directory = tmp_path_factory.mktemp("served") / "town"
    Workspace.create(directory, Config(chain_id=31_337))
    with node("--workspace", str(directory)) as listening:
        yield listening


def test_its_time_and_history_are_the_networks_own(network: str) -> None:
    """The client moves neither the clock of a chain that is not its own to seal, nor takes it back."""
    chain = RpcChain(network)
    assert chain.clock.now() > chain.block().timestamp
    for ask in (lambda: chain.clock.advance(1), chain.snapshot):
        with pytest.raises(ChainError):
            ask()
    for method in ("evm_snapshot", "evm_revert", "anvil_setBalance"):
        with pytest.raises(NodeError, match="does not exist"):
            JsonRpc(network).ask(method)


def test_development_keys_stay_off_other_networks(network: str, tmp_path: Path) -> None:
    """A node that cannot be told what to do gets keys of its own, or no workspace; a chain in a file has no URL."""
    refused = CliRunner().invoke(main, ["init", str(tmp_path / "town"), "--chain", network])
    assert (refused.exit_code, "--password-file" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(main, ["init", str(tmp_path / "own")]).exit_code == 0
    mixed = CliRunner().invoke(main, ["time", "show", "--chain", network, "--workspace", str(tmp_path / "own")])
    assert (mixed.exit_code, "in its own file" in mixed.stderr) == (2, True)


def test_development_keys_do_not_follow_to_another_network(network: str, tmp_path: Path) -> None:
    """A workspace made on a development node reads from another network of its chain id, and does not write to it."""
    directory = tmp_path / "town"
    with anvil(Genesis(chain_id=31_337, timestamp=GENESIS_TIME), tmp_path) as development:
        made = CliRunner().invoke(main, ["init", str(directory), "--chain", development])
    assert made.exit_code == 0, made.output
    there = ["--workspace", str(directory), "--chain", network]
    assert CliRunner().invoke(main, ["time", "show", *there]).exit_code == 0
    refused = CliRunner().invoke(main, ["network", "deploy", *there])
    assert (refused.exit_code, "everybody knows the keys" in refused.stderr) == (2, True)
    assert not (directory / "deployment.json").exists()


def test_a_served_workspace_keeps_what_was_sealed(tmp_path: Path) -> None:
    """What clients of the node send is in the file when it ends; meanwhile nobody else writes, and all may read."""
    directory = tmp_path / "town"
    workspace = Workspace.create(directory)
    alice, bob = workspace.accounts.signer("alice"), workspace.accounts.address("bob")
    with node("--workspace", str(directory)) as listening:
        chain = RpcChain(listening)
        sender = TransactionSender(chain, RevertDecoder([]))
        (receipt,) = sender.send(Transaction(alice, bob, b"", GAS_PAYMENT, Interface("none", [])))
        JsonRpc(listening).ask("evm_increaseTime", 100)
        in_file = Workspace.open(directory, "embedded")
        with pytest.raises(ChainFileLocked, match=f"serves it at {listening}"), in_file.chain(write=True, wait_s=0):
            pass
        with workspace.chain() as reader:
            assert reader.block().number == receipt.block_number
    with workspace.chain(write=True, wait_s=0) as reopened:
        assert reopened.receipts_of([receipt.transaction_hash]) == (receipt,)
        assert reopened.clock.now() == reopened.block().timestamp + 101


def test_a_node_follows_the_clock(tmp_path: Path) -> None:
    """Asked to, chain time is the machine's, and a block carries it; a workspace's clock is chosen when it begins."""
    with node("--clock", "real") as url:
        chain = RpcChain(url)
        chain._rpc.ask("evm_mine")
        assert abs(chain.block().timestamp - time.time()) < 30
        assert abs(chain.clock.now() - time.time()) < 30
    refused = CliRunner().invoke(main, ["node", "--workspace", str(tmp_path), "--clock", "real"])
    assert (refused.exit_code, "leave --clock out" in refused.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--genesis", "--seed", "--chain-id", "--timestamp", "--accounts"])
def test_a_chain_that_has_begun_takes_no_genesis(option: str, tmp_path: Path) -> None:
    """Options of a fresh chain are refused beside a workspace, before anything is served."""
    refused = CliRunner().invoke(main, ["node", "--workspace", str(tmp_path), option, "1"])
    assert (refused.exit_code, f"leave {option} out" in refused.stderr) == (2, True)


def test_a_genesis_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """The file is named, and whether it is absent or no genesis is said."""
    (tmp_path / "empty.json").write_text("{}")
    for file, words in (("none.json", "No such file"), ("empty.json", "not a genesis.json")):
        refused = CliRunner().invoke(main, ["node", "--genesis", str(tmp_path / file)])
        assert (refused.exit_code, words in refused.stderr) == (2, True), refused.stderr


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Connections inherit the listener's option: an answer in two pieces would wait 40 ms between them otherwise."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
