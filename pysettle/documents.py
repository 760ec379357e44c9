"""JSON of whoever wrote it, read in one way: a document that two readers could read differently is refused.

RFC 8259 leaves open which value counts where a name comes twice, and knows no NaN; Python's reader takes both. It also
recurses, and py-evm raises Python's own limit beyond what a stack holds, so that nesting has to be counted before.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, Final, NoReturn

NESTING_LIMIT: Final = 32
"""Deepest nesting of arrays and objects; nothing that is read here needs more than a few."""

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_STEP: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse_json(content: bytes | str) -> Any:
    """Parse a JSON document.

    Raises:
        ValueError: it is not UTF-8, not JSON, nested more than 32 deep, or names a key of an object twice.
    """
    text = content if isinstance(content, str) else content.decode("utf-8")
    check_nesting(text, NESTING_LIMIT)
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)


def check_nesting(text: str, limit: int) -> None:
    """Check how deep arrays and objects are nested in what may be JSON.

    Raises:
        ValueError: deeper than the limit.
    """
    if text.count("[") + text.count("{") <= limit:
        return
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > limit:
        raise ValueError(f"nested more than {limit} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("an object names a key twice")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
