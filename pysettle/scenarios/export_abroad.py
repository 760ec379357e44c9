"""The sale of compute abroad, paid in e-HKD: a bank between the two currencies, and no e-CNY in the hand of the buyer.

The buyer pays e-HKD by the quotes of a bank of China, whose e-CNY go to the series; the Tokens come in the same
transaction. Everything after the sale is that of `compute_export`. A payment from the threshold of the Travel Rule on
is for institutions: the buyer's bank makes it, once both banks have signed its payload, which the auditor can open.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pysettle.audit.verify import Report
from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.client.settlement.opening import address_of
from pysettle.client.settlement.quotes import refund_place
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.calendars import common_opening
from pysettle.domain.settlement.corridors import NEVER, Corridor, CorridorTerms, TravelPayload
from pysettle.domain.settlement.quotes import BPS, RATE_BASIS, Order, Quote, ReferenceRate, SignedQuote
from pysettle.domain.settlement.sealing import AuditorKey, SealedPayload
from pysettle.errors import ContractReverted
from pysettle.errors.states import PayloadState
from pysettle.evm.transactions import Transaction
from pysettle.hashing import keccak
from pysettle.money import PRICE_BASIS, UNITS_PER_MINOR, UNITS_PER_WHOLE, Currency
from pysettle.scenarios import correspondents
from pysettle.scenarios.borders import Borders, Side
from pysettle.scenarios.case import CaseResult, Expectation, Figure, Origin, Settled, prove
from pysettle.scenarios.compute_export import (
    HOURS_BOUGHT,
    HOURS_USED,
    JURISDICTIONS,
    TOKENS_PER_SECOND,
    UNIT_PRICE,
    ComputeExport,
)
from pysettle.scenarios.orders import Orders
from pysettle.scenarios.rates import rates_at
from pysettle.scenarios.travel import payload_between
from pysettle.values import DAY_S, HOUR_S, Seconds, Timestamp, Tokens, Units

START = 1_790_553_600
"""2026-09-28T00:00:00Z, a Monday."""
_CNY, _HKD = Currency.CNY, Currency.HKD
_SOLD_AT, _EVENING = START + 5 * HOUR_S, START + 14 * HOUR_S
"""13:00 and 22:00 in Hong Kong and in China."""
FIRST_HOURS = 600
"""Accelerator hours of the first purchase; the rest is bought in the evening."""
_PARTIES = ("maker", "buyer", "second buyer")
_FUNDS = {_CNY: Units(20_000 * UNITS_PER_WHOLE), _HKD: Units(200_000 * UNITS_PER_WHOLE)}
_OF_BUYER = Units(20_000 * UNITS_PER_WHOLE)
"""e-HKD that its bank pays out to the buyer."""
_SPREAD_BPS, _TOLERANCE_BPS = 10, 100
_PURCHASE_LIMIT, _WINDOW = Units(6_000 * UNITS_PER_WHOLE), Units(10_000 * UNITS_PER_WHOLE)
"""Limits of a corporate wallet, in e-CNY: one purchase, and a day."""
_LIMIT, _THRESHOLD = Units(150_000 * UNITS_PER_WHOLE), Units(50_000 * UNITS_PER_WHOLE)
_PREPAID = Units(100_000 * UNITS_PER_WHOLE)
"""e-HKD that the buyer pays to the maker ahead, through its bank."""
_QUOTE_S, _ORDER_S = 60, 15 * HOUR_S
_REFUSALS = "CurrencyClosed, PurchaseLimitExceeded, PurchaseNonceInvalid, QuoteUsed, TravelPayloadUnsigned"


class ExportAbroad(ComputeExport):
    """The run of the case: another way to pay, and the delivery of `ComputeExport`."""

    HOME = "Hong Kong"

    def __init__(self, seed: int) -> None:
        """Open both currencies with a bank each, the corridors, the exchange, and a series with the policy."""
        self.seed, self.steps = seed, []
        borders = self.borders = Borders(seed, START, {_CNY: 1, _HKD: 1}, others=_PARTIES)
        self.orders, self.exchange = Orders(borders), ForeignExchange.of(borders.network)
        self.chain, self.network = borders.chain, borders.network
        self.parties = {**borders.others, "relayer": borders.relayer}
        self.attester = borders.attester
        self.provider, self.buyers_bank = borders.banks
        self.way = Corridor(_HKD.jurisdiction, _CNY.jurisdiction, borders.token(_CNY), borders.token(_HKD))
        self._open_borders()
        self.series = self._open()
        self.network.send(self.exchange.admit_series(borders.relayer, self.series.address))
        self.configs = {name: self._config(name) for name in HOURS_USED}
        self.purchases: list[Settled] = []
        self.paid_abroad = Units(0)
        self.paid = self.earned = self.refunded = 0

    def _open_borders(self) -> None:
        """Admit the banks, fund them and the buyer, and have the central banks agree to all that a purchase needs."""
        borders, corridors = self.borders, self.borders.corridors
        borders.admit([(self.provider, _CNY), (self.provider, _HKD), (self.buyers_bank, _HKD)])
        borders.fund({bank: _FUNDS[bank.home] for bank in borders.banks})
        terms = CorridorTerms(_LIMIT, _LIMIT, _THRESHOLD, Seconds(DAY_S), NEVER)
        borders.open_corridors([(_HKD, _CNY)], {_HKD: terms})
        central_bank, token = borders.roles[_CNY].central_bank, self.network.system(_HKD).token
        buyer, market = self.parties["buyer"].address, self.network.market
        self.network.send(
            *(
                corridors.agree(borders.roles[it].central_bank, self.way, terms, borders.token(it))
                for it in (_CNY, _HKD)
            ),
            self.exchange.set_class_limit(
                central_bank, _HKD.jurisdiction, _CNY.jurisdiction, WalletClass.CORPORATE, _PURCHASE_LIMIT, _WINDOW
            ),
            market.set_purchase_policy(central_bank, address_of(self.network, "PurchasePolicy")),
            market.set_provider_jurisdiction(central_bank, JURISDICTIONS["maker"], admitted=True),
            self._registration("maker", _CNY),
            self._registration("buyer", _HKD),
            borders.positions.pay_out(self.buyers_bank.key, token.address, _OF_BUYER),
            token.transfer(self.buyers_bank.key, buyer, _OF_BUYER),
            self._rate(),
        )

    def _registration(self, name: str, currency: Currency) -> Transaction:
        """Return the registration of a party in the currency of its country."""
        token, registrar = self.network.system(currency).token, self.borders.roles[currency].registrar
        account, jurisdiction = self.parties[name].address, currency.jurisdiction
        return token.register_wallet(registrar, account, WalletClass.CORPORATE, jurisdiction=jurisdiction)

    def _rate(self) -> Transaction:
        """Return the rate of the day, attested by the central bank of e-CNY for two days."""
        for_dollar, central_bank = rates_at(START).for_dollar, self.borders.central_bank(_CNY)
        self.rate = int(RATE_BASIS * for_dollar[_CNY] / for_dollar[_HKD])
        now = self.borders.now
        until, way = Timestamp(now + 2 * DAY_S), self.way
        stated = ReferenceRate(way.counter_currency, way.currency, self.rate, _TOLERANCE_BPS, Timestamp(now), until)
        signature = central_bank.sign(stated.digest(self.exchange.domain))
        return self.exchange.attest_rate(self.borders.relayer, stated, central_bank.address, signature)

    # The run

    def run(self) -> None:
        """Buy in open hours and in the evening; pay ahead through the banks; deliver and settle up as at home."""
        self.borders.wait_until(_SOLD_AT)
        self.sell()
        self.pass_on()
        self.prepay()
        self.deliver()
        self.settle_up()

    def sell(self) -> None:
        """Sell for e-HKD: 600 hours at once, the others at the next common opening, and nothing to a thief."""
        signed = self._quote(HOURS_BOUGHT)
        self._refused(f"{HOURS_BOUGHT:,} hours in one purchase", self._purchase(signed))
        signed = self._quote(FIRST_HOURS)
        order, handed_in = self._order(), self.borders.now
        self._refused("relayer names itself", self._purchase(signed, self._order(to="relayer"), agreed=order))
        self._buy(FIRST_HOURS, handed_in, self._purchase(signed, order))
        self._refused("relayer submits the quote again", self._purchase(signed))
        self.borders.wait_until(_EVENING)
        rest, handed_in = HOURS_BOUGHT - FIRST_HOURS, self.borders.now
        self._refused(f"{rest:,} hours in the evening", self._purchase(self._quote(rest)))
        calendars = [self.borders.calendars[it] for it in (_HKD, _CNY)]
        opening = common_opening(calendars, handed_in)
        assert opening is not None, "both currencies open on the next day"
        self.borders.wait_until(opening)
        self._buy(rest, handed_in, self._purchase(self._quote(rest)))

    def prepay(self) -> None:
        """Have the buyer's bank pay the maker's bank for its customers, with a payload that both banks sign first."""
        borders, debtor, creditor = self.borders, self.buyers_bank, self.provider
        side = Side(_HKD, debtor, creditor, _PREPAID)
        content = payload_between(self.seed, debtor.identity.lei, creditor.identity.lei)
        payload = keccak(content)
        try:
            borders.submit(borders.instruction([side], customers=payload))
        except ContractReverted as refusal:
            borders.refused(f"{side.text()} without a signed payload", refusal)
        self.statement = TravelPayload(debtor.address, creditor.address, borders.token(_HKD), _PREPAID, payload)
        digest = self.statement.digest(borders.corridors.domain)
        signatures = (bank.key.sign(digest) for bank in (debtor, creditor))
        self.network.send(borders.corridors.sign_payload(borders.relayer, self.statement, *signatures))
        auditor = AuditorKey.derived(keccak(f"auditor {self.seed}".encode()))
        self.opened = keccak(SealedPayload.seal(content, auditor).open(auditor))
        self.orders.hand_in([side], borders.now, customers=payload)

    # Purchases

    def _quote(self, hours: int) -> SignedQuote:
        """Have the bank sign a quote for the exact price of some hours; the buyer pays the spread."""
        sold = Units(hours * HOUR_S * TOKENS_PER_SECOND * UNIT_PRICE // PRICE_BASIS)
        at_rate = sold * RATE_BASIS * (BPS + _SPREAD_BPS)
        paid = Units(-(-at_rate // (self.rate * BPS * UNITS_PER_MINOR)) * UNITS_PER_MINOR)
        key, number = self.provider.key, self.exchange.next_id(self.provider.address)
        until, way = Timestamp(self.borders.now + _QUOTE_S), self.way
        quote = Quote(key.address, ZERO_ADDRESS, way.counter_currency, way.currency, paid, sold, number, until)
        return self.exchange.sign_quote(key, quote)

    def _order(self, to: str = "buyer") -> Order:
        """Return the order of the buyer, for itself or for another account."""
        buyer, beneficiary = self.parties["buyer"].address, self.parties[to].address
        return Order(buyer, self.series.address, beneficiary, Tokens(1), self.borders.now + _ORDER_S)

    def _purchase(self, signed: SignedQuote, order: Order | None = None, agreed: Order | None = None) -> Transaction:
        """Return a purchase that the relayer submits; `agreed` is the order that the buyer signed, if another one."""
        order = order or self._order()
        domain, paid = self.network.system(_HKD).token.domain, signed.quote.paid_amount
        payment = self.exchange.sign_payment(self.parties["buyer"], domain, paid, agreed or order)
        return self.exchange.purchase_with_authorization(self.borders.relayer, [signed], order, *payment)

    def _refused(self, words: str, step: Transaction) -> None:
        """Submit a purchase that the contract refuses."""
        try:
            self.network.send(step)
        except ContractReverted as refusal:
            self.borders.refused(words, refusal)

    def _buy(self, hours: int, handed_in: int, step: Transaction) -> None:
        """Submit a purchase, and record it beside its path through correspondent banks."""
        receipt = self._do(f"{hours:,} accelerator hours sold: e-HKD, e-CNY and Tokens in one transaction", step)
        quote = self.exchange.bought(receipt).quote
        self.paid_abroad, self.paid = Units(self.paid_abroad + quote.paid_amount), self.paid + quote.sold_amount
        text = f"{hours:,} hours for {_HKD.text(quote.paid_amount)}"
        at, calendars = self.borders.time_of(receipt), self.borders.calendars
        path = correspondents.purchase(handed_in, calendars[_HKD], calendars[_CNY])
        self.purchases.append(Settled(text, "purchase", handed_in, at, at, path, receipt.transaction_hash))

    # The result

    def result(self, out: Path | None) -> CaseResult:
        """Export and verify the bundle, and return the figures."""
        report = prove(self.chain, self.network, self.borders.labels(), out)
        return CaseResult(
            title="Compute sold abroad for e-HKD",
            seed=self.seed,
            steps=tuple(self.steps),
            figures=tuple(self._figures()),
            settled=(*self.purchases, *self.orders.settled),
            refusals=tuple(self.borders.refusals),
            expectations=tuple(self._expectations(report)),
            report=report,
            bundle=out,
        )

    def _figures(self) -> Iterator[Figure]:
        computed = Origin.COMPUTED
        yield Figure.of_tokens("Tokens bought", computed, self.series.sold())
        rate = f"{Units(self.rate) / RATE_BASIS:.6f} CNY"
        yield Figure("1 HKD, from the ECB rates of the day", computed, rate)
        yield Figure.of_money("paid by the buyer, with the spread of the bank", computed, self.paid_abroad, _HKD.value)
        for name, units in (
            ("paid to the series by the bank", self.paid),
            ("earned by the maker", self.earned),
            ("refunded to the buyers", self.refunded),
        ):
            yield Figure.of_money(name, computed, units, _CNY.value)
        place = refund_place(self.network, self.parties["buyer"].address, 0)
        yield Figure("wallet of the refund in e-CNY", computed, f"class {place.wallet_class}")
        yield Figure.of_money("paid ahead through the banks", computed, _PREPAID, _HKD.value)

    def _expectations(self, report: Report) -> Iterator[Expectation]:
        hours = sum(HOURS_USED.values())
        price, earned = (it * HOUR_S * TOKENS_PER_SECOND * UNIT_PRICE // PRICE_BASIS for it in (HOURS_BOUGHT, hours))
        for name, expected, units in (
            ("paid to the series", price, self.paid),
            ("earned", earned, self.earned),
            ("refunded", price - earned, self.refunded),
        ):
            yield Expectation.equal(name, _CNY.text(Units(expected)), _CNY.text(Units(units)))
        hkd, banks = self.network.system(_HKD).token, self.borders.banks
        held = sum(self.borders.available(bank, _HKD) for bank in banks) + hkd.balance_of(self.parties["buyer"].address)
        yield Expectation.equal("HKD conserved", _HKD.text(_FUNDS[_HKD]), _HKD.text(Units(held)))
        position = self.borders.available(self.provider, _HKD)
        taken = Units(self.paid_abroad + _PREPAID)
        yield Expectation.equal("e-HKD of the bank of China", _HKD.text(taken), _HKD.text(position))
        errors = ", ".join(sorted(it.error for it in self.borders.refusals))
        yield Expectation.equal("refusals", _REFUSALS, errors)
        state = self.borders.corridors.payload_state(self.statement)
        yield Expectation.equal("payload of the Travel Rule", PayloadState.USED.word, state.word)
        hashes = (self.statement.payload, self.opened)
        yield Expectation.equal("payload that the auditor opened", *("0x" + it.hex() for it in hashes))
        yield Expectation.of_audit(report)
