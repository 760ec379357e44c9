"""The record of transactions that were handed over to a chain, for whoever has to say later what may be sealed.

Stands below everything: who sends adds to it, and who is interrupted, or cannot tell of what it did, reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_RECORD: ContextVar[list[bytes] | None] = ContextVar("_RECORD", default=None)


@contextmanager
def recorded() -> Iterator[list[bytes]]:
    """Yield the hashes of the transactions that the block hands over to a chain, each added before it is handed over.

    Whoever is interrupted, or cannot tell of what it did, knows by them what may be sealed.
    """
    hashes: list[bytes] = []
    token = _RECORD.set(hashes)
    try:
        yield hashes
    finally:
        _RECORD.reset(token)


def hand_over(hashes: Sequence[bytes]) -> None:
    """Add the hashes of transactions that are handed over next."""
    record = _RECORD.get()
    if record is not None:
        record += hashes


def refused(hashes: Sequence[bytes], taken: Sequence[bytes]) -> None:
    """Keep of the hashes that were added last those of transactions that the chain took."""
    record = _RECORD.get()
    if record is not None:
        record[-len(hashes) :] = list(taken)
