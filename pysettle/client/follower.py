"""The books of a network at the head of its chain, updated with new blocks and with replacements of blocks.

A block is final when enough others are on it; until then a chain may replace it (a reorganisation). The follower stores
the hashes and events of the latest blocks, finds the last one that is still on the chain, and reads again from there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pysettle.client.core.blocks import block_at, is_on_chain
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.ledger import Ledger
from pysettle.evm.backend import Block, ChainBackend
from pysettle.values import Hash32

KEPT_BLOCKS = 64
"""Latest blocks stored for a revert one by one: two epochs, after which Ethereum's blocks are final."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Result of one update."""

    read: int
    """Blocks read, those read again included."""
    dropped: int
    """Blocks reverted because the chain replaced them."""


@dataclass(frozen=True, slots=True)
class _FollowedBlock:
    number: int
    hash: Hash32
    events: tuple[Emitted, ...]


class LedgerFollower:
    """A `Ledger` that follows a chain: it contains each event of the present chain once, and no other."""

    def __init__(
        self, chain: ChainBackend, contracts: Contracts, *, from_block: int = 0, kept_blocks: int = KEPT_BLOCKS
    ) -> None:
        """Begin before any block; `update` reads.

        Args:
            chain: Source of the blocks.
            contracts: The listed contracts.
            from_block: First block that may hold their events, such as that of their deployment.
            kept_blocks: Latest blocks that are stored singly, 1 or more. When the chain replaces more than these,
                everything is read again.
        """
        assert kept_blocks > 0, "the head at the least is kept"
        self._chain, self._contracts, self._kept_blocks = chain, contracts, kept_blocks
        self._addresses = sorted(filter(contracts.keeps, contracts.addresses()))
        self._first = from_block
        self._begin()

    def _begin(self) -> None:
        """Forget everything: the books are empty before the first block."""
        self.ledger = Ledger(self._contracts)
        """The books at the head, as it was when `update` last looked."""
        self._settled = Ledger(self._contracts)
        self._settled_block: _FollowedBlock | None = None
        self._latest: deque[_FollowedBlock] = deque()

    @property
    def height(self) -> int:
        """Number of the last block in the books; one below the first block before any."""
        if self._latest:
            return self._latest[-1].number
        return self._first - 1 if self._settled_block is None else self._settled_block.number

    def update(self) -> Progress:
        """Revert replaced blocks, then read new ones until the head is in the books.

        Raises:
            ChainUnreachable: the node does not answer; the blocks read until then stay in the books.
        """
        read = dropped = 0
        while True:
            dropped += self._drop_replaced()
            head = self._chain.block().number
            if self.height >= head:
                return Progress(read, dropped)
            bulk = head - self._kept_blocks
            read += self._read_settled(bulk) if self.height < bulk else self._read_next()

    def _drop_replaced(self) -> int:
        """Revert the blocks that are no longer on the chain; return their number."""
        before = len(self._latest)
        while self._latest and not self._stands(self._latest[-1]):
            self._latest.pop()
        dropped = before - len(self._latest)
        if not self._latest and self._settled_block and not self._stands(self._settled_block):
            dropped += self._settled_block.number - self._first + 1
            self._begin()
        elif dropped:
            self.ledger = self._settled.copy()
            for block in self._latest:
                _apply(self.ledger, block.events)
        return dropped

    def _stands(self, followed: _FollowedBlock) -> bool:
        return is_on_chain(self._chain, followed.number, followed.hash)

    def _read_settled(self, last: int) -> int:
        """Read many blocks at once, without storing them singly; return their number, 0 if they changed meanwhile."""
        followed = self._read(self.height + 1, last)
        if followed is None:
            return 0
        count = last - self.height
        self._settle(kept=0)
        _apply(self._settled, followed.events)
        _apply(self.ledger, followed.events)
        self._settled_block = followed
        return count

    def _read_next(self) -> int:
        """Read one block; return 1, or 0 where the chain changed meanwhile."""
        followed = self._read(self.height + 1, self.height + 1)
        if followed is None:
            return 0
        self._latest.append(followed)
        _apply(self.ledger, followed.events)
        self._settle(self._kept_blocks)
        return 1

    def _settle(self, kept: int) -> None:
        """Move all but the latest blocks to the settled books, which can only be reverted together."""
        while len(self._latest) > kept:
            self._settled_block = self._latest.popleft()
            _apply(self._settled, self._settled_block.events)

    def _read(self, first: int, last: int) -> _FollowedBlock | None:
        """Return the last block with the events of the whole range; None if the chain changed during the read.

        A hash commits to all blocks before it. So the range is right if its last block is still on the chain
        afterwards, and it follows the earlier ranges if the last block of those is too.
        """
        block = block_at(self._chain, last)
        if block is None:
            return None
        events = self._events(first, block)
        if events is None:
            return None
        followed = _FollowedBlock(last, block.hash, events)
        before = self._latest[-1] if self._latest else self._settled_block
        stands = self._stands(followed) and (before is None or self._stands(before))
        return followed if stands else None

    def _events(self, first: int, last: Block) -> tuple[Emitted, ...] | None:
        """Return the events of a range; None where the chain became shorter while they were read."""
        events = []
        block = last
        for log in self._chain.logs(from_block=first, to_block=last.number, addresses=self._addresses):
            event = self._contracts.event_of(log.address, log.topics, log.data)
            if event is None:
                continue
            if log.block_number != block.number:
                sealed_in = block_at(self._chain, log.block_number)
                if sealed_in is None:
                    return None
                block = sealed_in
            position = Position(log.block_number, log.transaction_index, log.log_index)
            events.append(Emitted(log.address, position, event, block.timestamp))
        return tuple(events)


def _apply(ledger: Ledger, events: tuple[Emitted, ...]) -> None:
    for emitted in events:
        ledger.apply(emitted)
