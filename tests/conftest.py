"""What all tests share."""

from __future__ import annotations

import os

import pytest

from tests.chance import load_profile

load_profile()

TRACE_DIR = os.environ.get("PYSETTLE_TRACE_DIR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no core waits for one at the end; skip those that lack the real trace."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if TRACE_DIR is None:
        for item in items:
            if item.get_closest_marker("real_trace"):
                item.add_marker(pytest.mark.skip(reason="PYSETTLE_TRACE_DIR is not set"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line, which `.ci/run` reads, how many tests on the real trace ran."""
    passed, skipped = (
        sum("real_trace" in report.keywords for report in terminalreporter.stats.get(outcome, []))
        for outcome in ("passed", "skipped")
    )
    if passed or skipped:
        hint = "" if TRACE_DIR else " - SET PYSETTLE_TRACE_DIR TO RUN THEM"
        terminalreporter.write_line(f"real-trace tests: {passed} passed, {skipped} skipped{hint}", yellow=bool(skipped))
