"""The audit of a stage at the end of a run: all of it, or its books alone where re-execution would take minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from eth_typing import Address

from pysettle.audit.engines import ExecutedLog, ExecutedTransaction
from pysettle.audit.extract import export_bundle
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.report import Check, Outcome, Report
from pysettle.audit.verify import verify
from pysettle.domain.core.findings import Finding
from tests.audit.records import check_books, opened
from tests.stateful.stage import Stage


def audit(stage: Stage, currency: Address, *, lacked: bool) -> Report:
    """Audit everything that happened on a stage, and require that nothing is found that the run does not account for.

    Args:
        stage: Where it happened.
        currency: Its currency.
        lacked: Whether the attested reserve was ever below the supply, which is the one finding there may be.
    """
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        bundle = export_bundle(stage.chain, folder / "bundle", stage.network.contracts())
        report = verify(bundle.directory, index=folder / "index.sqlite")
        with opened(folder / "index.sqlite") as records:
            check_books(records, folder)
    _require(report.findings, currency, lacked=lacked)
    assert report.level == "S", report.to_text()
    assert report.checks[Check.LEDGER] is (Outcome.FAILED if lacked else Outcome.PASSED)
    return report


def audit_books(stage: Stage, currency: Address, *, lacked: bool) -> None:
    """Do check L of the audit, and require the same, on the receipts and the answers of the chain as it is."""
    chain = stage.chain
    check, head = LedgerCheck(stage.network.contracts()), chain.block().number
    for number in range(1, head + 1):
        executed = [
            ExecutedTransaction(
                it.succeeded, 0, tuple(ExecutedLog(log.address, log.topics, log.data) for log in it.logs)
            )
            for it in chain.receipts(number)
        ]
        check.apply(number, chain.block(number).timestamp, executed)
    check.close(head, chain.chain_id, chain.call)
    _require([it.finding for it in check.divergences], currency, lacked=lacked)


def _require(findings: Sequence[Finding], currency: Address, *, lacked: bool) -> None:
    found = [(it.code, it.subject.partition(": ")[2]) for it in findings]
    assert found == ([("INV-RESERVE", f"reserve of 0x{currency.hex()}")] if lacked else []), findings
