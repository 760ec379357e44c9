"""One writer at a time: a lock beside a file, which names its holder to waiting processes.

A holder that serves the file to others writes its URL into the lock. Its entry counts only while the lock is held: a
killed holder leaves the entry behind.
"""

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
        """Take the lock, waiting for it at most so long; not for a holder that serves the file on this machine.

        Raises:
            ChainFileLocked: somebody else has it still.
        """
        try:
            self._descriptor = os.open(_path(file), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            raise ChainFileReadOnly(file) from problem
        deadline = time.monotonic() + wait_s
        while not self._taken():
            holder = _holder(self._descriptor)
            serves = holder is not None and holder.url is not None
            if serves or time.monotonic() >= deadline:
                os.close(self._descriptor)
                raise ChainFileLocked(file, holder, wait_s)
            time.sleep(_LOCK_POLL_S)
        self.announce(None)

    def announce(self, url: str | None) -> None:
        """Write down the holder of the lock, with the URL at which it serves the file; None if it does not."""
        me = {"pid": os.getpid(), "host": socket.gethostname(), "command": " ".join(sys.argv) or "python"}
        content = json.dumps(me | ({"url": url} if url else {})).encode()
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

    def release(self) -> None:
        """Give the lock up; the file stays, since removing it would let two hold one each."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def holder_of(file: Path) -> LockHolder | None:
    """Return the last written holder of the lock beside a file; None without one, or after it gave the lock up."""
    try:
        descriptor = os.open(_path(file), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _path(file: Path) -> Path:
    return file.with_name(file.name + ".lock")


def _holder(descriptor: int) -> LockHolder | None:
    try:
        document = json.loads(os.pread(descriptor, 65_536, 0))
        url = document.get("url")
        pid, host, command = int(document["pid"]), str(document["host"]), str(document["command"])
        # Nodes listen on loopback, which is another one on another machine.
        return LockHolder(pid, host, command, str(url) if url and host == socket.gethostname() else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
