"""The job escrow, from the manual `contracts/jobs/IJobEscrow.sol`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
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
from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Contract, Signature, refuse
from tests.spec.core.records import BPS, NOTHING, Places
from tests.spec.jobs.records import Milestone, Order
from tests.spec.money.currency import CurrencySpec

MOST_MILESTONES = 64


class JobsSpec(Contract):
    """Every order, and the amounts due of them; all in one currency."""

    def __init__(self, places: Places, currency: CurrencySpec) -> None:
        """Begin without orders."""
        super().__init__(places.jobs, currency.events)
        self._places, self._currency = places, currency
        self.orders: dict[bytes, Order] = {}
        self.due: defaultdict[Address, int] = defaultdict(int)
        """Account -> units that it can be paid."""

    def id_of(self, payer: Address, terms: OrderTerms) -> bytes:
        """Return the id of a payer's order."""
        return terms.order_id(self._places.hub_domain.chain_id, self._places.jobs, payer)

    # Payer

    def place(self, call: Call, terms: OrderTerms) -> bytes:
        """Place an order and pay for it by the caller's allowance; return its id."""
        order_id = self._require_placeable(call, call.sender, terms)
        self._emit(OrderPlaced(order_id, call.sender, terms.provider, terms.total, terms))
        self._collect(call, call.sender, terms.total)
        return self._keep(order_id, call.sender, terms)

    def place_with_authorization(
        self, call: Call, terms: OrderTerms, payer: Address, after: int, before: int, by: Signature
    ) -> bytes:
        """Place an order that its payer signed a payment for, whose nonce is the order's id."""
        order_id = self._require_placeable(call, payer, terms)
        self._emit(OrderPlaced(order_id, payer, terms.provider, terms.total, terms))
        paid = payer, self._places.jobs, terms.total, after, before, order_id, by
        self._currency.receive_with_authorization(self._at(call), *paid)
        return self._keep(order_id, payer, terms)

    def cancel(self, call: Call, order_id: bytes) -> None:
        """Take back an order that was not accepted."""
        order = self._order_in(order_id, OrderState.PLACED)
        if call.sender not in (order.payer, order.terms.buyer) and call.now < order.terms.accept_before:
            refuse(errors.OrderCallerInvalid, orderId=order_id, caller=call.sender)
        order.state = OrderState.CANCELLED
        for stage in order.milestones:
            stage.state = MilestoneState.REFUNDED
        self.due[order.payer] += order.terms.total
        self._emit(OrderCancelled(order_id, order.payer, order.terms.total))

    # Provider

    def accept(self, call: Call, order_id: bytes) -> None:
        """Accept an order in time."""
        order = self._order_in(order_id, OrderState.PLACED)
        _require_caller(call, order_id, order.terms.provider)
        end = order.terms.accept_before
        if call.now >= end:
            refuse(errors.OrderAcceptancePassed, orderId=order_id, acceptBefore=end, timestamp=call.now)
        if self._currency.accounts[order.payer].frozen_outgoing:
            refuse(errors.OrderPayerFrozen, orderId=order_id, payer=order.payer)
        order.state = OrderState.ACCEPTED
        self._emit(OrderAccepted(order_id, call.sender))

    def deliver(self, call: Call, order_id: bytes, number: int, content: bytes) -> None:
        """Deliver a milestone in time."""
        order, stage = self._milestone(order_id, number)
        _require_caller(call, order_id, order.terms.provider)
        _require_state(order_id, number, stage, MilestoneState.DUE)
        _require_time(call, order_id, number, order.end(stage))
        _require_hash(content)
        stage.state, stage.since = MilestoneState.DELIVERED, call.now
        self._emit(MilestoneDelivered(order_id, number, content))

    def concede(self, call: Call, order_id: bytes, number: int) -> None:
        """Give a milestone up: the payer gets it back, and the buyer a bond."""
        order, stage = self._milestone(order_id, number)
        _require_caller(call, order_id, order.terms.provider)
        _require_unfinished(order_id, number, stage)
        self._refund(order_id, number)

    # Buyer

    def accept_delivery(self, call: Call, order_id: bytes, number: int) -> None:
        """Accept a delivery, also late."""
        order, stage = self._milestone(order_id, number)
        _require_caller(call, order_id, order.terms.buyer)
        _require_state(order_id, number, stage, MilestoneState.DELIVERED)
        self._release(order_id, number)

    def dispute(self, call: Call, order_id: bytes, number: int, evidence: bytes) -> None:
        """Dispute a delivery in time, and put up the bond."""
        order, stage = self._milestone(order_id, number)
        _require_caller(call, order_id, order.terms.buyer)
        _require_state(order_id, number, stage, MilestoneState.DELIVERED)
        _require_time(call, order_id, number, order.end(stage))
        _require_hash(evidence)
        self._emit(MilestoneDisputed(order_id, number, order.terms.bond, evidence))
        if order.terms.bond:
            self._collect(call, call.sender, order.terms.bond)
        stage.state, stage.since = MilestoneState.DISPUTED, call.now

    # Arbiter

    def rule(self, call: Call, order_id: bytes, number: int, share: int, grounds: bytes) -> None:
        """Split a disputed amount in time; a buyer without any ground loses the bond."""
        order, stage = self._milestone(order_id, number)
        _require_caller(call, order_id, order.terms.arbiter)
        _require_state(order_id, number, stage, MilestoneState.DISPUTED)
        _require_time(call, order_id, number, order.end(stage))
        if share > BPS:
            refuse(errors.RulingInvalid, providerBps=share)
        _require_hash(grounds)
        self._split(order_id, number, share, grounds)

    # Anyone

    def conclude(self, call: Call, order_id: bytes, number: int) -> None:
        """End a milestone whose time has passed."""
        order, stage = self._milestone(order_id, number)
        _require_unfinished(order_id, number, stage)
        end = order.end(stage)
        if call.now < end:
            stated = {"milestone": number, "end": end, "timestamp": call.now}
            refuse(errors.MilestoneTimeRunning, orderId=order_id, **stated)
        if stage.state is MilestoneState.DUE:
            self._refund(order_id, number)
        elif stage.state is MilestoneState.DELIVERED:
            self._release(order_id, number)
        else:
            self._split(order_id, number, order.terms.default_bps, NOTHING)

    def pay_due(self, call: Call, account: Address, currency: Address) -> None:
        """Pay an account all that is due to it."""
        amount = self.due[account] if currency == self._currency.address else 0
        if amount == 0:
            refuse(errors.NothingDue, account=account, currency=currency)
        self._emit(DuePaid(account, currency, amount))
        self._currency.transfer(self._at(call), account, amount)
        self.due[account] = 0

    # Where amounts go

    def _refund(self, order_id: bytes, number: int) -> None:
        """Owe the payer the amount, and the buyer the bond of a dispute."""
        order, stage = self._milestone(order_id, number)
        bond = order.terms.bond if stage.state is MilestoneState.DISPUTED else 0
        stage.state = MilestoneState.REFUNDED
        self.due[order.payer] += stage.amount
        self.due[order.terms.buyer] += bond
        self._emit(MilestoneRefunded(order_id, number, stage.amount, bond))

    def _release(self, order_id: bytes, number: int) -> None:
        """Owe the provider the amount."""
        order, stage = self._milestone(order_id, number)
        stage.state = MilestoneState.RELEASED
        self.due[order.terms.provider] += stage.amount
        self._emit(MilestoneReleased(order_id, number, stage.amount))

    def _split(self, order_id: bytes, number: int, share: int, grounds: bytes) -> None:
        """Owe provider and payer their shares, rounded for the payer; a dispute without any ground costs the bond."""
        order, stage = self._milestone(order_id, number)
        terms, bond_to_provider = order.terms, share == BPS and grounds != NOTHING
        stage.state = MilestoneState.RULED
        to_provider = stage.amount * share // BPS
        to_payer = stage.amount - to_provider
        self.due[terms.provider] += to_provider
        self.due[order.payer] += to_payer
        self.due[terms.provider if bond_to_provider else terms.buyer] += terms.bond
        shares = to_provider, to_payer, terms.bond
        self._emit(MilestoneRuled(order_id, number, *shares, bond_to_provider, grounds))

    def _collect(self, call: Call, payer: Address, amount: int) -> None:
        self._currency.transfer_from(self._at(call), payer, self._places.jobs, amount)

    def _keep(self, order_id: bytes, payer: Address, terms: OrderTerms) -> bytes:
        self.orders[order_id] = Order(payer, terms, [Milestone(*stated) for stated in terms.milestones])
        return order_id

    def _at(self, call: Call) -> Call:
        """Return the call that the escrow makes in turn."""
        return Call(self.address, call.now)

    # Requirements

    def _require_placeable(self, call: Call, payer: Address, terms: OrderTerms) -> bytes:
        _require_first(_sensible(call, payer, terms, self._currency.address))
        order_id = self.id_of(payer, terms)
        if order_id in self.orders:
            refuse(errors.OrderPlacedAlready, orderId=order_id)
        for amount, deliver_before in terms.milestones:
            _require_first({"amount": amount > 0, "deliverBefore": deliver_before > terms.accept_before})
        return order_id

    def _order_in(self, order_id: bytes, state: OrderState) -> Order:
        found = self.orders[order_id].state if order_id in self.orders else OrderState.NONE
        if found is not state:
            refuse(errors.OrderStateInvalid, orderId=order_id, state=found)
        return self.orders[order_id]

    def _milestone(self, order_id: bytes, number: int) -> tuple[Order, Milestone]:
        order = self._order_in(order_id, OrderState.ACCEPTED)
        there_are = len(order.milestones)
        if number >= there_are:
            refuse(errors.MilestoneNotFound, orderId=order_id, milestone=number, milestones=there_are)
        return order, order.milestones[number]


def _sensible(call: Call, payer: Address, terms: OrderTerms, currency: Address) -> Mapping[str, bool]:
    """Return which of the terms can be, in the order they are looked at."""
    return {
        "currency": terms.currency == currency,
        "buyer": terms.buyer != ZERO_ADDRESS,
        "provider": terms.provider not in (ZERO_ADDRESS, terms.buyer),
        "arbiter": terms.arbiter not in (ZERO_ADDRESS, payer, terms.buyer, terms.provider),
        "description": terms.description != NOTHING,
        "acceptBefore": terms.accept_before > call.now,
        "reviewPeriod": terms.review_s > 0,
        "arbitrationPeriod": terms.arbitration_s > 0,
        "defaultBps": terms.default_bps <= BPS,
        "milestones": 0 < len(terms.milestones) <= MOST_MILESTONES,
    }


def _require_first(sensible: Mapping[str, bool]) -> None:
    """Refuse for the first term that is not sensible."""
    for term, is_sensible in sensible.items():
        if not is_sensible:
            refuse(errors.OrderTermsInvalid, term=term)


def _require_caller(call: Call, order_id: bytes, expected: Address) -> None:
    if call.sender != expected:
        refuse(errors.OrderCallerInvalid, orderId=order_id, caller=call.sender)


def _require_state(order_id: bytes, number: int, stage: Milestone, state: MilestoneState) -> None:
    if stage.state is not state:
        refuse(errors.MilestoneStateInvalid, orderId=order_id, milestone=number, state=stage.state)


def _require_unfinished(order_id: bytes, number: int, stage: Milestone) -> None:
    if stage.state.is_final:
        refuse(errors.MilestoneStateInvalid, orderId=order_id, milestone=number, state=stage.state)


def _require_time(call: Call, order_id: bytes, number: int, end: int) -> None:
    if call.now >= end:
        stated = {"milestone": number, "end": end, "timestamp": call.now}
        refuse(errors.MilestoneTimePassed, orderId=order_id, **stated)


def _require_hash(shown: bytes) -> None:
    if shown == NOTHING:
        refuse(errors.JobHashZero)
