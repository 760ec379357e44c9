"""Random requests to all methods at once. `PYSETTLE_LOAD_S` sets for how long."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
from collections import Counter
from random import Random
from typing import Any

import aiohttp
import pytest

from pysettle.node.accounts import development_accounts
from tests.chance import chance
from tests.evm.bytecode import REVERTER, TOKEN, creation
from tests.node.inside import Client
from tests.node.process import node
from tests.node.test_load import SECONDS

FROM, TO = ("0x" + it.address.hex() for it in development_accounts()[:2])
CLIENTS, AT_LEAST = 8, 20
"""How many clients, and the requests that each makes however slow the machine is."""
LONG = {"anvil_mine", "hardhat_mine", "debug_traceBlockByNumber", "debug_traceBlockByHash"}
"""Asked less often: one may take as long as a thousand others."""
ODD: list[Any] = [None, True, "", "0x", "0x0", "0x1", "0x7f", 1, -1, 2**256, [], {}, [5, 95], "latest", "pending"]
ODD += ["earliest", "0x" + "00" * 32, "0x" + "11" * 20, "é", {"tracer": "callTracer"}, {"fromBlock": "0x0"}]
TYPED = {"types": {"EIP712Domain": [], "P": [{"name": "a", "type": "uint256"}]}, "primaryType": "P", "domain": {}}
FITTING: dict[str, list[Any]] = {
    "account": [FROM, TO],
    "balance": ["0x1", "0xde0b6b3a7640000"],
    "block": [{"time": "0x7fffffff"}, {"number": "0x5"}],
    "block_hash": ["0x" + "11" * 32],
    "blocks": ["0x1", "0x3", 2],
    "content": ["0x", "0x00"],
    "enabled": [True, True, False],
    "full": [True, False],
    "handle": ["0x1", "0x2"],
    "index": ["0x0", "0x1"],
    "message": ["0x00", "0x" + "11" * 32, TYPED | {"message": {"a": 5}}],
    "newest": ["latest", "0x1"],
    "options": [{"tracer": "callTracer"}, {"enableMemory": True}],
    "overrides": [{TO: {"balance": "0x5"}}, {TO: {"code": "0x5f5ff3", "stateDiff": {}}}],
    "percentiles": [[5, 95], []],
    "query": [{"fromBlock": "0x0"}, {"address": TO}, {"topics": [None, []]}],
    "seconds": ["0x1", 5],
    "slot": ["0x0", "0x" + "00" * 32],
    "slots": [["0x0"], []],
    "tag": ["latest", "pending", "earliest", "safe", "0x1"],
    "timeout": [1, "0x1"],
    "value": ["0x" + "11" * 32],
}
"""Name of a parameter in the methods' signatures -> values that a method accepts under it."""
Seen = dict[str, list[Any]]
"""Name of a parameter -> the values for it that answers had."""


def transaction(rng: Random) -> dict[str, Any]:
    """Return a payment or a creation, now and then without one of its fields."""
    fields = {"from": FROM, "to": rng.choice((FROM, TO)), "value": "0x1", "gas": "0x30000"}
    if rng.random() < 0.3:
        fields["data"] = "0x" + rng.choice((creation(TOKEN), creation(REVERTER), b"\x01")).hex()
        del fields["to"], fields["value"]
    return {name: it for name, it in fields.items() if rng.random() < 0.9}


def parameter(rng: Random, name: str, seen: Seen) -> Any:
    """Return a value for the parameter of this name: mostly one that fits, else an odd one or one for another."""
    kind = rng.random()
    if kind < 0.05:
        return rng.choice(ODD)
    if kind < 0.1:
        return rng.choice(rng.choice([*FITTING.values(), *seen.values()]))
    if name == "transaction":
        return transaction(rng)
    if name == "payload":
        return {"blockStateCalls": [{"calls": [transaction(rng)]} for _ in range(rng.randrange(3))]}
    return rng.choice(seen.get(name) if name in seen and kind < 0.9 else FITTING.get(name, ODD))


def parameters(rng: Random, method: Any, seen: Seen) -> list[Any]:
    """Return as many parameters as the method takes, those that may be left out now and then, or any number."""
    if rng.random() < 0.05:
        return [rng.choice(ODD) for _ in range(rng.randrange(4))]
    _caller, *named = inspect.signature(method).parameters.values()
    required = [it for it in named if it.default is it.empty]
    return [parameter(rng, it.name, seen) for it in named[: rng.randint(len(required), len(named))]]


def note(method: str, result: Any, seen: Seen) -> None:
    """Keep from an answer the hashes, signed transactions and handles with which others can be asked."""
    found: dict[str, Any] = {}
    match result:
        case {"parentHash": _, "hash": str(block_hash)}:
            found["block_hash"] = block_hash
        case {"raw": raw, "tx": {"hash": _}}:
            found["raw_transaction"] = raw
        case str() if method.startswith("eth_send"):
            found["value"] = result
        case str() if "Filter" in method or method == "evm_snapshot":
            found["handle"] = result
    for name, it in found.items():
        seen[name] = [*seen.get(name, [])[-20:], it]


@pytest.mark.random
def test_no_request_fails_inside_and_none_is_lost() -> None:
    """Each request of each method, with whatever parameters, is answered under its own id, and none with -32603."""
    table = Client().methods
    methods = sorted({*table} - LONG) * 20 + sorted(LONG)
    codes: Counter[str] = Counter()
    asked: Counter[str] = Counter()

    async def run(number: int, url: str, session: aiohttp.ClientSession, until: float) -> None:
        rng, seen = chance(number), Seen()
        made = itertools.count()
        while next(made) < AT_LEAST or asyncio.get_running_loop().time() < until:
            name = rng.choice(methods)
            request: dict[str, Any] = {"jsonrpc": "2.0", "id": rng.randrange(10**9), "method": name}
            request["params"] = parameters(rng, table[name], seen)
            async with session.post(url, json=request) as response:
                answer = json.loads(await response.text())
            assert answer["id"] == request["id"]
            asked[name] += 1
            code = str(answer.get("error", {}).get("code", "result"))
            codes[code] += 1
            assert code != "-32603", (request, answer)
            note(name, answer.get("result"), seen)

    async def load(url: str) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            until = asyncio.get_running_loop().time() + SECONDS
            await asyncio.gather(*(run(number, url, session, until) for number in range(CLIENTS)))

    with node() as url:
        asyncio.run(load(url))
    print(f"{asked.total()} requests of {len(asked)} methods in {SECONDS} s: {dict(codes)}")
    # Of the methods, a fourth refuse always: verbs that no block can show.
    assert codes["result"] > codes.total() / 3
