"""Sources of a bundle, compiled again: whoever trusts a compiler and reads sources needs no pins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pysettle.evm import artifacts, compiler

Compiled = Mapping[str, bytes]
"""Contract -> its creation code, without arguments."""


def compile_again(standard_input: Any, names: Iterable[str]) -> Compiled:
    """Compile solc's standard JSON that anybody wrote, by the pinned solc.

    Args:
        standard_input: The document. It may name no files: every source stands in it.
        names: The contracts that are asked for; one that the sources lack is left out.

    Raises:
        ValueError: it is no standard JSON that holds its sources.
        ArtifactError: the compiler is not available, or the sources do not compile.
    """
    if not isinstance(standard_input, dict) or not isinstance(standard_input.get("sources"), dict):
        raise ValueError("it is no standard JSON of solc")
    sources, settings = standard_input["sources"], standard_input.get("settings")
    if any(not isinstance(it, dict) or it.keys() != {"content"} for it in sources.values()):
        raise ValueError("a source is not in it: each must have its content, and nothing else")
    if standard_input.get("language") != "Solidity" or not isinstance(settings, dict):
        raise ValueError("it is not Solidity with settings")
    selected = {"*": {name: ["evm.bytecode.object"] for name in names}}
    document = {
        "language": "Solidity",
        "sources": sources,
        "settings": {name: it for name, it in settings.items() if name != "outputSelection"}
        | {"outputSelection": selected},
    }
    output = compiler.compile_standard_json(document, artifacts.ROOT)
    return {
        name: bytes.fromhex(compiled["evm"]["bytecode"]["object"])
        for contracts in output.get("contracts", {}).values()
        for name, compiled in contracts.items()
        if compiled.get("evm", {}).get("bytecode", {}).get("object")
    }
