"""Ids as a person writes them: whole, or how they begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from pysettle.errors import UsageError

_Id = TypeVar("_Id", bound=bytes)
_NAMED = 5
"""Most candidates that a refusal names."""


def beginning_with(text: str, ids: Iterable[_Id], kind: str, listing: str) -> _Id:
    """Return the id, among several, that begins with hex digits.

    Args:
        text: The digits, with or without 0x before them.
        ids: All ids.
        kind: Word for the things with these ids.
        listing: Command that lists them.

    Raises:
        UsageError: no id begins so, or several do; or there are no digits.
    """
    digits, see = text.removeprefix("0x").lower(), f"see `pysettle {listing}`"
    if not digits:
        raise UsageError(f"{text!r} names no {kind}: give its id, or how that begins; {see}", text=text, kind=kind)
    matching = [id_ for id_ in ids if id_.hex().startswith(digits)]
    if not matching:
        raise UsageError(f"no {kind} has an id that begins with {text[:70]}: {see}", kind=kind, text=text[:70])
    if len(matching) > 1:
        candidates = listed([f"0x{id_.hex()}" for id_ in matching])
        raise UsageError(
            f"several ids begin with {text}: {candidates}; give more digits of one {kind}",
            kind=kind,
            text=text[:70],
            candidates=tuple(matching),
        )
    return matching[0]


def listed(candidates: Sequence[str]) -> str:
    """Write candidates in one line, the first few by name."""
    more = len(candidates) - _NAMED
    return ", ".join(candidates[:_NAMED]) + (f" and {more} more" if more > 0 else "")
