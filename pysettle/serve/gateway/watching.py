"""The watch on the chain: notices of withdrawal are answered by claims, halts and wrong clocks stop the service."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from pysettle.domain.channel.events import WithdrawInitiated
from pysettle.domain.core import events
from pysettle.errors import ContractReverted, PysettleError
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.claims import Claims
from pysettle.serve.gateway.config import Config
from pysettle.serve.gateway.ledger import Ledger, drained
from pysettle.serve.gateway.payments import Channel
from pysettle.serve.gateway.shelf import Shelf, Shelves
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.messages import ChannelId

_log = logging.getLogger("pysettle.gateway")
CLOCK_TOLERANCE_S = 60
"""Most seconds between the chain's clock and the machine's: clients sign by one, contracts check by the other."""


class Watch:
    """Looks at the chain every few seconds, up to its head, confirmed or not."""

    def __init__(
        self, network: SettlementNetwork, shelves: Shelves, ledger: Ledger, claims: Claims, config: Config
    ) -> None:
        """Watch for the channels of a ledger and the series of its models."""
        self._network, self._shelves, self._ledger = network, shelves, ledger
        self._claims, self._limits, self._has_chain_clock = claims, config.limits, config.has_chain_clock
        self._next_block = network.first_block
        self._claimed_at = time.monotonic()
        self._halted: set[SeriesId] = set()
        self._ahead_s = 0
        self._is_drained = False

    @property
    def ahead_s(self) -> int:
        """Seconds by which the chain's clock was ahead of the machine's at the last look."""
        return self._ahead_s

    def check_open(self, shelf: Shelf) -> None:
        """Check that a model may be served.

        Raises:
            ApiError: its series is halted or has expired, or the chain's clock is wrong.
        """
        if self._is_drained:
            raise drained()
        if not self._has_chain_clock and abs(self._ahead_s) > CLOCK_TOLERANCE_S:
            raise ApiError(
                503,
                f"the chain's clock differs from this machine's by {abs(self._ahead_s)} s: its owner has to make the "
                "chain follow the clock (`pysettle init --clock real`, `pysettle node --clock real`); a chain that "
                "seals more than one block a second runs ahead of it",
                code="chain_clock",
            )
        if shelf.series.address in self._halted:
            raise ApiError(410, f"the series {shelf.series.symbol} is halted: refund its Tokens", code="series_halted")
        if time.time() + self._ahead_s >= shelf.series.expiry:
            raise ApiError(410, f"the series {shelf.series.symbol} has expired", code="series_expired")

    def open(self, shelves: Sequence[Shelf]) -> list[Shelf]:
        """Return the shelves that may be served, at least one.

        Raises:
            ApiError: none may; the reason is that of the first.
        """
        found = [shelf for shelf in shelves if self._is_open(shelf)]
        if not found:
            self.check_open(shelves[0])
        return found

    def _is_open(self, shelf: Shelf) -> bool:
        try:
            self.check_open(shelf)
        except ApiError:
            return False
        return True

    async def run(self) -> None:
        """Look for ever; a failure of the chain ends one look."""
        while True:
            try:
                await self.look()
            except PysettleError as problem:
                _log.error("the watch on the chain fails: %s", problem)
            await asyncio.sleep(self._limits.watch_s)

    async def look(self) -> None:
        """Look once, and claim what must not wait.

        Raises:
            ChainError: the chain does not answer.
        """
        noticed = await asyncio.to_thread(self._read)
        self._is_drained = await self._ledger.run(self._ledger.is_drained)
        if self._is_drained:
            return  # whoever drains it claims, with the same account
        is_time = time.monotonic() - self._claimed_at >= self._limits.claim_every_s
        due = [
            channel
            for channel in await self._ledger.run(self._ledger.channels)
            if channel.charged > channel.state.claimed
            and (is_time or channel.id in noticed or channel.charged - channel.state.claimed >= self._exposure(channel))
        ]
        if is_time:
            self._claimed_at = time.monotonic()
        for token in sorted({channel.config.token for channel in due}):
            await self._claim([channel for channel in due if channel.config.token == token])

    def _exposure(self, channel: Channel) -> int:
        return min(shelf.exposure(is_in_tokens=channel.is_in_tokens) for shelf in self._shelves)

    def _read(self) -> Collection[ChannelId]:
        """Read the chain; return the channels whose payers have given notice since the last look."""
        chain = self._network.chain
        self._ahead_s = chain.clock.now() - int(time.time())
        self._halted = {shelf.series.address for shelf in self._shelves if shelf.series.halted_at()}
        # Blocks without enough confirmations may be replaced: the next look reads them once more.
        confirmed, head = chain.confirmed(), chain.block().number
        logs = chain.logs(
            from_block=self._next_block,
            to_block=head,
            addresses=[self._network.hub.address],
            topics=events.topics(WithdrawInitiated),
        )
        found = (events.decode(log.topics, log.data) for log in logs)
        noticed = {event.channel_id for event in found if isinstance(event, WithdrawInitiated)}
        self._next_block = max(self._network.first_block, confirmed + 1)
        return noticed

    async def _claim(self, channels: list[Channel]) -> None:
        try:
            claimed = await asyncio.to_thread(self._claims.claim, channels)
        except ContractReverted as refused:
            _log.error("a claim of %d channels is refused: %s", len(channels), refused)
            return
        _log.info("claimed %d of %d channels in 0x%s", claimed, len(channels), channels[0].config.token.hex())
        for channel in channels:
            state = await asyncio.to_thread(self._network.hub.state, channel.config)
            await self._ledger.run(self._ledger.update, channel.id, state)
