"""Purchases in e-HKD in the world of a contract test: a liquidity provider, a buyer abroad, and an open corridor."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pysettle.client.core.access import Role
from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.corridors import Corridor
from pysettle.domain.settlement.quotes import Order, Quote, ReferenceRate, SignedQuote
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Timestamp, Tokens, Units
from tests.contracts.banks import BEIJING, HKD_OFFICER, Banks
from tests.contracts.effects import figures
from tests.contracts.ways import TERMS, Ways, ways_of
from tests.contracts.world import YUAN, World

BUYER = "stranger"
"""The account that buys in e-HKD."""
PROVIDER = BEIJING
"""The bank that sells e-CNY for e-HKD out of its positions."""
HONG_KONG, CHINA = 344, 156
RATE = 900_000_000_000
"""0.9 e-CNY for one e-HKD."""
TOLERANCE_BPS = 100
PAID, SOLD = 20 * YUAN, 18 * YUAN
"""The amounts of a quote, exactly at the rate."""
LIMIT, WINDOW = Units(25 * YUAN), Units(60 * YUAN)
"""Limits of class II in the corridor."""


@dataclass
class Abroad:
    """The foreign exchange, and the layer that it is in."""

    banks: Banks
    exchange: ForeignExchange
    ways: Ways

    @property
    def world(self) -> World:
        """The world."""
        return self.banks.world

    @property
    def way(self) -> Corridor:
        """The corridor of purchases: from Hong Kong to China, for e-CNY."""
        places = [self.banks.token(it).address for it in (Currency.CNY, Currency.HKD)]
        return Corridor(HONG_KONG, CHINA, places[0], places[1])

    def quote(self, **changed: object) -> Quote:
        """Return the quote of 18 e-CNY for 20 e-HKD for anybody; or a changed one."""
        way, world = self.way, self.world
        quote = Quote(
            world.address(PROVIDER),
            ZERO_ADDRESS,
            way.counter_currency,
            way.currency,
            Units(PAID),
            Units(SOLD),
            next(self.banks.numbers),
            Timestamp(world.now + 30),
        )
        return replace(quote, **changed)  # type: ignore[arg-type]  # fields by name

    def signed(self, quote: Quote | None = None, by: str = PROVIDER, **changed: object) -> SignedQuote:
        """Return a quote that its provider signed."""
        return self.exchange.sign_quote(self.world[by], quote or self.quote(**changed))

    def order(self, **changed: object) -> Order:
        """Return the order of the buyer for itself; or a changed one."""
        world, buyer = self.world, self.world.address(BUYER)
        order = Order(buyer, world.series.address, buyer, Tokens(1), world.now + 3_600)
        return replace(order, **changed)  # type: ignore[arg-type]  # fields by name

    def buy(self, *quotes: SignedQuote, by: str = BUYER, **changed: object) -> Transaction:
        """Return a purchase by the allowance of the buyer; by a fresh quote unless some are named."""
        return self.exchange.purchase(self.world[by], quotes or [self.signed()], self.order(**changed))

    def relayed(self, *quotes: SignedQuote, order: Order | None = None, signed: Order | None = None) -> Transaction:
        """Return a purchase that the buyer signed and the relayer submits; `signed` is the order it has agreed to."""
        order = order or self.order()
        paid = self.banks.token(Currency.HKD).domain
        payment = self.exchange.sign_payment(self.world[BUYER], paid, Units(PAID), signed or order)
        quotes = quotes or (self.signed(),)
        return self.exchange.purchase_with_authorization(self.world["relayer"], quotes, order, *payment)

    def rate(
        self, rate: int = RATE, *, by: str = "central bank", valid_s: int = 10**9, **changed: object
    ) -> Transaction:
        """Return the attestation of a rate, signed by an account."""
        way, now = self.way, self.world.now
        stated = ReferenceRate(
            way.counter_currency, way.currency, rate, TOLERANCE_BPS, Timestamp(now), Timestamp(now + valid_s)
        )
        stated = replace(stated, **changed)  # type: ignore[arg-type]  # fields by name
        signer = self.world[by]
        signature = signer.sign(stated.digest(self.exchange.domain))
        return self.exchange.attest_rate(self.world["relayer"], stated, signer.address, signature)

    def limit(self, class_: WalletClass, purchase: int = LIMIT, window: int = WINDOW) -> Transaction:
        """Return the setting of the limits of a class."""
        bank = self.world[self.banks.officer(Role.CENTRAL_BANK)]
        limits = Units(purchase), Units(window)
        return self.exchange.set_class_limit(bank, HONG_KONG, CHINA, class_, *limits)

    def register(self, class_: WalletClass = WalletClass.II, *, until: int = 2**16 - 1) -> Transaction:
        """Return the registration of the buyer in e-HKD."""
        hkd, buyer = self.banks.token(Currency.HKD), self.world.address(BUYER)
        return hkd.register_wallet(
            self.world[HKD_OFFICER], buyer, class_, identification_expiry=until, jurisdiction=HONG_KONG
        )

    def figures(self) -> dict[str, int]:
        """Return all balances and positions, with those of the exchange and of the series."""
        places = {"exchange": self.exchange.address, "layer": self.banks.liquidity.address}
        return (
            figures(self.world, places)
            | self.banks.figures()
            | {"HKD exchange": self.banks.token(Currency.HKD).balance_of(self.exchange.address)}
        )


def open_abroad(banks: Banks) -> Abroad:
    """Open the corridor, attest the rate, and give the buyer a wallet with 100 e-HKD."""
    world, ways = banks.world, ways_of(banks)
    abroad = Abroad(banks, ForeignExchange.of(world.network), ways)
    token, hkd = banks.token(), banks.token(Currency.HKD)
    officer, registrar = world[HKD_OFFICER], world["registrar"]
    hkd_desk = world.network.currencies[Currency.HKD].token.desk
    world.send(
        *(ways.agree(by, abroad.way, TERMS) for by in (Currency.CNY, Currency.HKD)),
        hkd_desk.set_issuance_quota(officer, officer.address, 100 * YUAN),
        hkd_desk.issue(officer, world.address(BUYER), 100 * YUAN),
        abroad.register(),
        token.register_wallet(registrar, world.address("provider"), WalletClass.II, jurisdiction=CHINA),
        hkd.approve(world[BUYER], abroad.exchange.address, 2**256 - 1),
        abroad.limit(WalletClass.II),
        abroad.exchange.admit_series(world["relayer"], world.series.address),
        abroad.rate(),
    )
    return abroad
