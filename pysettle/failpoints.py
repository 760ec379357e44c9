"""Places at which a test kills a process, as a machine that loses its power would.

The environment variable `PYSETTLE_FAILPOINT_FILE` names a file with the name of a place. Without it nothing happens.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

VARIABLE = "PYSETTLE_FAILPOINT_FILE"
_FILE = os.environ.get(VARIABLE)


def reach(place: str) -> None:
    """End the process at a place if the file names it."""
    if _FILE is None:
        return
    file = Path(_FILE)
    if file.exists() and file.read_text() == place:
        file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
