"""What all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Container, Iterator

import pytest

from pysettle.audit.independent.catalogue import engines
from tests.audit.remembering import remember
from tests.chance import load_profile
from tests.evm.nodes import remember_nodes

gc.disable()  # until all tests are collected: nothing that is imported goes away again
load_profile()
remember_nodes()

TRACE_DIR = os.environ.get("PYSETTLE_TRACE_DIR")
CHAINS_DIR = os.environ.get("PYSETTLE_CHAINS_DIR")
NEEDS = {
    "real_trace": "PYSETTLE_TRACE_DIR is not set" if TRACE_DIR is None else "",
    "foreign_chain": "PYSETTLE_CHAINS_DIR is not set" if CHAINS_DIR is None else "",
    "engines": "".join(f"{it.title}: {it.missing}; " for it in engines() if it.missing and it.name != "geth"),
    "geth": "".join(f"{it.title}: {it.missing}" for it in engines() if it.missing and it.name == "geth"),
}
"""Mark -> why the tests that have it are skipped, empty if they are not."""


@pytest.fixture(autouse=True, scope="session")
def remembering() -> Iterator[None]:
    """Have audits do no work twice: most tests change one file of a bundle, or one block."""
    with pytest.MonkeyPatch.context() as patch:
        remember(patch)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no core waits for one at the end; skip those that lack what they need."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        for mark, reason in NEEDS.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Leave what is loaded to itself: it stays to the end, and the collector need not look at it time and again."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def _counts(mark: str, marks: Container[str]) -> bool:
    """Return whether a test with these marks counts under a mark: its own, and the first one whose need is not met."""
    return mark in marks and mark == next((it for it, reason in NEEDS.items() if reason and it in marks), mark)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line for each mark, which `.ci/run` reads, how many tests with it ran.

    A test with two marks that was skipped for want of one of them counts under that one alone.
    """
    for mark, reason in NEEDS.items():
        passed, skipped = (
            sum(_counts(mark, report.keywords) for report in terminalreporter.stats.get(outcome, []))
            for outcome in ("passed", "skipped")
        )
        if passed or skipped:
            name, hint = mark.replace("_", "-"), f" - {reason}" if reason else ""
            terminalreporter.write_line(f"{name} tests: {passed} passed, {skipped} skipped{hint}", yellow=bool(skipped))
