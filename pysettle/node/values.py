"""The values of Ethereum's JSON-RPC: hex quantities and data in, hex out. Strict as the standard.

Source:
    Ethereum execution API specification, "base types".
"""

from __future__ import annotations

import re
from typing import Any

from eth_utils.address import to_checksum_address

from pysettle.node.protocol import InvalidParams
from pysettle.values import Address, Hash32

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)


def quantity(value: Any, name: str, bits: int = 256) -> int:
    """Read an unsigned integer of at most so many bits: hex after 0x.

    Leading zeros are let through, since common clients send them.

    Raises:
        InvalidParams: it is none.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise InvalidParams(f"{name} is not a hex quantity such as 0x1f")
    number = int(value, 16)
    if number >> bits:
        raise InvalidParams(f"{name} has more than {bits} bits")
    return number


def integer(value: Any, name: str) -> int:
    """Read a quantity, or a plain JSON number as development tools send it.

    Raises:
        InvalidParams: it is neither, or negative.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**256:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 78:
        return int(value)
    return quantity(value, name)


def data(value: Any, name: str, length: int | None = None) -> bytes:
    """Read bytes: hex after 0x, two digits each.

    Args:
        value: Received value.
        name: Its name in the error.
        length: Number of bytes, None for any.

    Raises:
        InvalidParams: it is not hex, or of another length.
    """
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise InvalidParams(f"{name} is not hex data such as 0x00ff")
    content = bytes.fromhex(value[2:])
    if length not in (None, len(content)):
        raise InvalidParams(f"{name} has {len(content)} bytes, not {length}")
    return content


def address(value: Any, name: str = "the address") -> Address:
    """Read an account's address; its checksum is not looked at."""
    return Address(data(value, name, 20))


def hash32(value: Any, name: str = "the hash") -> Hash32:
    """Read a hash."""
    return Hash32(data(value, name, 32))


def storage_slot(value: Any, name: str = "the slot") -> int:
    """Read a storage key: a quantity, or a word of up to 32 bytes."""
    return quantity(value, name)


def fields(value: Any, name: str) -> dict[str, Any]:
    """Read an object.

    Raises:
        InvalidParams: it is none.
    """
    if not isinstance(value, dict):
        raise InvalidParams(f"{name} is not an object")
    return value


def flag(value: Any, name: str) -> bool:
    """Read true or false.

    Raises:
        InvalidParams: it is neither.
    """
    if not isinstance(value, bool):
        raise InvalidParams(f"{name} is neither true nor false")
    return value


def hex_data(content: bytes) -> str:
    """Return bytes as hex after 0x."""
    return "0x" + content.hex()


def hex_word(number: int) -> str:
    """Return a number as a word of 32 bytes."""
    return f"0x{number:064x}"


def hex_address(account: bytes) -> str:
    """Return an address with its checksum (EIP-55): clients compare it with or without."""
    return str(to_checksum_address(account))
