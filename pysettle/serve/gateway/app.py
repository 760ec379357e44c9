"""The HTTP of a gateway: routes, guards and sizes. Whatever is decided is decided in `service` and `sales`."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pysettle import __version__
from pysettle.domain.core.messages import ChannelId
from pysettle.errors import ChainError
from pysettle.serve.gateway import sales
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked, Reply, key_of_header
from pysettle.serve.gateway.connections import headers_too_large
from pysettle.serve.gateway.ledger import KeyTaken
from pysettle.serve.gateway.limits import Callers
from pysettle.serve.gateway.metrics import Metrics
from pysettle.serve.gateway.payments import Payment, State
from pysettle.serve.gateway.queries import channel_answer
from pysettle.serve.gateway.replies import in_progress, unpaid
from pysettle.serve.gateway.requests import BYTES_A_TOKEN, PAID_PATHS
from pysettle.serve.gateway.sdk.wire import ChannelPayment, bytes_in
from pysettle.serve.gateway.service import Gateway
from pysettle.serve.http import HEADER_LIMIT, BodyTooLarge, Guard, read_body
from pysettle.values import Tokens

_log = logging.getLogger("pysettle.gateway")
_LEAST_BODY = 256 * 1024
_REFUSAL = "pysettle.refusal"
"""Key of a scope under which the code of a refusal is handed to whoever counts."""


def application(gateway: Gateway) -> FastAPI:
    """Return the ASGI application of a gateway, which it closes at the end."""
    metrics = Metrics(gateway.ledger)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        if gateway.config.metrics is not None:
            metrics.serve(*gateway.config.metrics)
        metrics.clock_difference.set_function(lambda: gateway.watch.ahead_s)
        for found in await gateway.ledger.run(gateway.ledger.unfinished):
            metrics.lost_runs.inc(found.state is State.EXECUTING)
            await gateway.reconciling.reconcile(found)
        await gateway.watch.look()
        watch = asyncio.create_task(gateway.watch.run())
        yield
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await gateway.close()

    app = FastAPI(
        title="pysettle gateway (simulation)",
        version=__version__,
        description="Inference by the Token, paid through x402 in simulated e-CNY.",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    entrance = _Entrance(gateway)
    for path in PAID_PATHS:
        app.add_api_route(f"/v1/{path}", entrance.inference(path), methods=["POST"], response_model=None)
        app.add_api_route(f"/v1/{path}", entrance.probe, methods=["GET"], response_model=None)
    for path, method, answer in (
        ("/v1/tokens", "POST", entrance.tokens),
        ("/v1/models", "GET", entrance.models),
        ("/v1/payments/{payment_id}", "GET", entrance.payment),
        ("/v1/channels/{channel_id}", "GET", entrance.channel),
        ("/healthz", "GET", entrance.health),
        ("/.well-known/x402", "GET", entrance.resources),
    ):
        app.add_api_route(path, answer, methods=[method], response_model=None)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(KeyTaken, _key_taken)
    app.add_exception_handler(ChainError, _chain_failed)
    callers = Callers(gateway.config.limits, gateway.config.keys)
    app.add_middleware(_Guarded, guard=Guard([gateway.config.public_host]), callers=callers, metrics=metrics)
    return app


class _Entrance:
    """The routes."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        context = max(shelf.model.context for shelf in gateway.shelves)
        self._body_limit = max(_LEAST_BODY, BYTES_A_TOKEN * context)

    def inference(self, path: str) -> Callable[[Request], Any]:
        """Return the route of a paid path."""

        async def infer(request: Request) -> Response:
            asked = await self._asked(request)
            if (refund := _refund(asked)) is not None:
                return _response(await sales.give_back(self._gateway, asked, refund))
            return _response(await self._gateway.infer(path, asked))

        infer.__doc__ = f"Answer `{path}` of OpenAI's API; 402 states its price."
        return infer

    async def probe(self, request: Request) -> Response:
        """State the channel that pays for a model, to whoever wants the rest of it back; or give it back."""
        asked = await self._asked(request)
        if (refund := _refund(asked)) is not None:
            return _response(await sales.give_back(self._gateway, asked, refund))
        query = QueryParams(request.url.query)
        name, now = query.get("model"), await asyncio.to_thread(self._gateway.network.chain.clock.now)
        on_sale = self._gateway.shelves.on_sale(now)
        if name is not None and name not in on_sale:
            raise ApiError(404, "this model is not on sale: see /v1/models", code="model_not_found")
        shelf = on_sale[name or next(iter(on_sale))]
        offers = {"tokens": shelf.channel_offer(Tokens(1)), "CNY": shelf.currency_offer(Tokens(1))}
        paid_in = query.get("paid_in", "tokens")
        if paid_in not in offers:
            raise ApiError(400, f"paid_in: channels are paid in {' or '.join(offers)}", code="invalid_value")
        raise unpaid(asked, [offers[paid_in]])

    async def tokens(self, request: Request) -> Response:
        """Sell Tokens for e-CNY, to whoever pays: {"model": name, "tokens": number}."""
        return _response(await sales.sell(self._gateway, await self._asked(request)))

    async def models(self) -> Response:
        """List the models with their rate cards, peak hours and unit prices."""
        now = await asyncio.to_thread(self._gateway.network.chain.clock.now)
        shelves = self._gateway.shelves.on_sale(now).values()
        return JSONResponse({"object": "list", "data": [shelf.document() for shelf in shelves]})

    async def payment(self, payment_id: str, request: Request) -> Response:
        """Return a payment with its answer, to whoever holds its Idempotency-Key."""
        key, ledger = request.headers.get("idempotency-key"), self._gateway.ledger
        found = await ledger.run(ledger.payment, payment_id)
        by_key = await ledger.run(ledger.find, key_of_header(key), None) if key else None
        if found is None or by_key is None or by_key.id != found.id:
            raise ApiError(404, "there is no such payment of this Idempotency-Key", code="payment_not_found")
        return JSONResponse(_payment_document(found))

    async def channel(self, channel_id: str, request: Request) -> Response:
        """Return a channel, to its payer, or to whoever holds the Idempotency-Key of one of its payments."""
        try:
            found = ChannelId(bytes_in(channel_id, 32))
        except ValueError as problem:
            raise ApiError(404, "this is no id of a channel", code="channel_not_found") from problem
        gateway = self._gateway
        arguments = gateway.network, gateway.ledger, found, request.headers
        return JSONResponse(await gateway.ledger.run(channel_answer, *arguments))

    async def health(self) -> Response:
        """Tell whether the gateway serves."""
        ledger = self._gateway.ledger
        return JSONResponse({"status": "ok", "payments": dict(await ledger.run(ledger.totals))})

    async def resources(self) -> Response:
        """List the paid resources."""
        public = self._gateway.config.public_url
        paths = [f"{public}/v1/{path}" for path in (*PAID_PATHS, "tokens")]
        return JSONResponse({"version": 1, "resources": paths})

    async def _asked(self, request: Request) -> Asked:
        try:
            body = await read_body(request, self._body_limit, self._gateway.config.limits.receive_s)
        except BodyTooLarge as problem:
            raise ApiError(413, str(problem), code="body_too_large") from problem
        except TimeoutError as problem:
            raise ApiError(408, "the body takes too long", code="body_too_slow") from problem
        path = request.url.path
        return Asked.of(request.method, path, self._gateway.config.public_url + path, body, request.headers)


def _refund(asked: Asked) -> ChannelPayment | None:
    content = asked.payment.content if asked.payment else None
    return content if isinstance(content, ChannelPayment) and content.kind == "refund" else None


class _Guarded:
    """Answers foreign hosts, pages and callers beyond their limits itself. It gathers no stream."""

    def __init__(self, app: ASGIApp, guard: Guard, callers: Callers, metrics: Metrics) -> None:
        self._app, self._guard, self._callers, self._metrics = app, guard, callers, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, began, is_paid = Headers(scope=scope), time.monotonic(), False
        caller = self._callers.caller(headers, (scope.get("client") or ("",))[0])

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                self._callers.answered(caller, status, scope.get(_REFUSAL), is_paid=is_paid)
                self._metrics.answered(scope["path"], status, caller.name, time.monotonic() - began)
                MutableHeaders(scope=message).update(caller.headers())
            await send(message)

        try:
            if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_LIMIT:
                raise headers_too_large()
            if (refusal := self._guard.refusal(headers)) is not None:
                raise ApiError(403, refusal, code="not_served")
            is_paid = "payment-signature" in headers
            self._callers.admit(caller, is_paid=is_paid)
        except ApiError as refused:
            scope[_REFUSAL] = refused.code
            await JSONResponse(refused.document(), refused.status, refused.headers)(scope, receive, send_counted)
            return
        with suppress(ClientDisconnect):
            await self._app(scope, receive, send_counted)


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ApiError)
    request.scope[_REFUSAL] = problem.code
    return JSONResponse(problem.document(), problem.status, problem.headers)


async def _key_taken(request: Request, _: Exception) -> Response:
    """Answer a request that came at the same moment as another of its key or payment."""
    return await _refused(request, in_progress())


async def _chain_failed(request: Request, problem: Exception) -> Response:
    """Answer while the chain does not: nothing is served without it."""
    _log.error("the chain fails: %s", problem)
    failed = ApiError(503, "the chain does not answer", code="chain_unreachable", headers={"Retry-After": "5"})
    return await _refused(request, failed)


def _response(reply: Reply) -> Response:
    if reply.events is not None:
        return StreamingResponse(reply.events, reply.status, dict(reply.headers), reply.media_type)
    return Response(reply.body, reply.status, dict(reply.headers), reply.media_type)


def _payment_document(found: Payment) -> dict[str, Any]:
    answer = json.loads(found.answer) if found.answer and found.answer_type == "application/json" else None
    return {
        "object": "payment",
        "id": found.id,
        "kind": found.kind,
        "state": found.state,
        "model": found.model,
        "charged": None if found.charged is None else str(found.charged),
        "transaction": "0x" + found.transaction.hex() if found.transaction else None,
        "reason": found.reason,
        "answer": answer,
    }
