"""Draws for the job escrow: orders of one to three milestones, and what each party may do about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from tests.spec.core.records import BPS, NOTHING
from tests.spec.jobs.records import Milestone, Order
from tests.stateful.network.draws import NetworkDraws, NothingToDo, Weighted
from tests.stateful.operations import Operation

SHARES = (0, 1, 3_333, 9_999, BPS)
PERIODS_S = (1, 3_600, *(2 * 86_400, 30 * 86_400) * 2)
"""Mostly long beside the leaps of time, so that what ends is mostly ended by somebody."""

Place = tuple[bytes, int]
"""An order, and the number of a milestone of it."""


class JobDraws(NetworkDraws):
    """Operations on the job escrow."""

    def _of_jobs(self) -> Weighted:
        return {
            "place": (3, self._place),
            "placeWithAuthorization": (3, self._place_with_authorization),
            "cancel": (1, self._cancel),
            "accept": (7, self._accept),
            "deliver": (9, self._deliver),
            "concede": (2, self._concede),
            "acceptDelivery": (2, self._accept_delivery),
            "dispute": (9, self._dispute),
            "rule": (7, self._rule),
            "conclude": (2, self._conclude),
            "payDue": (2, self._pay_due),
        }

    def _ends_of_jobs(self) -> list[int]:
        """Return when orders can be accepted no more, and when the time of a milestone ends."""
        ends = []
        for order in self._network.jobs.orders.values():
            if order.state is OrderState.PLACED:
                ends.append(order.terms.accept_before)
            elif order.state is OrderState.ACCEPTED:
                ends += [order.end(it) for it in order.milestones if not it.state.is_final]
        return ends

    # Orders

    def _place(self) -> Operation:
        """Let the escrow take units, or place an order with those it may take."""
        jobs, money = self._network.places.jobs, self._spec
        payer = self._prefer([it for it in self._buyers if self._payable(it) > 1], self._buyers)
        allowed = money.allowances[payer, jobs]
        if allowed < 1_000 and self._chance(0.9):
            amount = self._random.choice((self._fitting(money.accounts[payer].balance), 2**256 - 1))
            return self._call("approve", payer, jobs, amount)
        return self._on("jobs", "place", payer, self._terms_of_order(payer, min(allowed, self._payable(payer))))

    def _place_with_authorization(self) -> Operation:
        payer = self._prefer([it for it in self._buyers if self._payable(it) > 1], self._buyers)
        terms, (after, before) = self._terms_of_order(payer, self._payable(payer)), self._window()
        jobs = self._network.jobs
        nonce = jobs.id_of(payer, terms)
        message = "ReceiveWithAuthorization", payer, self._network.places.jobs, terms.total, after, before, nonce
        arguments = terms, payer, after, before
        return self._signed_on(
            "jobs", "placeWithAuthorization", self._somebody(), arguments, self._sign(payer, message)
        )

    def _terms_of_order(self, payer: Address, most: int) -> OrderTerms:
        random, now = self._random, self._now
        placed = [it.terms for it in self._network.jobs.orders.values() if it.payer == payer]
        if placed and self._chance(0.04):
            return random.choice(placed)
        accept_before = now + random.choice(PERIODS_S)
        total, count = max(self._part(min(most, 2**96)), 1), random.choice((1, 2, 3))
        amounts = [max(total // count, 1)] * (count - 1)
        stages = [
            (amount, accept_before + random.choice(PERIODS_S)) for amount in (*amounts, max(total - sum(amounts), 1))
        ]
        buyer = payer if self._chance(0.6) else random.choice(self._buyers)
        provider = random.choice([it for it in self._providers if it != buyer])
        terms = OrderTerms(
            self._spec.address,
            buyer,
            provider,
            self._addresses["agent"],
            b"\3" * 32,
            accept_before,
            random.choice(PERIODS_S),
            random.choice(PERIODS_S),
            tuple(stages),
            random.choice(SHARES),
            random.choice((0, 0, 1, self._part(self._payable(buyer)) // 4)),
            random.randbytes(32),
        )
        return replace(terms, **random.choice(self._wrong_order(payer, terms))) if self._chance(0.2) else terms

    def _wrong_order(self, payer: Address, terms: OrderTerms) -> tuple[dict[str, object], ...]:
        (amount, _), *others = terms.milestones
        early = (amount, terms.accept_before)
        return (
            {"currency": self._somebody()},
            {"currency": next(iter(self._live().values())).address},
            {"buyer": ZERO_ADDRESS},
            {"provider": ZERO_ADDRESS},
            {"provider": terms.buyer},
            {"arbiter": ZERO_ADDRESS},
            {"arbiter": self._random.choice((payer, terms.buyer, terms.provider))},
            {"description": NOTHING},
            {"accept_before": self._now},
            {"review_s": 0},
            {"arbitration_s": 0},
            {"default_bps": BPS + 1},
            {"milestones": ()},
            {"milestones": (early, *others)},
            {"milestones": ((0, terms.accept_before + 1), *others)},
        )

    def _order_where(self, wanted: Callable[[Order], object]) -> bytes:
        """Return an order of which something holds, seldom another, or none."""
        orders = self._network.jobs.orders
        if self._chance(0.02):
            return self._random.randbytes(32)
        return self._prefer([it for it, order in orders.items() if wanted(order)], list(orders) or [NOTHING])

    def _accept(self) -> Operation:
        order_id = self._order_where(
            lambda it: it.state is OrderState.PLACED and it.terms.accept_before > self._now - self._chance(0.2)
        )
        return self._on("jobs", "accept", self._usually(self._party(order_id, "provider")), order_id)

    def _cancel(self) -> Operation:
        order_id = self._order_where(lambda it: it.state is OrderState.PLACED)
        order = self._network.jobs.orders.get(order_id)
        by = order.payer if order and self._chance(0.5) else self._party(order_id, "buyer")
        return self._on("jobs", "cancel", self._somebody() if self._chance(0.4) else by, order_id)

    def _party(self, order_id: bytes, name: str) -> Address:
        """Return a party of an order; anybody where there is none."""
        orders = self._network.jobs.orders
        party: Address = getattr(orders[order_id].terms, name) if order_id in orders else self._somebody()
        return party

    # Milestones

    def _milestone(self, *states: MilestoneState, ends: bool = False) -> Place:
        """Return a milestone in one of some states, mostly with time left, or at its end; seldom another."""
        orders = self._network.jobs.orders
        if self._chance(0.04):
            return self._order_where(lambda it: it.state is OrderState.ACCEPTED), self._random.choice((0, 1, 3, 64))

        def fits(order: Order, stage: Milestone) -> bool:
            return stage.state in states and (order.end(stage) <= self._now) is ends

        fitting = [
            (order_id, number)
            for order_id, order in orders.items()
            if order.state is OrderState.ACCEPTED
            for number, stage in enumerate(order.milestones)
            if fits(order, stage)
        ]
        others = [(order_id, number) for order_id, it in orders.items() for number in range(len(it.milestones))]
        return self._prefer(fitting, others or [(NOTHING, 0)])

    def _next_step(self) -> Operation:
        """Return what comes next for a milestone that is under way, the furthest first."""
        orders = [it for it in self._network.jobs.orders.values() if it.state is OrderState.ACCEPTED]
        running = {it.state for order in orders for it in order.milestones if order.end(it) > self._now}
        for state, draw in (
            (MilestoneState.DISPUTED, self._rule),
            (MilestoneState.DELIVERED, self._dispute),
            (MilestoneState.DUE, self._deliver),
        ):
            if state in running:
                return draw()
        raise NothingToDo

    def _step(self, entry: str, party: str, place: Place, *more: object) -> Operation:
        return self._on("jobs", entry, self._usually(self._party(place[0], party)), *place, *more)

    def _hash(self) -> bytes:
        return NOTHING if self._chance(0.12) else self._random.randbytes(32)

    def _late(self) -> bool:
        """Whether something is tried of which the time has passed."""
        return self._chance(0.1)

    def _deliver(self) -> Operation:
        return self._step("deliver", "provider", self._milestone(MilestoneState.DUE, ends=self._late()), self._hash())

    def _concede(self) -> Operation:
        states = MilestoneState.DUE, MilestoneState.DELIVERED, MilestoneState.DISPUTED
        return self._step("concede", "provider", self._milestone(*states, ends=self._late()))

    def _accept_delivery(self) -> Operation:
        place = self._milestone(MilestoneState.DELIVERED, ends=self._late())
        return self._step("acceptDelivery", "buyer", place)

    def _dispute(self) -> Operation:
        """Dispute a delivery, once the escrow may take the bond."""
        order_id, number = self._milestone(MilestoneState.DELIVERED, ends=self._late())
        order = self._network.jobs.orders.get(order_id)
        if order is not None:
            buyer, jobs = order.terms.buyer, self._network.places.jobs
            if order.terms.bond > self._spec.allowances[buyer, jobs] and self._chance(0.8):
                return self._call("approve", buyer, jobs, 2**256 - 1)
        return self._step("dispute", "buyer", (order_id, number), self._hash())

    def _rule(self) -> Operation:
        place = self._milestone(MilestoneState.DISPUTED, ends=self._late())
        share = BPS + 1 if self._chance(0.4) else self._random.choice(SHARES)
        return self._step("rule", "arbiter", place, share, self._hash())

    def _conclude(self) -> Operation:
        states = MilestoneState.DUE, MilestoneState.DELIVERED, MilestoneState.DISPUTED
        place = self._milestone(*states, ends=not self._chance(0.3))
        return self._on("jobs", "conclude", self._somebody(), *place)

    def _pay_due(self) -> Operation:
        due = [it for it, amount in self._network.jobs.due.items() if amount]
        account = self._prefer(due, self._token_holders)
        currency = self._network.places.market if self._chance(0.03) else self._spec.address
        return self._on("jobs", "payDue", self._somebody(), account, currency)
