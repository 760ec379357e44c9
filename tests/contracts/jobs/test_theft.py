"""Everybody in a job tries to get more than its part: nobody's holding changes, nor what is due, nor any job.

The scene: one order with a delivery in dispute and a milestone to be delivered, one that nobody has accepted, one that
was taken back and is due to its payer; the escrow holds them all. A theft is a transaction by one of the actors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from pysettle.domain.core.messages import Authorization
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as e
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import check_books, effect
from tests.contracts.orders import ARBITER, BOND, BUYER, CONTENT, EVIDENCE, GROUNDS, PAYER, PROVIDER, Job, placed
from tests.contracts.world import World

STRANGER = "stranger"
ANYBODY = (PAYER, BUYER, PROVIDER, ARBITER, STRANGER)
HOUR_S = 3_600


@dataclass
class Scene:
    """What a thief finds."""

    world: World
    disputed: Job
    """Its first milestone is before the arbiter, its second to be delivered."""
    delivered: Job
    """Its first milestone is under review."""
    offered: Job
    """Nobody has accepted it."""
    cancelled: Job
    """All of it is due to the payer."""

    def standing(self) -> list[object]:
        """Return where everything stands, and what is due to whom."""
        jobs = (self.disputed, self.delivered, self.offered, self.cancelled)
        orders: list[object] = [job.escrow.order(job.id) for job in jobs]
        return [*orders, *(self.cancelled.due(name) for name in ANYBODY)]


@pytest.fixture
def scene(world: World) -> Scene:
    """Set the scene."""
    disputed, delivered, offered, cancelled = (placed(world, salt=bytes([n]) * 32) for n in range(1, 5))
    disputed.disputed()
    delivered.delivered()
    world.send(cancelled.escrow.cancel(world[PAYER], cancelled.id))
    return Scene(world, disputed, delivered, offered, cancelled)


Theft = Callable[[Scene, str], Transaction]


def _release_to_oneself(scene: Scene, thief: str) -> Transaction:
    return scene.delivered.escrow.accept_delivery(scene.world[thief], scene.delivered.id, 0)


def _release_in_dispute(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.accept_delivery(scene.world[thief], scene.disputed.id, 0)


def _release_before_delivery(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.accept_delivery(scene.world[thief], scene.disputed.id, 1)


def _rule(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.rule(scene.world[thief], scene.disputed.id, 0, 10_000, GROUNDS)


def _rule_more_than_all(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.rule(scene.world[thief], scene.disputed.id, 0, 10_001, GROUNDS)


def _rule_where_nobody_disputes(scene: Scene, thief: str) -> Transaction:
    return scene.delivered.escrow.rule(scene.world[thief], scene.delivered.id, 0, 0, GROUNDS)


def _conclude_a_dispute_early(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.conclude(scene.world[thief], scene.disputed.id, 0)


def _conclude_a_review_early(scene: Scene, thief: str) -> Transaction:
    return scene.delivered.escrow.conclude(scene.world[thief], scene.delivered.id, 0)


def _conclude_an_order_nobody_accepted(scene: Scene, thief: str) -> Transaction:
    return scene.offered.escrow.conclude(scene.world[thief], scene.offered.id, 0)


def _take_back_what_was_accepted(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.cancel(scene.world[thief], scene.disputed.id)


def _take_back_twice(scene: Scene, thief: str) -> Transaction:
    return scene.cancelled.escrow.cancel(scene.world[thief], scene.cancelled.id)


def _take_back_anothers(scene: Scene, thief: str) -> Transaction:
    return scene.offered.escrow.cancel(scene.world[thief], scene.offered.id)


def _accept_what_was_taken_back(scene: Scene, thief: str) -> Transaction:
    return scene.cancelled.escrow.accept(scene.world[thief], scene.cancelled.id)


def _deliver_again_in_dispute(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.deliver(scene.world[thief], scene.disputed.id, 0, CONTENT)


def _deliver_what_was_not_ordered(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.deliver(scene.world[thief], scene.disputed.id, 2, CONTENT)


def _dispute_without_a_bond(scene: Scene, thief: str) -> Transaction:
    return scene.delivered.escrow.dispute(scene.world[thief], scene.delivered.id, 0, EVIDENCE)


def _dispute_twice(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.dispute(scene.world[thief], scene.disputed.id, 0, EVIDENCE)


def _give_up_for_another(scene: Scene, thief: str) -> Transaction:
    return scene.disputed.escrow.concede(scene.world[thief], scene.disputed.id, 0)


def _have_oneself_paid(scene: Scene, thief: str) -> Transaction:
    world, jobs = scene.world, scene.cancelled.escrow
    return jobs.pay_due(world[thief], world.address(thief), world.network.currency.address)


def _take_from_the_escrow(scene: Scene, thief: str) -> Transaction:
    world, jobs = scene.world, scene.cancelled.escrow
    return world.network.currency.transfer_from(world[thief], jobs.address, world.address(thief), 1)


def _forge_the_payers_signature(scene: Scene, thief: str) -> Transaction:
    world, job = scene.world, scene.offered
    terms, payer, until = replace(job.terms, salt=b"\7" * 32), world.address(PAYER), world.now + HOUR_S
    nonce = job.escrow.order_id(payer, terms)
    forged = Authorization(payer, job.escrow.address, terms.total, 0, until, nonce)
    signature = world[thief].sign(forged.receive_digest(world.network.currency.domain))
    return job.escrow.place_with_authorization(world[thief], payer, terms, until, signature)


def _submit_a_signed_order_at_the_currency(scene: Scene, thief: str) -> Transaction:
    world, job = scene.world, scene.offered
    terms, until = replace(job.terms, salt=b"\7" * 32), world.now + HOUR_S
    signature = job.escrow.sign_order(world[PAYER], world.network.currency, terms, until)
    nonce = job.escrow.order_id(world.address(PAYER), terms)
    signed = Authorization(world.address(PAYER), job.escrow.address, terms.total, 0, until, nonce)
    return world.network.currency.receive_with_authorization(world[thief], signed, signature)


def _freeze_the_escrow(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.network.currency.freeze(world[thief], scene.offered.escrow.address, outgoing=True, incoming=True)


def _seize_from_the_escrow(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.network.currency.seize(world[thief], scene.offered.escrow.address, world.address(thief), 1, EVIDENCE)


def _but(*names: str) -> tuple[str, ...]:
    return tuple(name for name in ANYBODY if name not in names)


THEFTS: list[tuple[Theft, tuple[str, ...], type[ContractReverted]]] = [
    (_release_to_oneself, _but(BUYER), e.OrderCallerInvalid),
    (_release_in_dispute, (BUYER,), e.MilestoneStateInvalid),
    (_release_before_delivery, (BUYER,), e.MilestoneStateInvalid),
    (_rule, _but(ARBITER), e.OrderCallerInvalid),
    (_rule_more_than_all, (ARBITER,), e.RulingInvalid),
    (_rule_where_nobody_disputes, (ARBITER,), e.MilestoneStateInvalid),
    (_conclude_a_dispute_early, ANYBODY, e.MilestoneTimeRunning),
    (_conclude_a_review_early, ANYBODY, e.MilestoneTimeRunning),
    (_conclude_an_order_nobody_accepted, ANYBODY, e.OrderStateInvalid),
    (_take_back_what_was_accepted, ANYBODY, e.OrderStateInvalid),
    (_take_back_twice, ANYBODY, e.OrderStateInvalid),
    (_take_back_anothers, _but(PAYER, BUYER), e.OrderCallerInvalid),
    (_accept_what_was_taken_back, ANYBODY, e.OrderStateInvalid),
    (_deliver_again_in_dispute, (PROVIDER,), e.MilestoneStateInvalid),
    (_deliver_what_was_not_ordered, ANYBODY, e.MilestoneNotFound),
    (_dispute_without_a_bond, (BUYER,), e.ERC20InsufficientAllowance),
    (_dispute_without_a_bond, _but(BUYER), e.OrderCallerInvalid),
    (_dispute_twice, (BUYER,), e.MilestoneStateInvalid),
    (_give_up_for_another, _but(PROVIDER), e.OrderCallerInvalid),
    (_have_oneself_paid, _but(PAYER), e.NothingDue),
    (_take_from_the_escrow, ANYBODY, e.ERC20InsufficientAllowance),
    (_forge_the_payers_signature, _but(PAYER), e.AuthorizationSignatureInvalid),
    (_submit_a_signed_order_at_the_currency, ANYBODY, e.AuthorizationCallerNotPayee),
    (_freeze_the_escrow, ("freezer",), e.SettlementAccountProtected),
    (_seize_from_the_escrow, ("seizer",), e.SettlementAccountProtected),
]


@pytest.mark.parametrize(
    ("theft", "thieves", "error"),
    THEFTS,
    ids=[f"{theft.__name__.strip('_')} by {thieves[0]}" for theft, thieves, _ in THEFTS],
)
def test_nobody_gets_more_than_its_part(
    scene: Scene, theft: Theft, thieves: tuple[str, ...], error: type[ContractReverted]
) -> None:
    """Each theft is refused, by the refusal that is meant for it, and nothing has changed."""
    before = scene.standing()
    with effect(scene.world, jobs=scene.offered.escrow.address) as change:
        for thief in thieves:
            transaction = theft(scene, thief)
            with pytest.raises(ContractReverted) as refusal:
                scene.world.send(transaction)
            assert type(refusal.value) is error, refusal.value
    assert change == {}
    assert scene.standing() == before


def test_each_gets_its_part_in_the_end(scene: Scene) -> None:
    """Nothing stays behind: when all orders have ended and everybody is paid, the escrow is empty."""
    world, jobs = scene.world, scene.offered.escrow
    world.send(
        jobs.cancel(world[PAYER], scene.offered.id),
        jobs.rule(world[ARBITER], scene.disputed.id, 0, 3_333, GROUNDS),
        jobs.concede(world[PROVIDER], scene.disputed.id, 1),
        jobs.accept_delivery(world[BUYER], scene.delivered.id, 0),
        jobs.concede(world[PROVIDER], scene.delivered.id, 1),
    )
    total, first = scene.offered.terms.total, scene.offered.terms.milestones[0][0]
    part = first * 3_333 // 10_000
    assert scene.offered.paid_out() == {PAYER: 4 * total - first - part, BUYER: BOND, PROVIDER: first + part}
    assert world.network.currency.balance_of(jobs.address) == 0
    check_books(world)
