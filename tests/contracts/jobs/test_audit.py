"""A job in the audit: re-executed, its books kept from events, and each order asked for at the head."""

from __future__ import annotations

from pathlib import Path

import pytest

from pysettle.audit.extract import export_bundle
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.report import Check, Outcome
from pysettle.audit.verify import verify
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.terms import MilestoneState
from pysettle.evm.embedded import EmbeddedChain
from tests.contracts.effects import check_books
from tests.contracts.orders import ARBITER, GROUNDS, PROVIDER, placed
from tests.contracts.world import World


def test_a_bundle_with_jobs_verifies(world: World, tmp_path: Path) -> None:
    """With orders that were disputed, ruled on, delivered, offered and paid."""
    if not isinstance(world.chain, EmbeddedChain):
        pytest.skip("a bundle is exported from the embedded chain")
    ruled, delivered = placed(world).disputed(), placed(world, salt=b"\1" * 32).delivered()
    placed(world, salt=b"\2" * 32)
    world.send(ruled.escrow.rule(world[ARBITER], ruled.id, 0, 3_333, GROUNDS))
    world.send(delivered.escrow.pay_due(world["stranger"], world.address(PROVIDER), delivered.terms.currency))
    export_bundle(world.chain, tmp_path / "bundle", world.network.contracts())
    report = verify(tmp_path / "bundle")
    assert report.divergences == ()
    assert (report.level, report.checks[Check.LEDGER]) == ("S", Outcome.PASSED)


def test_an_order_that_stands_elsewhere_is_named(world: World) -> None:
    """Books that say otherwise of an order, or of one of its milestones, diverge from what the escrow answers."""
    job = placed(world).delivered()
    for change in ("state", "since", "amount"):
        ledger = check_books(world)
        books = LedgerCheck(ledger.contracts)
        books.ledger, stage = ledger, ledger[JobBooks].orders[job.id].milestones[0]
        value = MilestoneState.DISPUTED if change == "state" else getattr(stage, change) + 1
        setattr(stage, change, value)
        books.close(world.chain.block().number, world.chain.chain_id, world.chain.call)
        assert [it.finding.subject.split("order ")[1] for it in books.divergences] == [f"0x{job.id.hex()}"], change
