"""Compares what suites of others found on the stock backend and on ours: `python -m tests.suites.compare FOLDER`."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

KNOWN = Path(__file__).with_name("known.txt")
"""Tests that pass on the stock backend and not on ours, one a line, under the reason for it."""
SUITES = ("eth-tester", "web3")


def outcomes(log: Path) -> dict[str, str]:
    """Return test -> PASSED, FAILED or ERROR, of the summary that pytest prints."""
    found = re.findall(r"^(PASSED|FAILED|ERROR) [^:]+::(.+?)(?: - .*)?$", log.read_text(), re.MULTILINE)
    return {test: outcome for outcome, test in found}


def main(folder: Path) -> int:
    """Print the counts and the differences; return 1 if there is one that is not known."""
    known = {line.strip() for line in KNOWN.read_text().splitlines() if line.strip() and not line.startswith("#")}
    different: set[str] = set()
    for suite in SUITES:
        stock, ours = (outcomes(folder / f"{suite}-{backend}.log") for backend in ("stock", "ours"))
        for name, results in (("stock", stock), ("ours", ours)):
            print(f"{suite:12}{name:8}{dict(Counter(results.values()))}")
        different |= {test for test, outcome in stock.items() if outcome == "PASSED" != ours.get(test)}
    for test in sorted(different):
        print(("known   " if test in known else "NEW     ") + test)
    for test in sorted(known - different):
        print("PASSES  " + test)
    return int(bool(different - known))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
