"""Receipts as the audit reads them: the outcome of each transaction of a block, without executing it.

The receipts root of a header proves which receipts are meant, and nothing about their content: a receipt of another
form than Prague's is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from pysettle.audit.encoding import EncodingError, item_at, number
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
_TOPIC_PREFIXES, _TOPIC_ITEM = b"\xa0" * 4, 33
"""Prefixes of four topics, and the bytes of each with its prefix."""
_LONG_LIST = 0xF8
"""First byte of a list of 56 to 255 bytes, whose second is the length."""
_TOPICS = {b"\xc0": 0, b"\xe1": 1, b"\xf8\x42": 2, b"\xf8\x63": 3, b"\xf8\x84": 4}
"""Prefix of a list of topics -> how many they are."""


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
    _, bloom, _ = item_at(receipt, status + 1, end)
    gas = number(receipt, status + 1, bloom)
    logs = bloom + _BLOOM_ITEM
    if receipt[bloom : bloom + len(_BLOOM_PREFIX)] != _BLOOM_PREFIX:
        raise EncodingError(f"byte {bloom}: a receipt has no bloom of 256 bytes")
    emitted = tuple(_logs(receipt, logs, end))
    return ExecutedTransaction(receipt[status] == 1, gas, emitted, raw=transaction)


def _logs(receipt: bytes, start: int, end: int) -> Iterator[ExecutedLog]:
    """Yield the logs that end a receipt. Most of their parts have fixed lengths, so that few prefixes are read."""
    at, logs_end, is_list = item_at(receipt, start, end)
    if not is_list or logs_end != end:
        raise EncodingError(f"byte {start}: the logs of a receipt are not one list at its end")
    while at < logs_end:
        address, log_end, is_list = item_at(receipt, at, logs_end)
        topics = address + _ADDRESS_ITEM
        if not is_list or topics >= log_end or receipt[address] != _ADDRESS_PREFIX:
            raise EncodingError(f"byte {at}: a log does not begin with an address")
        prefix = receipt[topics : topics + 2] if receipt[topics] == _LONG_LIST else receipt[topics : topics + 1]
        if prefix not in _TOPICS:
            raise EncodingError(f"byte {topics}: topics are not a list of at most four words")
        first, count = topics + len(prefix), _TOPICS[prefix]
        topics_end = first + _TOPIC_ITEM * count
        if receipt[first:topics_end:_TOPIC_ITEM] != _TOPIC_PREFIXES[:count]:
            raise EncodingError(f"byte {first}: topics are not words of 32 bytes")
        data, data_end, is_list = item_at(receipt, topics_end, log_end)
        if is_list or data_end != log_end:
            raise EncodingError(f"byte {topics_end}: a log does not end with its data")
        words = tuple([receipt[place + 1 : place + _TOPIC_ITEM] for place in range(first, topics_end, _TOPIC_ITEM)])
        yield ExecutedLog(Address(receipt[address + 1 : topics]), words, receipt[data:data_end])
        at = log_end
