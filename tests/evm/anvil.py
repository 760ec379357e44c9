"""An anvil, the node of Foundry, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pysettle.evm.artifacts import ROOT
from pysettle.evm.genesis import Genesis
from pysettle.evm.jsonrpc import JsonRpc

ANVIL = ROOT / "node_modules" / ".bin" / "anvil"


@contextmanager
def anvil(genesis: Genesis, folder: Path, *further: str) -> Iterator[str]:
    """Run anvil on a genesis with block times one second apart, with further options; yield its URL."""
    if not ANVIL.exists():
        if os.environ.get("CI"):
            pytest.fail("anvil is not there: scripts/bootstrap --with-anvil")
        pytest.skip("THIS TEST NEEDS ANVIL: scripts/bootstrap --with-anvil")
    file = folder / "genesis.json"
    file.write_bytes(genesis.to_bytes())
    options = ["--init", str(file), "--chain-id", str(genesis.chain_id), "--timestamp", str(genesis.timestamp)]
    options += [
        "--gas-limit",
        str(genesis.gas_limit),
        "--hardfork",
        "prague",
        "--port",
        "0",
        "--accounts",
        "1",
        *further,
    ]
    log = folder / "anvil.log"
    with log.open("w") as output, subprocess.Popen([ANVIL, *options], stdout=output) as node:
        try:
            while not (found := re.search(r"^Listening on (\S+)$", log.read_text(), re.MULTILINE)):
                assert node.poll() is None, f"anvil did not start: {log.read_text()}"
                time.sleep(0.02)
            url = f"http://{found[1]}"
            JsonRpc(url).ask("anvil_setBlockTimestampInterval", 1)
            yield url
        finally:
            node.kill()
