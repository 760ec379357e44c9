"""Functions of contracts: their signatures and selectors, from an ABI and from code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pysettle.hashing import keccak

_PUSH_1, _PUSH_4, _PUSH_32 = 0x60, 0x63, 0x7F
_DUP_1, _EQ, _INVALID = 0x80, 0x14, 0xFE


def canonical_type(argument: Mapping[str, Any]) -> str:
    """Return the type of an argument in an ABI; a struct is a tuple of its members."""
    kind = str(argument["type"])
    if not kind.startswith("tuple"):
        return kind
    members = ",".join(canonical_type(it) for it in argument["components"])
    return f"({members}){kind.removeprefix('tuple')}"


def signature(function: Mapping[str, Any]) -> str:
    """Return the signature of a function in an ABI."""
    return f"{function['name']}({','.join(canonical_type(it) for it in function['inputs'])})"


def selector(text: str) -> bytes:
    """Return the selector of a function, by its signature."""
    return keccak(text.encode())[:4]


def selectors_in(code: bytes) -> frozenset[bytes]:
    """Return the selectors that deployed code of solc compares calls with.

    Its dispatcher has for each function `DUP1 PUSH4 selector EQ`; a selector that begins with zeros has a shorter push.
    INVALID stands between it and the code of contracts that it creates. Code of other compilers may compare otherwise,
    and then has none.
    """
    return frozenset(_compared(code))


def _compared(code: bytes) -> Iterator[bytes]:
    at, before = 0, 0
    while at < len(code) and (opcode := code[at]) != _INVALID:
        size = opcode - _PUSH_1 + 1 if _PUSH_1 <= opcode <= _PUSH_32 else 0
        end = at + 1 + size
        if before == _DUP_1 and 0 < size <= _PUSH_4 - _PUSH_1 + 1 and code[end : end + 1] == bytes([_EQ]):
            yield code[at + 1 : end].rjust(4, b"\0")
        at, before = end, opcode
