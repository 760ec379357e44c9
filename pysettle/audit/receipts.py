"""Receipts as the audit reads them: the outcome of each transaction of a block, without executing it.

The receipts root of a header proves which receipts are meant, and nothing about their content: a receipt of another
form than Prague's is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product, repeat
from struct import Struct
from typing import NamedTuple

from pysettle.audit.encoding import EncodingError, encode_string, item_at, number_at
from pysettle.audit.engines import ExecutedLog, ExecutedTransaction
from pysettle.values import Address

_TYPES = frozenset({1, 2, 3, 4})
"""Types of transactions under Prague, beside the legacy one."""
_STATUSES = b"\x80\x01"
"""Encodings of a status: 0 and 1."""
_BLOOM_PREFIX, _BLOOM_ITEM = b"\xb9\x01\x00", 259
"""Prefix of a bloom, and its bytes with the prefix."""
_ADDRESS_PREFIX, _ADDRESS_ITEM = 0x94, 21
"""Prefix of an address, and its bytes with the prefix."""
_TOPIC_PREFIX, _TOPIC_ITEM = b"\xa0", 33
"""Prefix of a topic, and its bytes with the prefix."""
_LONG_LIST = 0xF8
"""First byte of a list of 56 to 255 bytes, whose second is the length."""
_TOPICS = {b"\xc0": 0, b"\xe1": 1, b"\xf8\x42": 2, b"\xf8\x63": 3, b"\xf8\x84": 4}
"""Prefix of a list of topics -> how many they are."""


class _Layout(NamedTuple):
    """The lengths of all parts of a log; by these it is read at once."""

    gaps: Struct
    """Prefixes of the parts."""
    prefixes: tuple[bytes, ...]
    """The right ones."""
    values: Struct
    """Address, topics and data."""


def _layouts() -> Iterator[tuple[bytes, _Layout]]:
    """Yield the layouts of logs with up to 6 words of data: the frequent ones."""
    for (topics, count), words in product(_TOPICS.items(), range(7)):
        sizes = [20, *[32] * count, 32 * words]
        encoded = encode_string(bytes(sizes[-1]))
        parts = [*[_TOPIC_PREFIX] * count, encoded[: len(encoded) - sizes[-1]]]
        parts[0] = topics + parts[0]
        length = _ADDRESS_ITEM + len(b"".join(parts)) + sum(sizes[1:])
        if 55 < length < 256:
            prefixes = bytes([_LONG_LIST, length, _ADDRESS_PREFIX]), *parts
            both = list(zip(map(len, prefixes), sizes, strict=True))
            gaps = Struct("".join(f"{gap}s{size}x" for gap, size in both))
            values = Struct("".join(f"{gap}x{size}s" for gap, size in both))
            yield prefixes[0][:2] + parts[0][:2], _Layout(gaps, prefixes, values)


_LAYOUTS = dict(_layouts())
"""First two bytes of a log, and the two behind its address -> its layout."""


def outcomes(receipts: tuple[bytes, ...], transactions: tuple[bytes, ...] = ()) -> tuple[ExecutedTransaction, ...]:
    """Return the outcome of each transaction of a block; a receipt does not contain the sender.

    Args:
        receipts: The receipts of the block as they are hashed (EIP-2718).
        transactions: Its transactions likewise, where somebody wants to read them; a receipt may lack its own.

    Raises:
        EncodingError: one has not the form of a Prague receipt.
    """
    return tuple(map(_outcome, receipts, chain(transactions, repeat(b""))))


def _outcome(receipt: bytes, transaction: bytes) -> ExecutedTransaction:
    start = 0 if receipt[0] >= 0xC0 else 1
    if start and receipt[0] not in _TYPES:
        raise EncodingError(f"a receipt has the type {receipt[0]}, which is unknown")
    status, end, is_list = item_at(receipt, start, len(receipt))
    if not is_list or end != len(receipt) or end == status:
        raise EncodingError("a receipt is not one list")
    if receipt[status] not in _STATUSES:
        raise EncodingError("the status of a receipt is not 0 or 1")
    gas, bloom = number_at(receipt, status + 1, end)
    logs = bloom + _BLOOM_ITEM
    if receipt[bloom : bloom + len(_BLOOM_PREFIX)] != _BLOOM_PREFIX:
        raise EncodingError(f"byte {bloom}: a receipt has no bloom of 256 bytes")
    return ExecutedTransaction(receipt[status] == 1, gas, tuple(_logs(receipt, logs, end)), raw=transaction)


def _logs(receipt: bytes, start: int, end: int) -> list[ExecutedLog]:
    """Return the logs that end a receipt."""
    at, logs_end, is_list = item_at(receipt, start, end)
    if not is_list or logs_end != end:
        raise EncodingError(f"byte {start}: the logs of a receipt are not one list at its end")
    logs = []
    while at < end:
        layout = _LAYOUTS.get(receipt[at : at + 2] + receipt[at + 23 : at + 25])
        if layout and at + layout.gaps.size <= end and layout.gaps.unpack_from(receipt, at) == layout.prefixes:
            values = layout.values.unpack_from(receipt, at)
            logs.append(ExecutedLog(values[0], values[1:-1], values[-1]))
            at += layout.gaps.size
        else:
            log, at = _log(receipt, at, end)
            logs.append(log)
    return logs


def _log(receipt: bytes, at: int, end: int) -> tuple[ExecutedLog, int]:
    """Return the log at a byte of a receipt, and where it ends; most of its parts have fixed lengths."""
    address, log_end, is_list = item_at(receipt, at, end)
    topics = address + _ADDRESS_ITEM
    if not is_list or topics >= log_end or receipt[address] != _ADDRESS_PREFIX:
        raise EncodingError(f"byte {at}: a log does not begin with an address")
    first = topics + (2 if receipt[topics] == _LONG_LIST else 1)
    count = _TOPICS.get(receipt[topics:first])
    if count is None:
        raise EncodingError(f"byte {topics}: topics are not a list of at most four words")
    data = first + _TOPIC_ITEM * count
    if receipt[first:data:_TOPIC_ITEM] != _TOPIC_PREFIX * count:
        raise EncodingError(f"byte {first}: topics are not words of 32 bytes")
    payload, data_end, is_list = item_at(receipt, data, log_end)
    if is_list or data_end != log_end:
        raise EncodingError(f"byte {data}: a log does not end with its data")
    words = tuple([receipt[place + 1 : place + _TOPIC_ITEM] for place in range(first, data, _TOPIC_ITEM)])
    return ExecutedLog(Address(receipt[address + 1 : topics]), words, receipt[payload:log_end]), log_end
