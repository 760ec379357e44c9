"""A real node, in a process of its own on a free port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pysettle.evm.artifacts import ROOT
from pysettle.evm.genesis import Genesis


@contextmanager
def node(*options: str, prepare: str = "") -> Iterator[str]:
    """Run `pysettle node`; yield where it listens. It must still run at the end, and end when it is told to.

    Args:
        options: Of the command.
        prepare: Python that runs first in the process, for example to make a limit smaller.
    """
    pytest.importorskip("uvicorn", reason="THE NODE'S TESTS NEED THE EXTRA node: pip install 'pysettle[node]'")
    code = f"{prepare}\nfrom pysettle.cli import main; main()"
    command = [sys.executable, "-c", code, "node", "--port", "0", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
            assert process.poll() is None, "the node has crashed"
        finally:
            process.terminate()
        assert process.wait(10) == 128 + 15


@contextmanager
def node_of(genesis: Genesis, folder: Path, prepare: str = "") -> Iterator[str]:
    """Run `pysettle node` on a genesis, prepared as `node` is; yield its URL."""
    file = folder / "genesis.json"
    file.write_bytes(genesis.to_bytes())
    with node("--genesis", str(file), prepare=prepare) as url:
        yield url
