"""A buyer of a gateway: the official x402 client of PyPI, with configuration only.

This is the code that docs/gateway.md tells buyers to copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import httpx
from eth_account import Account
from x402 import x402Client
from x402.client_base import SpendControlAsset
from x402.http.clients.httpx import x402HttpxClient
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.batch_settlement.client import BatchSettlementEvmScheme, eip3009
from x402.mechanisms.evm.exact import client as exact
from x402.mechanisms.evm.exact.client import ExactEvmScheme
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC
from x402.schemas import SettleResponse


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the receipt of its payment."""

    document: dict[str, Any]
    """The body."""
    receipt: SettleResponse
    """The header PAYMENT-RESPONSE."""


class Buyer:
    """The official client of one account."""

    def __init__(self, key: bytes, chain_id: int, chain_url: str, spends: Mapping[str, int]) -> None:
        """Configure it.

        Args:
            key: Private key of the account.
            chain_id: Chain id.
            chain_url: JSON-RPC of the chain; the client finds its channels there.
            spends: Token -> most of it that one payment may cost, in its smallest unit. The client refuses others.
        """
        network = f"eip155:{chain_id}"
        account = Account.from_key(key)
        self.channels = BatchSettlementEvmScheme(EthAccountSignerWithRPC(account, chain_url))
        """Its channels."""
        self.client = x402Client().register(network, self.channels).register(network, ExactEvmScheme(account))
        """The client."""
        allowed = [
            SpendControlAsset(network=network, asset=asset, max_amount_per_payment=str(most))
            for asset, most in spends.items()
        ]
        self.client.set_spend_controls({"allowed_assets": allowed})

    def http(self, **settings: Any) -> httpx.AsyncClient:
        """Return an HTTP client that pays; settings are those of httpx."""
        return x402HttpxClient(self.client, **settings)

    async def post(self, url: str, body: Mapping[str, Any], **headers: str) -> Answer:
        """Post a request and pay for it.

        Raises:
            HTTPStatusError: it was refused.
        """
        async with self.http(timeout=120) as client:
            response = await client.post(url, json=dict(body), headers=headers)
        response.raise_for_status()
        return Answer(response.json(), decode_payment_response_header(response.headers["PAYMENT-RESPONSE"]))

    def refund(self, url: str) -> SettleResponse:
        """Take back the rest of the channel behind a URL."""
        return self.channels.refund(url)


@contextmanager
def simulated(now: Callable[[], int]) -> Iterator[None]:
    """Have the SDK sign with a chain's time, and with nonces that follow a rule: the same purchases are the same bytes.

    A client outside a simulation takes the machine's time, and nonces that nobody can guess.

    Args:
        now: Returns the chain's time, unix seconds.
    """
    numbers = count()

    def nonce() -> str:
        return "0x" + hashlib.sha256(f"simulated nonce {next(numbers)}".encode()).hexdigest()

    clock = SimpleNamespace(time=now)
    with (
        patch.object(eip3009, "time", clock),
        patch.object(exact, "time", clock),
        patch.object(eip3009, "create_nonce", nonce),
        patch.object(exact, "create_nonce", nonce),
    ):
        yield
