"""Milestones of the JobEscrow: delivered, accepted, disputed, ruled on, or concluded when somebody is silent."""

from __future__ import annotations

import pytest

from pysettle.domain.core.events import Transfer
from pysettle.domain.jobs.events import (
    MilestoneDelivered,
    MilestoneDisputed,
    MilestoneRefunded,
    MilestoneReleased,
    MilestoneRuled,
)
from pysettle.domain.jobs.terms import MilestoneState
from pysettle.domain.money.wallets import ClassLimits, WalletClass
from pysettle.errors import contracts as errors
from pysettle.money import Currency
from tests.contracts.effects import at, check_books, effect, refused
from tests.contracts.orders import (
    AMOUNTS,
    ARBITER,
    BOND,
    BUYER,
    CONTENT,
    EVIDENCE,
    GROUNDS,
    PAYER,
    PROVIDER,
    Job,
    placed,
    terms_of,
)
from tests.contracts.world import World

NOTHING = b"\0" * 32


def times(job: Job, milestone: int = 0) -> tuple[int, int]:
    """Return since when a milestone stands as it does, and until when."""
    stage = job.escrow.order(job.id).milestones[milestone]
    period = {MilestoneState.DELIVERED: job.terms.review_s, MilestoneState.DISPUTED: job.terms.arbitration_s}
    return stage.since, stage.since + period[stage.state] if stage.state in period else stage.deliver_before


def test_a_delivery_that_is_accepted_is_paid(world: World) -> None:
    """The buyer accepts, the provider is due the milestone's amount, and the other milestone goes on."""
    job = placed(world).accepted()
    (delivered,) = world.send(job.escrow.deliver(world[PROVIDER], job.id, 0, CONTENT))
    assert world.events(delivered) == [MilestoneDelivered(job.id, 0, CONTENT)]
    with effect(world, jobs=job.escrow.address) as change:
        (approved,) = world.send(job.escrow.accept_delivery(world[BUYER], job.id, 0))
    assert change == {}
    assert world.events(approved) == [MilestoneReleased(job.id, 0, AMOUNTS[0])]
    assert [job.state(0), job.state(1)] == [MilestoneState.RELEASED, MilestoneState.DUE]
    assert job.paid_out() == {PROVIDER: AMOUNTS[0]}


def test_a_dispute_puts_up_the_bond(world: World) -> None:
    """It comes from the buyer, who disputes, not from who paid for the order."""
    job = placed(world).delivered()
    world.fund(BUYER, BOND)
    world.send(world.network.currency.approve(world[BUYER], job.escrow.address, BOND))
    with effect(world, jobs=job.escrow.address) as change:
        (receipt,) = world.send(job.escrow.dispute(world[BUYER], job.id, 0, EVIDENCE))
    assert change == {"eCNY buyer": -BOND, "eCNY jobs": BOND}
    moved = Transfer(world.address(BUYER), job.escrow.address, BOND)
    assert world.events(receipt) == [MilestoneDisputed(job.id, 0, BOND, EVIDENCE), moved]
    assert job.state() is MilestoneState.DISPUTED


def test_without_a_bond_a_dispute_costs_nothing(world: World) -> None:
    """An order may ask for none."""
    job = placed(world, bond=0).delivered()
    with effect(world) as change:
        world.send(job.escrow.dispute(world[BUYER], job.id, 0, EVIDENCE))
    assert change == {}


@pytest.mark.parametrize(
    ("provider_bps", "to_provider", "bond_to"),
    [
        (0, 0, BUYER),
        (1, 1_000, BUYER),
        (3_333, 3_333_000, BUYER),
        (9_999, 9_999_000, BUYER),
        (10_000, 10_000_001, PROVIDER),
    ],
)
def test_a_ruling_splits_the_amount(world: World, provider_bps: int, to_provider: int, bond_to: str) -> None:
    """Rounded down for the provider; the bond is lost only where the provider was wholly right."""
    job = placed(world).disputed()
    (receipt,) = world.send(job.escrow.rule(world[ARBITER], job.id, 0, provider_bps, GROUNDS))
    to_payer = AMOUNTS[0] - to_provider
    ruled = MilestoneRuled(job.id, 0, to_provider, to_payer, BOND, bond_to == PROVIDER, GROUNDS)
    assert world.events(receipt) == [ruled]
    due = {PROVIDER: to_provider, PAYER: to_payer}
    due[bond_to] = due.get(bond_to, 0) + BOND
    assert job.paid_out() == {name: amount for name, amount in due.items() if amount}


def test_refunds_go_to_who_paid(world: World) -> None:
    """What the provider gives up goes back to the payer, who is not the buyer; the buyer gets its bond (P-18)."""
    job = placed(world).disputed()
    (receipt,) = world.send(job.escrow.concede(world[PROVIDER], job.id, 0))
    assert world.events(receipt) == [MilestoneRefunded(job.id, 0, AMOUNTS[0], BOND)]
    world.send(job.escrow.concede(world[PROVIDER], job.id, 1))
    assert job.paid_out() == {PAYER: sum(AMOUNTS), BUYER: BOND}


def test_silence_of_each_has_an_end(world: World) -> None:
    """Nobody delivers: refunded. Nobody disputes: released. Nobody rules: the default, with the bond back."""
    late = placed(world).accepted()
    end = late.terms.milestones[0][1]
    at(world, end - 1)
    running = late.escrow.conclude(world["stranger"], late.id, 0)
    known = {"orderId": late.id, "milestone": 0, "end": end}
    refused(world, running, errors.MilestoneTimeRunning, **known, timestamp=end - 1)
    at(world, end)
    world.send(running)
    assert late.paid_out() == {PAYER: AMOUNTS[0]}

    unanswered = placed(world, salt=b"\1" * 32).delivered()
    at(world, times(unanswered)[1])
    world.send(unanswered.escrow.conclude(world["stranger"], unanswered.id, 0))
    assert unanswered.paid_out() == {PROVIDER: AMOUNTS[0]}

    unruled = placed(world, salt=b"\2" * 32).disputed()
    at(world, times(unruled)[1])
    (receipt,) = world.send(unruled.escrow.conclude(world["stranger"], unruled.id, 0))
    quarter = AMOUNTS[0] // 4
    assert world.events(receipt) == [MilestoneRuled(unruled.id, 0, quarter, AMOUNTS[0] - quarter, BOND, False, NOTHING)]
    assert unruled.paid_out() == {PROVIDER: quarter, PAYER: AMOUNTS[0] - quarter, BUYER: BOND}


def test_a_default_for_the_provider_leaves_the_buyer_its_bond(world: World) -> None:
    """A silent arbiter has found no dispute without ground."""
    job = placed(world, default_bps=10_000).disputed()
    at(world, times(job)[1])
    world.send(job.escrow.conclude(world["stranger"], job.id, 0))
    assert job.paid_out() == {PROVIDER: AMOUNTS[0], BUYER: BOND}


STEPS = {
    "deliver": (Job.accepted, lambda job, by: job.escrow.deliver(by, job.id, 0, CONTENT), PROVIDER),
    "dispute": (Job.delivered, lambda job, by: job.escrow.dispute(by, job.id, 0, EVIDENCE), BUYER),
    "rule": (Job.disputed, lambda job, by: job.escrow.rule(by, job.id, 0, 0, GROUNDS), ARBITER),
}
"""What must be done in time: (what goes before it, the step, whose it is)."""


@pytest.mark.parametrize("name", STEPS)
def test_each_step_has_its_last_second(world: World, name: str) -> None:
    """A second before its end it is in time, and at its end too late."""
    before, step, party = STEPS[name]
    timely, late = (before(placed(world, bond=0, salt=bytes([number]) * 32)) for number in (1, 2))
    at(world, times(timely)[1] - 1)
    was = timely.state()
    world.send(step(timely, world[party]))
    assert timely.state() is not was
    end = times(late)[1]
    at(world, end)
    known = {"orderId": late.id, "milestone": 0, "end": end, "timestamp": end}
    refused(world, step(late, world[party]), errors.MilestoneTimePassed, **known)


@pytest.mark.parametrize("name", STEPS)
def test_nothing_is_concluded_a_second_early(world: World, name: str) -> None:
    """And from its end on it is, by anybody."""
    job = STEPS[name][0](placed(world, bond=0))
    end, conclude = times(job)[1], job.escrow.conclude(world["stranger"], job.id, 0)
    at(world, end - 1)
    early = {"orderId": job.id, "milestone": 0, "end": end, "timestamp": end - 1}
    refused(world, conclude, errors.MilestoneTimeRunning, **early)
    at(world, end)
    world.send(conclude)
    assert job.state().is_final


def test_a_delivery_is_accepted_late_too(world: World) -> None:
    """The buyer may, until somebody concludes the milestone."""
    job = placed(world).delivered()
    at(world, times(job)[1] + 1)
    world.send(job.escrow.accept_delivery(world[BUYER], job.id, 0))
    assert job.paid_out() == {PROVIDER: AMOUNTS[0]}


def test_each_step_is_one_partys(world: World) -> None:
    """Nobody else's, whoever paid; and a step needs the hash of what it states."""
    job = placed(world, bond=0).delivered()
    escrow, shown, names = job.escrow, job.id, (PAYER, BUYER, PROVIDER, ARBITER, "stranger")
    steps = [
        (PROVIDER, lambda by: escrow.deliver(by, job.id, 1, CONTENT)),
        (PROVIDER, lambda by: escrow.concede(by, job.id, 0)),
        (BUYER, lambda by: escrow.accept_delivery(by, job.id, 0)),
        (BUYER, lambda by: escrow.dispute(by, job.id, 0, EVIDENCE)),
        (ARBITER, lambda by: escrow.rule(by, job.id, 0, 5_000, GROUNDS)),
    ]
    for party, step in steps:
        for name in names:
            if name != party:
                refused(world, step(world[name]), errors.OrderCallerInvalid, orderId=shown, caller=world.address(name))
    for empty in (
        escrow.deliver(world[PROVIDER], job.id, 1, NOTHING),
        escrow.dispute(world[BUYER], job.id, 0, NOTHING),
    ):
        refused(world, empty, errors.JobHashZero)
    world.send(escrow.dispute(world[BUYER], job.id, 0, EVIDENCE))
    refused(world, escrow.rule(world[ARBITER], job.id, 0, 5_000, NOTHING), errors.JobHashZero)
    refused(world, escrow.rule(world[ARBITER], job.id, 0, 10_001, GROUNDS), errors.RulingInvalid, providerBps=10_001)


def test_what_has_ended_stays_ended(world: World) -> None:
    """No step starts from a final state, and none from a state before its own."""
    job = placed(world, bond=0).delivered()
    escrow, shown = job.escrow, job.id
    early = [escrow.rule(world[ARBITER], job.id, 0, 1, GROUNDS), escrow.deliver(world[PROVIDER], job.id, 0, CONTENT)]
    for step in early:
        refused(world, step, errors.MilestoneStateInvalid, orderId=shown, milestone=0, state=1)
    world.send(escrow.accept_delivery(world[BUYER], job.id, 0))
    for step in (
        escrow.accept_delivery(world[BUYER], job.id, 0),
        escrow.concede(world[PROVIDER], job.id, 0),
        escrow.dispute(world[BUYER], job.id, 0, EVIDENCE),
        escrow.conclude(world["stranger"], job.id, 0),
        *early,
    ):
        refused(world, step, errors.MilestoneStateInvalid, orderId=shown, milestone=0, state=3)
    known = {"orderId": shown, "milestone": 2, "milestones": 2}
    refused(world, escrow.conclude(world["stranger"], job.id, 2), errors.MilestoneNotFound, **known)
    beyond = escrow.conclude(world["stranger"], job.id, 3)
    refused(world, beyond, errors.MilestoneNotFound, **{**known, "milestone": 3})
    unplaced = b"\7" * 32
    refused(
        world,
        escrow.conclude(world["stranger"], unplaced, 0),
        errors.OrderStateInvalid,
        orderId=unplaced,
        state=0,
    )


def test_a_frozen_party_blocks_nobody(world: World) -> None:
    """What it is due becomes its credit in the currency, and everybody else is paid."""
    currency = world.network.currency
    job = placed(world).disputed()
    for name in (PROVIDER, PAYER):
        world.send(currency.freeze(world["freezer"], world.address(name), outgoing=True, incoming=True))
    world.send(job.escrow.rule(world[ARBITER], job.id, 0, 5_000, GROUNDS))
    for name, amount in ((PROVIDER, 5_000_000), (PAYER, 5_000_001)):
        with effect(world, jobs=job.escrow.address) as change:
            world.send(job.escrow.pay_due(world["stranger"], world.address(name), currency.address))
        assert change == {"eCNY jobs": -amount, f"credit {name}": amount, "eCNY currency": amount}
    assert job.paid_out() == {BUYER: BOND}


def test_a_full_wallet_blocks_nobody(world: World) -> None:
    """Nor does a limit of a balance."""
    currency = world.network.currency
    job = placed(world).delivered()
    world.send(job.escrow.accept_delivery(world[BUYER], job.id, 0))
    world.send(currency.set_class_limits(world["central bank"], WalletClass.IV, ClassLimits(balance=0)))
    with effect(world, jobs=job.escrow.address) as change:
        world.send(job.escrow.pay_due(world["stranger"], world.address(PROVIDER), currency.address))
    assert change == {"eCNY jobs": -AMOUNTS[0], "credit provider": AMOUNTS[0], "eCNY currency": AMOUNTS[0]}


def test_a_pause_stops_no_step_but_putting_up_a_bond(world: World) -> None:
    """The review period runs on meanwhile; whoever is due is paid."""
    currency = world.network.currency
    bonded, free = placed(world).delivered(), placed(world, bond=0, salt=b"\1" * 32).delivered()
    world.send(currency.approve(world[BUYER], bonded.escrow.address, BOND), currency.pause(world["pauser"]))
    refused(world, bonded.escrow.dispute(world[BUYER], bonded.id, 0, EVIDENCE), errors.CurrencyPaused)
    world.send(free.escrow.dispute(world[BUYER], free.id, 0, EVIDENCE))
    world.send(free.escrow.rule(world[ARBITER], free.id, 0, 0, GROUNDS))
    at(world, times(bonded)[1])
    world.send(bonded.escrow.conclude(world["stranger"], bonded.id, 0))
    assert bonded.paid_out() == {PAYER: AMOUNTS[0], PROVIDER: AMOUNTS[0]}


def test_a_frozen_buyer_puts_up_no_bond(world: World) -> None:
    """What it cannot pay it cannot dispute with; without a bond it disputes, and the payer gets the ruling's part."""
    currency = world.network.currency
    bonded, free = placed(world).delivered(), placed(world, bond=0, salt=b"\1" * 32).delivered()
    world.fund(BUYER, BOND)
    world.send(
        currency.approve(world[BUYER], bonded.escrow.address, BOND),
        currency.freeze(world["freezer"], world.address(BUYER), outgoing=True, incoming=True),
    )
    dispute = bonded.escrow.dispute(world[BUYER], bonded.id, 0, EVIDENCE)
    refused(world, dispute, errors.AccountFrozenOutgoing, account=world.address(BUYER))
    world.send(free.escrow.dispute(world[BUYER], free.id, 0, EVIDENCE))
    world.send(free.escrow.rule(world[ARBITER], free.id, 0, 0, GROUNDS))
    assert free.paid_out() == {PAYER: AMOUNTS[0]}


def test_an_order_in_another_currency(world: World) -> None:
    """What is due in one currency is not paid in another."""
    network, roles = world.network, world.network.roles
    hkd = network.open_currency(Currency.HKD, roles)
    reserve, signature = hkd.desk.sign_reserve(world["central bank"], 10**6, 10**6)
    payer, cost = world[PAYER], -(-sum(AMOUNTS) // 10_000) * 10_000
    world.send(
        hkd.desk.attest_reserve(world["central bank"], world.address("central bank"), reserve, signature),
        hkd.desk.set_issuance_quota(world["central bank"], world.address("operator"), cost),
        hkd.desk.issue(world["operator"], payer.address, cost),
        hkd.approve(payer, network.jobs.address, cost),
    )
    terms = terms_of(world, currency=hkd.address)
    job = Job(world, terms, network.jobs.order_id(payer.address, terms))
    world.send(network.jobs.place(payer, terms), network.jobs.cancel(payer, job.id))
    assert (job.due(PAYER), network.jobs.due(payer.address, network.currency.address)) == (terms.total, 0)
    world.send(network.jobs.pay_due(world["stranger"], payer.address, hkd.address))
    assert hkd.balance_of(payer.address) == cost
    assert hkd.is_settlement_account(network.jobs.address)
    check_books(world)


def test_what_is_due_is_paid_once(world: World) -> None:
    """To the account alone, whoever asks; in the currency of the order."""
    job = placed(world).delivered()
    currency, provider = world.network.currency.address, world.address(PROVIDER)
    pay = job.escrow.pay_due(world["stranger"], provider, currency)
    nothing = {"account": provider, "currency": currency}
    refused(world, pay, errors.NothingDue, **nothing)
    world.send(job.escrow.accept_delivery(world[BUYER], job.id, 0))
    assert job.paid_out() == {PROVIDER: AMOUNTS[0]}
    refused(world, pay, errors.NothingDue, **nothing)
