"""Random histories of orders against a model of a few lines: equal steps let through, equal amounts due (INV-JOB)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from pysettle.audit.ledger import LedgerCheck
from pysettle.domain.jobs import MilestoneState as M
from pysettle.domain.jobs import OrderState as O
from pysettle.domain.jobs import OrderTerms
from pysettle.errors import ContractReverted
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at, check_books
from tests.contracts.orders import ARBITER, BUYER, CONTENT, EVIDENCE, GROUNDS, HOUR_S, PAYER, PROVIDER, terms_of
from tests.contracts.world import YUAN, World

STEPS = 100
ORDERS = 8
NAMES = (PAYER, BUYER, PROVIDER, ARBITER, "stranger")
SHARES = (0, 1, 3_333, 9_999, 10_000)


@dataclass
class Model:
    """One order, by the words of its interface."""

    terms: OrderTerms
    state: O = O.PLACED
    stages: list[tuple[M, int]] = field(default_factory=list)
    """(state, unix second since when) of each milestone."""
    due: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Who was ever due how much."""

    def __post_init__(self) -> None:
        """Begin with milestones to be delivered."""
        self.stages = [(M.DUE, 0) for _ in self.terms.milestones]

    def end(self, milestone: int) -> int:
        """Return when the time of a milestone ends."""
        state, since = self.stages[milestone]
        period = {M.DELIVERED: self.terms.review_s, M.DISPUTED: self.terms.arbitration_s}
        return since + period[state] if state in period else self.terms.milestones[milestone][1]

    def finish(self, milestone: int, state: M, to_provider: int, bond_to: str | None) -> None:
        """End a milestone: the provider's part, the rest to the payer, and a bond that was put up."""
        amount, _ = self.terms.milestones[milestone]
        self.stages[milestone] = (state, self.stages[milestone][1])
        self.due[PROVIDER] += to_provider
        self.due[PAYER] += amount - to_provider
        if bond_to:
            self.due[bond_to] += self.terms.bond

    def step(self, name: str, by: str, milestone: int, share: int, now: int) -> bool:
        """Make a step if it is allowed; say whether it is."""
        if name in ("accept", "cancel"):
            return self._begin(name, by, now)
        if self.state is not O.ACCEPTED:
            return False
        state, _ = self.stages[milestone]
        amount, end = self.terms.milestones[milestone][0], self.end(milestone)
        bond_to = BUYER if state is M.DISPUTED else None
        allowed = {
            "deliver": by == PROVIDER and state is M.DUE and now < end,
            "concede": by == PROVIDER and state <= M.DISPUTED,
            "approve": by == BUYER and state is M.DELIVERED,
            "dispute": by == BUYER and state is M.DELIVERED and now < end,
            "rule": by == ARBITER and state is M.DISPUTED and now < end,
            "conclude": state <= M.DISPUTED and now >= end,
        }[name]
        if not allowed:
            return False
        if name in ("deliver", "dispute"):
            self.stages[milestone] = (M.DELIVERED if name == "deliver" else M.DISPUTED, now)
        elif name == "concede" or (name == "conclude" and state is M.DUE):
            self.finish(milestone, M.REFUNDED, 0, bond_to)
        elif name == "approve" or (name == "conclude" and state is M.DELIVERED):
            self.finish(milestone, M.RELEASED, amount, None)
        elif name == "rule":
            self.finish(milestone, M.RULED, amount * share // 10_000, PROVIDER if share == 10_000 else BUYER)
        else:
            self.finish(milestone, M.RULED, amount * self.terms.default_bps // 10_000, BUYER)
        return True

    def _begin(self, name: str, by: str, now: int) -> bool:
        in_time = now < self.terms.accept_before
        allowed = by == PROVIDER and in_time if name == "accept" else by in (PAYER, BUYER) or not in_time
        if self.state is not O.PLACED or not allowed:
            return False
        self.state = O.ACCEPTED if name == "accept" else O.CANCELLED
        if name == "cancel":
            self.stages = [(M.REFUNDED, 0) for _ in self.stages]
            self.due[PAYER] += self.terms.total
        return True


class Run:
    """The orders of a seed, on the chain and in the model."""

    def __init__(self, world: World, seed: int) -> None:
        """Place them."""
        self.world, self.random, self.jobs = world, Random(seed), world.network.jobs  # noqa: S311  # reproducible, and no secret
        self.models: dict[bytes, Model] = {}
        currency = world.network.currency
        for name in (PAYER, BUYER):
            world.fund(name, 10_000 * YUAN)
            world.send(currency.approve(world[name], self.jobs.address, 2**256 - 1))
        for number in range(ORDERS):
            bond, salt = self.random.choice((0, 1, YUAN)), number.to_bytes(32, "big")
            default = self.random.choice(SHARES)
            until = world.now + 12 * HOUR_S
            terms = terms_of(world, salt=salt, bond=bond, default_bps=default, accept_before=until)
            world.send(self.jobs.place(world[PAYER], terms))
            self.models[self.jobs.order_id(world.address(PAYER), terms)] = Model(terms)

    def moves(self) -> Iterator[tuple[str, str, bytes, int, int]]:
        """Yield steps: mostly one that comes next, by who may take it; else any, by anybody."""
        parties = {"accept": PROVIDER, "deliver": PROVIDER, "concede": PROVIDER, "rule": ARBITER}
        for _ in range(STEPS):
            order_id, milestone = self.random.choice(list(self.models)), self.random.randrange(2)
            model = self.models[order_id]
            usual = {M.DUE: ["deliver"], M.DELIVERED: ["approve", "dispute", "dispute"], M.DISPUTED: ["rule"]}
            following = ["accept"] if model.state is O.PLACED else usual.get(model.stages[milestone][0], [])
            if self.random.random() < 0.25 or not following:
                following = [
                    *(2 * ["accept", "deliver", "approve", "dispute", "rule", "conclude"]),
                    "cancel",
                    "concede",
                ]
            name = self.random.choice(following)
            right = parties.get(name, BUYER)
            by = right if self.random.random() < 0.9 else self.random.choice(NAMES)
            yield name, by, order_id, milestone, self.random.choice(SHARES)

    def transaction(self, name: str, by: str, order_id: bytes, milestone: int, share: int) -> Transaction:
        """Return a step as a transaction."""
        jobs, signer = self.jobs, self.world[by]
        steps: dict[str, Callable[[], Transaction]] = {
            "accept": lambda: jobs.accept(signer, order_id),
            "cancel": lambda: jobs.cancel(signer, order_id),
            "deliver": lambda: jobs.deliver(signer, order_id, milestone, CONTENT),
            "concede": lambda: jobs.concede(signer, order_id, milestone),
            "approve": lambda: jobs.accept_delivery(signer, order_id, milestone),
            "dispute": lambda: jobs.dispute(signer, order_id, milestone, EVIDENCE),
            "rule": lambda: jobs.rule(signer, order_id, milestone, share, GROUNDS),
            "conclude": lambda: jobs.conclude(signer, order_id, milestone),
        }
        return steps[name]()

    def sends(self, transaction: Transaction) -> bool:
        """Send a transaction; say whether it was let through."""
        try:
            self.world.send(transaction)
        except ContractReverted:
            return False
        return True

    def jump(self) -> None:
        """Let time pass: a little, or to the edge of something that waits."""
        model = self.random.choice(list(self.models.values()))
        edges = [model.terms.accept_before, *map(model.end, range(2))]
        later = [edge + self.random.choice((-1, 0)) for edge in edges if edge - 1 > self.world.now]
        if later and self.random.random() < 0.1:
            at(self.world, min(later))
        elif self.random.random() < 0.2:
            self.world.chain.clock.advance(self.random.randrange(1, HOUR_S))

    def compare(self, paid: dict[str, int]) -> None:
        """Assert that chain and model say the same of every order and everybody's due."""
        for order_id, model in self.models.items():
            order = self.jobs.order(order_id)
            assert order.state is model.state
            assert [(it.state, it.since) for it in order.milestones] == model.stages
        for name in NAMES:
            owed = sum(model.due[name] for model in self.models.values())
            assert self.jobs.due(self.world.address(name), self.world.network.currency.address) == owed - paid[name]


@pytest.mark.parametrize("seed", range(6))
def test_random_histories(world: World, seed: int) -> None:
    """After each step chain and model are equal; at the end what is held is of open milestones, or due."""
    run, paid = Run(world, seed), dict[str, int](defaultdict(int, dict.fromkeys(NAMES, 0)))
    currency, accepted = world.network.currency, 0
    for name, by, order_id, milestone, share in run.moves():
        run.jump()
        allowed = run.models[order_id].step(name, by, milestone, share, world.now)
        assert run.sends(run.transaction(name, by, order_id, milestone, share)) == allowed, (name, by, milestone)
        accepted += allowed
        run.compare(paid)
        if run.random.random() < 0.1:
            payee = run.random.choice(NAMES)
            owed = run.jobs.due(world.address(payee), currency.address)
            if owed:
                world.send(run.jobs.pay_due(world["stranger"], world.address(payee), currency.address))
                paid[payee] += owed
                check_books(world, everybody=False)
    assert accepted > 5
    ledger = check_books(world)
    held = currency.balance_of(run.jobs.address)
    open_ = sum(
        amount + (model.terms.bond if state is M.DISPUTED else 0)
        for model in run.models.values()
        for (amount, _), (state, _) in zip(model.terms.milestones, model.stages, strict=True)
        if state <= M.DISPUTED
    )
    due = sum(model.due[name] for model in run.models.values() for name in NAMES) - sum(paid.values())
    assert held == open_ + due == ledger.held(currency.address, run.jobs.address)
    audit = LedgerCheck(ledger.contracts)
    audit.ledger = ledger
    audit.close(world.chain.block().number, world.chain.chain_id, world.chain.call)
    assert audit.divergences == []
    follower = world.network.follow()
    follower.update()
    assert (follower.ledger.orders, follower.ledger.balances) == (ledger.orders, ledger.balances)
