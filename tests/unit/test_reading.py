"""Whole numbers and hex digits are read in one way."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from pysettle.errors import InvalidNumber
from pysettle.reading import read_address, read_hex, read_whole


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


@given(st.binary(min_size=20, max_size=20))
def test_an_address_carries_its_checksum_or_none(content: bytes) -> None:
    """As eth-utils writes it, or in letters of one case; any one letter of the other case is refused."""
    written = to_checksum_address(content)
    for text in (written, written.lower(), "0x" + written[2:].upper()):
        assert read_address(text) == content
    letters = [place for place, it in enumerate(written) if place > 1 and it.isalpha()]
    for place in letters:
        changed = written[:place] + written[place].swapcase() + written[place + 1 :]
        if changed[2:] not in (written[2:].lower(), written[2:].upper()):
            with pytest.raises(InvalidNumber, match="checksum"):
                read_address(changed)


@pytest.mark.parametrize(
    "text", ["", "0x", "0x" + "1" * 39, "0x" + "1" * 41, "1" * 40, "0x" + "1" * 38 + "  ", "0X" + "a" * 40]
)
def test_an_address_has_forty_digits(text: str) -> None:
    """Spaces among them are none, although Python's reader drops them."""
    with pytest.raises(InvalidNumber, match="is no address"):
        read_address(text)
