"""The audit of a clearing cycle of four currencies, with PvP pairs between them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.audit.records import ALL, check_books, opened
from tests.benchmarks.gas_cycle import JointCycle

BANKS = 3
"""The nets of an odd number of banks are no movements between two of them."""


def test_a_cycle_of_four_currencies_passes_at_level_s(tmp_path: Path) -> None:
    """Singles and pairs of the banks settle in one transaction, as the rule of order says, and nothing is found.

    No bank is the counterparty of another one's net, and all questions about the books agree.
    """
    cycle = JointCycle(BANKS)
    cycle.queue(2, 3)
    _, settled = cycle.settle()
    assert settled == BANKS * 4 * 2 + BANKS * 2 * 3
    report = cycle.audit(tmp_path / "bundle", index=tmp_path / "index.sqlite")
    assert report.passed, report.to_text()
    assert report.findings == ()
    with opened(tmp_path / "index.sqlite") as records:
        check_books(records, tmp_path)
        nets = [it for it in records.postings(ALL) if it.event == "PositionsNetted"]
    assert set(Counter(it.log_index for it in nets).values()) == {BANKS}
    assert {(it.counter_owner, it.counter_purpose) for it in nets} == {(None, None)}
