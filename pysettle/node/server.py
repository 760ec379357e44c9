"""The node's sockets: JSON-RPC over HTTP and WebSocket on loopback.

One thread does everything: requests that arrive while it works are answered together, as soon as it is free. With a
separate thread for the chain, both threads would wait for the interpreter's lock. Long answers alone, which read
nothing that changes, are made in a second thread, one after the other, so that nothing waits for them.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from queue import SimpleQueue
from threading import Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from pysettle.node import subscriptions
from pysettle.node.chain import NodeChain
from pysettle.node.methods import method_table
from pysettle.node.protocol import SERVER_ERROR, Dispatcher, InvalidParams, Method, Received, RpcError, notification
from pysettle.node.sending import send_together
from pysettle.node.subscriptions import Subscription
from pysettle.serve import http

BODY_LIMIT = 5 * 2**20
"""Most bytes of one request."""
BACKLOG_LIMIT = 10_000
"""Most texts that wait for a WebSocket client to read them; a slower client is disconnected."""
_SUBSCRIPTION_LIMIT = 1_000
_LONG_LIMIT = 100
"""Most long answers that wait before a WebSocket client's next text does."""


class Desk:
    """Texts that wait to be answered, from whichever connection."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        """Begin with none."""
        self._dispatcher = dispatcher
        self._waiting: list[tuple[Received, asyncio.Future[str | None]]] = []
        self._long: SimpleQueue[tuple[Callable[[], str], Callable[[str | None], None]]] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def answer(self, text: str | bytes, caller: Connection | None = None) -> str | None:
        """Return the answer to a text.

        A connection is sent it at once, before anything that happens afterwards; it is free for its next text even
        while a long answer is being made.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()

        def respond(response: str | None) -> None:
            if caller is not None and response is not None:
                caller.send(response)
            if not answer.done():  # the client may have left meanwhile
                answer.set_result(response)

        if not self._waiting:
            loop.call_soon(self._work)
        self._waiting.append((Received(text, caller, respond), answer))
        return await answer

    def _work(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._dispatcher.handle_all([received for received, _ in waiting], self._aside)
        for received, answer in waiting:
            if received.caller is not None and not answer.done() and self._long.qsize() < _LONG_LIMIT:
                answer.set_result(None)

    def _aside(self, work: Callable[[], str], answer: Callable[[str | None], None]) -> None:
        """Have a long answer made by the second thread."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            # A daemon: the node ends without waiting for an answer.
            Thread(target=self._make_long, args=(self._loop,), name="long answers", daemon=True).start()
        self._long.put((work, answer))

    def _make_long(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            work, answer = self._long.get()
            text = work()
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(answer, text)


class Connection:
    """A WebSocket client: its subscriptions, and the texts that wait to be sent to it."""

    def __init__(self) -> None:
        """Begin without subscriptions."""
        self.outgoing: asyncio.Queue[str | None] = asyncio.Queue()
        self.subscriptions: dict[str, Subscription] = {}

    def send(self, text: str) -> None:
        """Queue a text: the first one is sent first."""
        if self.outgoing.qsize() < BACKLOG_LIMIT:
            self.outgoing.put_nowait(text)
        elif self.outgoing.qsize() == BACKLOG_LIMIT:
            self.outgoing.put_nowait(None)  # ends the connection

    def end(self) -> None:
        """End the subscriptions."""
        for subscription in self.subscriptions.values():
            subscription.end()
        self.subscriptions.clear()


def application(node: NodeChain, hosts: Sequence[str] = (), origins: Sequence[str] = ()) -> Starlette:
    """Return the ASGI application that serves a chain.

    Args:
        node: The chain; from now on only this application may use it.
        hosts: Names in the `Host` header that are answered beside those of loopback.
        origins: Web origins with pages that may use the node; none by default, so that no visited page can use it.
    """
    table = method_table(node) | _subscription_methods(node)
    dispatcher = Dispatcher(table, {"eth_sendRawTransaction": lambda _, sent: send_together(node, sent)})
    entrance = Entrance(Desk(dispatcher), hosts, origins)
    routes = [
        Route("/", entrance.post, methods=["POST", "GET", "OPTIONS"]),
        WebSocketRoute("/", entrance.web_socket),
    ]
    return Starlette(routes=routes)


def _subscription_methods(node: NodeChain) -> dict[str, Method]:
    """Return the methods that need a connection, by name."""
    handles = count(1)

    def subscribe(caller: Connection | None, kind: Any, query: Any = None) -> str:
        if caller is None:
            raise RpcError(SERVER_ERROR, "subscriptions need a WebSocket: over HTTP use filters")
        if len(caller.subscriptions) >= _SUBSCRIPTION_LIMIT:
            raise RpcError(SERVER_ERROR, f"a connection has at most {_SUBSCRIPTION_LIMIT} subscriptions")
        handle = hex(next(handles))
        subscription = subscriptions.subscribe(
            node, lambda event: caller.send(notification(handle, event)), kind, query
        )
        caller.subscriptions[handle] = subscription
        return handle

    def unsubscribe(caller: Connection | None, handle: Any) -> bool:
        if not isinstance(handle, str):
            raise InvalidParams("the id of a subscription is text")
        subscription = caller.subscriptions.pop(handle, None) if caller is not None else None
        if subscription is not None:
            subscription.end()
        return subscription is not None

    return {"eth_subscribe": subscribe, "eth_unsubscribe": unsubscribe}


class Entrance:
    """Lets requests in from programs and from pages that may use the node, and brings each its answer."""

    def __init__(self, desk: Desk, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """Store the desk and the allowed hosts and origins; arguments are as for `application`."""
        self._desk, self._guard = desk, http.Guard(hosts, origins)

    async def post(self, request: Request) -> Response:
        """Answer a request over HTTP."""
        refusal = self._guard.refusal(request.headers)
        if refusal:
            return PlainTextResponse(refusal, 403)
        headers = _cors(request.headers.get("origin"))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        if request.method == "GET":
            return PlainTextResponse("pysettle node (simulation): JSON-RPC by POST, or by WebSocket\n")
        try:
            body = await http.read_body(request, BODY_LIMIT)
        except http.BodyTooLarge as problem:
            return PlainTextResponse(str(problem), 413)
        answer = await self._desk.answer(body)
        if answer is None:
            return Response(status_code=204, headers=headers)
        return Response(answer, media_type="application/json", headers=headers)

    async def web_socket(self, socket: WebSocket) -> None:
        """Answer a WebSocket client until it leaves."""
        if self._guard.refusal(socket.headers):
            await socket.close(1008)
            return
        await socket.accept()
        connection = Connection()

        async def write() -> None:
            while (text := await connection.outgoing.get()) is not None:
                await socket.send_text(text)
            await socket.close(1013)

        writer = asyncio.create_task(write())
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                await self._desk.answer(message.get("text") or message.get("bytes") or b"", connection)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client left, or read too slowly
        finally:
            connection.end()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)


def _cors(origin: str | None) -> dict[str, str]:
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Allow-Methods": "POST",
        "Vary": "Origin",
    }


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on loopback; port 0 for a free one.

    Raises:
        UsageError: the host is not loopback: the node's keys are everybody's.
        ChainError: the port is taken.
    """
    return http.listen(host, port, only_loopback="the node has development keys and serves this machine alone")


def serve(node: NodeChain, listener: socket.socket, origins: Sequence[str] = ()) -> None:
    """Serve a chain until the process is interrupted or terminated.

    Args:
        node: The chain.
        listener: Where to, from `listen`.
        origins: Web origins with pages that may use it.
    """
    config = uvicorn.Config(
        application(node, origins=origins),
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=BODY_LIMIT,
        timeout_graceful_shutdown=2,
    )
    # uvicorn stops at this signal and then raises it again, which would end the process with the chain's file open.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    uvicorn.Server(config).run(sockets=[listener])
