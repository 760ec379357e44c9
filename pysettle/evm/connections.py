"""Connections with one deadline for an answer: the remaining time holds for all its reads together.

urllib3 and `http.client` limit each read of the socket by itself, so that a server that sends a byte now and then is
waited for without end.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Url

_CONNECTIONS = 8
"""Connections kept: threads that may ask at once without a connection made anew."""


class _Reads(io.RawIOBase):
    """The bytes that come from a socket until its timeout, counted from now, is over."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket, self._raw = connected, connected.makefile("rb", buffering=0)
        timeout = connected.gettimeout()
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Source:
    """A socket, as far as an answer needs one."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._socket))


class _Answer(HTTPResponse):
    """An answer that is read until a deadline: status, headers and content."""

    def __init__(self, connected: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(cast(socket.socket, _Source(connected)), *arguments, **options)


class _Connection(HTTPConnection):
    response_class = _Answer

    def request(self, *arguments: Any, **options: Any) -> None:
        _renew(self)
        super().request(*arguments, **options)


class _TlsConnection(HTTPSConnection):
    response_class = _Answer

    def request(self, *arguments: Any, **options: Any) -> None:
        _renew(self)
        super().request(*arguments, **options)


def _renew(connection: HTTPConnection) -> None:
    """Let a connection that is used again send for as long as a new one: the last answer took from its time."""
    if connection.sock is not None:
        connection.sock.settimeout(connection.timeout)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def connections(url: Url) -> HTTPConnectionPool:
    """Return connections to a server, with one deadline for an answer: the `total` of the request's timeout."""
    assert url.host is not None
    pool = _TlsPool if url.scheme == "https" else _Pool
    return pool(url.host, url.port, maxsize=_CONNECTIONS)
