"""Genuine networks in random histories, among strangers' tokens and logs: the audit raises no alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from pysettle.audit.report import Check, Outcome
from pysettle.audit.verify import verify
from tests.audit.histories import Histories
from tests.chance import rounds


@pytest.mark.apart
@pytest.mark.random
def test_clean_histories_raise_no_alarm(tmp_path: Path) -> None:
    """Each bundle passes S, G and L without a finding."""
    histories = Histories()
    for number in range(rounds(8, campaign=200)):
        bundle = histories.bundle(number, tmp_path / "bundle")
        report = verify(bundle.directory)
        assert report.findings == (), f"history {number}: {report.to_text()}"
        assert {report.checks[it] for it in (Check.EXECUTION, Check.CODE, Check.LEDGER)} == {Outcome.PASSED}
