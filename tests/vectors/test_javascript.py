"""The vectors are for other languages: ethers.js and viem reproduce each of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pysettle.evm.artifacts import ROOT

FILE = Path(__file__).with_name("typed_data.json")
STATED = json.loads(FILE.read_text())


@pytest.mark.parametrize("library", ["ethers", "viem"])
def test_reproduced(library: str) -> None:
    """Every struct hash, digest, nonce and order id of the file."""
    if not shutil.which("node") or not (ROOT / "node_modules" / library).exists():
        pytest.skip(f"{library.upper()} IS NOT INSTALLED: npm ci")
    command = ["node", str(FILE.with_name(f"{library}.mjs")), str(FILE)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "structHashes": [vector["structHash"] for vector in STATED["vectors"]],
        "digests": [vector.get("digest") for vector in STATED["vectors"]],
        "nonces": [vector["nonce"] for vector in STATED["depositNonces"]],
        "orderIds": [vector["id"] for vector in STATED["orderIds"]["vectors"]],
    }
