"""Guards of every HTTP server here: who may reach it, how large a request may be, and how its socket is set up.

A server on loopback is in reach of each page that a browser on this machine shows. A page is told apart by its `Host`
and `Origin` headers.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping

from starlette.requests import Request

from pysettle.errors import ChainError, UsageError

HEADER_LIMIT = 16 * 1024
"""Most bytes of the headers of a request."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_BACKLOG = 1024


class BodyTooLarge(Exception):
    """A request has more bytes than its server accepts."""

    def __init__(self, limit: int) -> None:
        """Store the limit in bytes."""
        self.limit = limit
        super().__init__(f"a request has at most {limit} bytes")


class Guard:
    """Lets in programs, and the pages that may use the server."""

    def __init__(self, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        """Store the allowed names.

        Args:
            hosts: Names in the `Host` header that are answered beside those of loopback.
            origins: Web origins with pages that may use the server; none by default, so that no visited page can.
        """
        self._hosts, self._origins = _LOOPBACK | set(hosts), frozenset(origins)

    def refusal(self, headers: Mapping[str, str]) -> str | None:
        """Return the reason why a request is not answered; None for one that is."""
        host = headers.get("host", "localhost")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if name not in self._hosts:
            return "this host name is not served"
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins:
            return "pages of this origin are not served: name it with --allow-origin"
        return None


async def read_body(request: Request, limit: int, patience_s: float | None = None) -> bytes:
    """Return the body of a request.

    Args:
        request: The request.
        limit: Most bytes of it.
        patience_s: Longest time for the whole body, in seconds; None for any.

    Raises:
        BodyTooLarge: it has more bytes.
        TimeoutError: the client sends it too slowly.
        ClientDisconnect: the client left.
    """
    body = bytearray()
    async with asyncio.timeout(patience_s):
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BodyTooLarge(limit)
    return bytes(body)


def listen(host: str, port: int, *, only_loopback: str | None) -> socket.socket:
    """Return a socket that listens; port 0 for a free one.

    Args:
        host: An address, or `localhost`.
        port: Its port.
        only_loopback: Reason why the server must not be reached from other machines; None where it may be.

    Raises:
        UsageError: the host is no address, or not loopback where it has to be.
        ChainError: the port is taken.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as problem:
        raise UsageError(f"{host} is no address: give 127.0.0.1 or ::1", host=host) from problem
    if only_loopback is not None and not address.is_loopback:
        raise UsageError(f"{host} is not loopback: {only_loopback}", host=host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        listener = socket.create_server((str(address), port), family=family, backlog=_BACKLOG)
    except OSError as problem:
        raise ChainError(
            f"cannot listen on {host} port {port} ({problem.strerror}): choose another --port", host=host, port=port
        ) from problem
    # Connections inherit it. asyncio sets it only on sockets that name their protocol; without it each answer, sent in
    # two pieces, waits 40 ms for the client to acknowledge the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL of a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
