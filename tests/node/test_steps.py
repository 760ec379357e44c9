"""The struct log: which steps it tells, where it stops, and that nobody waits for it."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import websockets
from eth_account import Account

from pysettle.evm.jsonrpc import JsonRpc
from pysettle.node import steps
from pysettle.node.accounts import development_accounts
from pysettle.node.protocol import RpcError
from tests.evm.bytecode import creation
from tests.node.inside import Client

ADDS_TO_SLOT = "5f546001015f5500"  # PUSH0 SLOAD, PUSH1 1 ADD, PUSH0 SSTORE, STOP
LOOPS = "5b5f56"  # JUMPDEST PUSH0 JUMP, until the gas is used up


@pytest.fixture
def client() -> Client:
    """Return a client of a fresh node."""
    return Client()


def told(steps: list[dict[str, Any]], *members: str) -> list[tuple[Any, ...]]:
    """Return some members of each step."""
    return [tuple(step.get(member) for member in members) for step in steps]


def test_each_opcode_is_a_step(client: Client) -> None:
    """A step has its place, gas and stack; one that reads or writes storage has the slots so far."""
    sent = client.sent(to=client.deployed(ADDS_TO_SLOT), gas=hex(100_000))
    trace = client.ask("debug_traceTransaction", sent)
    assert (trace["failed"], trace["returnValue"]) == (False, "0x")
    assert trace["gas"] == int(client.ask("eth_getTransactionReceipt", sent)["gasUsed"], 16)
    slot, one = "0x" + "00" * 32, "0x" + "00" * 31 + "01"
    assert told(trace["structLogs"], "pc", "op", "gasCost", "stack", "storage") == [
        (0, "PUSH0", 2, [], None),
        (1, "SLOAD", 2_100, ["0x0"], {slot: slot}),
        (2, "PUSH1", 3, ["0x0"], None),
        (4, "ADD", 3, ["0x0", "0x1"], None),
        (5, "PUSH0", 2, ["0x1"], None),
        (6, "SSTORE", 20_000, ["0x1", "0x0"], {slot: one}),
        (7, "STOP", 0, [], None),
    ]
    short = client.ask("debug_traceTransaction", sent, {"limit": 2, "disableStack": True, "disableStorage": True})
    assert told(short["structLogs"], "op", "stack", "storage") == [("PUSH0", None, None), ("SLOAD", None, None)]


def test_an_opcode_that_cannot_be_paid_tells_its_price(client: Client) -> None:
    """The last step of a transaction that runs out of gas says what it asked for, and that it was too much."""
    sent = client.sent(to=client.deployed(ADDS_TO_SLOT), gas=hex(26_000))
    last = client.ask("debug_traceTransaction", sent)["structLogs"][-1]
    assert (last["op"], last["gasCost"], last["error"]) == ("SSTORE", 20_000, "out of gas")


def test_a_block_is_traced_whole(client: Client) -> None:
    """Each transaction of a block is traced on what those before it left, by number, hash and any tracer."""
    target = client.deployed(ADDS_TO_SLOT)
    client.ask("evm_setAutomine", False)
    hashes = [client.sent(to=target, gas=hex(100_000)) for _ in range(3)]
    client.ask("evm_mine")
    block_hash = client.ask("eth_getTransactionByHash", hashes[0])["blockHash"]
    traces = client.ask("debug_traceBlockByHash", block_hash)
    assert [it["txHash"] for it in traces] == hashes
    assert [it["result"]["structLogs"][5]["stack"][0] for it in traces] == ["0x1", "0x2", "0x3"]
    for tracer in ("callTracer", "prestateTracer"):
        options = {"tracer": tracer}
        whole = [it["result"] for it in client.ask("debug_traceBlockByNumber", "latest", options)]
        assert whole == [client.ask("debug_traceTransaction", it, options) for it in hashes]
    with pytest.raises(RpcError, match="genesis"):
        client.ask("debug_traceBlockByNumber", "0x0")


def test_a_trace_has_an_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps beyond the limit and time beyond the timeout are refused in a sentence."""
    sent = client.sent(to=client.deployed(LOOPS), gas=hex(100_000))
    with pytest.raises(RpcError, match="longer than its timeout"):
        client.ask("debug_traceTransaction", sent, {"timeout": "1ms"})
    monkeypatch.setattr(steps, "STEP_LIMIT", 1_000)
    with pytest.raises(RpcError, match="more than 1000 steps"):
        client.ask("debug_traceTransaction", sent)


def test_reads_do_not_wait_for_a_trace(url: str) -> None:
    """While a trace of thirty thousand steps is made, blocks are read and sealed, over the same node."""
    rpc, signer = JsonRpc(url), development_accounts()[8]

    def sent(to: Any, data: bytes) -> str:
        unsigned = {
            "chainId": int(rpc.ask("eth_chainId"), 16),
            "nonce": int(rpc.ask("eth_getTransactionCount", "0x" + signer.address.hex()), 16),
            "gas": 150_000,
            "to": to,
            "data": data,
            "gasPrice": 10**11,
        }
        raw = Account.sign_transaction(unsigned, signer.secret).raw_transaction
        return str(rpc.ask("eth_sendRawTransaction", "0x" + raw.hex()))

    contract = rpc.ask("eth_getTransactionReceipt", sent(b"", creation(bytes.fromhex(LOOPS))))["contractAddress"]
    loop = sent(contract, b"")
    with ThreadPoolExecutor(1) as pool:
        trace = pool.submit(JsonRpc(url, timeout_s=120).ask, "debug_traceTransaction", loop)
        answered = 0
        while not trace.done():
            rpc.ask("evm_mine")
            assert rpc.ask("eth_getBlockByNumber", "latest", False)["transactions"] == []
            answered += 1
        assert len(trace.result()["structLogs"]) > 30_000
    assert answered > 10

    async def answers() -> list[int]:
        async with websockets.connect(url.replace("http", "ws")) as socket:
            for number, (method, params) in enumerate(
                [("debug_traceTransaction", [loop, {"limit": 1}]), ("eth_blockNumber", [])]
            ):
                await socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
            return [json.loads(await socket.recv())["id"] for _ in range(2)]

    assert asyncio.run(asyncio.wait_for(answers(), 60)) == [1, 0], "nor do those of the same connection"
