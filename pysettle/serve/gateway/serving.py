"""A gateway and a facilitator put together, and served until the process is told to end."""

from __future__ import annotations

import hmac
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pysettle.domain.core.signing import Signer
from pysettle.errors import UsageError
from pysettle.evm.rpc import RpcChain
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.app import application
from pysettle.serve.gateway.claims import Claims
from pysettle.serve.gateway.config import Config
from pysettle.serve.gateway.connections import Connection
from pysettle.serve.gateway.journal import Journal
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.relaying import Relayer
from pysettle.serve.gateway.sdk.facilitators import Facilitator, LocalFacilitator, RemoteFacilitator
from pysettle.serve.gateway.sdk.wire import Malformed
from pysettle.serve.gateway.service import Gateway
from pysettle.serve.gateway.shelf import shelves_of
from pysettle.serve.http import HEADER_LIMIT, BodyTooLarge, Guard, read_body

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_FACILITATOR_BODY = 256 * 1024
_FACILITATOR_PATIENCE_S = 30.0


def gateway_of(config: Config, network: SettlementNetwork, provider: Signer, relayer: Signer, journal: Path) -> Gateway:
    """Put a gateway together; everything that can be wrong is found here, before anything listens.

    Args:
        config: The configuration.
        network: Network that it is paid on.
        provider: Key that attests usage, approves refunds and signs receipts.
        relayer: Key that pays the gas.
        journal: File of the transactions that the relayer has signed.

    Raises:
        UsageError: a series of the configuration is missing or of another provider; or the ledger cannot be opened.
    """
    shelves = shelves_of(config, network, relayer.address)
    for shelf in shelves:
        if shelf.series.provider != provider.address:
            raise UsageError(
                f"{shelf.series.symbol} is a series of 0x{shelf.series.provider.hex()}: name its account",
                provider=shelf.series.provider,
            )
    counting.load()
    relaying = Relayer(network, relayer, Journal(journal))
    facilitator: Facilitator
    if config.facilitator:
        facilitator = RemoteFacilitator(config.facilitator.url, config.facilitator.token)
    else:
        facilitator = LocalFacilitator(relaying, _chain_name(network))
    ledger = Ledger(config.ledger)
    return Gateway(config, network, shelves, ledger, facilitator, Claims(network, provider, relayer), provider, relayer)


def network_node(network: SettlementNetwork) -> SettlementNetwork:
    """Return a network whose chain several processes may use.

    Raises:
        UsageError: its chain is a file that this process alone has open.
    """
    if not isinstance(network.chain, RpcChain):
        raise UsageError("a gateway needs a chain behind JSON-RPC: start `pysettle node --workspace` first")
    return network


def node_url(network: SettlementNetwork) -> str:
    """Return the URL of the node behind a network."""
    assert isinstance(network.chain, RpcChain), "`network_node` has seen to it"
    return network.chain.url


def facilitator_app(network: SettlementNetwork, relayer: Signer, journal: Path, token: str) -> Starlette:
    """Return the ASGI application of a facilitator, for whoever holds the token.

    Args:
        network: Network on which it settles.
        relayer: Key that pays the gas.
        journal: File of the transactions that it has signed.
        token: Bearer token.
    """
    relaying, guard = Relayer(network, relayer, Journal(journal)), Guard()
    facilitator = LocalFacilitator(relaying, _chain_name(network))

    async def answer(request: Request) -> Response:
        refusal = guard.refusal(request.headers)
        if refusal is not None:
            return JSONResponse({"error": refusal}, 403)
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return JSONResponse({"error": "the bearer token is missing or wrong"}, 401)
        try:
            if request.method == "GET":
                return JSONResponse(facilitator.supported())
            body = await read_body(request, _FACILITATOR_BODY, _FACILITATOR_PATIENCE_S)
            is_verify = request.url.path == "/verify"
            work = facilitator.verify_document if is_verify else facilitator.settle_document
            return JSONResponse(await work(body))
        except (Malformed, BodyTooLarge, TimeoutError) as problem:
            return JSONResponse({"error": str(problem)}, 400)

    return Starlette(
        routes=[
            Route("/verify", answer, methods=["POST"]),
            Route("/settle", answer, methods=["POST"]),
            Route("/supported", answer, methods=["GET"]),
        ]
    )


def serve(app: Any, listener: socket.socket, patience_s: float = _FACILITATOR_PATIENCE_S) -> None:
    """Serve an application until the process is interrupted or terminated.

    Args:
        app: ASGI application.
        listener: Where to, from `http.listen`.
        patience_s: Longest time for the headers of a request, in seconds.
    """
    config = uvicorn.Config(
        app,
        http=partial(Connection, patience_s=patience_s),  # type: ignore[arg-type]  # uvicorn calls it as a class
        log_level="warning",
        access_log=False,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    # uvicorn stops at this signal and then raises it again, which would end the process with the ledger open.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    uvicorn.Server(config).run(sockets=[listener])


def serve_gateway(gateway: Gateway, listener: socket.socket) -> None:
    """Serve a gateway until the process is interrupted or terminated."""
    serve(application(gateway), listener, gateway.config.limits.receive_s)


def _chain_name(network: SettlementNetwork) -> str:
    return f"eip155:{network.chain.chain_id}"
