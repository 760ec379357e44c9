"""Blocks of a chain that may replace its latest ones at any time, and the events in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pysettle.domain.core import events
from pysettle.domain.core.events import Emitted, Position
from pysettle.errors import ChainError, ChainUnreachable
from pysettle.evm.backend import Block, ChainBackend, Log
from pysettle.values import Hash32


def block_at(chain: ChainBackend, number: int) -> Block | None:
    """Return the block of a number; None if a reorganisation has just made the chain shorter.

    Raises:
        ChainUnreachable: the node does not answer.
    """
    try:
        return chain.block(number)
    except ChainUnreachable:
        raise
    except ChainError:
        return None


def is_on_chain(chain: ChainBackend, number: int, block_hash: Hash32) -> bool:
    """Whether the block of a number still has a hash; errors are those of `block_at`."""
    block = block_at(chain, number)
    return block is not None and block.hash == block_hash


def emitted(chain: ChainBackend, logs: Iterable[Log]) -> Iterator[Emitted]:
    """Yield the events of logs, in their order, each with the time of its block; other logs are passed over."""
    block = chain.block(0)
    for log in logs:
        event = events.decode(log.topics, log.data)
        if event is None:
            continue
        if log.block_number != block.number:
            block = chain.block(log.block_number)
        position = Position(log.block_number, log.transaction_index, log.log_index)
        yield Emitted(log.address, position, event, block.timestamp)
