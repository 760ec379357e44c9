"""Which lines of the contracts are new since a commit, as git tells it: the mutants of a change are on them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def changed_since(root: Path, commit: str) -> set[tuple[str, int]]:
    """Return (file, line) of each line under `contracts/` that is new since a commit: added, changed or moved."""
    command = ["git", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-prefix", commit, "--", "contracts"]
    told = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout
    return set(new_lines(told))


def new_lines(difference: str) -> Iterator[tuple[str, int]]:
    """Yield (file, line) of each new line of a unified difference without context and without prefixes of files."""
    file, left = "", 0
    for line in difference.splitlines():
        # A new line may begin like a header, so those of a part are counted.
        if left and line.startswith("+"):
            left -= 1
        elif line.startswith("+++ "):
            file = line.removeprefix("+++ ")
        elif part := HUNK.match(line):
            first, left = int(part[1]), int(part[2] or 1)
            yield from ((file, number) for number in range(first, first + left))
