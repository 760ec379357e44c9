"""Foreign exchange and the policy of purchases, above positions, corridors and the market.

Written from the manuals `contracts/settlement/IForeignExchange.sol` and `contracts/compute/IPurchasePolicy.sol`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.corridors import CorridorTerms, corridor_id
from pysettle.domain.settlement.exchange_events import (
    PurchasedAbroad,
    PurchaseLimitSet,
    QuoteCancelled,
    ReferenceRateAttested,
    SeriesAdmitted,
)
from pysettle.domain.settlement.quotes import LONGEST_QUOTE_S, Order, Quote, ReferenceRate
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.values import Units
from tests.spec.compute.market import MarketSpec
from tests.spec.compute.records import PRICE_BASIS
from tests.spec.core.calls import Call, Contract, Signature, refuse
from tests.spec.core.tokens import NO_END
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role, day_at
from tests.spec.settlement.corridors import CorridorsSpec
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.trial import TrialSpec


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote with a signature."""

    quote: Quote
    signature: Signature


@dataclass(frozen=True, slots=True)
class Paying:
    """How a buyer pays: by its allowance, or by an authorization."""

    value: int = 0
    after: int = 0
    before: int = 0
    nonce: bytes = bytes(32)
    signature: Signature | None = None
    """None for a payment by allowance."""


class ExchangeSpec(TrialSpec):
    """The foreign exchange of a market."""

    def __init__(
        self, address: Address, layers: Mapping[Address, LiquiditySpec], corridors: CorridorsSpec, market: MarketSpec
    ) -> None:
        """Begin without a rate, a limit or a series."""
        super().__init__(address, corridors.events)
        self.layers, self.corridors, self.market = layers, corridors, market
        self.currency: CurrencySpec = market.currency
        self.used: set[tuple[Address, int]] = set()
        self.rates: dict[Address, ReferenceRate] = {}
        self.limits: defaultdict[tuple[bytes, WalletClass], tuple[int, int]] = defaultdict(lambda: (0, 0))
        self.uses: defaultdict[tuple[bytes, Address], list[tuple[int, int]]] = defaultdict(list)
        """(corridor, buyer) -> (time, units) of each purchase in its last window."""

    # Buyer

    def purchase(self, call: Call, offers: Sequence[Offer], order: Order, paying: Paying) -> int:
        """Buy Tokens by the first quote that works; return how many."""
        if not offers:
            refuse(errors.QuotesMissing)
        if paying.signature is None:
            if call.sender != order.buyer:
                refuse(errors.BuyerNotCaller, buyer=order.buyer, caller=call.sender)
        elif paying.nonce[:24] != (terms := order.nonce(self.address))[:24]:
            refuse(errors.PurchaseNonceInvalid, nonce=paying.nonce, termsHash=terms)
        for offer in offers[:-1]:
            if self._works(call, offer, order, paying):
                return self._take(call, offer, order, paying)
        return self._take(call, offers[-1], order, paying)

    def take(self, call: Call, offer: Offer, order: Order, paying: Paying) -> int:
        """Take one quote, as the contract itself."""
        if call.sender != self.address:
            refuse(errors.CallerNotExchange, caller=call.sender, exchange=self.address)
        return self._take(call, offer, order, paying)

    # Provider

    def cancel(self, call: Call, number: int) -> None:
        """Use up an id."""
        self._use(call.sender, number)
        self._emit(QuoteCancelled(call.sender, number))

    # Central bank

    def set_class_limit(self, call: Call, from_: int, to: int, class_: WalletClass, limit: tuple[int, int]) -> None:
        """Set the limits of a class in a corridor: of one purchase, and of a window."""
        if call.sender not in self.currency.roles[Role.CENTRAL_BANK]:
            refuse(errors.CurrencyPowerMissing, currency=self.currency.address, caller=call.sender)
        identifier = corridor_id(from_, to, self.currency.address)
        self.limits[identifier, class_] = limit
        set_to = Units(limit[0]), Units(limit[1])
        self._emit(PurchaseLimitSet(identifier, self.currency.address, class_, *set_to))

    # Anyone

    def attest_rate(self, call: Call, rate: ReferenceRate, signer: Address, signature: Signature) -> None:
        """Store the rate that the central bank of the market signed."""
        if rate.sold != self.currency.address:
            refuse(errors.QuoteCurrencyOther, currency=rate.sold, expected=self.currency.address)
        if signer not in self.currency.roles[Role.CENTRAL_BANK]:
            refuse(errors.CurrencyPowerMissing, currency=self.currency.address, caller=signer)
        last = self.rates[rate.paid].observed_at if rate.paid in self.rates else 0
        if not last < rate.observed_at <= call.now:
            times = {"observedAt": rate.observed_at, "last": last, "timestamp": call.now}
            refuse(errors.ReferenceRateTimeInvalid, paid=rate.paid, **times)
        if signature != Signature(signer, ("ReferenceRate", rate)):
            refuse(errors.RateSignatureInvalid, signer=signer)
        self.rates[rate.paid] = rate
        times = {"observed_at": rate.observed_at, "valid_before": rate.valid_before}
        self._emit(ReferenceRateAttested(rate.paid, rate.sold, signer, rate.rate, rate.tolerance_bps, **times))

    def admit_series(self, call: Call, series: Address) -> None:
        """Let a series of the market take its price."""
        if series not in self.market.stakes:
            refuse(errors.SeriesUnknown, series=series)
        self._emit(SeriesAdmitted(series))
        self.currency.approve(self._own(call), series, NO_END)

    # Changes

    def _works(self, call: Call, offer: Offer, order: Order, paying: Paying) -> bool:
        """Whether a quote can be taken as things stand; nothing changes."""
        try:
            deepcopy(self)._take(call, offer, order, paying)
        except ContractReverted:
            return False
        return True

    def _take(self, call: Call, offer: Offer, order: Order, paying: Paying) -> int:
        quote = offer.quote
        self._require_quote(call, quote, order.buyer)
        if offer.signature != Signature(quote.provider, ("Quote", quote)):
            refuse(errors.QuoteSignatureInvalid, provider=quote.provider, id=quote.id)
        self._require_parties(call, quote, order)
        series = self.market.series[order.series]
        tokens = quote.sold_amount * PRICE_BASIS // series.terms.unit_price
        if tokens < order.least_tokens:
            refuse(errors.PurchaseBelowLeastTokens, tokens=tokens, leastTokens=order.least_tokens)
        self._use(quote.provider, quote.id)
        identifier, units = self._count(call, quote, order)
        self._emit(PurchasedAbroad(order.buyer, quote.provider, order.series, quote, identifier, Units(units)))
        self._collect(call, quote, order.buyer, paying)
        paid, sold = self.layers[quote.paid], self.layers[quote.sold]
        paid.exchange(self._own(call), quote.provider, quote.paid_amount, sold, quote.sold_amount)
        price = series.purchase(self._own(call), order.beneficiary, tokens, order.deadline)
        if price != quote.sold_amount:
            refuse(errors.PurchasePaymentInexact, paid=quote.sold_amount, price=price)
        return tokens

    def _collect(self, call: Call, quote: Quote, buyer: Address, paying: Paying) -> None:
        """Bring the units of the buyer to the liquidity accounts."""
        paid, own = self.layers[quote.paid].currency, self._own(call)
        liquidity = self.layers[quote.paid].address
        if paying.signature is None:
            return paid.transfer_from(own, buyer, liquidity, quote.paid_amount)
        if paying.value != quote.paid_amount:
            refuse(errors.PurchasePaymentInexact, paid=paying.value, price=quote.paid_amount)
        authorized = buyer, self.address, paying.value, paying.after, paying.before, paying.nonce
        paid.receive_with_authorization(own, *authorized, paying.signature)
        return paid.transfer(own, liquidity, paying.value)

    def _use(self, provider: Address, number: int) -> None:
        if (provider, number) in self.used:
            refuse(errors.QuoteUsed, provider=provider, id=number)
        self.used.add((provider, number))

    def _count(self, call: Call, quote: Quote, order: Order) -> tuple[bytes, int]:
        """Count a purchase to its buyer; return the corridor, and the units of the buyer in its window."""
        wallet = self.layers[quote.paid].currency.accounts[order.buyer]
        seller = self.currency.accounts[self.market.series[order.series].terms.provider]
        identifier = corridor_id(wallet.jurisdiction, seller.jurisdiction, self.currency.address)
        way, amount = self.corridors.ways[identifier], quote.sold_amount
        if not way.is_open:
            refuse(errors.CorridorNotOpen, id=identifier)
        if way.counter != quote.paid:
            refuse(errors.CorridorOfOtherPair, id=identifier, counterCurrency=way.counter)
        if amount >= way.terms.travel_threshold:
            stated = {"debtor": order.buyer, "amount": amount, "threshold": way.terms.travel_threshold}
            refuse(errors.TravelPayloadUnsigned, id=identifier, **stated)
        class_ = wallet.class_on(day_at(call.now))
        within = identifier, order.buyer, class_, amount
        return identifier, self._count_within(call, within, way.terms)

    def _count_within(self, call: Call, counted: tuple[bytes, Address, WalletClass, int], terms: CorridorTerms) -> int:
        identifier, buyer, class_, amount = counted
        named = {"corridor": identifier, "buyer": buyer, "class_": class_, "requested": amount}
        purchase, window = self.limits[identifier, class_]
        if amount > (limit := min(purchase, terms.settlement_limit)):
            refuse(errors.PurchaseLimitExceeded, **named, limit=limit)
        times = self.corridors.times[self.currency.address]
        local = call.now + (times.offset * 60 if times.week else 0)
        uses = self.uses[identifier, buyer]
        if not uses or uses[0][0] < call.now - local % terms.window_s:
            uses = []
        available = max(0, min(window, terms.window_limit) - sum(units for _, units in uses))
        if amount > available:
            refuse(errors.PurchaseWindowExceeded, **named, available=available)
        self.uses[identifier, buyer] = [*uses, (call.now, amount)]
        return sum(units for _, units in self.uses[identifier, buyer])

    # Requirements

    def _require_quote(self, call: Call, quote: Quote, buyer: Address) -> None:
        named, now = {"provider": quote.provider, "id": quote.id}, call.now
        if quote.sold != self.currency.address:
            refuse(errors.QuoteCurrencyOther, currency=quote.sold, expected=self.currency.address)
        if quote.taker not in (ZERO_ADDRESS, buyer):
            refuse(errors.QuoteTakerOther, **named, taker=quote.taker, buyer=buyer)
        if now >= quote.valid_before:
            refuse(errors.QuoteExpired, **named, validBefore=quote.valid_before, timestamp=now)
        if quote.valid_before > now + LONGEST_QUOTE_S:
            latest = now + LONGEST_QUOTE_S
            refuse(errors.QuoteTooLong, **named, validBefore=quote.valid_before, latest=latest)
        rate = self.rates.get(quote.paid)
        if rate is None or now >= rate.valid_before:
            until = rate.valid_before if rate else 0
            refuse(errors.ReferenceRateExpired, paid=quote.paid, validBefore=until, timestamp=now)
        if not rate.admits(quote.paid_amount, quote.sold_amount):
            stated = {"expected": rate.expected(quote.paid_amount), "toleranceBps": rate.tolerance_bps}
            refuse(errors.QuoteOffRate, **named, sold=quote.sold_amount, **stated)

    def _require_parties(self, call: Call, quote: Quote, order: Order) -> None:
        if self.currency.policy.paused:
            refuse(errors.CurrencyPaused)
        for currency in (quote.paid, self.currency.address):
            if self.layers[currency].currency.accounts[order.buyer].frozen:
                refuse(errors.BuyerFrozen, currency=currency, buyer=order.buyer)
        if not self.currency.allowances[self.address, order.series]:
            refuse(errors.SeriesNotAdmitted, series=order.series)
        for currency in (quote.paid, self.currency.address):
            if not self.corridors.times[currency].is_open(call.now):
                refuse(errors.CurrencyClosed, currency=currency, time=call.now)

    def _own(self, call: Call) -> Call:
        """Return the call that the contract makes in turn."""
        return Call(self.address, call.now)


class PolicySpec(Contract):
    """The policy of purchases, which stores nothing."""

    def __init__(self, address: Address, exchange: ExchangeSpec, domestic: int) -> None:
        """Serve the jurisdiction of a market."""
        super().__init__(address, exchange.events)
        self._exchange, self._domestic = exchange, domestic

    def check_purchase(self, payer: Address, beneficiary: Address) -> None:
        """Require that a series may sell to a beneficiary."""
        if payer == self._exchange.address:
            return
        currency = self._exchange.currency
        jurisdiction = currency.accounts[beneficiary].jurisdiction
        if jurisdiction == self._domestic:
            return
        if jurisdiction == 0:
            refuse(errors.BeneficiaryJurisdictionUnknown, beneficiary=beneficiary)
        identifier = corridor_id(jurisdiction, self._domestic, currency.address)
        if not self._exchange.corridors.ways[identifier].is_open:
            refuse(errors.CorridorNotOpen, id=identifier)
