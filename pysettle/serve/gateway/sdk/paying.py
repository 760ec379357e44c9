"""A buyer's side of x402: the SDK's client with one channel, which deposits within a budget that it shares."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock

import httpx
from eth_account import Account
from eth_utils.address import to_checksum_address
from x402 import x402Client
from x402.client_base import SpendControlAsset
from x402.http.clients.httpx import PaymentError, x402AsyncTransport
from x402.mechanisms.evm.batch_settlement.client import BatchSettlementEvmScheme
from x402.mechanisms.evm.batch_settlement.client.config import (
    BatchSettlementDepositStrategyContext,
    BatchSettlementEvmSchemeOptions,
)
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC

from pysettle.values import Address

NotPaid = PaymentError
"""A request could not be paid for: the client refuses its price, or the budget is spent."""


class Budget:
    """Amount that may be deposited, over all channels."""

    def __init__(self, amount: int) -> None:
        """Begin with all of them."""
        self._left, self._lock = amount, Lock()

    @property
    def left(self) -> int:
        """Amount that may still be deposited."""
        return self._left

    def take(self, wanted: int, least: int) -> int:
        """Take an amount for a deposit: what is wanted, or what is left of it if that suffices.

        Raises:
            ValueError: not even the least is left.
        """
        with self._lock:
            if self._left < least:
                raise ValueError(f"the budget is spent: {self._left:,} are left of it, {least:,} are needed")
            taken = min(wanted, self._left)
            self._left -= taken
            return taken


class PayingChannel:
    """The client of one channel."""

    def __init__(
        self, key: bytes, network: str, chain_url: str, assets: Collection[Address], budget: Budget, salt: bytes
    ) -> None:
        """Configure the SDK's client.

        Args:
            key: Key of the account that pays.
            network: Chain, as x402 names it.
            chain_url: JSON-RPC of the chain.
            assets: Tokens that may be spent.
            budget: Amount that may be deposited.
            salt: Salt of the channel, 32 bytes: each worker has its own.
        """
        self._budget, most = budget, str(budget.left)
        signer = EthAccountSignerWithRPC(Account.from_key(key), chain_url)
        options = BatchSettlementEvmSchemeOptions(deposit_strategy=self._deposit, salt="0x" + salt.hex())
        self._scheme = BatchSettlementEvmScheme(signer, options)
        client = x402Client().register(network, self._scheme)
        client.set_spend_controls(
            {
                "allowed_assets": [
                    SpendControlAsset(network=network, asset=to_checksum_address(it), max_amount_per_payment=most)
                    for it in assets
                ]
            }
        )
        self._transport = x402AsyncTransport(client)
        self.urls: set[str] = set()
        """URLs that ask for the rest of its channels: one a model."""

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and pay for it; the body of the answer is still to be read.

        Raises:
            NotPaid: it could not be paid for.
            HTTPError: the seller does not answer.
        """
        return await self._transport.handle_async_request(request)

    def refund(self, url: str) -> int:
        """Ask for the rest of the channel behind a URL; return the amount that came back.

        Raises:
            ValueError, RuntimeError: the seller or the SDK refuses.
        """
        answer = self._scheme.refund(url)
        if not answer.success:
            raise RuntimeError(answer.error_reason or "the refund is refused")
        return int(answer.amount or 0)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _deposit(self, context: BatchSettlementDepositStrategyContext) -> str:
        return str(self._budget.take(int(context.deposit_amount), int(context.minimum_deposit_amount)))
