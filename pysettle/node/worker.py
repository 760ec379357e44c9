"""The one thread that works on a chain: whatever waits is done as soon as it is free, and done together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from pysettle.node.protocol import Dispatcher, Received

TOGETHER_LIMIT = 64
"""Most texts taken at once: reads that arrive meanwhile wait for no more than those."""

Job = Callable[[], None]


class ChainThread:
    """A thread that answers texts and does other work on the chain, in the order of arrival but for what it joins."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        """Start the thread."""
        self._dispatcher = dispatcher
        self._waiting: SimpleQueue[Received | Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="chain")
        self._thread.start()

    def answer(self, received: Received) -> None:
        """Have a text answered; its `answer` is called in the chain's thread."""
        self._waiting.put(received)

    def do(self, job: Job) -> None:
        """Have something else done."""
        self._waiting.put(job)

    def end(self) -> None:
        """Do what waits, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            taken = [item]
            while len(taken) < TOGETHER_LIMIT and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    self._waiting.put(None)
                    break
                taken.append(following)
            self._dispatcher.handle_all([it for it in taken if isinstance(it, Received)])
            for job in taken:
                if not isinstance(job, Received):
                    job()
