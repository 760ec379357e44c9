"""Whole numbers and hex digits are read in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pysettle.errors import InvalidNumber
from pysettle.reading import read_hex, read_whole


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_digits_and_numbers_are_inverse(number: int) -> None:
    """Zeros before a number change nothing."""
    assert read_whole(str(number)) == read_whole(f"00{number}") == number


@pytest.mark.parametrize(
    "text",
    [
        *("", "1_000", "\uff11\uff12", "+5", "-5", " 5", "5 ", "5\n", "1e6", "5.0", "0x10", "\u00b2"),
        *(str(2**256), "9" * 10_000),
    ],
)
def test_other_numbers_are_refused(text: str) -> None:
    """Also where `int` takes them; the refusal says what to write."""
    with pytest.raises(InvalidNumber, match="; write "):
        read_whole(text)


@given(st.binary(max_size=64))
def test_hex_digits_and_bytes_are_inverse(content: bytes) -> None:
    """In either case of letters, with or without 0x."""
    assert read_hex(content.hex()) == read_hex("0x" + content.hex().upper()) == content


@pytest.mark.parametrize("text", ["0", "zz", "0x0", "00 ff", " 00", "00\n", "0X00", "\uff10\uff10", "0x0x00"])
def test_other_bytes_are_refused(text: str) -> None:
    """Also where `bytes.fromhex` takes them."""
    with pytest.raises(InvalidNumber, match="is not written in hex digits"):
        read_hex(text)


def test_bytes_have_a_size() -> None:
    """If one is stated."""
    assert read_hex("0x00ff", 2) == b"\0\xff"
    with pytest.raises(InvalidNumber, match="has 2 bytes in hex, not 3"):
        read_hex("0x00ff", 3)
