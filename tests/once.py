"""Files that the processes of one run share: the first that needs them makes them, and the others wait."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that is made once in a run, whichever process asks first; nobody may write to it.

    Args:
        factory: pytest's own; its folder stands beside those of the other processes of the run.
        name: Name of the folder, one for all processes.
        make: Fills the folder, which is empty. If it fails, the next process tries again.
    """
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # named so by xdist
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            begun = factory.mktemp(name)
            make(begun)
            begun.rename(folder)
    return folder
