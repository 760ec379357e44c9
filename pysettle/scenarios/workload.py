"""The usage a scenario delivers: read from a trace of real requests, or generated in its shape.

A trace is a CSV file with the columns TIMESTAMP, ContextTokens and GeneratedTokens, as the Azure LLM inference traces
have them; a timestamp without an offset is UTC. It is read whole and checked before anything else happens.
Source of the shape: AzureLLMInferenceTrace_code, Azure/AzurePublicDataset, CC-BY 4.0; Patel et al., "Splitwise:
Efficient Generative LLM Inference Using Phase Splitting", ISCA 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

from pysettle.domain.compute.serving import Request
from pysettle.domain.compute.usage import Meters
from pysettle.errors import InvalidNumber
from pysettle.reading import read_whole
from pysettle.rows import Row, read_rows

_COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
_FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = 86_400
"""First second of a trace: the chain begins up to two hours before it, and no block is from before 1970."""
_END_SECOND = 2**16 * 86_400 - 8 * 3_600
"""First second after a trace: the contracts count days of UTC+8 in 16 bits."""
_MAX_COUNT = 2**32 - 1
"""LLM tokens one request may count."""

_SHARES = (0, 10, 100, 250, 500, 750, 900, 990, 1000)
"""Quantiles of the tables below, in thousandths."""
_CONTEXT = (3, 17, 147, 578, 1469, 2744, 5186, 7436, 7437)
_GENERATED = (6, 6, 7, 9, 13, 24, 55, 249, 1899)

GENERATED_REQUESTS = 8_819
"""Requests of a generated workload: as many as the trace it is shaped after."""
_GENERATED_START = int(datetime(2026, 3, 4, 9, 30, tzinfo=UTC).timestamp())
"""A Wednesday, half an hour before the end of peak hours, so that both price windows are used."""
_GENERATED_SECONDS = 3_600


def read_trace(path: Path) -> list[Request]:
    """Read a trace of requests, in the order of the file.

    Raises:
        RowError: the file cannot be read, is empty, lacks a column, or has a value of the wrong form; it names file,
            row (1 is the header) and column.
    """
    return [_request(row) for row in read_rows(path, _COLUMNS)]


def _request(row: Row) -> Request:
    context, generated = _count(row, "ContextTokens"), _count(row, "GeneratedTokens")
    return Request(_timestamp(row), Meters(input=context, output=generated))


def _count(row: Row, column: str) -> int:
    try:
        count = read_whole(row.cells[column])
    except InvalidNumber:
        count = -1
    if not 0 <= count <= _MAX_COUNT:
        raise row.refusal(column, f"{row.cells[column][:40]!r} is not a count from 0 to {_MAX_COUNT}; correct it")
    return count


def _timestamp(row: Row) -> int:
    text = row.cells["TIMESTAMP"]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        example = "2023-11-16 18:17:03.979"
        raise row.refusal("TIMESTAMP", f"{text[:40]!r} is not a time; write it like {example}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Not by `timestamp()`, which is a float and rounds towards 1970.
    second = (moment - _FIRST_INSTANT) // timedelta(seconds=1)
    if not _FIRST_SECOND <= second < _END_SECOND:
        when = f"before {_utc(_FIRST_SECOND)}" if second < _FIRST_SECOND else f"not before {_utc(_END_SECOND)}"
        raise row.refusal("TIMESTAMP", f"{text[:40]!r} is {when}, and the contracts count no such day")
    return second


def _utc(second: int) -> str:
    return f"{_FIRST_INSTANT + timedelta(seconds=second):%Y-%m-%d %H:%M} UTC"


def generate(seed: int, count: int = GENERATED_REQUESTS) -> list[Request]:
    """Generate requests in the shape of the trace: same quantiles of context and output, one hour, both windows.

    Up to half of a context is served from cache, which the trace does not record.

    Args:
        seed: Same seed, same requests.
        count: Number of requests.
    """
    random = Random(seed)  # noqa: S311 - reproducible on purpose, and nothing secret is made of it
    requests = []
    for place in range(count):
        context = _draw(random, _CONTEXT)
        cached = random.randrange(context // 2 + 1)
        timestamp = _GENERATED_START + place * _GENERATED_SECONDS // count
        requests.append(Request(timestamp, Meters(cached, context - cached, _draw(random, _GENERATED))))
    return requests


def _draw(random: Random, values: Sequence[int]) -> int:
    """Draw from a distribution given by its quantiles, evenly between two of them."""
    share = random.randrange(_SHARES[-1])
    for (low_share, low), (high_share, high) in pairwise(zip(_SHARES, values, strict=True)):
        if share < high_share:
            return low + (high - low) * (share - low_share) // (high_share - low_share)
    return values[-1]
