"""A series of Tokens, from the manual `contracts/compute/IComputeToken.sol`.

Where several conditions fail, the first in the order written here is the one reported (docs/reference/domain). Money
moves by the specification of the currency alone: what that refuses, the series refuses with the same words.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from eth_typing import Address

from pysettle.domain.compute.events import Consumed, Halted, Purchased, Redeemed, Refunded, Swept
from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from tests.spec.compute.records import LANES, PRICE_BASIS, RATE_BITS, Terms
from tests.spec.core.calls import Call, Signature, refuse
from tests.spec.core.records import BPS, NOTHING, Places
from tests.spec.core.tokens import TokenSpec
from tests.spec.money.currency import CurrencySpec


class PurchaseRule(Protocol):
    """The rule by which a series sells, from the manual `contracts/compute/IPurchasePolicy.sol`."""

    def check_purchase(self, payer: Address, beneficiary: Address) -> None:
        """Require that a series may sell Tokens of a payer to a beneficiary."""


class SeriesSpec(TokenSpec):
    """One series."""

    def __init__(
        self,
        address: Address,
        terms: Terms,
        places: Places,
        currency: CurrencySpec,
        now: int,
        policy: PurchaseRule | None = None,
    ) -> None:
        """Begin with nothing sold, or refuse the terms."""
        super().__init__(address, currency.events)
        _require_terms(terms, now)
        self.terms, self._places, self._currency, self._policy = terms, places, currency, policy
        self.balances: defaultdict[Address, int] = defaultdict(int)
        self.outstanding = self.sold = self.halted_at = 0
        # Nobody else may submit a payment to it, which would deliver nothing.
        currency.contracts.add(address)
        currency.set_payee_only(Call(address, now), True)

    # Derived from the state

    @property
    def delivered(self) -> int:
        """Tokens that came back and were not redeemed."""
        return self.balances[self.address]

    @property
    def left(self) -> int:
        """Tokens that may still be sold."""
        return self.terms.capacity - self.sold

    def has_ended(self, now: int) -> bool:
        """Whether it expired or was halted."""
        return bool(self.halted_at) or now >= self.terms.expiry

    def price(self, tokens: int) -> int:
        """Return the price of a purchase, rounded up."""
        return -(-tokens * self.terms.unit_price // PRICE_BASIS)

    def backing(self, tokens: int) -> int:
        """Return the units that back Tokens, rounded down."""
        return tokens * self.terms.unit_price // PRICE_BASIS

    def compensation(self, tokens: int) -> int:
        """Return the compensation of a holder after a halt, on top of the backing, rounded down."""
        return tokens * self.terms.unit_price * self.terms.compensation // (PRICE_BASIS * BPS)

    # Buyer

    def purchase(self, call: Call, beneficiary: Address, tokens: int, deadline: int) -> int:
        """Sell Tokens by an allowance of the caller's; return the price."""
        _require_before(call, deadline)
        price = self.price(tokens)
        self._require_sale(call, call.sender, beneficiary, tokens, price)
        self._currency.transfer_from(self._at(call), call.sender, self.address, price)
        self._sell(beneficiary, tokens)
        return price

    def purchase_with_permit(
        self,
        call: Call,
        beneficiary: Address,
        tokens: int,
        deadline: int,
        allowance: int,
        permit_deadline: int,
        signature: Signature,
    ) -> int:
        """Sell Tokens by the caller's permit, or by the allowance that is there without it; return the price."""
        pair = call.sender, self.address
        kept = self._currency.allowances[pair], self._currency.permit_nonces[call.sender]
        permit = *pair, allowance, permit_deadline, signature
        if not self._is_accepted(self._currency.permit, self._at(call), *permit):
            return self.purchase(call, beneficiary, tokens, deadline)
        try:
            return self.purchase(call, beneficiary, tokens, deadline)
        except ContractReverted:
            self._currency.allowances[pair], self._currency.permit_nonces[call.sender] = kept
            raise

    def purchase_with_authorization(
        self,
        call: Call,
        payer: Address,
        value: int,
        after: int,
        before: int,
        nonce: bytes,
        beneficiary: Address,
        least_tokens: int,
        deadline: int,
        signature: Signature,
    ) -> int:
        """Sell Tokens by an authorization whose nonce commits to the terms; return how many."""
        _require_before(call, deadline)
        committed = PurchaseTerms(self.address, beneficiary, least_tokens, deadline).hash()
        if nonce[:24] != committed[:24]:
            refuse(errors.PurchaseNonceInvalid, nonce=nonce, termsHash=committed)
        tokens = self._tokens_for(value)
        if tokens < least_tokens:
            refuse(errors.PurchaseBelowLeastTokens, tokens=tokens, leastTokens=least_tokens)
        self._require_sale(call, payer, beneficiary, tokens, value)
        paid = payer, self.address, value, after, before, nonce, signature
        self._currency.receive_with_authorization(self._at(call), *paid)
        self._sell(beneficiary, tokens)
        return tokens

    def purchase_with_transfer_authorization(
        self, call: Call, payer: Address, value: int, after: int, before: int, nonce: bytes, signature: Signature
    ) -> int:
        """Sell Tokens to the payer of a stock payment to the series; return how many."""
        tokens = self._tokens_for(value)
        self._require_sale(call, payer, payer, tokens, value)
        paid = payer, self.address, value, after, before, nonce, signature
        self._currency.transfer_with_authorization(self._at(call), *paid)
        self._sell(payer, tokens)
        return tokens

    # Holder and provider

    def consume(self, call: Call, tokens: int) -> None:
        """Take Tokens back against service outside a channel: they are delivered."""
        _require_tokens(tokens)
        self._require_open(call)
        self._require_unfrozen(call.sender)
        self._emit(Consumed(call.sender, tokens))
        self._move(call.sender, self.address, tokens)

    def refund(self, call: Call, tokens: int) -> int:
        """After the end, pay a holder the backing of its Tokens, after a halt with the compensation; return the sum."""
        self._require_ended(call)
        _require_tokens(tokens)
        compensation = self.compensation(tokens) if self.halted_at else 0
        paid = self.backing(tokens) + compensation
        self._emit(Refunded(call.sender, tokens, paid, compensation))
        self._destroy(call.sender, tokens)
        self._pay_out(call, call.sender, paid)
        return paid

    def redeem(self, call: Call, tokens: int) -> int:
        """Pay the provider the backing of delivered Tokens; return it."""
        self._require_provider(call)
        _require_tokens(tokens)
        paid = self.backing(tokens)
        self._emit(Redeemed(self.terms.provider, tokens, paid))
        self._destroy(self.address, tokens)
        self._pay_out(call, self.terms.provider, paid)
        return paid

    def sweep(self, call: Call) -> int:
        """After the end, pay the provider all units that the Tokens left cannot ask for; return them."""
        self._require_provider(call)
        self._require_ended(call)
        amount = self._currency.accounts[self.address].balance - self._owed()
        self._emit(Swept(self.terms.provider, amount))
        self._pay_out(call, self.terms.provider, amount)
        return amount

    def _owed(self) -> int:
        """Return the units that the outstanding Tokens may still ask for, rounded up."""
        compensated = self.outstanding - self.delivered if self.halted_at else 0
        shares = self.outstanding * BPS + compensated * self.terms.compensation
        return -(-shares * self.terms.unit_price // (PRICE_BASIS * BPS))

    # Market and hub

    def compensation_rounded_up(self, call: Call) -> int:
        """Return the compensation of all holders where the series is halted now, rounded up."""
        self._require_open(call)
        undelivered = self.outstanding - self.delivered
        return -(-undelivered * self.terms.unit_price * self.terms.compensation // (PRICE_BASIS * BPS))

    def halt(self, call: Call) -> None:
        """End the series before its expiry, once it holds the compensation too."""
        if call.sender != self._places.market:
            refuse(errors.SeriesCallerNotMarket, caller=call.sender, market=self._places.market)
        compensation = self.compensation_rounded_up(call)
        self.halted_at = call.now
        self._emit(Halted(self.outstanding - self.delivered, compensation))
        held, owed = self._currency.accounts[self.address].balance, self._owed()
        if held < owed:
            refuse(errors.SeriesUnderfunded, held=held, owed=owed)

    def check_channel(self, _: Address, config: ChannelConfig) -> None:
        """Ask of a channel in these Tokens that it pays this series, by the word of the meter."""
        if config.receiver != self.address or config.receiver_authorizer != self._places.meter:
            authorizer = config.receiver_authorizer
            refuse(errors.ChannelTermsRefused, receiver=config.receiver, receiverAuthorizer=authorizer)

    # Tokens

    def _pay(
        self, call: Call, payer_at: Address, to: Address, value: int, *, by_anyones_submission: bool = False
    ) -> None:
        """Pass Tokens on: between holders while the series is open, and out of the hub for ever."""
        places = self._places
        if payer_at != places.hub:
            self._require_open(call)
            if payer_at != places.collector:
                self._require_unfrozen(payer_at)
            hop = payer_at == places.collector and to == places.hub
            if call.sender != places.collector or not (to == places.collector or hop):
                self._require_holder(payer_at, to)
                self._require_unfrozen_payee(to)
        if to == ZERO_ADDRESS:
            refuse(errors.ERC20InvalidReceiver, receiver=to)
        self._move(payer_at, to, value)

    def _move(self, payer: Address, to: Address, tokens: int) -> None:
        self._require_balance(payer, tokens)
        self.balances[payer] -= tokens
        self.balances[to] += tokens
        self._emit(Transfer(payer, to, tokens))

    def _destroy(self, holder: Address, tokens: int) -> None:
        self._require_balance(holder, tokens)
        self.balances[holder] -= tokens
        self.outstanding -= tokens
        self._emit(Transfer(holder, ZERO_ADDRESS, tokens))

    def _sell(self, beneficiary: Address, tokens: int) -> None:
        self.balances[beneficiary] += tokens
        self.outstanding += tokens
        self.sold += tokens

    # Money

    def _at(self, call: Call) -> Call:
        """Return the call that the series makes in turn."""
        return Call(self.address, call.now)

    def _pay_out(self, call: Call, to: Address, amount: int) -> None:
        self._currency.transfer(self._at(call), to, amount)

    def _tokens_for(self, value: int) -> int:
        """Return the most Tokens that a payment buys; it has to be their exact price."""
        tokens = value * PRICE_BASIS // self.terms.unit_price
        if self.price(tokens) != value:
            refuse(errors.PurchasePaymentInexact, paid=value, price=self.price(tokens))
        return tokens

    # Requirements

    def _require_sale(self, call: Call, payer: Address, beneficiary: Address, tokens: int, price: int) -> None:
        """Require that so much may be sold, and emit the sale, which comes before its payment."""
        self._require_open(call)
        if self._policy is not None:
            self._policy.check_purchase(payer, beneficiary)
        _require_tokens(tokens)
        if beneficiary == ZERO_ADDRESS:
            refuse(errors.ERC20InvalidReceiver, receiver=beneficiary)
        self._require_holder(ZERO_ADDRESS, beneficiary)
        if beneficiary != payer:
            self._require_unfrozen_payee(beneficiary)
        if tokens > self.left:
            refuse(errors.CapacityExceeded, requested=tokens, available=self.left)
        self._emit(Purchased(payer, beneficiary, tokens, price))
        self._emit(Transfer(ZERO_ADDRESS, beneficiary, tokens))

    def _require_open(self, call: Call) -> None:
        if call.now >= self.terms.expiry:
            refuse(errors.SeriesExpired, expiry=self.terms.expiry, timestamp=call.now)
        if self.halted_at:
            refuse(errors.SeriesHalted, haltedAt=self.halted_at)

    def _require_ended(self, call: Call) -> None:
        if not self.has_ended(call.now):
            refuse(errors.SeriesNotEnded, expiry=self.terms.expiry, timestamp=call.now)

    def _require_provider(self, call: Call) -> None:
        if call.sender != self.terms.provider:
            refuse(errors.SeriesCallerNotProvider, caller=call.sender, provider=self.terms.provider)

    def _require_unfrozen(self, holder: Address) -> None:
        if self._currency.accounts[holder].frozen_outgoing:
            refuse(errors.HolderFrozenOutgoing, account=holder)

    def _require_unfrozen_payee(self, holder: Address) -> None:
        if self._currency.accounts[holder].frozen_incoming:
            refuse(errors.HolderFrozenIncoming, account=holder)

    def _require_holder(self, payer: Address, to: Address) -> None:
        """Require that Tokens rest with holders: not in the series, the hub or its collector."""
        places = self._places
        if to in (self.address, places.hub, places.collector) or payer == places.collector:
            refuse(errors.TokenTransferRefused, from_=payer, to=to)

    def _require_balance(self, holder: Address, tokens: int) -> None:
        held = self.balances[holder]
        if tokens > held:
            refuse(errors.ERC20InsufficientBalance, sender=holder, balance=held, needed=tokens)


def _require_terms(terms: Terms, now: int) -> None:
    """Require sensible terms of a series, in this order."""
    sensible = {
        "provider": terms.provider != ZERO_ADDRESS,
        "unitPrice": terms.unit_price > 0,
        "capacity": terms.capacity > 0,
        "expiry": terms.expiry > now,
        "rateCard": terms.rate_card < 1 << RATE_BITS * LANES,
        "haltGround": (terms.halter == ZERO_ADDRESS) == (terms.ground == NOTHING),
        "compensationBps": terms.compensation <= BPS,
    }
    for term, is_sensible in sensible.items():
        if not is_sensible:
            refuse(errors.SeriesTermsInvalid, term=term)


def _require_before(call: Call, deadline: int) -> None:
    if call.now >= deadline:
        refuse(errors.PurchaseDeadlinePassed, deadline=deadline, timestamp=call.now)


def _require_tokens(tokens: int) -> None:
    if tokens == 0:
        refuse(errors.TokensZero)
