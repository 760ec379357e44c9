"""Turns: one request at a time on a channel, later ones in order.

Requests of one client that are sent together carry the same cumulative voucher, so that waiting alone helps none but
the first. Each of the others is corrected in its turn, and its place is held for the voucher that follows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from pysettle.domain.core.messages import ChannelId


class TurnsTaken(Exception):
    """A request has waited for its turn as long as the configuration allows."""


class Turns:
    """The turns of every channel."""

    def __init__(self, wait_s: float, held_s: float) -> None:
        """Begin without any.

        Args:
            wait_s: Longest wait for a turn, in seconds.
            held_s: Time for which a place is held after a correction, in seconds.
        """
        self._wait_s, self._held_s = wait_s, held_s
        self._channels: dict[ChannelId, _Line] = {}

    def turn(self, channel_id: ChannelId, request: bytes, *, is_next: bool) -> Turn:
        """Return the turn of a request, to be entered as a context.

        Args:
            channel_id: The channel.
            request: Hash of the request; a held place belongs to it.
            is_next: Whether its voucher follows the last one, so that it may take the place that is held for it.
        """
        return Turn(self, channel_id, request, is_next)

    def _line(self, channel_id: ChannelId) -> _Line:
        return self._channels.setdefault(channel_id, _Line())


class _Line:
    """The requests that wait on one channel."""

    def __init__(self) -> None:
        self.is_busy = False
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.held_for: bytes | None = None
        self.hold: asyncio.TimerHandle | None = None

    def take_held(self, request: bytes) -> bool:
        """Take the place that is held for a request, if there is one."""
        if self.hold is None or self.held_for != request:
            return False
        self.hold.cancel()
        self.hold = self.held_for = None
        return True

    def next(self) -> None:
        """Give the turn to whoever waits longest."""
        self.hold = self.held_for = None
        while self.waiting:
            following = self.waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self.is_busy = False


class Turn:
    """A request's turn on its channel."""

    def __init__(self, turns: Turns, channel_id: ChannelId, request: bytes, is_next: bool) -> None:
        """Wait for it on entry; see `Turns.turn`."""
        self._turns, self._channel_id, self._request, self._is_next = turns, channel_id, request, is_next
        self._holds = False

    def hold(self) -> None:
        """Have the place held, when this request ends, for its repetition with another voucher."""
        self._holds = True

    async def __aenter__(self) -> Turn:
        """Wait for the turn.

        Raises:
            TurnsTaken: for too long.
        """
        line = self._turns._line(self._channel_id)
        if self._is_next and line.take_held(self._request):
            return self
        if not line.is_busy:
            line.is_busy = True
            return self
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(place)
        try:
            async with asyncio.timeout(self._turns._wait_s):
                await place
        except TimeoutError as problem:
            if place.done() and not place.cancelled():
                line.next()  # it was this request's turn at the same moment
            raise TurnsTaken from problem
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                line.next()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the turn to the next request, or hold the place."""
        turns, line = self._turns, self._turns._line(self._channel_id)
        if self._holds:
            line.held_for = self._request
            line.hold = asyncio.get_running_loop().call_later(turns._held_s, line.next)
            return
        line.next()
        if not line.is_busy:
            turns._channels.pop(self._channel_id, None)
