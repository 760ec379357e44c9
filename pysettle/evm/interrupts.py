"""Ctrl-C where several steps are one: it takes effect when the last of them is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the block run to its end before Ctrl-C interrupts. For short blocks: a process that waits is not held.

    Python gives signals to the main thread alone; nothing changes in another, or where Ctrl-C is handled otherwise.

    Raises:
        KeyboardInterrupt: at the end of the block, where Ctrl-C came meanwhile.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    came = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            raise KeyboardInterrupt
