"""Draws for purchases in another currency: quotes, rates, limits, the policy of purchases, and that currency itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END, WalletClass
from pysettle.domain.settlement.quotes import RATE_BASIS, Order, Quote, ReferenceRate
from pysettle.values import Timestamp, Tokens, Units
from tests.spec.compute.records import PRICE_BASIS
from tests.spec.compute.series import SeriesSpec
from tests.spec.core.calls import Signature
from tests.spec.settlement.corridors import Times
from tests.spec.settlement.exchange import ExchangeSpec, Offer, Paying
from tests.stateful.network.draws import Weighted
from tests.stateful.network.layer_draws import BANKS, DAY_S, FUNDS, HERE, TERMS, THERE, YUAN, LayerDraws
from tests.stateful.operations import Operation

ABROAD = ("buyer", "other buyer")
"""Accounts that buy Tokens in the other currency."""
RATE = 9 * RATE_BASIS // 10
TOLERANCE_BPS = 100
LIMITS = 35 * YUAN, 90 * YUAN


class ExchangeDraws(LayerDraws):
    """Operations on the foreign exchange, on the policy of purchases, and on the other currency."""

    def _of_exchange(self) -> Weighted:
        return {
            "purchaseAbroad": (24, self._purchase_abroad),
            "take": (1, self._take_alone),
            "cancelQuote": (2, self._cancel_quote),
            "setClassLimit": (2, self._set_class_limit),
            "attestRate": (5, self._attest_rate),
            "admitSeries": (4, self._admit_series),
            "policy": (2, self._set_policy),
            "registerHere": (4, self._register_here),
            "foreign": (9, self._foreign_money),
        }

    @property
    def _exchange(self) -> ExchangeSpec:
        return self._layer.exchange

    # Purchases

    def _quote(self, series: SeriesSpec, buyer: Address) -> Quote:
        """Return a quote at the rate, mostly for the exact price of some Tokens."""
        random, currencies = self._random, (self._foreign.address, self._spec.address)
        amount = random.choice((YUAN, 5 * YUAN, 18 * YUAN, 29 * YUAN, 36 * YUAN))
        tokens = amount * PRICE_BASIS // series.terms.unit_price
        price = series.price(max(tokens, 1))
        sold = price if self._chance(0.95) else amount + 1
        paid = min(-(-sold * RATE_BASIS // RATE), 2**96 - 1)
        provider = self._addresses[random.choice(list(BANKS)[:2])]
        until = self._now + random.choice((1, 30, 60, 60))
        units = Units(paid), Units(min(sold, 2**96 - 1))
        taker = random.choice((ZERO_ADDRESS, ZERO_ADDRESS, buyer))
        quote = Quote(provider, taker, *currencies, *units, self._number(), Timestamp(until))
        if self._chance(0.15):
            used = [number for owner, number in self._exchange.used if owner == provider]
            changes: tuple[dict[str, object], ...] = (
                {"valid_before": self._now},
                {"valid_before": self._now + 61},
                {"taker": self._addresses["vault"]},
                {"sold": self._foreign.address},
                {"paid": self._spec.address},
                {"paid_amount": paid + paid // 50 + 1},
                {"provider": self._somebody()},
                {"id": max(used, default=1)},
            )
            quote = replace(quote, **random.choice(changes))  # type: ignore[arg-type]  # fields by name
        return quote

    def _purchase_abroad(self) -> Operation:
        random = self._random
        _, series = self._some_series()
        buyer = self._addresses[random.choice(ABROAD)]
        beneficiary = buyer if self._chance(0.8) else self._prefer(self._buyers, [*self._keys, ZERO_ADDRESS])
        offers = list[Offer]()
        for _ in range(random.choice((1, 1, 1, 2, 3)) if self._chance(0.98) else 0):
            quote = self._quote(series, buyer)
            offers.append(Offer(quote, self._sign(quote.provider, ("Quote", quote))))
        least = Tokens(1) if self._chance(0.95) else Tokens(10**20)
        address = series.address if self._chance(0.97) else self._somebody()
        order = Order(buyer, address, beneficiary, least, self._deadline())
        if self._chance(0.5) or not offers:
            return self._on("exchange", "purchase", self._usually(buyer), tuple(offers), order, Paying())
        return self._on("exchange", "purchase", self._somebody(), tuple(offers), order, self._paying(order, offers))

    def _paying(self, order: Order, offers: list[Offer]) -> Paying:
        """Return the authorization of a buyer for one of the quotes, seldom of another order."""
        agreed = order if self._chance(0.95) else replace(order, least_tokens=Tokens(7))
        nonce = agreed.nonce(self._exchange.address, self._random.getrandbits(20))
        value = self._random.choice(offers).quote.paid_amount
        authorized = order.buyer, self._exchange.address, value, *self._window(), nonce
        by = self._sign(order.buyer, ("ReceiveWithAuthorization", *authorized))
        return Paying(*authorized[2:], by)  # type: ignore[arg-type]  # amount, times and nonce

    def _take_alone(self) -> Operation:
        """Try to take a quote outside a purchase."""
        _, series = self._some_series()
        buyer = self._addresses[ABROAD[0]]
        quote = self._quote(series, buyer)
        offer = Offer(quote, Signature(quote.provider, ("Quote", quote)))
        order = Order(buyer, series.address, buyer, Tokens(1), self._now + 60)
        return self._on("exchange", "take", buyer, offer, order, Paying())

    def _cancel_quote(self) -> Operation:
        provider = self._bank(self._foreign.address)
        used = [number for owner, number in self._exchange.used if owner == provider]
        number = max(used) if used and self._chance(0.3) else self._number()
        return self._on("exchange", "cancel", provider, number)

    # Whatever keeps everybody else from going on is mended soon

    def _mended(self) -> Operation | None:
        """Return what ends a pause or a stop, replaces a rate that is too old, or admits a series; None for nothing."""
        market, central_bank = self._spec, self._addresses["central bank"]
        rate = self._exchange.rates.get(self._foreign.address)
        if any(it.paused for it in self._layer.positions.values()):
            return self._pause_positions()
        if self._chance(0.25) and (lifted := self._lifted()):
            return lifted
        if self._foreign.policy.paused:
            return self._on("foreign", "unpause", self._addresses["foreign officer"])
        if rate is None or rate.valid_before <= self._now:
            return self._rate(RATE, self._now, self._now + 400 * DAY_S)
        for series in self._live().values():
            if not market.allowances[self._exchange.address, series.address]:
                return self._on("exchange", "admitSeries", self._somebody(), series.address)
        for currency, times in self._layer.corridors.times.items():
            if not times.is_open(self._now):
                return self._on("corridors", "setWeek", self._central_bank(currency), currency, 0, Times())
        for way in self._ways():
            if not (known := self._layer.corridors.ways[way.id]).is_open:
                terms = next((it[2] for it in known.consents.values()), TERMS)
                currencies = (market.address, self._foreign.address)
                # An older consent is worth nothing after a revision, so that both may have to agree again.
                missing = [it for it in currencies if it not in known.consents] or [self._random.choice(currencies)]
                return self._on("corridors", "agree", self._central_bank(missing[0]), way, terms, missing[0])
        if market.policy.paused:
            return self._call("unpause", self._addresses["pauser"])
        if not self._exchange.limits[self._ways()[2].id, WalletClass.II][0]:
            return self._on("exchange", "setClassLimit", central_bank, THERE, HERE, WalletClass.II, LIMITS)
        for name in BANKS:
            wallet = market.accounts[self._addresses[name]]
            if name != "operator" and wallet.jurisdiction != HERE:
                return self._registered("currency", name, HERE)
        for name in ABROAD:
            account = self._addresses[name]
            if market.accounts[account].frozen_outgoing or market.accounts[account].frozen_incoming:
                return self._call("freeze", self._addresses["freezer"], account, False, False)
            if market.accounts[account].frozen_amount:
                return self._call("freezeAmount", self._addresses["freezer"], account, 0)
            if self._foreign.accounts[account].jurisdiction != THERE:
                return self._registered("foreign", name, THERE)
        return None

    def _lifted(self) -> Operation | None:
        """Return what lifts a stop or a freeze of a participant; None if there is none."""
        currency, account = self._measured()
        positions = self._layer.positions[currency]
        member, held = positions.registry.members[account], positions.positions[account]
        freezer = self._addresses["foreign officer" if currency == self._foreign.address else "freezer"]
        if member.stopped or member.suspended:
            return self._on("registry", "setStops", freezer, currency, account, False, False, b"\5" * 32)
        if held.frozen_incoming or held.frozen_outgoing:
            return self._on("liquidity", "freeze", freezer, currency, account, False, False)
        if held.frozen_amount:
            return self._on("liquidity", "freezeAmount", freezer, currency, account, 0)
        return None

    # Central bank

    def _set_class_limit(self) -> Operation:
        class_ = self._random.choice(list(WalletClass))
        limit = self._random.choice((LIMITS, LIMITS, (18 * YUAN, 40 * YUAN), (0, 0)))
        by = self._usually(self._addresses["central bank"])
        return self._on("exchange", "setClassLimit", by, THERE, HERE, class_, limit)

    def _attest_rate(self) -> Operation:
        last = self._exchange.rates.get(self._foreign.address)
        observed = self._now if self._chance(0.9) or not last else last.observed_at + self._chance(0.5)
        observed += self._chance(0.05)
        until = self._now + self._random.choice((1, 3_600, *6 * (400 * DAY_S,)))
        operation = self._rate(RATE + self._random.choice((0, 0, RATE // 150)), observed, until)
        rate, signer = operation.arguments
        assert isinstance(rate, ReferenceRate)
        if self._chance(0.05):
            rate = replace(rate, sold=self._foreign.address)
        signer = self._usually(self._addresses["central bank"])
        by = self._sign(signer, ("ReferenceRate", rate))
        return replace(operation, sender=self._somebody(), arguments=(rate, signer), signature=by)

    def _rate(self, rate: int, observed: int, until: int) -> Operation:
        bank, pair = self._addresses["central bank"], (self._foreign.address, self._spec.address)
        attested = ReferenceRate(*pair, rate, TOLERANCE_BPS, Timestamp(observed), Timestamp(until))
        by = Signature(bank, ("ReferenceRate", attested))
        return Operation("attestRate", bank, self._now, (attested, bank), by, contract="exchange")

    def _admit_series(self) -> Operation:
        allowed = self._spec.allowances
        fresh = [it.address for it in self._live().values() if not allowed[self._exchange.address, it.address]]
        others = [*(it.address for it in self._live().values()), self._somebody()]
        return self._on("exchange", "admitSeries", self._somebody(), self._prefer(fresh, others))

    def _set_policy(self) -> Operation:
        by = self._usually(self._addresses["central bank"])
        if self._chance(0.5):
            jurisdiction = self._random.choice((HERE, HERE, HERE, THERE, 764))
            return self._on("market", "setProviderJurisdiction", by, jurisdiction, self._chance(0.8))
        policy = self._layer.places.policy
        choices = (policy, policy, policy, ZERO_ADDRESS, self._somebody())
        return self._on("market", "setPurchasePolicy", by, self._random.choice(choices))

    def _register_here(self) -> Operation:
        """Register somebody whose jurisdiction keeps it from buying or opening series."""
        name = self._random.choice(("provider", "other provider", "buyer", "other buyer", "vault"))
        return self._registered("currency", name, THERE if name == "other buyer" else HERE)

    def _registered(
        self, contract: str, name: str, jurisdiction: int, class_: WalletClass = WalletClass.II
    ) -> Operation:
        registrar = self._addresses["registrar" if contract == "currency" else "foreign officer"]
        wallet = self._addresses[name], class_, IDENTIFICATION_WITHOUT_END, jurisdiction, True
        return self._on(contract, "registerWallet", registrar, *wallet)

    # The other currency

    def _foreign_money(self) -> Operation:
        random, foreign, officer = self._random, self._foreign, self._addresses["foreign officer"]
        name = random.choice((*ABROAD, *BANKS))
        account = self._addresses[name]
        if foreign.policy.paused or self._chance(0.05):
            return self._on("foreign", "unpause" if foreign.policy.paused else "pause", officer)
        stopped = [at for it in (*ABROAD, *BANKS) if foreign.accounts[at := self._addresses[it]].frozen]
        if stopped and self._chance(0.7):
            held = random.choice(stopped)
            if foreign.accounts[held].frozen_amount:
                return self._on("foreign", "freezeAmount", officer, held, 0)
            return self._on("foreign", "freeze", officer, held, False, False)
        kind = random.randrange(6)
        if kind == 0:
            return self._on("foreign", "freeze", officer, account, self._chance(0.5), self._chance(0.5))
        if kind == 1:
            return self._on("foreign", "freezeAmount", officer, account, random.choice((1, FUNDS)))
        if kind == 2:
            class_ = random.choice((WalletClass.II, WalletClass.II, WalletClass.IV))
            return self._registered("foreign", random.choice(ABROAD), random.choice((THERE, THERE, HERE)), class_)
        if kind == 3:
            return self._on("foreign", "issue", officer, account, random.randint(1, 100) * YUAN)
        if kind == 4:
            amount = random.choice((2**256 - 1, FUNDS, 2**256 - 1))
            return self._on(
                "foreign", "approve", self._addresses[random.choice(ABROAD)], self._exchange.address, amount
            )
        to = self._addresses[random.choice((*ABROAD, *BANKS))]
        return self._on("foreign", "transfer", account, to, self._part(foreign.accounts[account].free))

    # Opening

    def _opened_exchange(self) -> Iterator[Operation]:
        """Yield what purchases from abroad begin with: wallets, limits, a rate, and the series admitted."""
        addresses, exchange = self._addresses, self._exchange.address
        for name in ("provider", "other provider", "buyer", "other buyer", "vault"):
            yield self._registered("currency", name, THERE if name == "other buyer" else HERE)
        for name in ABROAD:
            yield self._registered("foreign", name, THERE)
            yield self._on("foreign", "approve", addresses[name], exchange, 2**256 - 1)
        for class_ in (WalletClass.II, WalletClass.IV):
            yield self._on("exchange", "setClassLimit", addresses["central bank"], THERE, HERE, class_, LIMITS)
        yield self._on("market", "setProviderJurisdiction", addresses["central bank"], HERE, True)
        yield self._rate(RATE, self._now, self._now + 400 * DAY_S)
        for series in self._network.series.values():
            yield self._on("exchange", "admitSeries", addresses["relayer"], series.address)

    def _issued_abroad(self) -> Iterator[Operation]:
        """Yield the issuance of the other currency: a reserve for ever, a quota, and units for everybody."""
        officer = self._addresses["foreign officer"]
        attested = ReserveAttestation(2**80 // 10_000, self._now, 1, 2**64 - 1)
        by = Signature(officer, ("ReserveAttestation", *attested.fields()))
        yield Operation("attestReserve", officer, self._now, (officer, attested), by, contract="foreign")
        yield self._on("foreign", "setIssuanceQuota", officer, officer, 2**70)
        for name in (*ABROAD, *BANKS):
            yield self._on("foreign", "issue", officer, self._addresses[name], 4 * FUNDS)
