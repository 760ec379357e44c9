"""Receipts as the audit reads them: the outcome of each transaction of a block, without executing it.

The receipts root of a header proves which receipts are meant, and nothing about their content: a receipt of another
form than Prague's is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from pysettle.audit.encoding import EncodingError, list_items, number, string
from pysettle.audit.engines import ExecutedLog, ExecutedTransaction
from pysettle.values import Address

_TYPES = frozenset({1, 2, 3, 4})
"""Types of transactions under Prague, beside the legacy one."""
_RECEIPT_FIELDS = 4
_LOG_FIELDS = 3
_TOPICS_MAX = 4


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
    fields = list_items(receipt, start)
    if len(fields) != _RECEIPT_FIELDS:
        raise EncodingError(f"a receipt has {len(fields)} fields, not {_RECEIPT_FIELDS}")
    status, gas, bloom, logs = fields
    succeeded = number(receipt, *status)
    if succeeded > 1:
        raise EncodingError(f"the status of a receipt is {succeeded}, not 0 or 1")
    string(receipt, *bloom, length=256)
    emitted = tuple(_logs(receipt, *logs))
    return ExecutedTransaction(bool(succeeded), number(receipt, *gas), emitted, raw=transaction)


def _logs(receipt: bytes, start: int, end: int) -> Iterator[ExecutedLog]:
    for place in list_items(receipt, start, end):
        fields = list_items(receipt, *place)
        if len(fields) != _LOG_FIELDS:
            raise EncodingError(f"a log has {len(fields)} fields, not {_LOG_FIELDS}")
        address, topics, data = fields
        words = tuple(string(receipt, *topic, length=32) for topic in list_items(receipt, *topics))
        if len(words) > _TOPICS_MAX:
            raise EncodingError(f"a log has {len(words)} topics, more than {_TOPICS_MAX}")
        yield ExecutedLog(Address(string(receipt, *address, length=20)), words, string(receipt, *data))
