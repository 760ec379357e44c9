"""Parties of an order that are contracts act as themselves, whoever sent the transaction (P-12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from eth_typing import Address

from pysettle.client.jobs.escrow import JobEscrow
from pysettle.domain.core.events import Event, Transfer
from pysettle.domain.core.signing import Signer
from pysettle.domain.jobs.events import MilestoneDisputed, OrderAccepted, OrderCancelled, OrderPlaced
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import FORWARDER, deploy, refused, through
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
    placed,
    terms_of,
)
from tests.contracts.world import YUAN, World

TOTAL = sum(AMOUNTS)
Step = Callable[[JobEscrow, Signer, bytes], Transaction]


@dataclass
class Parties:
    """Contracts that pay, buy, provide and arbitrate."""

    world: World
    payer: Address
    buyer: Address
    provider: Address
    arbiter: Address

    def make(self, party: Address, step: Step, order_id: bytes = b"") -> list[Event]:
        """Have a party make a step, by a transaction of somebody who has no part in the order."""
        inner = step(self.world.network.jobs, self.world["stranger"], order_id)
        (receipt,) = self.world.send(through(self.world, party, inner))
        return self.world.events(receipt)

    def place(self) -> tuple[bytes, list[Event]]:
        """Have the payer place an order; return its id and what was told."""
        escrow, terms = self.world.network.jobs, self.terms()
        told = self.make(self.payer, lambda jobs, sender, _: jobs.place(sender, terms))
        return escrow.order_id(self.payer, terms), told

    def terms(self) -> OrderTerms:
        """Return terms between them."""
        return terms_of(self.world, buyer=self.buyer, provider=self.provider, arbiter=self.arbiter)

    def due(self) -> list[int]:
        """Return what is due to each."""
        escrow, currency = self.world.network.jobs, self.world.network.currency.address
        return [escrow.due(it, currency) for it in (self.payer, self.buyer, self.provider, self.arbiter)]


@pytest.fixture
def parties(world: World) -> Parties:
    """Deploy them; those who pay have units that the escrow may take."""
    contracts = [deploy(world, FORWARDER) for _ in range(4)]
    approval = world.network.currency.approve(world["stranger"], world.network.jobs.address, 100 * YUAN)
    for contract in contracts[:2]:
        world.issue(contract, 100 * YUAN)
        world.send(through(world, contract, approval))
    return Parties(world, *contracts)


def test_from_the_order_to_the_ruling(parties: Parties) -> None:
    """Each step is made, paid for and told of by the contract whose step it is."""
    world, escrow = parties.world, parties.world.network.jobs.address
    order_id, told = parties.place()
    assert [type(it) for it in told] == [OrderPlaced, Transfer]
    assert told[1] == Transfer(parties.payer, escrow, TOTAL)
    assert world.network.jobs.order(order_id).payer == parties.payer
    accepted = parties.make(parties.provider, lambda jobs, by, it: jobs.accept(by, it), order_id)
    assert accepted == [OrderAccepted(order_id, parties.provider)]
    for number in range(2):
        parties.make(parties.provider, lambda jobs, by, it, n=number: jobs.deliver(by, it, n, CONTENT), order_id)
    parties.make(parties.buyer, lambda jobs, by, it: jobs.accept_delivery(by, it, 0), order_id)
    assert parties.due() == [0, 0, AMOUNTS[0], 0]
    disputed = parties.make(parties.buyer, lambda jobs, by, it: jobs.dispute(by, it, 1, EVIDENCE), order_id)
    assert disputed == [MilestoneDisputed(order_id, 1, BOND, EVIDENCE), Transfer(parties.buyer, escrow, BOND)]
    parties.make(parties.arbiter, lambda jobs, by, it: jobs.rule(by, it, 1, 5_000, GROUNDS), order_id)
    half = AMOUNTS[1] // 2
    assert parties.due() == [half, BOND, AMOUNTS[0] + half, 0]


def test_conceding(parties: Parties) -> None:
    """A provider that is a contract gives a milestone up."""
    order_id, _ = parties.place()
    parties.make(parties.provider, lambda jobs, by, it: jobs.accept(by, it), order_id)
    parties.make(parties.provider, lambda jobs, by, it: jobs.concede(by, it, 0), order_id)
    assert parties.due() == [AMOUNTS[0], 0, 0, 0]


@pytest.mark.parametrize("name", ["payer", "buyer"])
def test_cancelling(parties: Parties, name: str) -> None:
    """A payer or a buyer that is a contract takes the order back; the payer is due its amount."""
    order_id, _ = parties.place()
    cancelled = parties.make(getattr(parties, name), lambda jobs, by, it: jobs.cancel(by, it), order_id)
    assert cancelled == [OrderCancelled(order_id, parties.payer, TOTAL)]
    assert parties.due() == [TOTAL, 0, 0, 0]


STEPS: list[tuple[str, str, Step]] = [
    (PAYER, "placed", lambda jobs, by, it: jobs.cancel(by, it)),
    (BUYER, "placed", lambda jobs, by, it: jobs.cancel(by, it)),
    (PROVIDER, "placed", lambda jobs, by, it: jobs.accept(by, it)),
    (PROVIDER, "accepted", lambda jobs, by, it: jobs.deliver(by, it, 0, CONTENT)),
    (PROVIDER, "accepted", lambda jobs, by, it: jobs.concede(by, it, 0)),
    (BUYER, "delivered", lambda jobs, by, it: jobs.accept_delivery(by, it, 0)),
    (BUYER, "delivered", lambda jobs, by, it: jobs.dispute(by, it, 0, EVIDENCE)),
    (ARBITER, "disputed", lambda jobs, by, it: jobs.rule(by, it, 0, 5_000, GROUNDS)),
]


@pytest.mark.parametrize(("name", "stage", "step"), STEPS)
def test_in_the_name_of_the_sender(world: World, name: str, stage: str, step: Step) -> None:
    """A contract that a party calls makes no step in that party's name, and is named."""
    job, forwarder = placed(world), deploy(world, FORWARDER)
    if stage != "placed":
        getattr(job, stage)()
    inner = step(job.escrow, world[name], job.id)
    refused(world, through(world, forwarder, inner), errors.OrderCallerInvalid, orderId=job.id, caller=forwarder)


def test_an_order_is_paid_by_who_places_it(world: World) -> None:
    """A contract that a rich account calls places no order at that account's expense (P-13)."""
    jobs, currency, forwarder = world.network.jobs, world.network.currency, deploy(world, FORWARDER)
    world.fund(PAYER, 100 * YUAN)
    world.send(currency.approve(world[PAYER], jobs.address, 100 * YUAN))
    refused(
        world,
        through(world, forwarder, jobs.place(world[PAYER], terms_of(world))),
        errors.ERC20InsufficientAllowance,
        spender=jobs.address,
        allowance=0,
        needed=TOTAL,
    )
