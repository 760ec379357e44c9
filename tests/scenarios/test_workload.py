"""Traces: read exactly, or refused with file, row and column."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pysettle.domain.compute.usage import Meters, Window
from pysettle.errors import RowError
from pysettle.scenarios.deepseek import DEEPSEEK_V4_PRO_PEAK_HOURS
from pysettle.scenarios.workload import generate, read_trace

HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
ROW = "2023-11-16 18:17:03.9799600,4808,10\n"


def test_a_trace_is_read_in_order(tmp_path: Path) -> None:
    """Timestamps are UTC with fractions dropped; columns are found by name, in any order, beside others."""
    file = tmp_path / "trace.csv"
    file.write_text("GeneratedTokens,Note,TIMESTAMP,ContextTokens\n10,x,2023-11-16 18:17:03.9799600,4808\n")
    (request,) = read_trace(file)
    assert (request.timestamp, request.meters) == (1_700_158_623, Meters(input=4808, output=10))


def test_a_trace_is_of_days_that_the_contracts_count(tmp_path: Path) -> None:
    """From 1970-01-02 to the end of the 16 bits of a day; fractions are dropped by integers, and move no bound."""
    file = tmp_path / "trace.csv"
    times = ("1970-01-02", "2149-06-06 15:59:59.999999999", "2149-06-06T23:59:59.999999+08:00")
    file.write_text(HEADER + "".join(f"{it},1,1\n" for it in times))
    last = 2**16 * 86_400 - 8 * 3_600 - 1
    assert [it.timestamp for it in read_trace(file)] == [86_400, last, last]


def test_an_offset_in_a_timestamp_counts(tmp_path: Path) -> None:
    """A time with an offset is that moment, not UTC."""
    file = tmp_path / "trace.csv"
    file.write_text(HEADER + "2023-11-17T02:17:03+08:00,1,1\n")
    assert read_trace(file)[0].timestamp == 1_700_158_623


@pytest.mark.parametrize(
    ("content", "row", "column"),
    [
        ("", 0, "-"),
        (HEADER, 1, "-"),
        ("TIMESTAMP,ContextTokens\n" + ROW, 1, "GeneratedTokens"),
        (HEADER + ROW + "2023-11-16 18:17:04,-3,10\n", 3, "ContextTokens"),
        (HEADER + "2023-11-16 18:17:04,many,10\n", 2, "ContextTokens"),
        (HEADER + "2023-11-16 18:17:04,1.5,10\n", 2, "ContextTokens"),
        (HEADER + "2023-11-16 18:17:04,1,99999999999\n", 2, "GeneratedTokens"),
        (HEADER + "2023-11-16 18:17:04,1,\u0663\n", 2, "GeneratedTokens"),
        (HEADER + "2023-11-16 18:17:04,1\n", 2, "GeneratedTokens"),
        (HEADER + "yesterday,1,1\n", 2, "TIMESTAMP"),
        (HEADER + ROW + "2023-11-16 18:17:04,1,1,1\n", 3, "4"),
        (HEADER + "2023-11-16 18:17:04,4,808,10\n", 2, "4"),
        (HEADER + "2023-11-16 18:17:04,1,1,\n", 2, "4"),
        (HEADER.replace("\n", ",Note\n") + "2023-11-16 18:17:04,1,1\n", 2, "Note"),
        (HEADER.replace("\n", ",ContextTokens\n") + "2023-11-16 18:17:04,1,1,1\n", 1, "ContextTokens"),
        (HEADER + "2023-11-16 18:17:04,1,1.0\n", 2, "GeneratedTokens"),
        (HEADER + "2023-11-16 18:17:04,1_0,1\n", 2, "ContextTokens"),
        (HEADER + "1970-01-01 23:59:59.999999,1,1\n", 2, "TIMESTAMP"),
        (HEADER + "1970-01-02 00:00:00+00:01,1,1\n", 2, "TIMESTAMP"),
        (HEADER + "1969-12-31 23:59:59.5,1,1\n", 2, "TIMESTAMP"),
        (HEADER + "0001-01-01T00:00:00+23:59,1,1\n", 2, "TIMESTAMP"),
        (HEADER + ROW + "2149-06-06 16:00:00,1,1\n", 3, "TIMESTAMP"),
        (HEADER + ROW + "2150-01-01,1,1\n", 3, "TIMESTAMP"),
        (HEADER + "9999-12-31T23:59:59-23:59,1,1\n", 2, "TIMESTAMP"),
        (HEADER + ROW + "x" * 10_000_000 + "\n", 3, "-"),
        (HEADER + ROW + "x" * 10_000_000, 3, "-"),
    ],
)
def test_a_malformed_trace_is_refused(tmp_path: Path, content: str, row: int, column: str) -> None:
    """What is wrong is named by file, row and column, in one short line."""
    file = tmp_path / "trace.csv"
    file.write_text(content)
    with pytest.raises(RowError) as refused:
        read_trace(file)
    assert (refused.value.file, refused.value.row, refused.value.column) == (str(file), row, column)
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", HEADER.encode() + b"2023\xff,1,1\n", b"a\0b,c\n"])
def test_a_binary_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is no text is refused like any other malformed trace."""
    file = tmp_path / "trace.csv"
    file.write_bytes(content)
    with pytest.raises(RowError, match=r"trace\.csv"):
        read_trace(file)


def test_a_missing_or_unreadable_trace_is_refused(tmp_path: Path) -> None:
    """A path that is no file is refused with its name."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(RowError, match="cannot be read"):
            read_trace(path)


def test_generated_requests_have_the_shape_of_the_trace() -> None:
    """Same seed, same requests; quantiles lie near those of the real trace, and both price windows are used."""
    requests = generate(7)
    assert requests == generate(7) != generate(8)
    contexts = sorted(request.meters.cached_input + request.meters.input for request in requests)
    outputs = sorted(request.meters.output for request in requests)
    for values, quantiles in ((contexts, (578, 1469, 2744)), (outputs, (9, 13, 24))):
        for quarter, expected in enumerate(quantiles, 1):
            assert abs(values[len(values) * quarter // 4] - expected) <= max(2, expected // 10)
    windows = {DEEPSEEK_V4_PRO_PEAK_HOURS.window(request.timestamp) for request in requests}
    assert windows == {Window.PEAK, Window.OFF_PEAK}
    assert any(request.meters.cached_input for request in requests)


@pytest.mark.real_trace
def test_the_real_trace_is_read_whole() -> None:
    """The published trace has 8,819 requests, 18,059,974 input and 245,896 output tokens, all off-peak."""
    requests = read_trace(Path(os.environ["PYSETTLE_TRACE_DIR"], "AzureLLMInferenceTrace_code.csv"))
    assert len(requests) == 8_819
    assert sum(request.meters.input for request in requests) == 18_059_974
    assert sum(request.meters.output for request in requests) == 245_896
    windows = {DEEPSEEK_V4_PRO_PEAK_HOURS.window(request.timestamp) for request in requests}
    assert windows == {Window.OFF_PEAK}
