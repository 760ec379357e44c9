"""Orders of the JobEscrow: paid for whole when they are placed, and taken back until they are accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain.core import events
from pysettle.domain.core.events import AuthorizationUsed, Transfer
from pysettle.domain.jobs.events import OrderAccepted, OrderCancelled, OrderPlaced
from pysettle.domain.jobs.terms import MilestoneState, OrderState
from pysettle.errors import contracts as errors
from tests.contracts.effects import at, deploy, effect, refused
from tests.contracts.orders import AMOUNTS, ARBITER, BUYER, HOUR_S, PAYER, PROVIDER, funded, placed, terms_of
from tests.contracts.world import World


def test_the_whole_effect_of_placing(world: World) -> None:
    """The payer pays all of it; payer, parties and milestones are kept."""
    terms, jobs = terms_of(world), world.network.jobs
    funded(world, terms)
    with effect(world, jobs=jobs.address) as change:
        (receipt,) = world.send(jobs.place(world[PAYER], terms))
    assert change == {"eCNY other buyer": -terms.total, "eCNY jobs": terms.total}
    payer, order_id = world.address(PAYER), jobs.order_id(world.address(PAYER), terms)
    parties = (payer, terms.provider, terms.buyer, terms.arbiter)
    assert world.events(receipt) == [
        OrderPlaced(order_id, payer, terms.provider, terms.total, terms),
        Transfer(payer, jobs.address, terms.total),
    ]
    order = jobs.order(order_id)
    assert (order.payer, order.provider, order.buyer, order.arbiter) == parties
    assert (order.state, order.currency, order.accept_before) == (
        OrderState.PLACED,
        terms.currency,
        terms.accept_before,
    )
    assert (order.review_s, order.arbitration_s) == (terms.review_s, terms.arbitration_s)
    assert (order.default_bps, order.bond) == (terms.default_bps, terms.bond)
    stages = [(it.amount, it.deliver_before, it.state, it.since) for it in order.milestones]
    assert stages == [(amount, before, MilestoneState.DUE, 0) for amount, before in terms.milestones]


def test_the_payers_signature_places_it_and_nothing_else(world: World) -> None:
    """Anybody submits it; each term that is changed makes it another order, which the payer did not sign."""
    terms, jobs, currency = terms_of(world), world.network.jobs, world.network.currency
    funded(world, terms)
    until, payer = world.now + HOUR_S, world.address(PAYER)
    signature = jobs.sign_order(world[PAYER], currency, terms, until)
    thief = world.address("stranger")
    changes = {
        "buyer": thief,
        "provider": thief,
        "arbiter": thief,
        "description": b"\1" * 32,
        "accept_before": terms.accept_before + 1,
        "review_s": terms.review_s + 1,
        "arbitration_s": terms.arbitration_s + 1,
        "default_bps": 10_000,
        "bond": 0,
        "salt": b"\1" * 32,
        "milestones": (terms.milestones[0],),
    }
    for name, value in changes.items():
        stolen = replace(terms, **{name: value})  # type: ignore[arg-type]  # fields by name
        theft = jobs.place_with_authorization(world["stranger"], payer, stolen, until, signature)
        refused(world, theft, errors.AuthorizationSignatureInvalid, authorizer=payer)
    with effect(world, jobs=jobs.address) as change:
        (receipt,) = world.send(jobs.place_with_authorization(world["stranger"], payer, terms, until, signature))
    assert change == {"eCNY other buyer": -terms.total, "eCNY jobs": terms.total}
    order_id = jobs.order_id(payer, terms)
    assert AuthorizationUsed(payer, order_id) in world.events(receipt)
    again = jobs.place_with_authorization(world["stranger"], payer, terms, until, signature)
    refused(world, again, errors.OrderPlacedAlready, orderId=order_id)


def test_an_order_is_placed_once(world: World) -> None:
    """Not even after it was cancelled; with another salt, or by another payer, it is another order."""
    job = placed(world)
    jobs = job.escrow
    funded(world, job.terms)
    refused(world, jobs.place(world[PAYER], job.terms), errors.OrderPlacedAlready, orderId=job.id)
    world.send(jobs.cancel(world[PAYER], job.id))
    refused(world, jobs.place(world[PAYER], job.terms), errors.OrderPlacedAlready, orderId=job.id)
    assert jobs.order_id(world.address(BUYER), job.terms) != job.id
    assert jobs.order_id(world.address(PAYER), replace(job.terms, salt=b"\1" * 32)) != job.id


def test_terms_that_cannot_be(world: World) -> None:
    """Each is named."""
    terms, jobs, now = terms_of(world), world.network.jobs, world.now
    nobody = bytes(20)
    wrong = [
        ("currency", {"currency": world.address("stranger")}),
        ("currency", {"currency": world.series.address}),
        # Answers whatever it is asked by zero: the escrow is no settlement account of it.
        ("currency", {"currency": deploy(world, bytes.fromhex("5f5f5260205ff3"))}),
        ("buyer", {"buyer": nobody}),
        ("provider", {"provider": nobody}),
        ("provider", {"provider": terms.buyer}),
        ("arbiter", {"arbiter": nobody}),
        ("arbiter", {"arbiter": terms.buyer}),
        ("arbiter", {"arbiter": terms.provider}),
        ("arbiter", {"arbiter": world.address(PAYER)}),
        ("description", {"description": nobody.ljust(32, b"\0")}),
        ("acceptBefore", {"accept_before": now}),
        ("reviewPeriod", {"review_s": 0}),
        ("arbitrationPeriod", {"arbitration_s": 0}),
        ("defaultBps", {"default_bps": 10_001}),
        ("milestones", {"milestones": ()}),
        ("milestones", {"milestones": terms.milestones * 33}),
        ("amount", {"milestones": ((0, now + 24 * HOUR_S),)}),
        ("deliverBefore", {"milestones": ((1, terms.accept_before),)}),
        ("deliverBefore", {"milestones": ((1, terms.accept_before + 1), (1, terms.accept_before - 1))}),
    ]
    for term, changed in wrong:
        # The next block is at `now` and each refusal makes one: what is compared with time is far from it.
        placing = jobs.place(world[PAYER], replace(terms, **changed))  # type: ignore[arg-type]  # fields by name
        refused(world, placing, errors.OrderTermsInvalid, term=term)


def test_no_time_to_accept(world: World) -> None:
    """The second of the placing itself is too early an end of acceptance; the next one is not."""
    terms, jobs, second = terms_of(world), world.network.jobs, world.now + 600
    funded(world, terms)
    at(world, second)
    early = jobs.place(world[PAYER], replace(terms, accept_before=second))
    refused(world, early, errors.OrderTermsInvalid, term="acceptBefore")
    at(world, second + 60)
    world.send(jobs.place(world[PAYER], replace(terms, accept_before=second + 61)))


def test_an_order_is_identified_without_a_chain(world: World) -> None:
    """By payer and terms, however many milestones; and its event carries them all."""
    terms, jobs = terms_of(world), world.network.jobs
    for milestones in (terms.milestones[:1], terms.milestones, terms.milestones * 32):
        changed, payer = replace(terms, milestones=milestones), world.address(PAYER)
        assert jobs.order_id(payer, changed) == bytes(jobs._read("orderIdOf", payer, changed.fields()))
        funded(world, changed)
        (receipt,) = world.send(jobs.place(world[PAYER], changed))
        placed_, _ = world.events(receipt)
        assert isinstance(placed_, OrderPlaced)
        assert placed_.terms == changed


def test_an_event_of_another_shape_is_not_read(world: World) -> None:
    """Whoever emits it: terms that begin elsewhere, or end before or behind what they say, are none."""
    terms, jobs = terms_of(world), world.network.jobs
    funded(world, terms)
    (receipt,) = world.send(jobs.place(world[PAYER], terms))
    log = next(it for it in receipt.logs if it.address == jobs.address)
    assert events.decode(log.topics, log.data) is not None
    moved = bytearray(log.data)
    moved[63] += 32
    nested = bytearray(log.data)
    nested[64 + 10 * 32 + 31] ^= 32
    longer = bytearray(log.data)
    longer[64 + 12 * 32 + 31] += 1
    for data in (log.data[:-32], log.data + bytes(32), log.data[:70], b"", bytes(moved), bytes(nested), bytes(longer)):
        assert events.decode(log.topics, data) is None


def test_without_the_money_nothing_is_placed(world: World) -> None:
    """The currency's own refusal is told, and no order stands."""
    terms, jobs = terms_of(world), world.network.jobs
    with pytest.raises(errors.ERC20InsufficientAllowance):
        world.send(jobs.place(world[PAYER], terms))
    assert jobs.order(jobs.order_id(world.address(PAYER), terms)).state is OrderState.NONE


@pytest.mark.parametrize("name", [PAYER, BUYER])
def test_payer_and_buyer_take_it_back(world: World, name: str) -> None:
    """Until the provider accepts; all of it is due to the payer, whoever cancels."""
    job = placed(world)
    with effect(world, jobs=job.escrow.address) as change:
        (receipt,) = world.send(job.escrow.cancel(world[name], job.id))
    assert change == {}
    assert world.events(receipt) == [OrderCancelled(job.id, world.address(PAYER), sum(AMOUNTS))]
    assert job.escrow.order(job.id).state is OrderState.CANCELLED
    assert [job.state(0), job.state(1)] == [MilestoneState.REFUNDED] * 2
    assert job.paid_out() == {PAYER: sum(AMOUNTS)}
    refused(world, job.escrow.cancel(world[PAYER], job.id), errors.OrderStateInvalid, orderId=job.id, state=3)


def test_anybody_takes_it_back_once_the_time_to_accept_has_passed(world: World) -> None:
    """From that second on: half-open (P-8)."""
    job = placed(world)
    shown, stranger = job.id, world.address("stranger")
    at(world, job.terms.accept_before - 1)
    cancel = job.escrow.cancel(world["stranger"], job.id)
    refused(world, cancel, errors.OrderCallerInvalid, orderId=shown, caller=stranger)
    assert world.now == job.terms.accept_before
    world.send(cancel)
    assert job.paid_out() == {PAYER: sum(AMOUNTS)}


def test_the_provider_accepts_no_more_from_that_second_on(world: World) -> None:
    """Half-open, from the other side (P-8)."""
    job = placed(world)
    shown, accept = job.id, job.escrow.accept(world[PROVIDER], job.id)
    at(world, job.terms.accept_before)
    late = {"orderId": shown, "acceptBefore": job.terms.accept_before, "timestamp": job.terms.accept_before}
    refused(world, accept, errors.OrderAcceptancePassed, **late)


def test_nobody_accepts_an_order_of_a_frozen_payer(world: World) -> None:
    """What it set aside and could still take back is not committed; a freeze of what comes in holds up nothing."""
    currency, job, payer = world.network.currency, placed(world), world.address(PAYER)
    accept = job.escrow.accept(world[PROVIDER], job.id)
    world.send(currency.freeze(world["freezer"], payer, outgoing=True, incoming=False))
    refused(world, accept, errors.OrderPayerFrozen, orderId=job.id, payer=payer)
    world.send(currency.freeze(world["freezer"], payer, outgoing=False, incoming=True))
    (receipt,) = world.send(accept)
    assert world.events(receipt) == [OrderAccepted(job.id, world.address(PROVIDER))]


def test_a_frozen_payer_takes_its_order_back(world: World) -> None:
    """What is due is paid to its account, where it is frozen again."""
    currency, job, payer = world.network.currency, placed(world), world.address(PAYER)
    world.send(currency.freeze(world["freezer"], payer, outgoing=True, incoming=False))
    world.send(job.escrow.cancel(world[PAYER], job.id))
    assert job.paid_out() == {PAYER: sum(AMOUNTS)}


def test_the_provider_alone_accepts_and_once(world: World) -> None:
    """To the last second; then nobody takes the order back."""
    job = placed(world)
    shown = job.id
    for name in (PAYER, BUYER, ARBITER, "stranger"):
        accept = job.escrow.accept(world[name], job.id)
        refused(world, accept, errors.OrderCallerInvalid, orderId=shown, caller=world.address(name))
    at(world, job.terms.accept_before - 1)
    (receipt,) = world.send(job.escrow.accept(world[PROVIDER], job.id))
    assert world.events(receipt) == [OrderAccepted(job.id, world.address(PROVIDER))]
    for transaction in (job.escrow.accept(world[PROVIDER], job.id), job.escrow.cancel(world[PAYER], job.id)):
        refused(world, transaction, errors.OrderStateInvalid, orderId=shown, state=2)


def test_a_currency_that_brings_nothing(world: World) -> None:
    """What it says of a transfer is not believed: the escrow counts what arrives."""
    token = deploy(world, bytes.fromhex("60015f5260205ff3"))
    terms, jobs, payer = terms_of(world, currency=token), world.network.jobs, world.address(PAYER)
    nothing = {"amount": terms.total, "received": 0}
    refused(world, jobs.place(world[PAYER], terms), errors.OrderPaymentMismatch, **nothing)
    signed = jobs.place_with_authorization(world["stranger"], payer, terms, world.now + HOUR_S, b"\1" * 65)
    refused(world, signed, errors.OrderPaymentMismatch, **nothing)
