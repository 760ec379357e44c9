"""Corridors in the world of a contract test: e-CNY and e-HKD between two banks, under both central banks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from pysettle.client.core.access import Role
from pysettle.client.deploying import create_contract
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.homes import HomeCurrencies
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms, TravelPayload, corridor_id
from pysettle.errors.states import LegKind
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Address, Seconds, Units
from tests.contracts.banks import BEIJING, HONGKONG, JURISDICTIONS, Banks
from tests.contracts.effects import deploy
from tests.contracts.settlement.false_currency import FalseCurrency
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

    @property
    def homes(self) -> HomeCurrencies:
        """The home currencies of the layer."""
        return HomeCurrencies.of(self.banks.world.network)

    def agree_home(self, by: Currency, jurisdiction: int, home: Address) -> Transaction:
        """Return the consent of the central bank of a currency to a home currency."""
        world, place = self.banks.world, self.banks.token(by).address
        return self.homes.agree_home(world[self.bank(by)], jurisdiction, home, place)

    def proposed_home(self, jurisdiction: int = 764) -> tuple[int, Address]:
        """Have all central banks but that of e-HKD agree to a home currency, whose central bank is the relayer."""
        world, new = self.banks.world, FalseCurrency(self.banks.world)
        relayer = world["relayer"]
        world.send(
            new.call("have", relayer.address),
            self.agree_home(Currency.CNY, jurisdiction, new.address),
            self.homes.agree_home(relayer, jurisdiction, new.address, new.address),
        )
        return jurisdiction, new.address

    def joined(self, jurisdiction: int) -> Address:
        """Have all central banks agree to a home currency, whose central bank is the relayer; return the currency."""
        named = self.proposed_home(jurisdiction)
        self.banks.world.send(self.agree_home(Currency.HKD, *named))
        return named[1]

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


YES = bytes.fromhex("60015f5260205ff3")
"""Answers every call with the word one: liquidity accounts that take everybody for a contract that moves positions."""
NOTHING = bytes(32)
Leg = tuple[int, Address, Address, Address, int]


def leg_words(*legs: Leg) -> list[int]:
    """Return the words of legs, five for each, as the contracts hand them on to each other."""
    return [int.from_bytes(field, "big") if isinstance(field, bytes) else int(field) for leg in legs for field in leg]


@dataclass
class Counting(Ways):
    """Corridors that let every account admit and release, with a corridor of e-CNY that is open."""

    def leg(self, amount: int, debtor: str = BEIJING, creditor: str = HONGKONG) -> Leg:
        """Return a leg in e-CNY."""
        world = self.banks.world
        place = self.banks.token().address
        return LegKind.POSITION, place, world.address(debtor), world.address(creditor), amount

    def admit(self, *legs: Leg, payload: bytes = NOTHING, due: int = 0) -> Transaction:
        """Return an admission."""
        relayer = self.banks.world["relayer"]
        others = leg_words(*legs), self.crossed(*legs), payload, due
        return self.corridors._transaction(relayer, 4_000_000, "admit", *others)

    def crossed(self, *legs: Leg) -> list[bytes]:
        """Return the id of the corridor of each leg, as the liquidity accounts do; zero if it crosses no border."""
        found = []
        for kind, currency, debtor, creditor, _ in legs:
            ends = [self.banks.registry.participant(currency, it).jurisdiction for it in (debtor, creditor)]
            crosses = kind == LegKind.POSITION and ends[0] != ends[1]
            found.append(corridor_id(ends[0], ends[1], currency) if crosses else bytes(32))
        return found

    def release(self, *legs: Leg, admitted_at: int, payload: bytes = NOTHING) -> Transaction:
        """Return the giving back of an admission."""
        relayer = self.banks.world["relayer"]
        others = leg_words(*legs), self.crossed(*legs), payload, admitted_at
        return self.corridors._transaction(relayer, 600_000, "release", *others)

    def used(self, name: str = BEIJING) -> int:
        """Return the units of a bank in its last window."""
        units, _ = self.corridors.used(self.way().id, self.banks.world.address(name))
        return units

    @property
    def sealed_at(self) -> int:
        """Time of the last block."""
        return self.banks.world.chain.block().timestamp


def counting_of(banks: Banks) -> Counting:
    """Deploy such corridors beside those of the layer, and open the one of e-CNY."""
    world, ways = banks.world, ways_of(banks)
    layer = deploy(world, YES)
    place = create_contract(world.network.sender, world["stranger"], "Corridors", banks.registry.address, layer)
    found = Counting(banks, Corridors(world.network.sender, place), ways.payloads)
    found.open()
    return found
