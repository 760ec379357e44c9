"""Connections of a server: a client has so long for the headers of a request, and is refused in OpenAI's form.

uvicorn alone waits for ever for headers that do not end, and refuses bytes that are no HTTP in plain words.
"""

from __future__ import annotations

import asyncio
import json
import sys
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pysettle.serve.gateway.answers import ApiError


class Connection(H11Protocol):
    """A connection of uvicorn's, with a deadline for the headers of each request."""

    def __init__(self, *settings: Any, patience_s: float, **further: Any) -> None:
        """Begin without a request.

        Args:
            settings: Those of uvicorn.
            patience_s: Longest time for the headers of a request, in seconds.
            further: Those of uvicorn.
        """
        super().__init__(*settings, **further)
        self._patience_s = patience_s
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Handle what has come; between two requests, wait for the headers of the next one."""
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._deadline is None:
            self._wait_for_headers()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no request; uvicorn calls this while it handles the reason."""
        if getattr(sys.exc_info()[1], "error_status_hint", None) == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            self._refuse(headers_too_large())
        else:
            self._refuse(ApiError(HTTPStatus.BAD_REQUEST, msg, code="invalid_http"))

    def _wait_for_headers(self) -> None:
        self._deadline = self.loop.call_later(self._patience_s, self._refuse_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self._refuse(ApiError(HTTPStatus.REQUEST_TIMEOUT, "the headers take too long", code="headers_too_slow"))

    def _refuse(self, refused: ApiError) -> None:
        body = json.dumps(refused.document()).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        reason = HTTPStatus(refused.status).phrase.encode()
        for event in (
            h11.Response(status_code=refused.status, headers=headers, reason=reason),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def headers_too_large() -> ApiError:
    """Return the refusal of a request whose headers have too many bytes."""
    return ApiError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large", code="headers_too_large")
