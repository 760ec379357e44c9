"""One writer at a time: a lock beside a file, which names its holder to whoever waits for it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from pysettle.errors import ChainFileLocked, ChainFileReadOnly, LockHolder

_LOCK_POLL_S = 0.02


class WriterLock:
    """The right to write to a file or folder: a lock that the system takes back however its holder ends."""

    def __init__(self, file: Path, wait_s: float) -> None:
        """Take the lock, waiting for it at most so long.

        Raises:
            ChainFileLocked: somebody else has it still.
        """
        path = file.with_name(file.name + ".lock")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            raise ChainFileReadOnly(file) from problem
        deadline = time.monotonic() + wait_s
        while not self._taken():
            if time.monotonic() >= deadline:
                holder = self._holder()
                os.close(self._descriptor)
                raise ChainFileLocked(file, holder, wait_s)
            time.sleep(_LOCK_POLL_S)
        me = LockHolder(os.getpid(), socket.gethostname(), " ".join(sys.argv) or "python")
        content = json.dumps({"pid": me.pid, "host": me.host, "command": me.command}).encode()
        # A read-only or full disk is no reason to refuse: the lock is held, its holder only stays unnamed.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, content, 0)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> LockHolder | None:
        try:
            document = json.loads(os.pread(self._descriptor, 65_536, 0))
            return LockHolder(int(document["pid"]), str(document["host"]), str(document["command"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def release(self) -> None:
        """Give the lock up; the file stays, since removing it would let two hold one each."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
