"""Receipts are read in the one form that Prague's have: everything else is refused, wherever it differs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pysettle.audit.encoding import EncodingError, encode_list, encode_string, item_at
from pysettle.audit.receipts import outcomes

ADDRESS, TOPIC, DATA = (
    bytes(range(20)),
    bytes(range(32)),
    b"data of a log, longer than a prefix of one byte can state it to be",
)


def log(
    address: bytes = encode_string(ADDRESS), topics: bytes | None = None, data: bytes = encode_string(DATA)
) -> bytes:
    """Return a log of encoded parts."""
    return encode_list([address, words(1) if topics is None else topics, data])


def words(count: int) -> bytes:
    """Return a list of topics."""
    return encode_list([encode_string(TOPIC)] * count)


def receipt(
    logs: bytes | None = None, status: bytes = b"\1", gas: bytes = b"\x82\x52\x08", bloom: bytes = bytes(256)
) -> bytes:
    """Return a receipt of encoded parts."""
    return encode_list([status, gas, encode_string(bloom), encode_list([log()]) if logs is None else logs])


@pytest.mark.parametrize("count", range(5))
@pytest.mark.parametrize("kind", [b"", b"\1", b"\2", b"\3", b"\4"])
def test_a_receipt_is_read(kind: bytes, count: int) -> None:
    """Legacy or typed, with no to four topics, each log has its parts in their places."""
    (outcome,) = outcomes((kind + receipt(encode_list([log(topics=words(count))] * 2)),))
    assert (outcome.succeeded, outcome.cumulative_gas, len(outcome.logs)) == (True, 21_000, 2)
    for emitted in outcome.logs:
        assert (emitted.address, emitted.topics, emitted.data) == (ADDRESS, (TOPIC,) * count, DATA)
    assert outcomes((receipt(encode_list([]), status=b"\x80"),))[0].succeeded is False


@pytest.mark.parametrize("count", range(5))
@pytest.mark.parametrize("size", range(0, 257, 32))
def test_a_log_of_words_has_one_form(size: int, count: int) -> None:
    """Most logs are read by their layout at once: as all others are, and refused if any prefix in them is another."""
    address, topic, data = b"\xee" * 20, b"\xee" * 32, b"\xee" * size
    written = log(encode_string(address), encode_list([encode_string(topic)] * count), encode_string(data))
    (outcome,) = outcomes((receipt(encode_list([written] * 2)),))
    assert [tuple(it) for it in outcome.logs] == [(address, (topic,) * count, data)] * 2
    for place in (place for place, byte in enumerate(written) if byte != 0xEE):
        changed = written[:place] + bytes([written[place] + 1]) + written[place + 1 :]
        with pytest.raises(EncodingError):
            outcomes((receipt(encode_list([written, changed])),))


def one_log(**parts: bytes) -> bytes:
    """Return a receipt with one log of other parts."""
    return receipt(encode_list([log(**parts)]))


def content_of(item: bytes) -> bytes:
    """Return a list without its prefix."""
    start, end, _ = item_at(item, 0, len(item))
    return item[start:end]


WRONG: dict[str, bytes] = {
    "type": b"\5" + receipt(),
    "no list": b"\1\x80",
    "fields as a string": b"\1" + encode_string(content_of(receipt())),
    "bloom as a list": receipt().replace(encode_string(bytes(256)), b"\xf9\x01\x00" + bytes(256)),
    "parts of a log as a string": receipt(encode_list([encode_string(content_of(log()))])),
    "bytes behind": receipt() + b"\0",
    "empty": encode_list([]),
    "status": receipt(status=b"\2"),
    "gas with a zero": receipt(gas=b"\x82\x00\x08"),
    "gas as a list": receipt(gas=encode_list([])),
    "short bloom": receipt(bloom=bytes(255)),
    "fifth field": encode_list([b"\1", b"\1", encode_string(bytes(256)), encode_list([]), b"\1"]),
    "logs as a string": receipt(b"\x80"),
    "log as a string": receipt(encode_list([encode_string(bytes(60))])),
    "short address": one_log(address=encode_string(ADDRESS[1:])),
    "address as a list": one_log(address=encode_list([encode_string(ADDRESS[1:])])),
    "five topics": one_log(topics=words(5)),
    "short topic": one_log(topics=encode_list([encode_string(TOPIC[1:]), b"\1"])),
    "topics as a string": one_log(topics=encode_string(TOPIC + b"\1")),
    "topic as a list": one_log(topics=b"\xe1\xe0" + bytes(32)),
    "data as a list": one_log(data=encode_list([b"\1"])),
    "fourth part": receipt(encode_list([encode_list([encode_string(ADDRESS), words(1), b"\1", b"\1"])])),
    "no data": receipt(encode_list([encode_list([encode_string(ADDRESS), words(1)])])),
    "address alone": receipt(encode_list([encode_list([encode_string(ADDRESS)])])),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_another_form_is_refused(content: Sequence[int]) -> None:
    """By one error, which the ledger's check reports with the block."""
    with pytest.raises(EncodingError):
        outcomes((bytes(content),))
