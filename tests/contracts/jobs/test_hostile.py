"""Orders in a currency that lies and calls back: it cheats those who use it, and reaches nothing held in another."""

from __future__ import annotations

import pytest

from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.terms import OrderState, OrderTerms
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import check_books, effect, refused
from tests.contracts.hostile import Hostile
from tests.contracts.orders import (
    BOND,
    BUYER,
    CONTENT,
    EVIDENCE,
    PAYER,
    PROVIDER,
    placed,
    terms_of,
)
from tests.contracts.world import World


@pytest.fixture
def liar(world: World) -> Hostile:
    """Deploy a currency that brings what it was told to, beside an honest order, which is the loot."""
    placed(world)
    return Hostile(world, "Liar")


def place(world: World, liar: Hostile, brings: int, **changed: object) -> tuple[OrderTerms, Transaction]:
    """Have the currency bring an amount; return the terms of an order in it, and its placing."""
    terms = terms_of(world, currency=liar.address, salt=b"\5" * 32, **changed)
    world.send(liar.call("bring", brings), liar.call("answerFrozenWith", bytes(96)))
    return terms, world.network.jobs.place(world[PAYER], terms)


@pytest.mark.parametrize("wrong", [-1, 1])
def test_less_or_more_than_was_said(world: World, liar: Hostile, wrong: int) -> None:
    """A currency that takes a fee, or pays one, cannot be that of an order."""
    total = terms_of(world).total
    _, placing = place(world, liar, total + wrong)
    refused(world, placing, errors.OrderPaymentMismatch, amount=total, received=total + wrong)


def test_a_bond_that_does_not_arrive(world: World, liar: Hostile) -> None:
    """Nothing is disputed then."""
    total = terms_of(world).total
    terms, placing = place(world, liar, total)
    jobs = world.network.jobs
    order_id = jobs.order_id(world.address(PAYER), terms)
    world.send(placing, jobs.accept(world[PROVIDER], order_id), jobs.deliver(world[PROVIDER], order_id, 0, CONTENT))
    world.send(liar.call("bring", BOND - 1))
    dispute = jobs.dispute(world[BUYER], order_id, 0, EVIDENCE)
    refused(world, dispute, errors.OrderPaymentMismatch, amount=BOND, received=BOND - 1)


def test_a_currency_that_calls_back(world: World, liar: Hostile) -> None:
    """While it is asked to pay, nothing else is placed, disputed or paid; what goes on is in its own orders alone."""
    jobs, honest = world.network.jobs, placed(world, salt=b"\6" * 32)
    world.send(honest.escrow.cancel(world[PAYER], honest.id))
    again = terms_of(world, currency=liar.address)
    inner = [
        jobs.place(world[PAYER], again),
        jobs.place_with_authorization(world["relayer"], world.address(PAYER), again, world.now + 3_600, b""),
        jobs.pay_due(world[PAYER], world.address(PAYER), honest.terms.currency),
        jobs.dispute(world[BUYER], honest.id, 0, EVIDENCE),
    ]
    for transaction in inner:
        terms, placing = place(world, liar, terms_of(world).total)
        world.send(liar.call("callBack", transaction.to, transaction.data, False))
        refused(world, placing, errors.ReentrancyGuardReentrantCall)
        signed = jobs.place_with_authorization(world["relayer"], world.address(PAYER), terms, world.now + 60, b"")
        refused(world, signed, errors.ReentrancyGuardReentrantCall)
    # The order it pays for is ended by its buyer from within: the liar is that buyer.
    terms, placing = place(world, liar, terms_of(world).total, buyer=liar.address)
    order_id = jobs.order_id(world.address(PAYER), terms)
    cancel = jobs.cancel(world["stranger"], order_id)
    world.send(liar.call("callBack", cancel.to, cancel.data, False))
    with effect(world, jobs=jobs.address) as change:
        world.send(placing)
    assert change == {}
    assert jobs.order(order_id).state is OrderState.CANCELLED
    assert jobs.due(world.address(PAYER), liar.address) == terms.total


def test_the_books_pass_over_it(world: World, liar: Hostile) -> None:
    """An order in a currency that is not counted is followed, and moves nothing in the books."""
    terms, placing = place(world, liar, terms_of(world).total)
    world.send(placing)
    ledger = check_books(world)
    order_id = world.network.jobs.order_id(world.address(PAYER), terms)
    assert ledger[JobBooks].orders[order_id].terms == terms
    assert not [account for account in ledger.balances if account.asset == liar.address]


def test_a_payout_that_it_refuses_stays_due(world: World, liar: Hostile) -> None:
    """And is paid when it no longer does; nobody else waits for it."""
    jobs, honest = world.network.jobs, placed(world, salt=b"\6" * 32)
    terms, placing = place(world, liar, terms_of(world).total)
    order_id = jobs.order_id(world.address(PAYER), terms)
    world.send(placing, jobs.cancel(world[PAYER], order_id), jobs.cancel(world[PAYER], honest.id))
    world.send(liar.call("answerTransfersWith", False))
    pay = jobs.pay_due(world["stranger"], world.address(PAYER), liar.address)
    refused(world, pay, errors.SafeERC20FailedOperation, token=liar.address)
    assert jobs.due(world.address(PAYER), liar.address) == terms.total
    assert honest.paid_out() == {PAYER: honest.terms.total}
    world.send(liar.call("answerTransfersWith", True), pay)
    assert liar.read("balanceOf", world.address(PAYER)) == terms.total
