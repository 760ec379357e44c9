"""A real node, in a process of its own on a free port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pysettle.evm.artifacts import ROOT


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Start `pysettle node`; return where it listens once it does. It must still run at the end."""
    pytest.importorskip("uvicorn", reason="THE NODE'S TESTS NEED THE EXTRA node: pip install 'pysettle[node]'")
    command = [sys.executable, "-c", "from pysettle.cli import main; main()", "node", "--port", "0", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as node:
        assert node.stdout is not None
        yield json.loads(node.stdout.readline())["url"]
        assert node.poll() is None, "the node has crashed"
        node.terminate()
