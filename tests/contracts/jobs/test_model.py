"""Random histories of orders against their specification, on any chain: equal after every step (INV-JOB)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pysettle.audit.ledger import LedgerCheck
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.terms import MilestoneState, OrderState
from pysettle.errors import ContractReverted
from tests.chance import SEED, chance, rounds
from tests.contracts.effects import asked, at, check_books, read_words
from tests.contracts.orders import ARBITER, BUYER, CONTENT, EVIDENCE, GROUNDS, HOUR_S, PAYER, PROVIDER, terms_of
from tests.contracts.world import YUAN, World
from tests.spec.core.calls import Call, Refusal
from tests.spec.core.records import Places
from tests.spec.jobs.escrow import JobsSpec
from tests.spec.jobs.records import Order
from tests.spec.money.currency import CurrencySpec
from tests.stateful import logs

STEPS = 150
NEW_EVERY = 8
"""Steps from one order to the next."""
AT_WORK = 2
"""Orders, the newest, that steps are about."""
FUNDS = 10_000 * YUAN
NAMES = (PAYER, BUYER, PROVIDER, ARBITER, "stranger")
SHARES = (0, 1, 3_333, 9_999, 10_000)

Move = tuple[str, str, tuple[object, ...]]
"""Entry, who calls it, and with what."""


class Run:
    """The orders of a seed, on the chain and as specified."""

    def __init__(self, world: World, seed: int) -> None:
        """Begin without any."""
        self.world, self.random, self.jobs = world, chance(seed), world.network.jobs
        self.spec = self._specified()
        for name in (PAYER, BUYER):
            world.fund(name, FUNDS)
            world.send(world.network.currency.approve(world[name], self.jobs.address, 2**256 - 1))

    def place(self) -> None:
        """Place an order more."""
        terms = terms_of(
            self.world,
            salt=len(self.spec.orders).to_bytes(32, "big"),
            bond=self.random.choice((0, 1, YUAN)),
            default_bps=self.random.choice(SHARES),
            accept_before=self.world.now + 12 * HOUR_S,
        )
        assert self.step("place", PAYER, (terms,))

    def _specified(self) -> JobsSpec:
        network, nowhere = self.world.network, ZERO_ADDRESS
        hub, meter, currency, escrow = network.hub, network.meter, network.currency.address, network.jobs.address
        accounts = currency, network.market.address, nowhere, hub.address, hub.collector, meter.address, escrow
        money = CurrencySpec(currency, network.currency.desk.address, {}, {escrow}, hub.collector, [])
        money.accounts[escrow].settlement = True
        for name in (PAYER, BUYER):
            holder = self.world.address(name)
            money.accounts[holder].balance = FUNDS
            money.allowances[holder, escrow] = 2**256 - 1
        return JobsSpec(Places(*accounts, hub.domain, network.market.domain), money)

    def step(self, entry: str, by: str, arguments: tuple[object, ...]) -> bool:
        """Do the same on both, see that it is refused for the same reason or by neither; return whether it is not."""
        expected = self.spec.perform(entry, Call(self.world.address(by), self.world.now), *arguments)
        found, written = None, []
        try:
            (receipt,) = self.world.send(getattr(self.jobs, entry)(self.world[by], *arguments))
            written = logs.found(receipt.logs)
        except ContractReverted as refused:
            found = Refusal.of(refused)
        assert found == expected.refusal, (entry, by, arguments)
        assert written == logs.expected(expected.events), (entry, by, arguments, expected.events)
        return found is None

    def moves(self) -> Iterator[Move]:
        """Yield steps: mostly one that comes next, by who may take it; else any, by anybody."""
        parties = {"accept": PROVIDER, "deliver": PROVIDER, "concede": PROVIDER, "rule": ARBITER}
        for number in range(STEPS):
            if number % NEW_EVERY == 0:
                self.place()
            self.pass_time()
            order_id, milestone = self.random.choice(list(self.spec.orders)[-AT_WORK:]), self.random.randrange(2)
            following = self._following(self.spec.orders[order_id], milestone)
            if self.random.random() < 0.25 or not following:
                following = ["accept", "cancel", "deliver", "concede", "accept_delivery", "dispute", "rule", "conclude"]
            entry = self.random.choice(following)
            right = parties.get(entry, BUYER)
            by = right if self.random.random() < 0.9 else self.random.choice(NAMES)
            shown = {"deliver": (CONTENT,), "dispute": (EVIDENCE,), "rule": (self.random.choice(SHARES), GROUNDS)}
            where = (order_id,) if entry in ("accept", "cancel") else (order_id, milestone)
            yield entry, by, (*where, *shown.get(entry, ()))
            if self.random.random() < 0.1:
                payee = self.world.address(self.random.choice(NAMES))
                yield "pay_due", "stranger", (payee, self.world.network.currency.address)

    def _following(self, order: Order, milestone: int) -> list[str]:
        """Return the entries that come next for a milestone."""
        if order.state is not OrderState.ACCEPTED:
            return [*(3 * ["accept"]), "cancel"] if order.state is OrderState.PLACED else []
        usual = {
            MilestoneState.DUE: [*(4 * ["deliver"]), "concede"],
            MilestoneState.DELIVERED: ["accept_delivery", "dispute", "dispute"],
            MilestoneState.DISPUTED: [*(4 * ["rule"]), "concede"],
        }
        stage = order.milestones[milestone]
        ended = self.world.now >= order.end(stage)
        return ["conclude", *usual[stage.state]] if ended and not stage.state.is_final else usual.get(stage.state, [])

    def pass_time(self) -> None:
        """Let time pass: a little, or to the edge of something that waits."""
        order = self.random.choice(list(self.spec.orders.values())[-AT_WORK:])
        edges = [order.end(it) for it in order.milestones if not it.state.is_final]
        if order.state is OrderState.PLACED:
            edges = [order.terms.accept_before]
        later = [edge + self.random.choice((-1, 0)) for edge in edges if edge - 1 > self.world.now]
        if later and self.random.random() < 0.08:
            at(self.world, min(later))
        elif self.random.random() < 0.2:
            self.world.chain.clock.advance(self.random.randrange(1, HOUR_S))

    def compare(self, order_ids: list[bytes]) -> None:
        """Assert that chain and specification say the same of orders, and of what everybody holds and is due."""
        currency, money = self.world.network.currency, self.spec._currency
        for order_id in order_ids:
            order, expected = self.jobs.order(order_id), self.spec.orders[order_id]
            assert order.state is expected.state
            assert [(it.state, it.since) for it in order.milestones] == [
                (it.state, it.since) for it in expected.milestones
            ]
        parties = [self.world.address(name) for name in NAMES]
        dues = [asked(self.jobs, "due", it, currency.address) for it in parties]
        holders = [*parties, self.jobs.address]
        words = read_words(self.world, [*dues, *(asked(currency, "balanceOf", it) for it in holders)])
        assert words[: len(dues)] == [self.spec.due[it] for it in parties]
        assert words[len(dues) :] == [money.accounts[it].balance for it in holders]
        assert words[-1] == sum(order.held for order in self.spec.orders.values()) + sum(self.spec.due.values())


@pytest.mark.apart
@pytest.mark.random
@pytest.mark.parametrize("seed", range(rounds(1, campaign=6)))
def test_random_histories(world: World, seed: int) -> None:
    """After each step chain and specification are equal; at the end what is held is of open milestones, or due."""
    run, done = Run(world, seed), set()
    for entry, by, arguments in run.moves():
        if run.step(entry, by, arguments):
            done.add(entry)
        run.compare([it for it in arguments if it in run.spec.orders])
    every = {"accept", "cancel", "deliver", "concede", "accept_delivery", "dispute", "rule", "conclude", "pay_due"}
    assert done == every or SEED is not None
    run.compare(list(run.spec.orders))
    ledger, currency = check_books(world), world.network.currency
    assert ledger.held(currency.address, run.jobs.address) == currency.balance_of(run.jobs.address)
    audit = LedgerCheck(ledger.contracts)
    audit.ledger = ledger
    audit.close(world.chain.block().number, world.chain.chain_id, world.chain.call)
    assert audit.divergences == []
    follower = world.network.follow()
    follower.update()
    assert (follower.ledger[JobBooks].orders, follower.ledger.balances) == (ledger[JobBooks].orders, ledger.balances)
