"""Contracts that only tests use, compiled once in a checkout.

npm's compiler takes two seconds to begin, for the smallest contract, and each process of the tests would wait for it
anew. An input names every source and every setting, so that the pinned compiler gives the same output for it for good.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pysettle.evm import compiler
from pysettle.evm.artifacts import ROOT

_compile = compiler.compile_standard_json
_FOLDER = ROOT / "build" / "compiled"


def compiled_once(standard_input: Mapping[str, Any], root: Path = ROOT) -> dict[str, Any]:
    """Return the output of the compiler as `compile_standard_json` does, from an earlier run if there was one.

    Args:
        standard_input: Solidity's standard JSON input.
        root: The checkout whose compiler runs.

    Raises:
        ArtifactError: as `compile_standard_json`; a refusal is not remembered.
    """
    text = json.dumps([compiler.SOLC_VERSION, standard_input], sort_keys=True)
    file = _FOLDER / f"{sha256(text.encode()).hexdigest()}.json"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            begun = file.with_suffix(".begun")
            begun.write_text(json.dumps(_compile(standard_input, root)))
            begun.rename(file)
    output: dict[str, Any] = json.loads(file.read_text())
    return output
