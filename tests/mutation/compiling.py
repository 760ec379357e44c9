"""Compile mutants of a contract, and know whose code was seen before."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from pysettle.errors import ArtifactError
from pysettle.evm import compiler
from pysettle.evm.artifacts import ROOT

RUNS = 200
"""What mutants are optimised for, in place of the contract's many: none is to be refused for its size."""
KEPT = 200
"""Compilations after which a compiler begins anew: what it has once taken of memory it keeps."""
CODES = ["evm.bytecode.object", "evm.deployedBytecode.object"]
CODE_MAPS = ["evm.bytecode.sourceMap", "evm.deployedBytecode.sourceMap"]


@dataclass(frozen=True)
class Code:
    """A contract's code, in hex."""

    creation: str
    """What creates it."""
    runtime: str
    """What a genesis holds, where it has no immutables."""


class Solc:
    """npm's solc, in a process that stays."""

    def __init__(self) -> None:
        """Begin."""
        self._compiled = 0
        self._process = self._begin()

    @staticmethod
    def _begin() -> subprocess.Popen[str]:
        command = [str(compiler.node()), str(Path(__file__).with_name("solc.js")), str(ROOT / "node_modules/solc")]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def compile(self, standard_input: dict[str, Any]) -> dict[str, Any]:
        """Return solc's output.

        Raises:
            ArtifactError: with what solc says of sources that do not compile.
        """
        if self._compiled == KEPT:
            self.close()
            self._process, self._compiled = self._begin(), 0
        self._compiled += 1
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(standard_input), file=self._process.stdin, flush=True)
        output: dict[str, Any] = json.loads(self._process.stdout.readline())
        problems = [it["formattedMessage"] for it in output.get("errors", []) if it["severity"] == "error"]
        if problems:
            raise ArtifactError("\n".join(problems))
        return output

    def close(self) -> None:
        """End."""
        self._process.communicate()


class Sources:
    """The sources of a contract, to be changed in one place at a time."""

    def __init__(self, unit: str, contract: str) -> None:
        """Read them, and compile them as they are."""
        self._unit, self._contract = unit, contract
        everything = compiler.standard_input(ROOT)
        wanted = {unit: {contract: CODES}}
        settings = {**everything["settings"], "outputSelection": wanted, "optimizer": {"enabled": True, "runs": RUNS}}
        self._input = {**everything, "settings": settings}
        self._lock = Lock()
        solc = Solc()
        self._seen = {self.compiled(solc).creation}
        solc.close()

    def compiled(self, solc: Solc, file: str = "", start: int = 0, end: int = 0, new: str = "") -> Code:
        """Return the contract's code with a part of a file, in bytes, replaced.

        Raises:
            ArtifactError: it does not compile.
        """
        sources = dict(self._input["sources"])
        if file:
            content = sources[file]["content"].encode()
            sources[file] = {"content": (content[:start] + new.encode() + content[end:]).decode()}
        evm = solc.compile({**self._input, "sources": sources})["contracts"][self._unit][self._contract]["evm"]
        return Code(evm["bytecode"]["object"], evm["deployedBytecode"]["object"])

    def is_new(self, code: Code) -> bool:
        """Say whether a code is the first of its kind, that of the contract as it is included."""
        with self._lock:
            before = len(self._seen)
            self._seen.add(code.creation)
            return len(self._seen) > before


def source_maps(names: list[str]) -> tuple[dict[str, str], dict[int, str]]:
    """Return the source maps of contracts as their artifacts were compiled, and the number of each source unit.

    Returns:
        (`NAME runtime` or `NAME creation` -> solc's source map, number in the maps -> unit).
    """
    everything = compiler.standard_input(ROOT)
    selected = {unit: dict.fromkeys(names, CODE_MAPS) for unit in everything["settings"]["outputSelection"]}
    for of_unit in selected.values():
        of_unit[""] = ["ast"]
    solc = Solc()
    output = solc.compile({**everything, "settings": {**everything["settings"], "outputSelection": selected}})
    solc.close()
    maps = {}
    for of_unit in output["contracts"].values():
        for name, compiled in of_unit.items():
            maps[f"{name} runtime"] = compiled["evm"]["deployedBytecode"]["sourceMap"]
            maps[f"{name} creation"] = compiled["evm"]["bytecode"]["sourceMap"]
    return maps, {it["id"]: unit for unit, it in output["sources"].items()}
