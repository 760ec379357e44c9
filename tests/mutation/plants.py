"""Mistakes planted one by one, each of which the tests against the specification have to find. See docs/assurance.md.

A mistake of `plants.toml` is put into a copy of the checkout: a contract's into the code of its artifact, the ledger's
into its source. The tests that it names run there, and have to fail.

Run as `python -m tests.mutation.plants [WORD ...]`: all mistakes, or those that have one of the words in their line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pysettle.evm.artifacts import FOLDER, ROOT
from tests import columns
from tests.mutation.compiling import Solc, Sources

FILE = Path(__file__).with_name("plants.toml")
CHECKOUT = ROOT / "build" / "plants"


@dataclass(frozen=True, slots=True)
class Plant:
    """One mistake."""

    mistake: str
    """The mistake, in words."""
    file: str
    """Source that is changed."""
    old: str
    """Text that stands there once."""
    new: str
    """Text that replaces it."""
    tests: str
    """File of the tests that have to fail."""
    artifact: str = ""
    """Contract whose code is replaced; none where the source itself is changed."""


def plants() -> list[Plant]:
    """Return the mistakes."""
    return [Plant(**entry) for entry in tomllib.loads(FILE.read_text())["plant"]]


def copy_checkout() -> None:
    """Copy what the tests need of this checkout."""
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    for name in ("contracts", "docs", "pysettle", "tests"):
        shutil.copytree(ROOT / name, CHECKOUT / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", CHECKOUT)
    (CHECKOUT / "node_modules").symlink_to(ROOT / "node_modules")


@contextmanager
def planted(plant: Plant, solc: Solc) -> Iterator[None]:
    """Put a mistake into the copy, and take it out again."""
    file = CHECKOUT / (FOLDER / f"{plant.artifact}.json" if plant.artifact else plant.file)
    before, source = file.read_text(), (ROOT / plant.file).read_text()
    assert source.count(plant.old) == 1, f"{plant.file} does not have it once: {plant.old}"
    if plant.artifact:
        start = len(source[: source.index(plant.old)].encode())
        sources = Sources(columns.source_of(plant.artifact), plant.artifact)
        code = sources.compiled(solc, plant.file, start, start + len(plant.old.encode()), plant.new)
        replaced = {"bytecode": f"0x{code.creation}", "runtime_bytecode": f"0x{code.runtime}"}
        file.write_text(json.dumps({**json.loads(before), **replaced}))
    else:
        file.write_text(source.replace(plant.old, plant.new))
    try:
        yield
    finally:
        file.write_text(before)


def is_found(plant: Plant) -> bool:
    """Say whether the tests of a mistake that is planted fail."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-n", "0", "-p", "no:cacheprovider", plant.tests]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
    assert ended in (0, 1), f"pytest ended with {ended}"
    return ended == 1


def main(words: list[str]) -> int:
    """Plant the mistakes, print a row of each; return 1 where one is not found."""
    copy_checkout()
    solc, missed = Solc(), 0
    for plant in plants():
        if words and not any(word in f"{plant.mistake} {plant.file} {plant.tests}" for word in words):
            continue
        began = time.monotonic()
        with planted(plant, solc):
            found = is_found(plant)
        missed += not found
        verdict = "found" if found else "MISSED"
        print(f"| {plant.mistake} | `{plant.tests}` | {verdict} in {time.monotonic() - began:.0f} s |", flush=True)
    solc.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
