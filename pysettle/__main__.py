"""`pysettle`, from its first moment: Ctrl-C ends it in one line while it is still being loaded, too."""

from __future__ import annotations

import sys
from contextlib import suppress


def run() -> None:
    """Load the command line and run it, which answers Ctrl-C itself from its first line on."""
    try:
        from pysettle.cli import main

        main(prog_name="pysettle")
    except KeyboardInterrupt:
        with suppress(OSError, AttributeError):
            sys.stderr.write("pysettle: interrupted before anything was done\n")
        sys.exit(130)


if __name__ == "__main__":
    run()
