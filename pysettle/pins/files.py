"""The files of sources and interfaces that an export adds to its contracts, as this build writes them."""

from __future__ import annotations

import json
from functools import cache

from pysettle.documents import parse_json
from pysettle.domain.catalogue import kinds
from pysettle.evm import artifacts

SOURCES_FILE = "contracts/solc-input.json"
"""Sources and settings of the contracts, as solc's standard JSON takes them."""
INTERFACES_FILE = "contracts/interfaces.json"
"""ABI and storage layout of each kind of contract, by its name, and the compiler."""


@cache
def contract_files() -> dict[str, bytes]:
    """Return mapping name -> content of both files.

    Raises:
        ArtifactError: an artifact is missing, or stale.
    """
    built = {kind.name: artifacts.load(kind.name) for kind in kinds()}
    interfaces = {
        "compiler": built[kinds()[0].name].compiler_version,
        "contracts": {
            name: {"source": it.source_path, "abi": list(it.abi), "storage_layout": it.storage_layout}
            for name, it in built.items()
        },
    }
    standard_input = parse_json((artifacts.ROOT / artifacts.FOLDER / artifacts.INPUT_FILE).read_bytes())
    contents = {INTERFACES_FILE: interfaces, SOURCES_FILE: standard_input}
    return {name: (json.dumps(it, indent=2, sort_keys=True) + "\n").encode() for name, it in contents.items()}
