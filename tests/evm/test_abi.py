"""The contract ABI: the same bytes as eth-abi, the same values back, and refusals where it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from pysettle.evm import abi

_WORDS = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint40": st.integers(0, 2**40 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bool": st.booleans(),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "address": st.binary(min_size=20, max_size=20),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=40),
}
_Typed = tuple[str, Any]


def _lists(typed: st.SearchStrategy[_Typed]) -> st.SearchStrategy[_Typed]:
    """Return fixed and dynamic lists that repeat a value, and tuples of several."""
    repeated = st.builds(lambda it, n: (f"{it[0]}[]", (it[1],) * n), typed, st.integers(0, 3))
    fixed = st.builds(lambda it, n: (f"{it[0]}[{n}]", (it[1],) * n), typed, st.integers(1, 3))
    members = st.lists(typed, min_size=1, max_size=4)
    return repeated | fixed | members.map(lambda it: (f"({','.join(k for k, _ in it)})", tuple(v for _, v in it)))


_WORD = st.one_of(*(values.map(lambda value, kind=kind: (kind, value)) for kind, values in _WORDS.items()))
_ANY = st.lists(st.recursive(_WORD, _lists, max_leaves=6), min_size=1, max_size=4)


@given(_ANY)
def test_bytes_are_those_of_eth_abi(typed: list[_Typed]) -> None:
    """Values are encoded as eth-abi encodes them, and come back."""
    types, values = [kind for kind, _ in typed], tuple(value for _, value in typed)
    encoded = encode(types, values)
    assert abi.encode(types, values) == encoded
    assert abi.decode(types, encoded) == values
    assert abi.decode(types, encoded + b"behind") == values


@given(_ANY, st.data())
def test_what_eth_abi_refuses_is_refused(typed: list[_Typed], data: st.DataObject) -> None:
    """Whatever happens to a byte, or to the end, of an encoding: it is read as eth-abi reads it, or refused like there.

    Addresses are compared as numbers: eth-abi has them as text.
    """
    types = [kind.replace("address", "uint160").replace("string", "bytes") for kind, _ in typed]
    encoded = bytearray(encode([kind for kind, _ in typed], [value for _, value in typed]))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    spoilt = bytes(encoded[: data.draw(st.sampled_from([len(encoded), place]))])
    try:
        expected = decode(types, spoilt)
    except (DecodingError, OverflowError):
        with pytest.raises(abi.DecodingError):
            abi.decode(types, spoilt)
    else:
        assert abi.decode(types, spoilt) == expected


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("uint8", 256, ValueError),
        ("uint8", -1, ValueError),
        ("uint8", True, TypeError),
        ("uint8", "1", TypeError),
        ("int16", 2**15, ValueError),
        ("bool", 1, TypeError),
        ("bytes4", b"12345", ValueError),
        ("address", b"\1" * 19, ValueError),
        ("uint8[2]", [1], ValueError),
        ("(uint8,bool)", [1], ValueError),
        ("function", b"\0" * 24, ValueError),
    ],
)
def test_values_of_another_type_are_refused(kind: str, value: Any, error: type[Exception]) -> None:
    """A value that its type cannot hold is an error of the program, and never cut."""
    with pytest.raises(error):
        abi.encode([kind], [value])


def test_text_that_is_no_utf8_is_escaped() -> None:
    """A name that somebody set to other bytes can be shown."""
    assert abi.decode(["string"], encode(["bytes"], [b"a\xff"])) == ("a\\xff",)
