"""What waits and what is told: the pool, sealing by hand, filters and subscriptions over a chain taken back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import websockets
from eth_account import Account
from eth_typing import Hash32
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from pysettle.domain.core.signing import Signer
from pysettle.errors import NodeError
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.node import pool, subscriptions
from pysettle.node.accounts import development_accounts
from pysettle.node.chain import NodeChain
from pysettle.node.protocol import RpcError
from pysettle.node.subscriptions import BlockHashSubscription, Filters
from tests.evm.accounts import ACCOUNTS, genesis, sign
from tests.evm.bytecode import TOKEN, creation

TRANSFER = keccak(text="Transfer(address,address,uint256)")

ALICE, BOB = development_accounts()[3:5]
GWEI = 10**9


@pytest.fixture
def rpc(url: str) -> JsonRpc:
    """Return a plain client of the node."""
    return JsonRpc(url)


def name(signer: Signer) -> str:
    """Return an account as JSON-RPC names it."""
    return str(to_checksum_address(signer.address))


def raw(rpc: JsonRpc, nonce: int, *, signer: Signer = ALICE, fee: int = 100 * GWEI, **fields: Any) -> str:
    """Return a signed payment to Bob."""
    unsigned = {
        "type": 2,
        "chainId": int(rpc.ask("eth_chainId"), 16),
        "nonce": nonce,
        "to": name(BOB),
        "value": 1,
        "gas": 100_000,
        "maxFeePerGas": fee,
        "maxPriorityFeePerGas": fee // 100,
    } | fields
    return "0x" + Account.sign_transaction(unsigned, signer.secret).raw_transaction.hex()


def next_nonce(rpc: JsonRpc, tag: str = "latest", signer: Signer = ALICE) -> int:
    """Return an account's nonce."""
    return int(rpc.ask("eth_getTransactionCount", name(signer), tag), 16)


def sealed_in(rpc: JsonRpc, transaction_hash: str) -> int | None:
    """Return the block of a transaction."""
    receipt = rpc.ask("eth_getTransactionReceipt", transaction_hash)
    return receipt and int(receipt["blockNumber"], 16)


def test_a_nonce_too_early_waits_for_those_before_it(rpc: JsonRpc) -> None:
    """Sent in any order, transactions are sealed by nonce, as soon as none is missing."""
    nonce = next_nonce(rpc)
    third, second = (rpc.ask("eth_sendRawTransaction", raw(rpc, nonce + it)) for it in (2, 1))
    assert (sealed_in(rpc, third), sealed_in(rpc, second)) == (None, None)
    assert rpc.ask("txpool_status") == {"pending": "0x0", "queued": "0x2"}
    assert rpc.ask("eth_getTransactionByHash", third)["blockHash"] is None
    assert rpc.ask("txpool_content")["queued"][name(ALICE)][str(nonce + 2)]["hash"] == third
    first = rpc.ask("eth_sendRawTransaction", raw(rpc, nonce))
    blocks = [sealed_in(rpc, it) for it in (first, second, third)]
    assert None not in blocks
    assert blocks == sorted(blocks, key=lambda it: it or 0)
    assert rpc.ask("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    assert next_nonce(rpc) == nonce + 3


def test_a_replacement_pays_more(rpc: JsonRpc) -> None:
    """One that waits gives way to another of its nonce if both fees rise by a tenth, and is refused twice."""
    nonce = next_nonce(rpc) + 1
    before = rpc.ask("eth_sendRawTransaction", raw(rpc, nonce))
    for again, words in ((raw(rpc, nonce), "already known"), (raw(rpc, nonce, value=2), "underpriced")):
        with pytest.raises(NodeError, match=words):
            rpc.ask("eth_sendRawTransaction", again)
    after = rpc.ask("eth_sendRawTransaction", raw(rpc, nonce, fee=110 * GWEI))
    assert rpc.ask("eth_getTransactionByHash", before) is None
    assert rpc.ask("anvil_dropTransaction", after) == after
    assert rpc.ask("anvil_dropTransaction", after) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonce": -1}, "nonce too low"),
        ({"value": 10**30}, "insufficient funds"),
        ({"fee": 1}, "less than block base fee"),
        ({"chainId": 5}, "signed for chain id 5"),
        ({"gas": 20_000}, "20000 gas is less than"),
    ],
)
def test_what_no_block_can_contain_is_refused(rpc: JsonRpc, change: dict[str, int], words: str) -> None:
    """A transaction that can never be sealed does not wait, and the answer says why."""
    rpc.ask("eth_sendRawTransaction", raw(rpc, next_nonce(rpc)))
    nonce = next_nonce(rpc) + change.pop("nonce", 0)
    with pytest.raises(NodeError, match=words):
        rpc.ask("eth_sendRawTransaction", raw(rpc, nonce, **change))
    assert rpc.ask("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_blocks_can_be_sealed_by_hand(rpc: JsonRpc) -> None:
    """Without automine transactions wait, visible in the pending block and nonce, until one block takes them."""
    nonce, head = next_nonce(rpc), int(rpc.ask("eth_blockNumber"), 16)
    rpc.ask("evm_setAutomine", False)
    try:
        other = next_nonce(rpc, signer=BOB)
        raws = [raw(rpc, nonce), raw(rpc, other, signer=BOB), raw(rpc, nonce + 2), raw(rpc, nonce + 1)]
        first, others, third, second = (rpc.ask("eth_sendRawTransaction", it) for it in raws)
        hashes = [first, others, second, third]
        assert (next_nonce(rpc), next_nonce(rpc, "pending")) == (nonce, nonce + 3)
        assert rpc.ask("eth_getBlockByNumber", "pending", False)["transactions"] == hashes
        assert int(rpc.ask("eth_blockNumber"), 16) == head
        rpc.ask("evm_mine")
        assert {sealed_in(rpc, it) for it in hashes} == {head + 1}
        waiting = rpc.ask("eth_sendRawTransaction", raw(rpc, nonce + 3))
    finally:
        rpc.ask("evm_setAutomine", True)
    assert sealed_in(rpc, waiting) == head + 2, "automine seals what waited for it"


def test_what_cannot_be_paid_after_another_is_refused_alone(rpc: JsonRpc) -> None:
    """Of two payments that the balance covers once, the second is refused and others are sealed."""
    poor, rich = Signer.derived("poor", 1), ALICE
    rpc.ask("anvil_setBalance", name(poor), hex(10**18))
    nonce = next_nonce(rpc)
    raws = [raw(rpc, it, signer=poor, value=6 * 10**17) for it in (0, 1)] + [raw(rpc, nonce, signer=rich)]
    answers = rpc.ask_all([("eth_sendRawTransaction", (it,)) for it in raws])
    assert [isinstance(it, NodeError) for it in answers] == [False, True, False]
    assert "wei, the transaction may cost" in answers[1].message
    assert None not in [sealed_in(rpc, it) for it in (answers[0], answers[2])]
    assert rpc.ask("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_blocks_do_not_come_by_the_wall_clock(rpc: JsonRpc) -> None:
    """Interval mining is refused, and switching it off is not."""
    assert rpc.ask("evm_setIntervalMining", 0) is True
    with pytest.raises(NodeError, match="never by the wall clock"):
        rpc.ask("evm_setIntervalMining", 2)


def test_the_fee_history_tells_what_was_paid(rpc: JsonRpc) -> None:
    """The rewards are priority fees at percentiles of the block's gas, 0 for a block without transactions."""
    nonce = next_nonce(rpc)
    rpc.ask("evm_setAutomine", False)
    try:
        tips = (3 * GWEI, GWEI, 2 * GWEI)
        for place, tip in enumerate(tips):
            rpc.ask("eth_sendRawTransaction", raw(rpc, nonce + place, maxPriorityFeePerGas=tip))
        rpc.ask("evm_mine")
        rpc.ask("evm_mine")
    finally:
        rpc.ask("evm_setAutomine", True)
    history = rpc.ask("eth_feeHistory", "0x2", "latest", [0, 34, 100])
    assert [[int(it, 16) for it in rewards] for rewards in history["reward"]] == [sorted(tips), [0, 0, 0]]


def moved(rpc: JsonRpc, token: str, amount: int) -> str:
    """Move so much of a token to Bob; return the transaction's hash."""
    data = "0x" + bytes(12).hex() + BOB.address.hex() + f"{amount:064x}"
    return str(rpc.ask("eth_sendRawTransaction", raw(rpc, next_nonce(rpc), to=token, data=data, value=0)))


def deployed(rpc: JsonRpc) -> str:
    """Deploy a token that logs each transfer; return its address."""
    sent = rpc.ask("eth_sendRawTransaction", raw(rpc, next_nonce(rpc), to=b"", data=creation(TOKEN), value=0))
    return str(rpc.ask("eth_getTransactionReceipt", sent)["contractAddress"])


def test_a_filter_is_told_what_was_taken_back(rpc: JsonRpc) -> None:
    """After a revert the logs come once more, as removed, and then those of the blocks in their place."""
    token = deployed(rpc)
    logs = rpc.ask("eth_newFilter", {"address": token, "topics": ["0x" + TRANSFER.hex()]})
    heads, pending = rpc.ask("eth_newBlockFilter"), rpc.ask("eth_newPendingTransactionFilter")
    snapshot = rpc.ask("evm_snapshot")
    lost = moved(rpc, token, 1)
    (seen,) = rpc.ask("eth_getFilterChanges", logs)
    rpc.ask("evm_revert", snapshot)
    kept = moved(rpc, token, 2)
    changes = rpc.ask("eth_getFilterChanges", logs)
    assert [(it["removed"], it["transactionHash"]) for it in changes] == [(True, lost), (False, kept)]
    assert changes[0] == seen | {"removed": True}
    assert rpc.ask("eth_getFilterChanges", heads)[-1] == changes[1]["blockHash"]
    assert rpc.ask("eth_getFilterChanges", pending) == [lost, kept]
    assert [it["transactionHash"] for it in rpc.ask("eth_getFilterLogs", logs)] == [kept]
    assert [rpc.ask("eth_uninstallFilter", it) for it in (logs, heads, pending, logs)] == [True] * 3 + [False]
    with pytest.raises(NodeError, match="filter not found"):
        rpc.ask("eth_getFilterChanges", logs)


def test_a_subscription_is_told_what_was_taken_back(rpc: JsonRpc, url: str) -> None:
    """The same over a WebSocket, until it unsubscribes."""
    token = deployed(rpc)

    async def follow() -> list[dict[str, Any]]:
        async with websockets.connect(url.replace("http", "ws")) as socket:

            async def ask(method: str, *params: Any) -> Any:
                await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
                return json.loads(await socket.recv())["result"]

            handle = await ask("eth_subscribe", "logs", {"address": token})
            snapshot = rpc.ask("evm_snapshot")
            moved(rpc, token, 1)
            rpc.ask("evm_revert", snapshot)
            moved(rpc, token, 2)
            events = [json.loads(await socket.recv())["params"] for _ in range(3)]
            assert {it["subscription"] for it in events} == {handle}
            assert await ask("eth_unsubscribe", handle) is True
            moved(rpc, token, 3)
            assert await ask("eth_unsubscribe", handle) is False, "and nothing came before this answer"
            return [it["result"] for it in events]

    events = asyncio.run(asyncio.wait_for(follow(), 20))
    assert [(it["removed"], int(it["data"], 16)) for it in events] == [(False, 1), (True, 1), (False, 2)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> tuple[NodeChain, Filters]:
    """Return a node in this process whose pool and filters hold two of each."""
    monkeypatch.setattr(pool, "POOL_LIMIT", 2)
    monkeypatch.setattr(subscriptions, "EVENT_LIMIT", 2)
    monkeypatch.setattr(subscriptions, "FILTER_LIMIT", 2)
    return NodeChain(EmbeddedChain(genesis())), Filters()


def test_the_pool_has_a_limit(small: tuple[NodeChain, Filters]) -> None:
    """What waits is bounded; a full pool says so, and takes transactions again when some were dropped."""
    node, _ = small
    raws = [sign(node.embedded, ACCOUNTS[0], ACCOUNTS[1], nonce=nonce) for nonce in (5, 6, 7)]
    first, second, third = node.send(raws)
    assert isinstance(third, RpcError)
    assert (third.code, "wait already" in third.message) == (-32005, True)
    assert node.pool.drop(Hash32(first))  # type: ignore[arg-type]  # a hash, as it was taken
    assert node.send([raws[2]]) == [keccak(raws[2])]
    assert node.pool.get(Hash32(second)) is not None  # type: ignore[arg-type]


def test_filters_have_limits(small: tuple[NodeChain, Filters]) -> None:
    """The oldest filter gives way to a third, and one that is not polled is forgotten with its events."""
    node, filters = small
    first, second, third = (filters.add(lambda send: BlockHashSubscription(node, send)) for _ in range(3))
    with pytest.raises(RpcError, match="filter not found"):
        filters.poll(first)
    for _ in range(2):
        node.mine()
    assert len(filters.poll(second)) == 2
    node.mine()
    assert len(filters.poll(second)) == 1
    with pytest.raises(RpcError, match="filter not found"):
        filters.poll(third)
    assert len(node.listeners) == 1, "who is forgotten is told nothing more"
