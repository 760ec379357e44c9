"""Our own client on our own node."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pysettle.cli import main
from pysettle.client.config import GENESIS_TIME
from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.genesis import Genesis
from pysettle.evm.interface import Interface
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.node.accounts import development_accounts
from tests.evm.anvil import anvil

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


def test_its_time_and_history_are_the_nodes_own(url: str) -> None:
    """The client moves neither the clock of a chain that is not its own to seal, nor takes it back."""
    chain = RpcChain(url)
    assert chain.clock.now() > chain.block().timestamp
    for ask in (lambda: chain.clock.advance(1), chain.snapshot):
        with pytest.raises(ChainError):
            ask()


def test_development_keys_stay_off_other_networks(url: str, tmp_path: Path) -> None:
    """A node that cannot be told what to do gets keys of its own, or no workspace; a chain in a file has no URL."""
    refused = CliRunner().invoke(main, ["init", str(tmp_path / "town"), "--chain", url])
    assert (refused.exit_code, "--password-file" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(main, ["init", str(tmp_path / "own")]).exit_code == 0
    mixed = CliRunner().invoke(main, ["time", "show", "--chain", url, "--workspace", str(tmp_path / "own")])
    assert (mixed.exit_code, "in its own file" in mixed.stderr) == (2, True)


def test_development_keys_do_not_follow_to_another_network(url: str, tmp_path: Path) -> None:
    """A workspace made on a development node reads from another network of its chain id, and does not write to it."""
    directory = tmp_path / "town"
    with anvil(Genesis(chain_id=31_337, timestamp=GENESIS_TIME), tmp_path) as development:
        made = CliRunner().invoke(main, ["init", str(directory), "--chain", development])
    assert made.exit_code == 0, made.output
    there = ["--workspace", str(directory), "--chain", url]
    assert CliRunner().invoke(main, ["time", "show", *there]).exit_code == 0
    refused = CliRunner().invoke(main, ["network", "deploy", *there])
    assert (refused.exit_code, "everybody knows the keys" in refused.stderr) == (2, True)
    assert not (directory / "deployment.json").exists()
