"""The audit of a clearing cycle of four currencies, with PvP pairs between them."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.gas_cycle import JointCycle


def test_a_cycle_of_four_currencies_passes_at_level_s(tmp_path: Path) -> None:
    """Singles and pairs of two banks settle in one transaction, as the rule of order says, and nothing is found."""
    cycle = JointCycle(2)
    cycle.queue(2, 3)
    _, settled = cycle.settle()
    assert settled == 2 * 4 * 2 + 2 * 2 * 3
    report = cycle.audit(tmp_path / "bundle")
    assert report.passed, report.to_text()
    assert report.findings == ()
