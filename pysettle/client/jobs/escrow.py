"""The JobEscrow: batch compute by milestones, paid for in advance and released by delivery."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.client.core.contract import Contract
from pysettle.client.money.currency import CurrencyToken
from pysettle.domain.core.messages import Authorization
from pysettle.domain.core.signing import Signer
from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, OrderId, Units


@dataclass(frozen=True, slots=True)
class Milestone:
    """Terms and state of a milestone."""

    amount: Units
    """Units that are paid for it."""
    deliver_before: int
    """Unix second before which it is delivered."""
    state: MilestoneState
    """State."""
    since: int
    """Unix second of its delivery, or of the dispute; zero before."""


@dataclass(frozen=True, slots=True)
class Order:
    """Terms and state of an order."""

    payer: Address
    """Account that paid and gets every refund."""
    state: OrderState
    """State."""
    accept_before: int
    """When the provider can accept no more, unix seconds."""
    review_s: int
    """Seconds that the buyer has to dispute a delivery."""
    buyer: Address
    """Account that accepts and disputes deliveries."""
    bond: Units
    """Bond that the buyer deposits with a dispute, in units."""
    provider: Address
    """Account that delivers."""
    arbitration_s: int
    """Seconds that the arbiter has to rule."""
    default_bps: int
    """Share of a disputed amount that the provider gets where the arbiter is silent."""
    arbiter: Address
    """Account that rules on disputes."""
    currency: Address
    """Currency of all amounts."""
    milestones: tuple[Milestone, ...]
    """Its milestones."""

    def end(self, milestone: Milestone) -> int | None:
        """Return the unix second from which a milestone of an accepted order is concluded; None if it has ended."""
        if milestone.state.is_final:
            return None
        periods = {MilestoneState.DELIVERED: self.review_s, MilestoneState.DISPUTED: self.arbitration_s}
        period = periods.get(milestone.state)
        return milestone.deliver_before if period is None else milestone.since + period


class JobEscrow(Contract):
    """The job escrow. Amounts are units of an order's currency; milestones are counted from zero."""

    GAS_PLACING = 400_000
    """Gas stated for placing an order, milestones apart."""
    GAS_MILESTONE = 40_000
    """Gas stated for each milestone of it."""
    GAS_STEP = 250_000
    """Gas stated for one step of a milestone, and for a payment."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed escrow."""
        super().__init__(sender, address, "JobEscrow", first_block)

    # Payer

    def place(self, payer: TransactionSigner, terms: OrderTerms) -> Transaction:
        """Place an order and pay it, within the payer's allowance to the escrow."""
        return self._transaction(payer, self._placing_gas(terms), "place", terms.fields())

    def sign_order(self, payer: Signer, currency: CurrencyToken, terms: OrderTerms, valid_before: int) -> bytes:
        """Sign the payment of an order, with its id as the nonce, so that any account can place it unchanged."""
        nonce = self.order_id(payer.address, terms)
        authorization = Authorization(payer.address, self.address, terms.total, 0, valid_before, nonce)
        return payer.sign(authorization.receive_digest(currency.domain))

    def place_with_authorization(
        self, submitter: TransactionSigner, payer: Address, terms: OrderTerms, valid_before: int, signature: bytes
    ) -> Transaction:
        """Place an order that its payer signed; anyone submits it."""
        arguments = terms.fields(), payer, 0, valid_before, signature
        return self._transaction(submitter, self._placing_gas(terms), "placeWithAuthorization", *arguments)

    def cancel(self, caller: TransactionSigner, order_id: OrderId) -> Transaction:
        """Take an order back that was not accepted: as payer or buyer, or anybody once the time has passed."""
        gas = self.GAS_STEP + self.GAS_MILESTONE * 64
        return self._transaction(caller, gas, "cancel", order_id)

    # Provider

    def accept(self, provider: TransactionSigner, order_id: OrderId) -> Transaction:
        """Accept an order."""
        return self._transaction(provider, self.GAS_STEP, "accept", order_id)

    def deliver(self, provider: TransactionSigner, order_id: OrderId, milestone: int, content: bytes) -> Transaction:
        """Deliver a milestone, by the hash of the content."""
        return self._transaction(provider, self.GAS_STEP, "deliver", order_id, milestone, content)

    def concede(self, provider: TransactionSigner, order_id: OrderId, milestone: int) -> Transaction:
        """Give a milestone up: its amount goes back to the payer."""
        return self._transaction(provider, self.GAS_STEP, "concede", order_id, milestone)

    # Buyer

    def accept_delivery(self, buyer: TransactionSigner, order_id: OrderId, milestone: int) -> Transaction:
        """Accept a delivery."""
        return self._transaction(buyer, self.GAS_STEP, "acceptDelivery", order_id, milestone)

    def dispute(self, buyer: TransactionSigner, order_id: OrderId, milestone: int, evidence: bytes) -> Transaction:
        """Dispute a delivery, by the hash of the evidence; the escrow takes the bond by allowance."""
        return self._transaction(buyer, self.GAS_STEP, "dispute", order_id, milestone, evidence)

    # Arbiter

    def rule(
        self, arbiter: TransactionSigner, order_id: OrderId, milestone: int, provider_bps: int, grounds: bytes
    ) -> Transaction:
        """Split a disputed amount."""
        return self._transaction(arbiter, self.GAS_STEP, "rule", order_id, milestone, provider_bps, grounds)

    # Anyone

    def conclude(self, caller: TransactionSigner, order_id: OrderId, milestone: int) -> Transaction:
        """End a milestone after its time."""
        return self._transaction(caller, self.GAS_STEP, "conclude", order_id, milestone)

    def pay_due(self, caller: TransactionSigner, account: Address, currency: Address) -> Transaction:
        """Pay an account its due amounts."""
        return self._transaction(caller, self.GAS_STEP, "payDue", account, currency)

    # Views

    def order_id(self, payer: Address, terms: OrderTerms) -> OrderId:
        """Return the id of a payer's order of these terms."""
        return terms.order_id(self.chain.chain_id, self.address, payer)

    def order(self, order_id: OrderId) -> Order:
        """Return an order; its state is NONE if there is no such order."""
        (
            payer,
            state,
            accept_before,
            review_s,
            buyer,
            bond,
            provider,
            arbitration_s,
            default_bps,
            arbiter,
            currency,
        ) = self._read("order", order_id)
        milestones = (
            Milestone(amount, deliver_before, MilestoneState(at), since)
            for amount, deliver_before, at, since in self._read("milestonesOf", order_id)
        )
        return Order(
            payer,
            OrderState(state),
            accept_before,
            review_s,
            buyer,
            bond,
            provider,
            arbitration_s,
            default_bps,
            arbiter,
            currency,
            tuple(milestones),
        )

    def due(self, account: Address, currency: Address) -> Units:
        """Return the units due to an account in a currency."""
        return Units(self._read("due", account, currency))

    def _placing_gas(self, terms: OrderTerms) -> int:
        return self.GAS_PLACING + self.GAS_MILESTONE * len(terms.milestones)
