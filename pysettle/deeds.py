"""The record of transactions that were sent to a chain, so that a later error can name those that may be sealed.

All other modules may use this one: senders add to the record, and code that is interrupted or cannot print reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_RECORD: ContextVar[list[bytes] | None] = ContextVar("_RECORD", default=None)


@contextmanager
def recorded() -> Iterator[list[bytes]]:
    """Yield the hashes of the transactions that the block sends to a chain, each added before it is sent.

    After an interrupt, or a failure to print, these transactions may be sealed.
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
    """Of the hashes added last, keep those of transactions that the chain accepted."""
    record = _RECORD.get()
    if record is not None:
        record[-len(hashes) :] = list(taken)
