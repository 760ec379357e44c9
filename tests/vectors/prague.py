"""Asks the Ethereum specification (EELS) about every odd chain anew, and writes what it says to `prague.json`.

    .venv/bin/python -m tests.vectors.prague

EELS asks for an older coincurve than pysettle's, so that it has an environment of its own, `.venv-specification`, made
here from the dependency group `specification` of `pyproject.toml`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import venv
from hashlib import sha256
from pathlib import Path
from typing import Any

import rlp
from eth.vm.forks.prague.blocks import PragueBlockHeader

from tests.vectors.odd import CHAINS

ROOT = Path(__file__).parents[2]
ANSWERS = Path(__file__).with_name("prague.json")
ENVIRONMENT = ROOT / ".venv-specification"


def digest(chain: dict[str, Any]) -> str:
    """Return the hash of a chain's data, which tells whether an answer is to it."""
    return sha256(json.dumps(chain, sort_keys=True).encode()).hexdigest()[:16]


def ask(chains: dict[str, dict[str, Any]], python: Path) -> dict[str, Any]:
    """Return what the specification says of each chain: its blocks, and why the one after them is refused.

    Args:
        chains: Name -> the chain as data.
        python: Interpreter that has the specification.
    """
    command = [str(python), str(Path(__file__).with_name("eels.py"))]
    run = subprocess.run(command, input=json.dumps(chains), capture_output=True, text=True, check=True)
    answers = json.loads(run.stdout)
    return {
        name: {
            "chain": digest(chain),
            "blocks": [_told(header) for header in answers[name]["headers"]],
            "refused": answers[name]["refused"] and answers[name]["refused"].splitlines()[0],
        }
        for name, chain in chains.items()
    }


def _told(header: str) -> list[Any]:
    """Return a block's hash, and what helps to find why it differs: gas used and state root."""
    read = rlp.decode(bytes.fromhex(header[2:]), sedes=PragueBlockHeader)
    return ["0x" + read.hash.hex(), read.gas_used, "0x" + read.state_root.hex()]


def main() -> int:
    """Write the answers; return 0."""
    (package,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["specification"]
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)
    answers = ask({name: make().to_dict() for name, make in CHAINS.items()}, python)
    lines = [f"  {json.dumps(name)}: {json.dumps(answer)}" for name, answer in sorted(answers.items())]
    ANSWERS.write_text("{\n" + ",\n".join([f'  "": {json.dumps(package)}', *lines]) + "\n}\n")
    print(f"{len(answers)} chains, {ANSWERS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
