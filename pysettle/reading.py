"""Whole numbers, hex digits and addresses as people and strangers write them, each read in one way everywhere.

Python's own readers take more than a reader of money may: `int` takes `1_000`, `+5`, ` 5` and the digits of every
script, `bytes.fromhex` takes spaces between bytes. Amounts with decimals are in `pysettle.money`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pysettle.errors import InvalidNumber

if TYPE_CHECKING:
    from pysettle.values import Address

_DIGITS = re.compile(r"[0-9]+")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})*)")
_ADDRESS = re.compile(r"0x([0-9a-fA-F]{40})")
_MOST_DIGITS = 78
"""Decimal digits of 2^256 - 1, the largest number that a contract stores."""


def read_whole(text: str) -> int:
    """Read a whole number that is written in the digits 0 to 9 and nothing else.

    Raises:
        InvalidNumber: another character is among them, none is there, or they are more than 256 bits hold.

    Example:
        >>> read_whole("1000"), read_whole("007")
        (1000, 7)
    """
    if not _DIGITS.fullmatch(text):
        raise InvalidNumber(
            f"{text[:40]!r} is no whole number; write it in the digits 0 to 9 alone, like 1000", text=text[:40]
        )
    digits = text.lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS or (number := int(digits)) >= 2**256:
        raise InvalidNumber(
            f"a number of {len(digits)} digits is 2^256 or more; write a smaller one", digits_count=len(digits)
        )
    return number


def read_number(value: object, bits: int) -> int:
    """Read a whole number of untrusted JSON: an integer, or its digits in a string.

    Raises:
        ValueError: it is something else, negative, or too large for the bits.
    """
    try:
        number = read_whole(value) if isinstance(value, str) else value
    except InvalidNumber:
        number = None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << bits:
        raise ValueError(f"{value!r} is no whole number in the range 0<=x<2^{bits}")
    return number


def read_hex(text: str, size: int | None = None) -> bytes:
    r"""Read bytes that are written as hex digits, with or without 0x before them.

    Args:
        text: The digits, two a byte.
        size: Bytes that there have to be; None for any number of them.

    Raises:
        InvalidNumber: another character is among them, or they are another number of bytes.

    Example:
        >>> read_hex("0x00ff", 2)
        b'\x00\xff'
    """
    match = _HEX.fullmatch(text)
    if match is None:
        raise InvalidNumber(
            f"{text[:70]!r} is not written in hex digits, two a byte; write it like 0x00ff", text=text[:70]
        )
    content = bytes.fromhex(match[1])
    if size is not None and len(content) != size:
        raise InvalidNumber(
            f"{text[:70]!r} has {len(content)} bytes in hex, not {size}; copy it whole",
            text=text[:70],
            bytes_count=len(content),
            expected_bytes_count=size,
        )
    return content


def read_address(text: str) -> Address:
    """Read the address of an account: 0x and 40 hex digits, with a checksum in the letters unless all have one case.

    Raises:
        InvalidNumber: it is written otherwise, or its checksum is that of other digits.

    Source:
        EIP-55.

    Example:
        >>> read_address("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359").hex()
        'fb6916095ca1df60bb79ce92ce3ea74c37c5d359'
    """
    from pysettle.values import Address

    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise InvalidNumber(f"{text[:70]!r} is no address; write it as 0x and 40 hex digits", text=text[:70])
    digits = match[1]
    if digits not in (digits.lower(), digits.upper(), _with_checksum(digits.lower())):
        raise InvalidNumber(
            f"the checksum (EIP-55) of {text} does not fit its digits, one of which may be wrong; copy it again",
            text=text[:70],
        )
    return Address(bytes.fromhex(digits))


def _with_checksum(digits: str) -> str:
    """Return the digits of an address with the letters of EIP-55."""
    from pysettle.hashing import keccak

    marks = keccak(digits.encode()).hex()
    return "".join(digit.upper() if int(mark, 16) > 7 else digit for digit, mark in zip(digits, marks, strict=False))
