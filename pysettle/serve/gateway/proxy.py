"""The buyer's side of a gateway on loopback: whatever speaks to OpenAI's API becomes a customer without x402.

The proxy has the key of its owner's account, and nobody else's money. It keeps a channel for each worker, deposits
within a budget, checks the provider's receipts, and asks for the rest back at its end.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pysettle.client.channel.receipts import receipt_terms
from pysettle.domain.channel.receipts import ReceiptFile, SignedReceipt, refuted
from pysettle.domain.core.signing import Signer
from pysettle.errors import PysettleError
from pysettle.hashing import keccak
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.providers import Piece
from pysettle.serve.gateway.sdk.paying import Budget, NotPaid, PayingChannel
from pysettle.serve.http import BodyTooLarge, Guard, read_body
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_log = logging.getLogger("pysettle.gateway")
_BODY_LIMIT = 16 * 1024 * 1024
_BODY_PATIENCE_S = 60.0
_KEPT = ("content-type", "accept", "idempotency-key")
"""Headers of a request that the gateway gets; an API key of OpenAI's clients is none of its business."""
_PASSED = ("content-type", "x-payment-id", "x-idempotent-replay", "retry-after")
"""Headers of an answer that the customer gets; payments are the proxy's business."""


class Proxy:
    """A proxy without its HTTP."""

    def __init__(
        self,
        network: SettlementNetwork,
        key: Signer,
        chain_url: str,
        to: str,
        budget: int,
        workers: int,
        *,
        in_tokens: bool = True,
    ) -> None:
        """Buy from a gateway.

        Args:
            network: Network on which it is paid.
            key: Key of the account that pays.
            chain_url: JSON-RPC of the chain.
            to: URL of the gateway.
            budget: Most that is deposited, over all channels: Tokens, or units of e-CNY.
            workers: Channels, and calls at once.
            in_tokens: Whether the channels hold Tokens, and no e-CNY.
        """
        self._network, self._to = network, to.rstrip("/")
        chain = f"eip155:{network.chain.chain_id}"
        # By the chain, whatever the seller says: the client signs for no other token.
        assets: list[Address] = [network.currency.address]
        if in_tokens:
            assets = [series.address for series in network.compute_lists.series()]
        self._in_tokens, self.budget = in_tokens, Budget(budget)
        """Amount that may still be deposited."""
        self._channels = [
            PayingChannel(key.secret, chain, chain_url, assets, self.budget, secrets.token_bytes(32))
            for _ in range(workers)
        ]
        self._free: asyncio.Queue[PayingChannel] = asyncio.Queue()
        self._receipts: dict[bytes, SignedReceipt] = {}
        self._distrust: str | None = None
        self.returned = 0
        """Amount that came back at the end."""

    def open(self) -> None:
        """Let every channel wait for a call; the event loop runs."""
        for channel in self._channels:
            self._free.put_nowait(channel)

    async def forward(self, method: str, path: str, body: bytes, headers: httpx.Headers) -> Response:
        """Answer a request by the gateway's answer to it.

        Raises:
            ApiError: it could not be paid for, the gateway does not answer, or its receipts are false.
        """
        if self._distrust is not None:
            raise ApiError(502, f"a receipt of the gateway is false: {self._distrust}", code="receipt_refuted")
        channel = await self._free.get()
        try:
            request = httpx.Request(method, self._to + path, content=body, headers=headers)
            answer = await channel.send(request)
        except NotPaid as problem:
            self._free.put_nowait(channel)
            raise ApiError(402, f"the proxy does not pay for this: {problem}", code="payment_refused") from problem
        except httpx.HTTPError as problem:
            self._free.put_nowait(channel)
            raise ApiError(502, f"the gateway does not answer: {type(problem).__name__}") from problem
        except BaseException:
            self._free.put_nowait(channel)
            raise
        passed = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
        if "payment-response" in answer.headers:
            asked = {"model": _model(body), "paid_in": "tokens" if self._in_tokens else "CNY"}
            channel.urls.add(f"{self._to}{path}?{urlencode(asked)}")
        return StreamingResponse(self._relayed(channel, answer, body), answer.status_code, passed)

    async def _relayed(self, channel: PayingChannel, answer: httpx.Response, body: bytes) -> AsyncIterator[bytes]:
        """Yield the body of an answer as it comes, then check its receipt; the channel is free again at the end."""
        content = b""
        try:
            async for chunk in answer.aiter_bytes():
                content += chunk
                yield chunk
            if answer.status_code == 200 and "payment-response" in answer.headers:
                await asyncio.to_thread(self._check, content, body)
        finally:
            await answer.aclose()
            self._free.put_nowait(channel)

    def _check(self, content: bytes, body: bytes) -> None:
        """Check the receipt of a paid answer: signature, sums beside the one before, and the text it was given for."""
        documents = _documents(content)
        receipts = [it["x402"]["receipt"] for it in documents if "receipt" in it.get("x402", {})]
        if not receipts:
            self._suspect(["a paid answer has none"])
            return
        try:
            file = ReceiptFile.from_json(json.dumps(receipts[-1]), "the answer")
            (signed,) = file.receipts
            before = self._receipts.get(signed.receipt.channel_id)
            # The answer to a repeated key comes with its first receipt.
            known = [] if before in (None, signed) else [before]
            both = ReceiptFile(file.chain_id, file.hub, (*filter(None, known), signed))
            problems = [found.detail for found in refuted(both, receipt_terms(self._network, both))]
        except (PysettleError, ValueError) as problem:
            self._suspect([str(problem)])
            return
        text = "".join(Piece(it).text for it in documents)
        if signed.receipt.request_hash != keccak(body):
            problems.append("it was given for another request")
        if signed.receipt.response_hash != keccak(text.encode()):
            problems.append("it was given for another answer")
        if before is None or signed.receipt.charged > before.receipt.charged:
            self._receipts[signed.receipt.channel_id] = signed
        self._suspect(problems)

    def _suspect(self, problems: Sequence[str]) -> None:
        """Pay no more to a gateway with false receipts."""
        if problems:
            self._distrust = problems[0]
            _log.error("a receipt of the gateway is false: %s", "; ".join(problems))

    async def close(self) -> None:
        """Ask for the rest of every channel, and close the connections."""
        for channel in self._channels:
            for url in channel.urls:
                try:
                    self.returned += await asyncio.to_thread(channel.refund, url)
                except (ValueError, RuntimeError, httpx.HTTPError) as problem:
                    _log.error("%s gives nothing back: %s; `pysettle channel list` shows the channel", url, problem)
            await channel.close()
        _log.warning("%s %s came back", f"{self.returned:,}", "Tokens" if self._in_tokens else "micro-yuan")


def proxy_app(proxy: Proxy) -> Starlette:
    """Return the ASGI application of a proxy."""
    guard = Guard()

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        proxy.open()
        yield
        await proxy.close()

    async def answer(request: Request) -> Response:
        try:
            if (refusal := guard.refusal(request.headers)) is not None:
                raise ApiError(403, refusal, code="not_served")
            body = await read_body(request, _BODY_LIMIT, _BODY_PATIENCE_S)
            kept = {name: value for name, value in request.headers.items() if name in _KEPT}
            return await proxy.forward(request.method, request.url.path, body, httpx.Headers(kept))
        except BodyTooLarge as problem:
            refused = ApiError(413, str(problem), code="body_too_large")
        except TimeoutError:
            refused = ApiError(408, "the body takes too long", code="body_too_slow")
        except ApiError as problem:
            refused = problem
        return JSONResponse(refused.document(), refused.status, refused.headers)

    return Starlette(routes=[Route("/v1/{path:path}", answer, methods=["GET", "POST"])], lifespan=life)


def _model(body: bytes) -> str:
    try:
        return str(json.loads(body)["model"])
    except (ValueError, KeyError, TypeError):
        return ""


def _documents(content: bytes) -> list[dict[str, Any]]:
    """Return the documents of an answer: one, or those of a stream."""
    if not content.startswith(b"data:"):
        texts = [content]
    else:
        lines = content.split(b"\n")
        texts = [it.removeprefix(b"data:").strip() for it in lines if it.startswith(b"data:")]
    documents = []
    for text in texts:
        try:
            documents.append(json.loads(text))
        except ValueError:
            continue
    return [it for it in documents if isinstance(it, dict)]
