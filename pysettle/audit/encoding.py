"""The encodings an auditor reads, written from their specifications: RLP, the ordered trie, addresses of creations.

Knows nothing of blocks. It shares no code with the producer or with any engine, so that headers and bodies are checked
without either. RLP is read strictly: a value has one encoding, and any other is refused.

Source:
    Ethereum Yellow Paper, section 7 (address of a creation), appendices B (RLP), C (hex prefix) and D (trie).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from pysettle.hashing import keccak
from pysettle.values import Address

ITEM_MAX = 2**24
"""Most bytes of one block, or of its receipts; 60,000,000 gas pay for half of them."""
ITEMS_MAX = 2**18
"""Most items of one list; the same gas pays for 160,000 logs, and for fewer of anything else."""
_PREFIX_MAX = 9
"""Bytes of the longest prefix of an RLP item."""


class EncodingError(ValueError):
    """Bytes that are not the one encoding of any value; the message states the problem and its byte."""


# ---------------------------------------------------------------------------------------- RLP


def item_at(content: bytes, start: int, end: int) -> tuple[int, int, bool]:
    """Return where the payload of the RLP item at `start` begins and ends, and whether the item is a list.

    Raises:
        EncodingError: there is no item, it runs over `end`, or its length is not in its shortest form.
    """
    if start >= end:
        raise EncodingError(f"byte {start}: an RLP item is missing")
    first = content[start]
    if first < 0x80:
        return start, start + 1, False
    length = first & 0x3F
    if length <= 55:
        payload = start + 1
        if first == 0x81 and payload < end and content[payload] < 0x80:
            raise EncodingError(f"byte {start}: an RLP byte below 0x80 has a prefix it must not have")
    else:
        payload = start + length - 54
        digits = content[start + 1 : payload]
        length = int.from_bytes(digits, "big")
        if payload > end or digits[0] == 0 or length <= 55:
            raise EncodingError(f"byte {start}: an RLP length is cut off or not in its shortest form")
    item_end = payload + length
    if item_end > end:
        over = item_end - end
        raise EncodingError(f"byte {start}: an RLP item of {length} bytes runs over its end by {over}")
    return payload, item_end, first >= 0xC0


def read_items(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the RLP items of a file one after the other, each with its prefix, and hold no more than one.

    Args:
        stream: The file, at its begin.
        size: Its length in bytes.

    Raises:
        EncodingError: an item is cut off, is longer than any block, or its length is not in its shortest form.
    """
    position = 0
    while position < size:
        head = stream.read(_PREFIX_MAX)
        try:
            _, length, _ = item_at(head, 0, size - position)
        except IndexError:
            raise EncodingError("an RLP item is cut off") from None
        if length > ITEM_MAX:
            raise EncodingError(f"an RLP item of {length} bytes is longer than those of any block")
        item = head[:length] + stream.read(max(0, length - len(head)))
        if len(item) != length:
            raise EncodingError("an RLP item is cut off")
        position += length
        stream.seek(position)
        yield item


def list_parts(content: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, int, int]]:
    """Return where each item of the RLP list at `start` begins, where its payload begins, and where it ends.

    Raises:
        EncodingError: it is no list that fills `start` to `end`, or one of its items is malformed.
    """
    end = len(content) if end is None else end
    position, payload_end, is_list = item_at(content, start, end)
    if not is_list:
        raise EncodingError(f"byte {start}: an RLP list is expected, this is a string")
    if payload_end != end:
        raise EncodingError(f"byte {payload_end}: {end - payload_end} bytes follow an RLP list that should end there")
    parts = []
    while position < payload_end:
        payload, item_end, _ = item_at(content, position, payload_end)
        parts.append((position, payload, item_end))
        position = item_end
        if len(parts) > ITEMS_MAX:
            raise EncodingError(f"byte {start}: an RLP list has more than {ITEMS_MAX} items")
    return parts


def list_items(content: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return where each item of the RLP list at `start` begins and ends, prefixes included.

    Raises:
        EncodingError: as `list_parts`.
    """
    return [(begin, item_end) for begin, _, item_end in list_parts(content, start, end)]


def check_nesting(content: bytes, start: int, end: int, most: int) -> None:
    """Check that the RLP items from `start` to `end` are well formed and nest no deeper than `most` lists.

    Engines read by recursion, which a hostile file could drive until the process dies.

    Raises:
        EncodingError: they are not.
    """
    while start < end:
        payload, payload_end, is_list = item_at(content, start, end)
        if is_list:
            if most == 0:
                raise EncodingError(f"byte {start}: RLP lists nest deeper than any block's do")
            check_nesting(content, payload, payload_end, most - 1)
        start = payload_end


def string(content: bytes, start: int, end: int, length: int | None = None) -> bytes:
    """Return the RLP string from `start` to `end`, of the given length in bytes, if given.

    Raises:
        EncodingError: it is a list, or of another length.
    """
    payload, payload_end, is_list = item_at(content, start, end)
    if is_list or payload_end != end or length not in (None, payload_end - payload):
        raise EncodingError(f"byte {start}: an RLP string of {length or 'any'} bytes is expected")
    return content[payload:payload_end]


def number(content: bytes, start: int, end: int) -> int:
    """Return the RLP number from `start` to `end`, at most 8 bytes, without leading zeros.

    Raises:
        EncodingError: it is not such a number.
    """
    value, number_end = number_at(content, start, end)
    if number_end != end:
        raise EncodingError(f"byte {start}: an RLP string of any bytes is expected")
    return value


def number_at(content: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the RLP number at `start`, at most 8 bytes, without leading zeros, and where it ends.

    Raises:
        EncodingError: there is no such number, or it runs over `end`.
    """
    size = content[start] - 0x80 if start < end else 9
    if size < 0:
        digits, number_end = content[start : start + 1], start + 1
    else:
        number_end = start + 1 + size
        digits = content[start + 1 : number_end]
    if size > 8 or number_end > end or digits[:1] == b"\0" or (size == 1 and digits < b"\x80"):
        raise EncodingError(f"byte {start}: an RLP number is missing, has leading zeros or more than 8 bytes")
    return int.from_bytes(digits), number_end


def encode_string(value: bytes) -> bytes:
    """Return the RLP of a string."""
    return value if len(value) == 1 and value[0] < 0x80 else _prefix(0x80, len(value)) + value


def encode_list(items: Sequence[bytes]) -> bytes:
    """Return the RLP of a list of items that are encoded already."""
    payload = b"".join(items)
    return _prefix(0xC0, len(payload)) + payload


def encode_number(value: int) -> bytes:
    """Return the RLP of a number."""
    return encode_string(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def created_address(creator: Address, nonce: int) -> Address:
    """Return the address at which an account creates a contract at a nonce, by CREATE or in a transaction."""
    return Address(keccak(encode_list([encode_string(creator), encode_number(nonce)]))[-20:])


def _prefix(kind: int, length: int) -> bytes:
    if length <= 55:
        return bytes([kind + length])
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([kind + 55 + len(digits)]) + digits


# --------------------------------------------------------------------------------------- trie


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Return the root of the trie that maps the RLP of 0, 1, 2 ... to the values, as block headers state it.

    Args:
        values: Transactions, receipts or withdrawals of a block as they are hashed (EIP-2718), none empty.
    """
    pairs = sorted((_nibbles(encode_number(index)), value) for index, value in enumerate(values))
    return keccak(_node(pairs, 0))


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _node(pairs: Sequence[tuple[bytes, bytes]], depth: int) -> bytes:
    """Return the RLP of the node over sorted pairs that agree in their first `depth` nibbles; no key begins another."""
    if not pairs:
        return encode_string(b"")
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return encode_list([_hex_prefix(first[depth:], leaf=True), encode_string(pairs[0][1])])
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return encode_list([_hex_prefix(first[depth:shared], leaf=False), _reference(_node(pairs, shared))])
    branches: list[list[tuple[bytes, bytes]]] = [[] for _ in range(16)]
    for pair in pairs:
        branches[pair[0][depth]].append(pair)
    return encode_list([*(_reference(_node(branch, depth + 1)) for branch in branches), encode_string(b"")])


def _hex_prefix(nibbles: bytes, *, leaf: bool) -> bytes:
    flag = 2 if leaf else 0
    padded = bytes([flag + 1]) + nibbles if len(nibbles) % 2 else bytes([flag, 0]) + nibbles
    return encode_string(bytes(16 * high + low for high, low in zip(padded[::2], padded[1::2], strict=True)))


def _reference(node: bytes) -> bytes:
    return node if len(node) < 32 else encode_string(keccak(node))
