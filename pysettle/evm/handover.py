"""After transactions were handed over: the chain is asked again, and each error names them, for they may be sealed.

A node may lose the connection, answer with an error of its own (geth: "transaction indexing is in progress", code
-32000, for a while after its start), or with nothing that can be read. None of that says that nothing happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pysettle.errors import (
    ChainError,
    ChainUnreachable,
    HandOverInterrupted,
    NodeError,
    OutcomeUnknown,
    TransactionPending,
    TransactionRefused,
)

ASK_AGAIN_S = 30.0
"""Longest time for which a question about sent transactions is repeated, in seconds."""
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0

_Answer = TypeVar("_Answer")


@contextmanager
def handed_over(hashes: Callable[[], Sequence[bytes]]) -> Iterator[None]:
    """Have each error inside name the transactions that were handed over before it.

    Args:
        hashes: Returns their hashes, when there is an error; none where nothing was handed over.

    Raises:
        OutcomeUnknown: the chain did not report their outcome.
        HandOverInterrupted: somebody interrupted the wait for it.
    """
    try:
        yield
    except (OutcomeUnknown, TransactionPending, TransactionRefused, HandOverInterrupted):
        raise  # they name the sent transactions
    except ChainError as problem:
        if not hashes():
            raise
        raise OutcomeUnknown(str(problem), tuple(hashes())) from problem
    except KeyboardInterrupt as interrupt:
        if not hashes():
            raise
        raise HandOverInterrupted(tuple(hashes())) from interrupt


def answered(ask: Callable[[], _Answer]) -> _Answer:
    """Return an answer about sent transactions; ask again without one, for at most `ASK_AGAIN_S`.

    Raises:
        ChainUnreachable, NodeError: the last failure.
    """
    deadline, pause = time.monotonic() + ASK_AGAIN_S, _PAUSE_S
    while True:
        try:
            return ask()
        except (ChainUnreachable, NodeError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
