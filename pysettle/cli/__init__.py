"""The command line: a thin skin over the library. Results on stdout, conversation on stderr.

Exit codes: 0 done and clean, 1 abort, 2 usage, 3 artifacts, 4 chain, 5 contract refused, 6 bundle unreadable,
7 audit found something, 8 done, but the result could not be printed: do not repeat it, 130 interrupted.
"""

from pysettle.cli.main import main

__all__ = ["main"]
