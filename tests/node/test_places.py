"""Blocks that callers name: by hash, as pending, or unknown; and the transactions that wait for one."""

from __future__ import annotations

from typing import Any

import pytest

from pysettle.node.subscriptions import subscribe
from tests.node.inside import FROM, TO, Client

UNKNOWN = "0x" + "77" * 32


@pytest.fixture
def client() -> Client:
    """Return a client of a fresh node."""
    return Client()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", [TO]),
        ("eth_getTransactionCount", [FROM]),
        ("eth_getCode", [TO]),
        ("eth_getStorageAt", [TO, "0x0"]),
        ("eth_getProof", [TO, []]),
        ("eth_call", [{"data": "0x435f5260205ff3"}]),
        ("eth_estimateGas", [{"to": TO}]),
        ("eth_getBlockReceipts", []),
        ("debug_getRawHeader", []),
    ],
)
def test_a_block_is_named_by_its_hash_alone(client: Client, method: str, params: list[Any]) -> None:
    """A hash as plain text names the block as its number does; ethers sends it so."""
    client.sent(value="0x5")
    block_hash = client.ask("eth_getBlockByNumber", "0x1")["hash"]
    client.sent(value="0x7")
    assert client.ask(method, *params, block_hash) == client.ask(method, *params, "0x1")


def test_a_transaction_of_an_unknown_block_is_null(client: Client) -> None:
    """A block that is not there has no transactions, and that is no error."""
    assert client.ask("eth_getTransactionByBlockHashAndIndex", UNKNOWN, "0x0") is None
    assert client.ask("eth_getTransactionByBlockNumberAndIndex", "0x99", "0x0") is None


def test_a_transaction_states_the_time_of_its_block(client: Client) -> None:
    """A sealed transaction has its block's timestamp, a waiting one null."""
    sent = client.sent()
    block = client.ask("eth_getBlockByNumber", "latest", True)
    assert block["transactions"][0]["blockTimestamp"] == block["timestamp"]
    client.ask("evm_setAutomine", False)
    assert client.ask("eth_getTransactionByHash", sent)["blockTimestamp"] == block["timestamp"]
    assert client.ask("eth_getTransactionByHash", client.sent())["blockTimestamp"] is None


def test_the_pending_state_counts_what_waits(client: Client) -> None:
    """Balance, call, estimate and proof at `pending` follow the waiting transactions; `latest` does not."""
    client.ask("evm_setAutomine", False)
    before = client.number("eth_getBalance", TO)
    waiting = client.sent(value="0x5")
    reads_balance = {"data": "0x73" + TO[2:] + "315f5260205ff3"}
    assert client.number("eth_getBalance", TO, "latest") == client.number("eth_call", reads_balance, "latest") == before
    for at_pending in (
        client.number("eth_getBalance", TO, "pending"),
        client.number("eth_call", reads_balance, "pending"),
        int(client.ask("eth_getProof", TO, [], "pending")["balance"], 16),
    ):
        assert at_pending == before + 5
    assert client.ask("eth_getTransactionByBlockNumberAndIndex", "pending", "0x0")["hash"] == waiting
    client.ask("evm_mine")
    assert client.number("eth_getBalance", TO, "latest") == before + 5


def test_arriving_transactions_are_told_whole(client: Client) -> None:
    """A subscription to pending transactions that asks for them whole gets the objects."""
    told: list[Any] = []
    subscribe(client.node, told.append, "newPendingTransactions", True)
    subscribe(client.node, told.append, "newPendingTransactions")
    sent = client.sent(value="0x5")
    assert (told[0]["hash"], told[0]["value"], told[0]["blockHash"]) == (sent, "0x5", None)
    assert told[1] == sent


def test_blocks_are_mined_at_an_interval_of_zero(client: Client) -> None:
    """An interval of 0, which viem sends where its caller names none, is the chain's own."""
    client.ask("anvil_mine", "0x3", "0x0")
    assert client.number("eth_blockNumber") == 3
    client.ask("hardhat_mine")
    assert client.number("eth_blockNumber") == 4
