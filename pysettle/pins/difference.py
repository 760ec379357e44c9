"""In words: how deployed code differs from the published one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pysettle.pins import Pin
from pysettle.pins.selectors import selector, selectors_in

_NAMED_MAX = 8
"""Most functions and source units that one finding names."""


def difference(pin: Pin, code: bytes, sources: Mapping[str, str]) -> str:
    """Return the functions that code has more and fewer than a pin, and the source units that differ.

    Args:
        pin: What is published.
        code: Deployed code.
        sources: Source unit -> SHA-256 of its text as hex, of the sources that are said to be those of the code; empty
            if there are none.

    Returns:
        Clauses, each after a semicolon; empty if there is no difference of these kinds.
    """
    published = {selector(it): it for it in pin.functions}
    found = selectors_in(code)
    clauses = {
        "functions more": [f"0x{it.hex()}" for it in sorted(found - published.keys())],
        "functions fewer": [published[it] for it in sorted(published.keys() - found)],
        "sources that differ": [it for it in sorted(pin.sources) if sources and sources.get(it) != pin.sources[it]],
    }
    return "".join(f"; {what}: {listed(names)}" for what, names in clauses.items() if names)


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - _NAMED_MAX
    return ", ".join(names[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
