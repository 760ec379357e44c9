"""The SDK's facilitator on our own sending of transactions, and any other facilitator behind HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any, Protocol

import httpx
from eth_utils.address import to_checksum_address
from x402 import x402FacilitatorSync
from x402.http.facilitator_client import HTTPFacilitatorClient
from x402.http.facilitator_client_base import AuthHeaders, FacilitatorConfig
from x402.interfaces import FacilitatorExtension
from x402.mechanisms.evm.batch_settlement.facilitator import BatchSettlementEvmFacilitator
from x402.mechanisms.evm.batch_settlement.facilitator import utils as channel_checks
from x402.mechanisms.evm.constants import FUNCTION_TRANSFER_WITH_AUTHORIZATION
from x402.mechanisms.evm.exact import facilitator as exact_checks
from x402.mechanisms.evm.exact.facilitator import ExactEvmScheme, ExactEvmSchemeConfig
from x402.mechanisms.evm.multicall import _decode_contract_result, encode_contract_call
from x402.mechanisms.evm.types import TransactionReceipt
from x402.schemas import PaymentPayload, PaymentRequirements, SettleRequest, SettleResponse, VerifyRequest

from pysettle.domain.core.messages import Authorization
from pysettle.errors import ChainUnreachable, ContractReverted
from pysettle.evm.transactions import Transaction
from pysettle.serve.gateway.journal import purpose
from pysettle.serve.gateway.relaying import Relayer
from pysettle.serve.gateway.sdk.clocks import go_by
from pysettle.serve.gateway.sdk.wire import PENDING, Malformed, Settled, address_in, bytes_in
from pysettle.values import Hash32

_log = logging.getLogger("pysettle.gateway")
_DELIVERS = FacilitatorExtension("pysettle-purchase")
"""Extension of a facilitator that submits a payment to a series as the purchase that it has to be."""
_SIMULATED = ExactEvmSchemeConfig(simulate_in_settle=True)
"""A payment that was used meanwhile is refused, and costs no gas."""
_NO_ANSWER = (httpx.HTTPError, ValueError, RuntimeError)
"""Errors of the SDK's client of a facilitator: the transport's, and its own for an answer that is none."""


class Facilitator(Protocol):
    """Checks and settles payments."""

    async def verify(self, payment: PaymentPayload, asked: PaymentRequirements) -> str | None:
        """Return the reason why a payment is refused; None for a sound one."""

    async def settle(self, payment: PaymentPayload, asked: PaymentRequirements) -> Settled:
        """Settle a payment."""

    async def delivers(self) -> bool:
        """Whether it submits a payment to a series as a purchase: a series accepts money in no other way."""

    async def close(self) -> None:
        """Close connections."""


class LocalFacilitator:
    """The SDK's facilitator, on our own sending of transactions. Its work is done in threads: it waits for blocks."""

    def __init__(self, relayer: Relayer, network: str) -> None:
        """Settle on a chain."""
        self._core, signer, self._relayer = x402FacilitatorSync(), _ChainSigner(relayer), relayer
        go_by(relayer.network.chain.clock.now, exact_checks, channel_checks)
        begun = _Begun(relayer)
        channels = BatchSettlementEvmFacilitator(signer, pending_store=begun)  # type: ignore[arg-type]  # a part of it
        exact = ExactEvmScheme(signer, _SIMULATED, begun)  # type: ignore[arg-type]  # likewise
        self._core.register([network], channels)
        self._core.register([network], exact)
        self._core.register_extension(_DELIVERS)
        self._network = network
        self._settling: dict[bytes, asyncio.Task[SettleResponse]] = {}

    def supported(self) -> dict[str, Any]:
        """Return the answer to `GET /supported`."""
        return self._core.get_supported().model_dump(by_alias=True, exclude_none=True)

    async def verify_document(self, content: bytes) -> dict[str, Any]:
        """Answer `POST /verify`.

        Raises:
            Malformed: the body is no such request.
        """
        request = _model(VerifyRequest, content)
        answer = await asyncio.to_thread(self._core.verify, request.payment_payload, request.payment_requirements)
        return answer.model_dump(by_alias=True, exclude_none=True)

    async def settle_document(self, content: bytes) -> dict[str, Any]:
        """Answer `POST /settle`.

        Raises:
            Malformed: the body is no such request.
        """
        request = _model(SettleRequest, content)
        answer = await self._settle_once(request.payment_payload, request.payment_requirements)
        return answer.model_dump(by_alias=True, exclude_none=True)

    async def verify(self, payment: PaymentPayload, asked: PaymentRequirements) -> str | None:
        """Return the reason why a payment is refused; None for a sound one."""
        answer = await asyncio.to_thread(self._core.verify, payment, asked)
        return None if answer.is_valid else answer.invalid_reason or "unexpected_verify_error"

    async def settle(self, payment: PaymentPayload, asked: PaymentRequirements) -> Settled:
        """Settle a payment."""
        return _settled(await self._settle_once(payment, asked))

    async def delivers(self) -> bool:
        """Whether it delivers Tokens: it does."""
        return True

    async def close(self) -> None:
        """Wait for what is being settled."""
        await asyncio.gather(*self._settling.values(), return_exceptions=True)

    async def _settle_once(self, payment: PaymentPayload, asked: PaymentRequirements) -> SettleResponse:
        """Settle a payment; whoever sends it meanwhile gets the same answer, and nothing is sent twice."""
        key = hashlib.sha256(json.dumps([payment.payload, asked.model_dump()], sort_keys=True).encode()).digest()
        task = self._settling.get(key)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self._settled, key, payment, asked))
            self._settling[key] = task
            task.add_done_callback(lambda _: self._settling.pop(key))
        return await asyncio.shield(task)

    def _settled(self, key: bytes, payment: PaymentPayload, asked: PaymentRequirements) -> SettleResponse:
        """Settle a payment, its transaction stored under its key until the outcome is told."""
        with purpose(key):
            answer = self._core.settle(payment, asked)
        if answer.error_reason != PENDING:
            self._relayer.journal.answered(key)
        return answer


class _Begun:
    """The SDK's store of payments that were begun: it asks before it signs, and the journal knows."""

    def __init__(self, relayer: Relayer) -> None:
        self._relayer = relayer

    def get(self, _: str) -> str | None:
        found = self._relayer.resumed()
        return None if found is None else "0x" + found.hex()

    def set(self, _: str, __: str) -> None:
        """Store nothing: the journal has it since before it was sent."""

    def delete(self, _: str) -> None:
        """Forget nothing: the outcome is not told yet."""


class RemoteFacilitator:
    """Any facilitator behind HTTP, through the SDK's client."""

    def __init__(self, url: str, token: str | None) -> None:
        """Use a URL, with a bearer token if there is one."""
        self._client = HTTPFacilitatorClient(
            FacilitatorConfig(url=url, timeout=60, auth_provider=_Bearer(token) if token else None)
        )
        self._extensions: list[str] | None = None

    async def verify(self, payment: PaymentPayload, asked: PaymentRequirements) -> str | None:
        """Return the reason why a payment is refused; None for a sound one."""
        try:
            answer = await self._client.verify(payment, asked)
        except _NO_ANSWER as problem:
            raise ChainUnreachable(f"the facilitator does not answer: {problem}") from problem
        return None if answer.is_valid else answer.invalid_reason or "unexpected_verify_error"

    async def settle(self, payment: PaymentPayload, asked: PaymentRequirements) -> Settled:
        """Settle a payment; without an answer its outcome is not known, since a transaction may be sent."""
        try:
            return _settled(await self._client.settle(payment, asked))
        except _NO_ANSWER as problem:
            _log.error("the facilitator does not answer: %s", problem)
            return Settled(success=False, network=asked.network, reason=PENDING)

    async def delivers(self) -> bool:
        """Whether it says that it delivers Tokens; the facilitator of the SDK alone does not."""
        if self._extensions is None:
            try:
                self._extensions = (await asyncio.to_thread(self._client.get_supported)).extensions
            except _NO_ANSWER as problem:
                raise ChainUnreachable(f"the facilitator does not answer: {problem}") from problem
        return _DELIVERS.key in self._extensions

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class _Bearer:
    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}

    def get_auth_headers(self) -> AuthHeaders:
        return AuthHeaders(verify=self._headers, settle=self._headers, supported=self._headers)


def _settled(answer: SettleResponse) -> Settled:
    try:
        transaction = Hash32(bytes_in(answer.transaction, 32)) if answer.transaction else None
    except ValueError:
        transaction = None
    return Settled(
        success=answer.success,
        network=answer.network,
        reason=answer.error_reason,
        transaction=transaction,
        amount=answer.amount or "",
        extra=answer.extra or {},
    )


def _model(kind: Any, content: bytes) -> Any:
    try:
        return kind.model_validate_json(content)
    except ValueError as problem:
        raise Malformed("the body is no request to a facilitator of x402, version 2") from problem


class _ChainSigner:
    """What the SDK's facilitator uses of a signer."""

    def __init__(self, relayer: Relayer) -> None:
        self._relayer = relayer

    def get_addresses(self) -> list[str]:
        return [to_checksum_address(self._relayer.address)]

    def get_chain_id(self) -> int:
        return self._relayer.network.chain.chain_id

    def get_code(self, address: str) -> bytes:
        return self._relayer.network.chain.code(address_in(address))

    def read_contract(self, address: str, abi: list[dict[str, Any]], function: str, *arguments: Any) -> Any:
        try:
            purchase = self._purchase(function, arguments)
            if purchase is not None:
                self._relayer.simulate(purchase)
                return None
            answer = self._relayer.call(address_in(address), encode_contract_call(abi, function, *arguments))
        except ContractReverted as refused:
            # The SDK tells refusals apart by these words.
            raise RuntimeError(f"execution reverted: {type(refused).__name__}: {refused}") from refused
        return _decode_contract_result(abi, function, answer)

    def write_contract(
        self,
        address: str,
        abi: list[dict[str, Any]],
        function: str,
        *arguments: Any,
        data_suffix: str | None = None,
    ) -> str:
        purchase = self._purchase(function, arguments)
        if purchase is not None:
            return "0x" + self._relayer.send(purchase, "purchase").hex()
        data = encode_contract_call(abi, function, *arguments) + bytes_in(data_suffix or "")
        rows = len(arguments[0]) if function == "claimWithSignature" else 0
        transaction = self._relayer.transaction(address_in(address), function, data, rows)
        return "0x" + self._relayer.send(transaction, function).hex()

    def wait_for_transaction_receipt(self, transaction: str) -> TransactionReceipt:
        receipt, is_done = self._relayer.receipt(Hash32(bytes_in(transaction, 32)))
        logs = [
            {
                "address": "0x" + log.address.hex(),
                "topics": ["0x" + topic.hex() for topic in log.topics],
                "data": "0x" + log.data.hex(),
            }
            for log in receipt.logs
        ]
        return TransactionReceipt(int(is_done), receipt.block_number, transaction, logs)

    def _purchase(self, function: str, arguments: Sequence[Any]) -> Transaction | None:
        """Return a transfer to a series as a purchase; its last arguments are one signature, or its three parts."""
        if function != FUNCTION_TRANSFER_WITH_AUTHORIZATION:
            return None
        payer, payee, value, after, before, nonce, *parts = arguments
        signature = parts[0] if len(parts) == 1 else parts[1] + parts[2] + bytes([parts[0]])
        authorization = Authorization(address_in(payer), address_in(payee), value, after, before, nonce)
        return self._relayer.purchase(authorization, signature)
