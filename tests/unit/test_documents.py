"""JSON from outside: what two readers might read differently, or none can, is refused as one kind of error."""

from __future__ import annotations

import json

import pytest

from pysettle.documents import NESTING_LIMIT, parse_json

REFUSED = {
    "not UTF-8": (b'"\xff"', "utf-8"),
    "cut off": (b'{"a": ', "Expecting value"),
    "cut off at once": (b"{", "property name"),
    "a key twice": (b'{"a": 1, "b": {"a": 1, "a": 1}}', "names a key twice"),
    "not a number": (b"[NaN]", "NaN is no JSON number"),
    "a number too long": (b"1" * 5_000, "digits"),
    "too deep": (b"[" * 200_000 + b"]" * 200_000, "nested more than 32 deep"),
    "too deep, never closed": (b'{"a":' * 200_000, "nested more than 32 deep"),
    "one too deep": (b"[" * (NESTING_LIMIT + 1) + b"]" * (NESTING_LIMIT + 1), "nested more than 32 deep"),
    "a string never closed": (b'["' + b"\\" * 100_001, "Unterminated string"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    """As a `ValueError` that says why, whatever the text."""
    content, said = REFUSED[case]
    with pytest.raises(ValueError, match=said):
        parse_json(content)


def test_what_is_read() -> None:
    """As text or as bytes; brackets in strings do not count, nor do those that are closed again."""
    deepest = "[" * NESTING_LIMIT + "]" * NESTING_LIMIT
    assert parse_json(deepest) == parse_json(deepest.encode())
    quoted = '"' + "[" * 500
    assert parse_json('{"a": "' + "[{" * 500 + '", ' + json.dumps(quoted) + ": [" + ", ".join(["[]"] * 500) + "]}") == {
        "a": "[{" * 500,
        quoted: [[]] * 500,
    }
    assert parse_json('"中文"'.encode()) == "中文"
