"""Write the mutants that slither's mutators make of contracts, one JSON object a line, to standard output.

Run by `tests.mutation` with the interpreter of `.venv-assurance`, where slither is; names of contracts are arguments.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slither import Slither
from slither.core.cfg.node import Node
from slither.core.compilation_unit import SlitherCompilationUnit
from slither.core.declarations import Contract, Function
from slither.tools.mutator.mutators import all_mutators
from slither.tools.mutator.mutators.abstract_mutator import AbstractMutator

Mutant = dict[str, object]
Patch = dict[str, Any]


def mutants(root: Path, names: set[str]) -> Iterator[Mutant]:
    """Yield each change of one place in the sources of the named contracts once."""
    (unit,) = Slither(str(root)).compilation_units
    seen = set()
    for contract in unit.contracts:
        for file, mutator, patch in patches(unit, contract) if contract.name in names else ():
            change = replacement(Path(file).read_bytes(), mutator, patch)
            place = (file, change["start"], change["end"], change["new"])
            # An immutable that is set where it is declared is the constant.
            if place not in seen and change["new"] != str(change["old"]).replace(" constant ", " immutable "):
                seen.add(place)
                name = Path(file).relative_to(root).as_posix()
                yield {"file": name, "line": patch["line_number"], "mutator": mutator, **change}


def patches(unit: SlitherCompilationUnit, contract: Contract) -> Iterator[tuple[str, str, Patch]]:
    """Yield (file, mutator, patch) of slither's mutators, and the taking away of each modifier, which they leave out.

    FHR is not asked: it makes functions invisible or pure, which does not compile or is noticed by whoever calls them.
    """
    for _, kind in inspect.getmembers(all_mutators, inspect.isclass):
        if kind.NAME == "FHR":
            continue
        made = of_solidity(kind)(unit, 0, "", "", contract, None, False, Path(), [])._mutate()
        for file, of_file in made.get("patches", {}).items():
            for patch in of_file:
                yield file, kind.NAME, patch
    for function in contract.functions_declared:
        place = function.source_mapping
        header = place.content.partition("{")[0]
        for modifier in () if function.is_constructor else function.modifiers:
            yield (
                place.filename.absolute,
                "MR",
                {
                    "line_number": place.lines[0],
                    "start": place.start,
                    "end": place.start + len(header.encode()),
                    "old_string": header,
                    "new_string": re.sub(rf" {modifier.name}\b", "", header),
                },
            )


def of_solidity(kind: type[AbstractMutator]) -> type[AbstractMutator]:
    """Return a mutator that leaves assembly alone, into which it would write the operators of Solidity."""

    class OfSolidity(kind):  # type: ignore[valid-type, misc]
        NAME, HELP = kind.NAME, kind.HELP

        def should_mutate_node(self, node: Node) -> bool:
            return not getattr(node.scope, "is_yul", False) and super().should_mutate_node(node)

        def should_mutate_function(self, function: Function) -> bool:
            # LIR asks the type of each literal for its least value, and bool has none.
            has_bool = any(str(it.type) == "bool" for it in function.local_variables if it.initialized)
            return not (kind.NAME == "LIR" and has_bool) and super().should_mutate_function(function)

    return OfSolidity


def replacement(source: bytes, mutator: str, patch: Patch) -> Mutant:
    """Return which bytes a patch replaces, by what.

    Where slither gives the place of an expression with the text of its whole statement, the statement is meant. A
    statement is taken out whole, on however many lines it is.
    """
    start, end, old, new = patch["start"], patch["end"], patch["old_string"].encode(), patch["new_string"].encode()
    if source[start:end] != old:
        start = source.rfind(old, 0, start + len(old))
        end = start + len(old)
    if mutator == "CR" and source[end : end + 1] == b";":
        end, new = end + 1, b"{}"
    return {"start": start, "end": end, "old": source[start:end].decode(), "new": new.decode()}


if __name__ == "__main__":
    for found in mutants(Path.cwd(), set(sys.argv[1:])):
        print(json.dumps(found))
