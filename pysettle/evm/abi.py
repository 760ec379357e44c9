"""The contract ABI: values of Solidity's types as bytes, and back.

It knows the types that contracts here use: addresses (20 bytes), whole numbers, truth values, fixed and dynamic bytes,
text, arrays and tuples. eth-abi knows the same and more; importing it takes twice as long as all else that a command
needs to ask a node for a balance. Decoding is strict: an encoding that no contract of this
compiler makes is refused. Only a text may not be UTF-8, and is shown escaped then: anybody can deploy a contract with
such a name.

Source: the contract ABI specification of Solidity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pysettle.values import Address

_WORD = 32
_ADDRESS_BITS = 160
_LIST = re.compile(r"(.*)\[(\d*)\]")


class DecodingError(ValueError):
    """The bytes are no encoding of values of these types."""


@dataclass(frozen=True, slots=True)
class _Type:
    """How values of one type are encoded."""

    size: int
    """Bytes in the head: of the value itself, or of the place of a dynamic one."""
    is_dynamic: bool
    """Whether the value follows the heads."""
    encode: Callable[[Any], bytes]
    """Returns the encoding of a value."""
    decode: Callable[[bytes, int], Any]
    """Returns the value that begins at a place."""


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Encode values as Solidity's `abi.encode` does.

    Raises:
        ValueError: a value is none of its type, or there are not as many values as types.
        TypeError: likewise.
    """
    return _encode_tuple(tuple(map(_type, types)), values)


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Decode values; bytes behind them are left alone.

    Raises:
        DecodingError: the data do not fit the types.
    """
    return _decode_tuple(tuple(map(_type, types)), data, 0)


@cache
def _type(name: str) -> _Type:
    """Return how a type is encoded, by its canonical name."""
    if listed := _LIST.fullmatch(name):
        return _list(_type(listed[1]), int(listed[2]) if listed[2] else None)
    if name.startswith("("):
        members = tuple(map(_type, _members(name[1:-1])))
        is_dynamic = any(member.is_dynamic for member in members)
        size = _WORD if is_dynamic else sum(member.size for member in members)
        return _Type(
            size,
            is_dynamic,
            lambda values: _encode_tuple(members, values),
            lambda data, at: _decode_tuple(members, data, at),
        )
    if name == "bytes":
        return _Type(_WORD, True, _encode_bytes, _decode_bytes)
    if name == "string":
        return _Type(_WORD, True, lambda text: _encode_bytes(text.encode()), _decode_text)
    if name.startswith("bytes"):
        return _fixed_bytes(int(name.removeprefix("bytes")))
    if name == "bool":
        return _Type(_WORD, False, _encode_truth, lambda data, at: bool(_whole(data, at, 1)))
    if name == "address":
        return _Type(_WORD, False, _encode_address, _decode_address)
    if name.startswith("uint"):
        most = (1 << int(name.removeprefix("uint"))) - 1
        return _Type(_WORD, False, lambda value: _number(value, 0, most), lambda data, at: _whole(data, at, most))
    if name.startswith("int"):
        return _signed(1 << int(name.removeprefix("int")) - 1)
    raise ValueError(f"{name} is no type that contracts here use")


def _members(text: str) -> Iterator[str]:
    """Yield the types of a tuple, split at commas outside of inner tuples."""
    depth, begin = 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            yield text[begin:place]
            begin = place + 1
    if text:
        yield text[begin:]


# Values of one word


def _number(value: int, least: int, most: int) -> bytes:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    if not least <= value <= most:
        raise ValueError(f"{value} is not in the range {least} to {most}")
    return value.to_bytes(_WORD, "big", signed=least < 0)


def _encode_truth(value: bool) -> bytes:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither True nor False")
    return value.to_bytes(_WORD, "big")


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + _WORD]
    if len(word) != _WORD:
        raise DecodingError(f"there are {len(data)} bytes, and a word at {at}")
    return word


def _whole(data: bytes, at: int, most: int) -> int:
    number = int.from_bytes(_word(data, at), "big")
    if number > most:
        raise DecodingError(f"{number} is above {most}, the most that its type holds")
    return number


def _signed(bound: int) -> _Type:
    def read(data: bytes, at: int) -> int:
        number = int.from_bytes(_word(data, at), "big", signed=True)
        if not -bound <= number < bound:
            raise DecodingError(f"{number} is not in the range of its type")
        return number

    return _Type(_WORD, False, lambda value: _number(value, -bound, bound - 1), read)


def _fixed_bytes(size: int) -> _Type:
    padding = bytes(_WORD - size)

    def write(value: bytes) -> bytes:
        if len(value) > size:
            raise ValueError(f"0x{value.hex()} has more than {size} bytes")
        return bytes(value).ljust(_WORD, b"\0")

    def read(data: bytes, at: int) -> bytes:
        word = _word(data, at)
        if word[size:] != padding:
            raise DecodingError(f"0x{word.hex()} has more than {size} bytes")
        return word[:size]

    return _Type(_WORD, False, write, read)


def _encode_address(value: bytes) -> bytes:
    if len(value) != _ADDRESS_BITS // 8:
        raise ValueError(f"0x{value.hex()} is no address")
    return bytes(value).rjust(_WORD, b"\0")


def _decode_address(data: bytes, at: int) -> Address:
    return Address(_whole(data, at, (1 << _ADDRESS_BITS) - 1).to_bytes(_ADDRESS_BITS // 8, "big"))


# Values of any length


def _encode_bytes(value: bytes) -> bytes:
    return len(value).to_bytes(_WORD, "big") + value + bytes(-len(value) % _WORD)


def _decode_bytes(data: bytes, at: int) -> bytes:
    size, begin = _whole(data, at, len(data)), at + _WORD
    padded = data[begin : begin + size + -size % _WORD]
    if len(padded) % _WORD or len(padded) < size or any(padded[size:]):
        raise DecodingError(f"no {size} bytes and zeros up to the next word stand at {begin}")
    return padded[:size]


def _decode_text(data: bytes, at: int) -> str:
    return _decode_bytes(data, at).decode(errors="backslashreplace")


def _list(item: _Type, length: int | None) -> _Type:
    """Return how an array is encoded; of any length if None."""

    def write(values: Sequence[Any]) -> bytes:
        if length is None:
            return len(values).to_bytes(_WORD, "big") + _encode_tuple([item] * len(values), values)
        return _encode_tuple([item] * length, values)

    def read(data: bytes, at: int) -> tuple[Any, ...]:
        if length is not None:
            return _decode_tuple([item] * length, data, at)
        # An item takes a word at the least, so that no length makes a list that the data have no room for.
        return _decode_tuple([item] * _whole(data, at, len(data) // _WORD), data, at + _WORD)

    is_dynamic = length is None or item.is_dynamic
    return _Type(_WORD if is_dynamic else item.size * (length or 0), is_dynamic, write, read)


def _encode_tuple(types: Sequence[_Type], values: Sequence[Any]) -> bytes:
    heads, tails = list[bytes](), list[bytes]()
    place = sum(kind.size for kind in types)
    for kind, value in zip(types, values, strict=True):
        encoded = kind.encode(value)
        if kind.is_dynamic:
            heads.append(place.to_bytes(_WORD, "big"))
            tails.append(encoded)
            place += len(encoded)
        else:
            heads.append(encoded)
    return b"".join(heads + tails)


def _decode_tuple(types: Sequence[_Type], data: bytes, at: int) -> tuple[Any, ...]:
    values, head = list[Any](), at
    for kind in types:
        begin = at + _whole(data, head, len(data)) if kind.is_dynamic else head
        values.append(kind.decode(data, begin))
        head += kind.size
    return tuple(values)
