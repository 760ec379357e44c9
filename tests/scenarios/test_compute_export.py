"""The paper's worked case: both legs in one transaction, to the last unit, and the same bytes for the same seed."""

from __future__ import annotations

import filecmp
from dataclasses import replace
from pathlib import Path

import pytest

from pysettle.audit.records.roll_forward import roll_forward
from pysettle.audit.verify import verify
from pysettle.cli.cases import check
from pysettle.domain.compute.prices import SERVICE_CLASSES
from pysettle.domain.core import events
from pysettle.domain.core.events import Transfer
from pysettle.errors import AuditFailed
from pysettle.money import UNITS_PER_WHOLE
from pysettle.scenarios import compute_export
from pysettle.scenarios.compute_export import ComputeExport, ExportResult
from tests.audit.records import ALL, check_books, opened

FILES = ("genesis.json", "chain.rlp", "manifest.json")


@pytest.fixture(scope="module")
def result() -> ExportResult:
    """Run it once."""
    return compute_export.run()


def test_everybody_gets_what_the_terms_say(result: ExportResult) -> None:
    """Nine yuan an accelerator hour: what was delivered is the maker's, the rest goes back to who holds it."""
    delivered = sum(compute_export.HOURS_USED.values())
    assert result.cny_paid == 9 * compute_export.HOURS_BOUGHT * UNITS_PER_WHOLE
    assert result.cny_earned == 9 * delivered * UNITS_PER_WHOLE
    assert result.cny_refunded == result.cny_paid - result.cny_earned
    assert (result.report.level, result.report.findings) == ("S", ())


def test_both_legs_are_in_one_transaction() -> None:
    """The sale's receipt holds the payment and the delivery, and nothing else that moves."""
    case = ComputeExport(0)
    case.sell()
    series, currency = case.series.address, case.network.currency.address
    (sale,) = [step for step in case.steps if "in one transaction" in step.text]
    logs = [log for log in case.chain.logs() if log.block_number == sale.block]
    found = [(log.address, events.decode(log.topics, log.data)) for log in logs]
    moved = [(asset, it.sender, it.receiver, it.value) for asset, it in found if isinstance(it, Transfer)]
    buyer, tokens = case.parties["buyer"].address, compute_export.HOURS_BOUGHT * 3_600 * 1_000
    assert moved == [(series, bytes(20), buyer, tokens), (currency, buyer, series, case.paid)]


def test_the_relayer_cannot_redirect_the_sale(result: ExportResult) -> None:
    """What it tried was refused, by the terms that the buyer's nonce commits to."""
    assert (result.tampering.error, result.case().failed) == ("PurchaseNonceInvalid", ())


def test_the_service_class_has_a_basket() -> None:
    """What is sold can be compared."""
    assert ComputeExport(0).series.service_class in SERVICE_CLASSES


@pytest.mark.apart
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two runs with one seed leave byte-identical bundles; another seed gives other blocks and the same money."""
    first = compute_export.run(seed=5, out=tmp_path / "first")
    compute_export.run(seed=5, out=tmp_path / "second")
    other = compute_export.run(seed=6, out=tmp_path / "other")
    matched, different, missing = filecmp.cmpfiles(tmp_path / "first", tmp_path / "second", FILES, shallow=False)
    assert (sorted(matched), different, missing) == (sorted(FILES), [], [])
    assert first.report.head_state_root != other.report.head_state_root
    assert (first.cny_earned, first.cny_refunded) == (other.cny_earned, other.cny_refunded)
    _check_records(tmp_path / "first", first, tmp_path)


def _check_records(bundle: Path, result: ExportResult, folder: Path) -> None:
    """Statements, trial balance, roll-forward and files tell the figures of the run."""
    assert verify(bundle, level="R", index=folder / "index.sqlite").passed
    with opened(folder / "index.sqlite") as records:
        check_books(records, folder)
        tokens = roll_forward(records, ALL)[-1]
        bought = [int(it.fields["paid"]) for it in records.events(ALL, "AND e.name = 'Purchased'")]
    assert (tokens.issued, sum(bought)) == (result.tokens_bought, result.cny_paid)


def test_a_figure_that_differs_fails(result: ExportResult) -> None:
    """A case with another figure than the expected one ends with exit code 7, which names both."""
    check(result.case())
    with pytest.raises(AuditFailed, match=r"earned: 1\.00 yuan, expected 6,930\.00 yuan") as failure:
        check(replace(result, cny_earned=UNITS_PER_WHOLE).case())
    assert failure.value.exit_code == 7
