"""Which tests execute what a mutant changes: they alone can notice it, and the quickest of them are asked first.

The interpreter tells which bytes of a code ran in a test; solc's source maps tell of which part of the sources each
instruction was made. Source: Solidity documentation, "Source Mappings".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pysettle.evm import artifacts
from tests.mutation.compiling import source_maps

BODIES = (b"function ", b"modifier ", b"constructor", b"receive", b"fallback")
"""What the source of a body begins with."""
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

    def __init__(
        self, names: Sequence[str], executed: Mapping[str, tuple[float, Mapping[str, list[list[int]]]]]
    ) -> None:
        """Read what was executed of the named contracts, test -> (seconds, code -> executed bytes)."""
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

    def tests_of(self, file: str, start: int, end: int, content: bytes) -> list[str]:
        """Return the tests that can notice a change, those first that execute least beside it, then the quickest.

        They are those that enter the body it is in; where it is in none, as a constant is, all of them.

        Args:
            file: Source unit.
            start: First byte that changes.
            end: Byte after the last.
            content: The unit's source.
        """
        around = [
            (last - first, first, last)
            for unit, first, last in self._places
            if unit == file and first <= start and end <= last and content[first:last].startswith(BODIES)
        ]
        _, first, last = min(around, default=(0, 0, 0))
        nearest: dict[str, int] = {} if around else dict.fromkeys(self._seconds, 0)
        for (unit, begin, after), tests in self._tests.items():
            if unit == file and first <= begin and after <= last:
                touches = begin < end and start < after
                for test in tests:
                    distance = after - begin if touches else len(content)
                    nearest[test] = min(distance, nearest.get(test, distance))
        return sorted(nearest, key=lambda test: (nearest[test], self._seconds[test]))
