"""The command line: a thin layer over the library. Results go to stdout, everything else to stderr.

Exit codes: 0 success, 1 abort, 2 usage, 3 artifacts, 4 chain, 5 contract refused, 6 bundle unreadable, 7 audit has
findings, 8 success, but the result could not be printed: do not repeat the command, 130 interrupted.
"""

from pysettle.cli.main import main

__all__ = ["main"]
