"""Streamed answers: server-sent events as OpenAI writes them, between the task that makes them and the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pysettle.serve.gateway.asked import Reply
from pysettle.serve.gateway.providers import Piece
from pysettle.serve.gateway.requests import Call

_DONE = b"data: [DONE]\n\n"


class Stream:
    """An answer on its way to a client, which may leave at any time."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.started: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        """Its status and headers, once the provider has given a first piece; or the reason why there is none."""
        self.emitted = b""
        """Events so far."""
        self.text = ""
        """Generated text so far."""
        self.is_left = False
        """Whether the client has left."""
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    @property
    def has_begun(self) -> bool:
        """Whether the client has its headers."""
        return self.started.done()

    def begin(self, headers: Mapping[str, str]) -> None:
        """Send the headers, once."""
        if not self.started.done():
            streamed = {**headers, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            self.started.set_result(Reply(200, b"", "text/event-stream", streamed, self.events()))

    def add(self, piece: Piece, held: dict[str, Any] | None) -> dict[str, Any] | None:
        """Send a piece; one that ends an answer is held back, since usage and receipt go with the last of them.

        Args:
            piece: The piece.
            held: Piece that was held back before.

        Returns:
            The piece that is held back now.
        """
        choices = piece.document.get("choices")
        if not choices:
            return held  # counts alone: the last piece states them
        if held is not None:
            self._send(event(held))
        self.text += piece.text
        if any(choice.get("finish_reason") for choice in choices):
            return piece.document
        self._send(event(piece.document))
        return None

    def last(self, call: Call, held: dict[str, Any] | None, members: dict[str, Any], *, is_cut: bool) -> bytes:
        """Return the last events: the piece that was held back, with usage and receipt, and the end.

        Args:
            call: The call.
            held: Piece that was held back; None if the answer was cut.
            members: Usage and receipt.
            is_cut: Whether the answer was cut.
        """
        cut = {"index": 0, "finish_reason": "error", "delta": {}, "text": ""}
        end = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": call.model.name}
        last = (held or {**end, "choices": [cut] if is_cut else []}) | members
        options = call.body.get("stream_options")
        if isinstance(options, Mapping) and options.get("include_usage") and held is not None:
            return event(held) + event({**held, "choices": []} | members) + _DONE
        return event(last) + _DONE

    def end(self, last: bytes) -> None:
        """Send the last events."""
        self._send(last)
        self.close()

    def close(self) -> None:
        """End the answer where it is."""
        self._waiting.put_nowait(None)

    async def events(self) -> AsyncIterator[bytes]:
        """Yield the events for the client."""
        try:
            while (content := await self._waiting.get()) is not None:
                yield content
        finally:
            self.is_left = True

    def _send(self, content: bytes) -> None:
        self.emitted += content
        self._waiting.put_nowait(content)


def event(document: Mapping[str, Any]) -> bytes:
    """Return a server-sent event."""
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"
