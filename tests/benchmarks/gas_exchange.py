"""GAS-FX-PURCHASE: a purchase of Tokens for e-HKD beside one for e-CNY by allowance, on one chain.

Every check is included: both currencies have opening hours and class limits, the corridor has terms, limits of classes
and a window in use, and the provider has been admitted to both currencies. Every slot that is written holds something
before and after.
"""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.client.core.access import Roles
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, WalletClass
from pysettle.domain.settlement.calendars import Hours, Week
from pysettle.domain.settlement.corridors import NEVER, Corridor, CorridorTerms
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.domain.settlement.quotes import Order, Quote, ReferenceRate, SignedQuote
from pysettle.money import Currency
from pysettle.values import Seconds, Timestamp, Tokens, Units
from tests.benchmarks.gas_compute import Purchases
from tests.benchmarks.measure import Goal, Row

_CHINA, _HONG_KONG = 156, 344
_PAID, _SOLD = 700_000, 600_000
"""Units of a quote: 0.70 e-HKD for 0.60 e-CNY, the price of 4,000,000 Tokens."""
_ENOUGH = Units(10**9)
_STEM = "PYSETTLE0000000001"
_ALWAYS = Week((Hours(0, 1_440),) * 7, Hours(0, 1_440), 8 * 60)


class PurchasesAbroad(Purchases):
    """A buyer with e-HKD, and a provider of liquidity, which both exchanged before."""

    def __init__(self) -> None:
        """Open the layer and one corridor; have the buyer buy once by allowance and once by signature."""
        super().__init__()
        self.bank, admin = Signer.derived("gas", "bank"), Signer.derived("gas", "admin")
        self.hkd = self.network.open_currency(Currency.HKD, Roles.in_one_hand(admin, operators=(self.bank,)))
        open_settlement(self.network)
        self.exchange = ForeignExchange.of(self.network)
        self.way = Corridor(_HONG_KONG, _CHINA, self.currency.address, self.hkd.address)
        self.quotes = 0
        self._fund(admin)
        self._open_corridor(admin)
        self.abroad(relayed=False)
        self.abroad(relayed=True)

    def _fund(self, admin: Signer) -> None:
        registry, positions = ParticipantRegistry.of(self.network), LiquidityAccounts.of(self.network)
        identity, bank = Identity(_STEM + check_digits(_STEM), "BKCHCNBJ"), self.bank
        for token, home in ((self.currency, _CHINA), (self.hkd, _CHINA)):
            reserve = token.desk.sign_reserve(admin, 10**9, 86_400)
            attested = () if token is self.currency else (token.desk.attest_reserve(admin, admin.address, *reserve),)
            self.network.send(
                *attested,
                token.desk.set_issuance_quota(admin, bank.address, 4 * _ENOUGH),
                token.desk.issue(bank, bank.address, _ENOUGH),
                token.approve(bank, positions.address, 2**256 - 1),
                registry.admit(admin, token.address, bank.address, identity, home, bank.address),
                positions.pay_in(bank, token.address, Units(_ENOUGH // 2)),
            )
        limits = E_CNY_CLASS_LIMITS[WalletClass.II]
        register = self.hkd.register_wallet(admin, self.payer.address, WalletClass.II, jurisdiction=_HONG_KONG)
        seller = self.currency.register_wallet(admin, self.provider.address, WalletClass.II, jurisdiction=_CHINA)
        self.network.send(
            self.hkd.set_class_limits(admin, WalletClass.II, limits),
            register,
            seller,
            self.hkd.desk.issue(bank, self.payer.address, Units(10**8)),
            self.hkd.approve(self.payer, self.exchange.address, 2**256 - 1),
        )

    def _open_corridor(self, admin: Signer) -> None:
        corridors, now = Corridors.of(self.network), self.network.chain.clock.now()
        terms = CorridorTerms(_ENOUGH, _ENOUGH, NEVER, Seconds(86_400), _ENOUGH)
        rate = 10**12 * _SOLD // _PAID
        times = Timestamp(now - 1), Timestamp(now + 86_400)
        stated = ReferenceRate(self.hkd.address, self.currency.address, rate, 100, *times)
        signature = admin.sign(stated.digest(self.exchange.domain))
        self.network.send(
            *(corridors.set_week(admin, token.address, _ALWAYS) for token in (self.currency, self.hkd)),
            *(corridors.agree(admin, self.way, terms, token.address) for token in (self.currency, self.hkd)),
            self.exchange.set_class_limit(admin, _HONG_KONG, _CHINA, WalletClass.II, _ENOUGH, _ENOUGH),
            self.exchange.admit_series(admin, self.series.address),
            self.exchange.attest_rate(admin, stated, admin.address, signature),
        )

    def abroad(self, *, relayed: bool) -> int:
        """Return the gas of a purchase for e-HKD, by an allowance without end or by a relayed signature."""
        self.quotes += 1
        now, buyer = self.network.chain.clock.now(), self.payer.address
        pair = self.hkd.address, self.currency.address
        quote = Quote(
            self.bank.address, ZERO_ADDRESS, *pair, Units(_PAID), Units(_SOLD), self.quotes, Timestamp(now + 30)
        )
        signed: list[SignedQuote] = [self.exchange.sign_quote(self.bank, quote)]
        order = Order(buyer, self.series.address, buyer, Tokens(1), now + 3_600)
        if not relayed:
            return self._gas(self.exchange.purchase(self.payer, signed, order))
        payment = self.exchange.sign_payment(self.payer, self.hkd.domain, Units(_PAID), order, self.quotes)
        return self._gas(self.exchange.purchase_with_authorization(self.relayer, signed, order, *payment))


def gas_exchange() -> Iterator[Row]:
    """Measure a purchase for another currency, by allowance and relayed, in purchases by allowance."""
    purchases = PurchasesAbroad()
    for relayed, bound, form in ((False, 4.4, "allowance without end"), (True, 5.3, "relayed signature")):
        figure = purchases.abroad(relayed=relayed)
        yield Row("GAS-FX-PURCHASE", Goal(bound, most=True), figure, f"gas, {form}", purchases.by_allowance())
