"""Which tests execute what a mutant changes: they alone can notice it.

The interpreter tells which bytes of a code ran in a test; solc's source maps tell of which part of the sources each
instruction was made. Source: Solidity documentation, "Source Mappings".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pysettle.evm import artifacts
from tests.mutation.compiling import source_maps

PUSH1, PUSH32 = 0x60, 0x7F

Place = tuple[str, int, int]
"""Source unit, first byte, byte after the last."""

Executed = tuple[float, Mapping[str, list[list[int]]]]
"""Seconds that a test took; code -> [first byte, byte after the last] of what ran in it."""


def instructions(code: bytes, source_map: str, units: Mapping[int, str]) -> dict[int, Place]:
    """Return the place in the sources of each instruction of ours, by its offset in the code."""
    places: dict[int, Place] = {}
    offset, fields = 0, ["0", "0", "-1"]
    for entry in source_map.split(";"):
        stated = entry.split(":")
        fields = [stated[i] if i < len(stated) and stated[i] else fields[i] for i in range(3)]
        start, length, unit = (int(it) for it in fields)
        if unit in units:
            places[offset] = units[unit], start, start + length
        if offset < len(code):
            offset += code[offset] - PUSH1 + 2 if PUSH1 <= code[offset] <= PUSH32 else 1
    return places


class Reach:
    """What each test executes of the sources, and how long it takes."""

    def __init__(self, names: Sequence[str], executed: Mapping[str, Executed]) -> None:
        """Read what each test executed of the named contracts."""
        maps, units = source_maps(list(names))
        ours = {number: unit for number, unit in units.items() if unit.startswith("contracts/")}
        codes = {}
        for name in names:
            artifact = artifacts.load(name)
            for kind, code in (("runtime", artifact.runtime_bytecode), ("creation", artifact.bytecode)):
                codes[f"{name} {kind}"] = instructions(code, maps[f"{name} {kind}"], ours)
        self._places = {place for places in codes.values() for place in places.values()}
        self._seconds = {test: seconds for test, (seconds, _) in executed.items() if test}
        self._tests: defaultdict[Place, set[str]] = defaultdict(set)
        for test, (_, of_codes) in executed.items():
            for code_name, runs in of_codes.items():
                places = codes[code_name]
                for begin, end in runs:
                    for offset in range(begin, end):
                        if offset in places:
                            # What fixtures for several tests execute may be needed by any.
                            self._tests[places[offset]].update([test] if test else self._seconds)

    def tests_of(self, file: str, start: int, end: int) -> list[str]:
        """Return the tests that can notice a change of a part of the sources, the quickest first.

        They are those that execute something of it; where nothing was made of it alone, those that execute the least
        that it is in; and all of them where no test does, as of a constant, which is a part of other numbers.

        Args:
            file: Source unit.
            start: First byte that changes.
            end: Byte after the last.
        """
        places = [it for it in self._places if it[0] == file]
        chosen = [it for it in places if start <= it[1] and it[2] <= end]
        if not chosen:
            around = [it for it in places if it[1] <= start and end <= it[2]]
            least = min((it[2] - it[1] for it in around), default=0)
            chosen = [it for it in around if it[2] - it[1] == least]
        tests = set().union(*(self._tests.get(it, ()) for it in chosen)) or self._seconds
        return sorted(tests, key=lambda test: self._seconds[test])
