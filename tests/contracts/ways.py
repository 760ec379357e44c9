"""Corridors in the world of a contract test: e-CNY and e-HKD between two banks, under both central banks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from pysettle.client.core.access import Role
from pysettle.client.settlement.corridors import Corridors
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms, TravelPayload
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Address, Seconds, Units
from tests.contracts.banks import BEIJING, HONGKONG, JURISDICTIONS, Banks
from tests.contracts.world import YUAN

TERMS = CorridorTerms(
    settlement_limit=Units(40 * YUAN),
    window_limit=Units(100 * YUAN),
    travel_threshold=Units(30 * YUAN),
    window_s=Seconds(86_400),
    day_end_limit=Units(50 * YUAN),
)
"""The terms of each corridor of the tests."""
PAYLOAD = b"\7" * 32
OFFICE = Hours(9 * 60, 17 * 60)
WEEK = Week((OFFICE,) * 5 + (CLOSED,) * 2, OFFICE, 8 * 60)
"""Monday to Friday from 9 to 17 o'clock at UTC+8, and the same hours on a worked weekend."""


@dataclass
class Ways:
    """The corridors of two banks."""

    banks: Banks
    corridors: Corridors
    payloads: Iterator[int]

    def way(self, currency: Currency = Currency.CNY) -> Corridor:
        """Return the corridor of a currency from its own country to the other one."""
        pair = [self.banks.token(it).address for it in (Currency.CNY, Currency.HKD)]
        home, abroad = JURISDICTIONS[BEIJING], JURISDICTIONS[HONGKONG]
        if currency is Currency.CNY:
            return Corridor(home, abroad, *pair)
        return Corridor(abroad, home, *reversed(pair))

    def bank(self, currency: Currency) -> str:
        """Return the name of the central bank of a currency."""
        return self.banks.officer(Role.CENTRAL_BANK, currency)

    def agree(
        self,
        by: Currency,
        way: Corridor | None = None,
        terms: CorridorTerms = TERMS,
        *,
        name: str | None = None,
    ) -> Transaction:
        """Return the consent of a central bank to terms of the corridor of e-CNY, or of another one."""
        world, place = self.banks.world, self.banks.token(by).address
        return self.corridors.agree(world[name or self.bank(by)], way or self.way(), terms, place)

    def open(self, currency: Currency = Currency.CNY, **changed: int) -> Corridor:
        """Have both central banks agree to terms of the corridor of a currency."""
        way, terms = self.way(currency), replace(TERMS, **changed)  # type: ignore[arg-type]  # numbers of units
        self.banks.world.send(*(self.agree(by, way, terms) for by in (Currency.CNY, Currency.HKD)))
        return way

    def week(self, currency: Currency = Currency.CNY, week: Week | None = WEEK) -> Transaction:
        """Return the setting of the opening hours of a currency."""
        world, place = self.banks.world, self.banks.token(currency).address
        return self.corridors.set_week(world[self.bank(currency)], place, week)

    def statement(self, amount: int, debtor: str = BEIJING, creditor: str = HONGKONG) -> TravelPayload:
        """Return a statement on a payload of a payment in e-CNY."""
        world, place = self.banks.world, self.banks.token().address
        payload = next(self.payloads).to_bytes(32, "big")
        return TravelPayload(world.address(debtor), world.address(creditor), place, Units(amount), payload)

    def sign(self, statement: TravelPayload, *names: str) -> Transaction:
        """Return the storing of a statement that banks sign; by default both that it names."""
        world, digest = self.banks.world, statement.digest(self.corridors.domain)
        first, second = (world[name].sign(digest) for name in names or (BEIJING, HONGKONG))
        return self.corridors.sign_payload(world["stranger"], statement, first, second)

    def clear_out(self, account: Address, currency: Currency = Currency.CNY) -> Transaction:
        """Return a clear-out of an account by anybody."""
        way = self.way(currency)
        ends = (way.debtor_jurisdiction, way.creditor_jurisdiction)
        return self.corridors.clear_out(self.banks.world["stranger"], *ends, way.currency, account)


def ways_of(banks: Banks) -> Ways:
    """Return the corridors of a layer."""
    return Ways(banks, Corridors.of(banks.world.network), count(1))
