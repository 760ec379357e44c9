"""Random requests to all methods at once. `PYSETTLE_LOAD_S` sets for how long."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
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
CLIENTS = 8
LONG = {"anvil_mine", "hardhat_mine", "debug_traceBlockByNumber", "debug_traceBlockByHash"}
"""Asked less often: one may take as long as a thousand others."""
PLAIN: list[Any] = [None, True, "", "0x", "0x0", "0x1", "0x7f", 1, -1, 2**256, [], {}, [5, 95], "latest", "pending"]
PLAIN += ["earliest", "0x" + "00" * 32, "0x" + "11" * 20, "é", {"tracer": "callTracer"}, {"fromBlock": "0x0"}]


def parameter(rng: random.Random, seen: list[Any]) -> Any:
    """Return a parameter: an odd one, one that an answer had, or a transaction."""
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(PLAIN)
    if kind < 0.6 and seen:
        return rng.choice(seen)
    if kind < 0.7:
        return rng.choice((FROM, TO))
    fields = {"from": rng.choice((FROM, TO)), "to": rng.choice((FROM, TO)), "value": "0x1", "gas": "0x30000"}
    fields |= {"data": "0x" + rng.choice((creation(TOKEN), creation(REVERTER), b"\x01")).hex()}
    return {name: it for name, it in fields.items() if rng.random() < 0.7}


def parameters(rng: random.Random, seen: list[Any]) -> list[Any]:
    """Return parameters: such as some method takes, or any."""
    if rng.random() < 0.3:
        return [parameter(rng, seen) for _ in range(rng.randrange(4))]
    account, tag = rng.choice((FROM, TO)), rng.choice(("latest", "pending", "earliest", "0x1"))
    transaction = {"from": account, "to": TO, "value": "0x1"}
    likely: list[list[Any]] = [[], [account], [account, tag], [account, "0x0", tag], [account, ["0x0"], tag]]
    likely += [
        [transaction],
        [transaction, tag],
        [tag],
        [tag, True],
        [tag, "0x0"],
        ["0x3", tag, [5]],
        ["0x00", account],
    ]
    likely += [[rng.choice(seen or ["0x1"])], [{"fromBlock": "0x0"}], [{"blockStateCalls": [{"calls": [transaction]}]}]]
    return rng.choice(likely)


@pytest.mark.random
def test_no_request_fails_inside_and_none_is_lost() -> None:
    """Each request of each method, with whatever parameters, is answered under its own id, and none with -32603."""
    methods = sorted({*Client().methods} - LONG) * 20 + sorted(LONG)
    codes: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    seen: list[Any] = []

    async def run(number: int, url: str, session: aiohttp.ClientSession, until: float) -> None:
        rng = chance(number)
        while asyncio.get_running_loop().time() < until:
            name = rng.choice(methods)
            request: dict[str, Any] = {"jsonrpc": "2.0", "id": rng.randrange(10**9), "method": name}
            request["params"] = parameters(rng, seen)
            async with session.post(url, json=request) as response:
                answer = json.loads(await response.text())
            assert answer["id"] == request["id"]
            asked[name] += 1
            code = str(answer.get("error", {}).get("code", "result"))
            codes[code] += 1
            assert code != "-32603", (request, answer)
            result = answer.get("result")
            if isinstance(result, str) and len(result) < 100:
                seen[: max(0, len(seen) - 200)] = []
                seen.append(result)

    async def load(url: str) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            until = asyncio.get_running_loop().time() + SECONDS
            await asyncio.gather(*(run(number, url, session, until) for number in range(CLIENTS)))

    with node() as url:
        asyncio.run(load(url))
    print(f"{asked.total()} requests of {len(asked)} methods in {SECONDS} s: {dict(codes)}")
    assert codes["result"] > 0
