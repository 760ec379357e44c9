"""Many clients at once: reads, writes and malformed requests mixed. `PYSETTLE_LOAD_S` sets for how long."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from typing import Any

import aiohttp
from eth_account import Account
from web3 import Web3

from pysettle.domain.core.signing import Signer
from pysettle.node.accounts import development_accounts
from tests.chance import chance

CLIENTS = 64
SECONDS = float(os.environ.get("PYSETTLE_LOAD_S", "2"))
FUNDS = 10**18
MALFORMED = (
    "{",
    "[]",
    "[1,2]",
    '{"id": 1}',
    '{"id": 1, "method": "eth_getBalance", "params": [7]}',
    "\x00",
    "[" * 9999,
)


class Client:
    """One account that pays itself nothing and knows what the chain must answer it."""

    def __init__(self, number: int, url: str, session: aiohttp.ClientSession, chain_id: int) -> None:
        """Begin with the account's own randomness."""
        self.signer = Signer.derived("load", number)
        self.url, self.session, self.chain_id = url, session, chain_id
        self.random = chance(number)
        self.sent: list[str] = []
        self.reads_s: list[float] = []

    @property
    def account(self) -> str:
        """The account's address."""
        return str(Web3.to_checksum_address(self.signer.address))

    async def post(self, text: str) -> Any:
        """Return the answer to a text."""
        async with self.session.post(self.url, data=text) as response:
            return json.loads(await response.text())

    async def ask(self, method: str, *params: Any) -> Any:
        """Return a result."""
        answer = await self.post(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        assert "result" in answer, answer
        return answer["result"]

    async def run(self, until: float) -> None:
        """Mix reads, writes and malformed requests; every answer is checked."""
        while time.monotonic() < until:
            kind = self.random.random()
            if kind < 0.05:
                answer = await self.post(self.random.choice(MALFORMED))
                errors = answer if isinstance(answer, list) else [answer]
                assert all(it["error"]["code"] in (-32700, -32600, -32602) for it in errors), answer
            elif kind < 0.15:
                await self.write()
            else:
                started = time.monotonic()
                await self.read()
                self.reads_s.append(time.monotonic() - started)

    async def write(self) -> None:
        """Send a transaction; its receipt is there at once."""
        fields = {"type": 2, "chainId": self.chain_id, "nonce": len(self.sent), "to": self.account, "value": 1}
        fields |= {"gas": 21_000, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 0}
        raw = Account.sign_transaction(fields, self.signer.secret).raw_transaction
        self.sent.append(await self.ask("eth_sendRawTransaction", "0x" + raw.hex()))
        receipt = await self.ask("eth_getTransactionReceipt", self.sent[-1])
        assert (receipt["status"], receipt["transactionHash"]) == ("0x1", self.sent[-1])

    async def read(self) -> None:
        """Read something whose answer is known."""
        if self.random.random() < 0.5:
            assert int(await self.ask("eth_getTransactionCount", self.account, "latest"), 16) == len(self.sent)
        else:
            block = await self.ask("eth_getBlockByNumber", "latest", False)
            assert (await self.ask("eth_getBlockByHash", block["hash"], False)) == block


def test_many_clients_at_once(url: str, record_property: Any) -> None:
    """No wrong answer, no lost transaction, no crash; the p99 of reads is printed."""

    async def load() -> list[Client]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            rich = Client(0, url, session, 0)
            chain_id = int(await rich.ask("eth_chainId"), 16)
            faucet = Web3.to_checksum_address(development_accounts()[9].address)
            clients = [Client(number, url, session, chain_id) for number in range(CLIENTS)]
            for client in clients:
                payment = {"from": faucet, "to": client.account, "value": hex(FUNDS)}
                await rich.ask("eth_sendTransaction", payment)
            until = time.monotonic() + SECONDS
            await asyncio.gather(*(client.run(until) for client in clients))
            for client in clients:
                assert int(await client.ask("eth_getTransactionCount", client.account, "latest"), 16) == len(
                    client.sent
                )
                receipts = [await client.ask("eth_getTransactionReceipt", it) for it in client.sent]
                assert all(receipts)
                assert [it["transactionHash"] for it in receipts] == client.sent
        return clients

    clients = asyncio.run(load())
    reads = [it for client in clients for it in client.reads_s]
    writes = sum(len(client.sent) for client in clients)
    p99_ms = statistics.quantiles(reads, n=100)[98] * 1000
    record_property("p99_ms", p99_ms)
    median_ms = statistics.median(reads) * 1000
    print(f"{len(reads)} reads, {writes} writes in {SECONDS} s; reads: median {median_ms:.0f} ms, p99 {p99_ms:.0f} ms")
