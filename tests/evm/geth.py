"""A geth, the most used node of Ethereum, in a process of its own: a network that seals a block every second."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pysettle.audit.independent.catalogue import engines
from pysettle.evm.genesis import Genesis
from pysettle.evm.jsonrpc import JsonRpc

GETH = engines()[-1]
"""The engine; tests that use it as a network are marked `geth`."""
_START_S = 60


@contextmanager
def geth(genesis: Genesis, folder: Path) -> Iterator[str]:
    """Run geth on a genesis, whose blocks it seals by the clock of the machine; yield its URL."""
    program, file, data = GETH.folder / GETH.name, folder / "genesis.json", folder / "geth"
    file.write_bytes(genesis.to_bytes())
    subprocess.run([program, "init", "--datadir", data, file], check=True, capture_output=True)
    network = ["--dev", "--dev.period", "1", "--datadir", data, "--networkid", str(genesis.chain_id)]
    ports = ["--http", "--http.port", "0", "--authrpc.port", "0", "--port", "0", "--ipcdisable", "--nodiscover"]
    methods = ["--http.api", "eth,net,web3,debug"]
    log, deadline = folder / "geth.log", time.monotonic() + _START_S
    with log.open("w") as output, subprocess.Popen([program, *network, *ports, *methods], stderr=output) as node:
        try:
            while not (found := re.search(r"HTTP server started +endpoint=(\S+) auth=false", log.read_text())):
                is_starting = node.poll() is None and time.monotonic() < deadline
                assert is_starting, f"geth did not start: {log.read_text()}"
                time.sleep(0.05)
            url = f"http://{found[1]}"
            while JsonRpc(url).ask("eth_blockNumber") == "0x0":
                time.sleep(0.1)
            yield url
        finally:
            node.kill()
