"""INV-JOB on histories that a small model of the escrow makes: kept by each, and broken by each lie told in one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from pysettle.domain import invariants
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.contracts import DUE, JOB, JOB_ESCROW
from pysettle.domain.jobs.events import (
    DuePaid,
    MilestoneDelivered,
    MilestoneDisputed,
    MilestoneRefunded,
    MilestoneReleased,
    MilestoneRuled,
    OrderAccepted,
    OrderCancelled,
    OrderPlaced,
)
from pysettle.domain.jobs.terms import MilestoneState as M
from pysettle.domain.jobs.terms import OrderState, OrderTerms
from pysettle.domain.ledger import Ledger, fold
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.events import IssuanceQuotaSet, Issued, ReserveAttested

CURRENCY, ESCROW, PAYER, BUYER, PROVIDER, ARBITER, OPERATOR, DESK = (Address(bytes([n]) * 20) for n in range(1, 9))
CONTRACTS = Contracts(
    {
        CURRENCY_TOKEN: {CURRENCY: None},
        ISSUANCE_DESK: {DESK: CurrencyTerms(CURRENCY)},
        JOB_ESCROW: {ESCROW: None},
    }
)
START = 1_800_000_000
PERIOD_S = 4
"""Of review and of arbitration: short, so that steps come before, at and after their ends."""
GROUNDS, NOTHING = b"\7" * 32, bytes(32)


@dataclass
class Order:
    """One order, as the model keeps it."""

    terms: OrderTerms
    id: bytes
    state: OrderState = OrderState.PLACED
    stages: list[tuple[M, int]] = field(default_factory=list)
    """(state, unix second of what ends with a period) of each milestone."""


@dataclass
class Model:
    """The escrow by the words of its interface: what is due to everybody, and the events that say why."""

    history: list[list[Emitted]] = field(default_factory=list)
    """One list of events a transaction."""
    orders: list[Order] = field(default_factory=list)
    due: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    spent: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    now: int = START

    def say(self, *said: tuple[Address, Event]) -> None:
        """Make a transaction of events."""
        block = len(self.history)
        self.history.append(
            [
                Emitted(emitter, Position(block, 0, index), event, self.now)
                for index, (emitter, event) in enumerate(said)
            ]
        )

    def pay_in(self, payer: Address, amount: int) -> tuple[Address, Event]:
        """Have somebody pay the escrow."""
        self.spent[payer] += amount
        return CURRENCY, Transfer(payer, ESCROW, amount)

    # Steps. `number` chooses whatever there is to choose; a step that is not allowed does nothing.

    def wait(self, number: int) -> None:
        """Let a second or some go by."""
        self.now += 1 + number % PERIOD_S

    def place(self, number: int) -> None:
        """Place an order of one to three milestones, with a bond or none."""
        amounts = [1 + number // 7**place % 9_973 for place in range(1 + number % 3)]
        terms = OrderTerms(
            *(CURRENCY, BUYER, PROVIDER, ARBITER, b"\1" * 32, self.now + 3, PERIOD_S, PERIOD_S),
            milestones=tuple((amount, self.now + 6 + 3 * place) for place, amount in enumerate(amounts)),
            default_bps=number % 10_001,
            bond=(0, 1, 500)[number % 3],
            salt=len(self.orders).to_bytes(32, "big"),
        )
        order = Order(terms, terms.order_id(1, ESCROW, PAYER), stages=[(M.DUE, 0)] * len(amounts))
        self.orders.append(order)
        placed = OrderPlaced(order.id, PAYER, PROVIDER, terms.total, terms)
        self.say((ESCROW, placed), self.pay_in(PAYER, terms.total))

    def accept(self, number: int) -> None:
        """Accept an order in time."""
        order = self._order(number, OrderState.PLACED)
        if order and self.now < order.terms.accept_before:
            order.state = OrderState.ACCEPTED
            self.say((ESCROW, OrderAccepted(order.id, PROVIDER)))

    def cancel(self, number: int) -> None:
        """Take an order back, mostly one that nobody accepted in time."""
        order = self._order(number, OrderState.PLACED)
        if order and (number % 4 == 0 or self.now >= order.terms.accept_before):
            order.state, order.stages = OrderState.CANCELLED, [(M.REFUNDED, 0)] * len(order.stages)
            self.due[PAYER] += order.terms.total
            self.say((ESCROW, OrderCancelled(order.id, PAYER, order.terms.total)))

    def deliver(self, number: int) -> None:
        """Deliver a milestone in time."""
        order, place = self._milestone(number, M.DUE)
        if order and self.now < order.terms.milestones[place][1]:
            order.stages[place] = (M.DELIVERED, self.now)
            self.say((ESCROW, MilestoneDelivered(order.id, place, GROUNDS)))

    def concede(self, number: int) -> None:
        """Give a milestone up, wherever it stands."""
        order, place = self._milestone(number, (M.DUE, M.DELIVERED, M.DISPUTED)[number % 3])
        if order:
            self._refund(order, place)

    def approve(self, number: int) -> None:
        """Accept a delivery, in its review period or after it."""
        order, place = self._milestone(number, M.DELIVERED)
        if order:
            self._release(order, place)

    def dispute(self, number: int) -> None:
        """Dispute a delivery in time."""
        order, place = self._milestone(number, M.DELIVERED)
        if order and self.now < order.stages[place][1] + PERIOD_S:
            order.stages[place] = (M.DISPUTED, self.now)
            bond = order.terms.bond
            paid = [self.pay_in(BUYER, bond)] if bond else []
            self.say((ESCROW, MilestoneDisputed(order.id, place, bond, GROUNDS)), *paid)

    def rule(self, number: int) -> None:
        """Split a disputed amount in time."""
        order, place = self._milestone(number, M.DISPUTED)
        if order and self.now < order.stages[place][1] + PERIOD_S:
            self._split(order, place, (0, 1, 3_333, 9_999, 10_000)[number % 5], GROUNDS)

    def conclude(self, number: int) -> None:
        """End a milestone whose time has passed."""
        passed = [
            (order, place)
            for order in self.orders
            for place, (state, since) in enumerate(order.stages)
            if order.state is OrderState.ACCEPTED and not state.is_final
            if self.now >= (order.terms.milestones[place][1] if state is M.DUE else since + PERIOD_S)
        ]
        if not passed:
            return
        # What was disputed last comes first, since few get there.
        order, place = max(passed, key=lambda it: it[0].stages[it[1]]) if number % 2 else passed[number % len(passed)]
        state = order.stages[place][0]
        if state is M.DUE:
            self._refund(order, place)
        elif state is M.DELIVERED:
            self._release(order, place)
        else:
            self._split(order, place, order.terms.default_bps, NOTHING)

    def pay(self, number: int) -> None:
        """Pay somebody what is due."""
        account = (PAYER, BUYER, PROVIDER)[number % 3]
        if amount := self.due.pop(account, 0):
            self.paid[account] += amount
            moved = Transfer(ESCROW, account, amount)
            self.say((ESCROW, DuePaid(account, CURRENCY, amount)), (CURRENCY, moved))

    def _order(self, number: int, state: OrderState) -> Order | None:
        found = [it for it in self.orders if it.state is state]
        return found[number % len(found)] if found else None

    def _milestone(self, number: int, state: M) -> tuple[Order | None, int]:
        found = [
            (order, place)
            for order in self.orders
            for place, (at, _) in enumerate(order.stages)
            if order.state is OrderState.ACCEPTED and at is state
        ]
        return found[number % len(found)] if found else (None, 0)

    def _release(self, order: Order, place: int) -> None:
        amount = order.terms.milestones[place][0]
        order.stages[place] = (M.RELEASED, order.stages[place][1])
        self.due[PROVIDER] += amount
        self.say((ESCROW, MilestoneReleased(order.id, place, amount)))

    def _refund(self, order: Order, place: int) -> None:
        amount, bond = order.terms.milestones[place][0], self._bond(order, place)
        order.stages[place] = (M.REFUNDED, order.stages[place][1])
        self.due[PAYER] += amount
        self.due[BUYER] += bond
        self.say((ESCROW, MilestoneRefunded(order.id, place, amount, bond)))

    def _split(self, order: Order, place: int, bps: int, grounds: bytes) -> None:
        amount, bond = order.terms.milestones[place][0], self._bond(order, place)
        part = int(Fraction(amount * bps, 10_000))
        to_provider = bps == 10_000 and grounds != NOTHING
        order.stages[place] = (M.RULED, order.stages[place][1])
        self.due[PROVIDER] += part
        self.due[PAYER] += amount - part
        self.due[PROVIDER if to_provider else BUYER] += bond
        ruled = MilestoneRuled(order.id, place, part, amount - part, bond, to_provider, grounds)
        self.say((ESCROW, ruled))

    @staticmethod
    def _bond(order: Order, place: int) -> int:
        return order.terms.bond if order.stages[place][0] is M.DISPUTED else 0


OPERATIONS = [
    *(Model.wait, Model.place, Model.accept, Model.accept, Model.cancel, Model.deliver, Model.deliver, Model.concede),
    *(Model.approve, Model.dispute, Model.dispute, Model.rule, Model.wait, Model.conclude, Model.conclude, Model.pay),
]
STEPS = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 10**9)), min_size=10, max_size=60)


def play(steps: list[tuple[Any, int]]) -> Model:
    """Run a history, begun with money for payer and buyer."""
    model = Model()
    reserve = ReserveAttested(1, OPERATOR, 10**12, START, START + 1)
    model.say((DESK, reserve), (DESK, IssuanceQuotaSet(OPERATOR, 2 * 10**15)))
    for number, holder in enumerate((PAYER, BUYER), 1):
        issued = Issued(OPERATOR, holder, 10**15, (2 - number) * 10**15)
        model.say((DESK, issued), (CURRENCY, Transfer(ZERO_ADDRESS, holder, 10**15)))
    for operation, number in [(Model.place, 10**6), (Model.accept, 0), *steps]:
        operation(model, number)
    return model


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_every_history_keeps_the_invariants(steps: list[tuple[Any, int]]) -> None:
    """After each transaction; and what the ledger says is held and due is what the model says."""
    model, ledger = play(steps), Ledger(CONTRACTS)
    for transaction in model.history:
        for emitted in transaction:
            ledger.apply(emitted)
        assert invariants.check(ledger) == []
    for account in (PAYER, BUYER, PROVIDER, ARBITER):
        assert ledger.balance(CURRENCY, DUE, account) == model.due[account]
        held = model.paid[account] - model.spent[account] + 10**15 * (account in (PAYER, BUYER))
        assert ledger.held(CURRENCY, account) == held
    for order in model.orders:
        record, amounts = ledger[JobBooks].orders[order.id], [amount for amount, _ in order.terms.milestones]
        assert [(it.state, it.since) for it in record.milestones] == order.stages
        open_ = sum(amount for amount, (at, _) in zip(amounts, order.stages, strict=True) if not at.is_final)
        bonds = order.terms.bond * [at for at, _ in order.stages].count(M.DISPUTED)
        assert ledger.balance(CURRENCY, JOB, order.id) == open_ + bonds
        assert record.released + record.refunded == order.terms.total - open_
    put_in, paid_out = sum(model.spent.values()), sum(model.paid.values())
    assert ledger.held(CURRENCY, ESCROW) == put_in - paid_out


def codes_of(history: list[Emitted]) -> set[str]:
    """Return the codes of the findings on a history."""
    return {finding.code for finding in invariants.check(fold(CONTRACTS, history))}


FIELDS = ("amount", "total", "bond", "to_provider", "to_payer", "bond_to_provider", "account", "value")


@given(STEPS, st.data())
@settings(max_examples=200, deadline=None)
def test_no_lie_goes_unnoticed(steps: list[tuple[Any, int]], data: st.DataObject) -> None:
    """An altered amount or party is a finding at once, or the books no longer agree with what is asked at the head."""
    model = play(steps)
    history = [emitted for transaction in model.history[3:] for emitted in transaction]
    opening = [emitted for transaction in model.history[:3] for emitted in transaction]
    place = data.draw(st.integers(0, len(history) - 1))
    event = history[place].event
    names = [name for name in FIELDS if hasattr(event, name)]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    value = getattr(event, name)
    lie = (not value) if isinstance(value, bool) else value + 1 if isinstance(value, int) else ARBITER
    if name == "bond_to_provider" and getattr(event, "bond", 0) == 0:
        return  # no bond goes to nobody
    lied = [*history]
    lied[place] = replace(history[place], event=replace(event, **{name: lie}))  # type: ignore[arg-type]  # by name
    told, true = fold(CONTRACTS, [*opening, *lied]), fold(CONTRACTS, [*opening, *history])
    assert invariants.check(told) or {*invariants.questions(told, 1)} != {*invariants.questions(true, 1)}


@given(STEPS, st.data())
@settings(max_examples=200, deadline=None)
def test_no_step_is_made_twice(steps: list[tuple[Any, int]], data: st.DataObject) -> None:
    """An event of the escrow that comes a second time contradicts the history: each order and milestone ends once."""
    model = play(steps)
    history = [emitted for transaction in model.history for emitted in transaction]
    own = [at for at, it in enumerate(history) if it.emitter == ESCROW]
    place = data.draw(st.sampled_from(own))
    codes = codes_of([*history[: place + 1], history[place]])
    expected = {OrderPlaced: "INV-ONCE", DuePaid: "INV-SUPPLY"}
    final = (OrderAccepted, OrderCancelled)
    ended = (MilestoneReleased, MilestoneRefunded, MilestoneRuled)
    kind = type(history[place].event)
    assert expected.get(kind, "INV-FINAL" if kind in (*final, *ended) else "INV-JOB") in codes


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_steps_out_of_time_are_named(steps: list[tuple[Any, int]]) -> None:
    """What had to be in time and came late, and a default ruling that came early, are INV-JOB."""
    model = play(steps)
    history = [emitted for transaction in model.history for emitted in transaction]
    timely = (OrderAccepted, MilestoneDelivered, MilestoneDisputed)
    for place, emitted in enumerate(history):
        event, shift = emitted.event, 0
        if isinstance(event, timely) or (isinstance(event, MilestoneRuled) and event.grounds != NOTHING):
            shift = 10**6
        elif isinstance(event, MilestoneRuled):
            shift = START - emitted.timestamp
        if shift:
            assert "INV-JOB" in codes_of([*history[:place], replace(emitted, timestamp=emitted.timestamp + shift)])
