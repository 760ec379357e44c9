"""The settlement layer of a network: its contracts together, in every currency of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.settlement.corridors import DOMESTIC, corridor_id
from pysettle.values import Units
from tests.spec.compute.market import MarketSpec
from tests.spec.core.calls import Call, Contract
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.clearing import ClearingSpec
from tests.spec.settlement.corridors import CorridorsSpec
from tests.spec.settlement.exchange import ExchangeSpec, PolicySpec
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.records import Member
from tests.spec.settlement.registry import RegistrySpec
from tests.spec.settlement.settlement import SettlementSpec
from tests.spec.settlement.trial import TrialSpec


@dataclass(frozen=True, slots=True)
class LayerPlaces:
    """Where the contracts of the layer stand."""

    registry: Address
    liquidity: Address
    corridors: Address
    settlement: Address
    exchange: Address
    policy: Address
    clearing: Address


class _Members(Mapping[tuple[Address, Address], Member]):
    """(currency, account) -> each participant, as the registries have them."""

    def __init__(self, registries: Mapping[Address, RegistrySpec]) -> None:
        self._registries = registries

    def __getitem__(self, key: tuple[Address, Address]) -> Member:
        currency, account = key
        return self._registries[currency].members[account]

    def __iter__(self) -> Iterator[tuple[Address, Address]]:
        return ((currency, account) for currency, it in self._registries.items() for account in it.members)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Ids(dict[tuple[int, int, Address], bytes]):
    """Jurisdictions and currency -> id of the corridor."""

    def __missing__(self, key: tuple[int, int, Address]) -> bytes:
        return corridor_id(*key)


class _Corridors(TrialSpec, CorridorsSpec):
    """Corridors above the positions of a layer, which they clear out."""

    positions: Mapping[Address, LiquiditySpec]

    def held(self, currency: Address, account: Address) -> int:
        position = self.positions[currency].positions[account]
        return position.available + position.reserved

    def _clear(self, call: Call, currency: Address, account: Address, agent: Address, excess: Units) -> None:
        held = self.positions[currency]
        available = held.positions[account].available
        if excess > available:
            held.give_free(account, excess - available, call.now)
        held.move(account, agent, excess)


class LayerSpec:
    """Registry, positions, corridors, instructions, purchases abroad, and the clearing house."""

    def __init__(self, places: LayerPlaces, currencies: Mapping[Address, CurrencySpec], market: MarketSpec) -> None:
        """Begin without participants; every currency marked the liquidity accounts and the foreign exchange."""
        self.places, self.currencies = places, currencies
        self.registries = {at: RegistrySpec(places.registry, it) for at, it in currencies.items()}
        self.positions = {at: LiquiditySpec(places.liquidity, it, self.registries[at]) for at, it in currencies.items()}
        banks = {at: next(iter(it.roles[Role.CENTRAL_BANK])) for at, it in currencies.items()}
        # The network has e-CNY first, and then e-HKD.
        homes = dict(zip((156, 344), currencies, strict=True))
        self.corridors = _Corridors(
            places.corridors,
            places.liquidity,
            banks,
            homes,
            _Members(self.registries),
            _Ids(),
            [places.settlement, places.clearing],
            market.events,
        )
        self.corridors.positions = self.positions
        self.settlement = SettlementSpec(places.settlement, self.positions, self.corridors, market.series)
        self.exchange = ExchangeSpec(places.exchange, self.positions, self.corridors, market)
        self.clearing = ClearingSpec(places.clearing, self.positions, self.corridors)
        market.rules[places.policy] = PolicySpec(places.policy, self.exchange, DOMESTIC)
        self._contracts: dict[str, Contract] = {
            "corridors": self.corridors,
            "settlement": self.settlement,
            "exchange": self.exchange,
            "clearing": self.clearing,
        }

    def at(self, contract: str, currency: object) -> Contract | None:
        """Return a contract by its name; of registry and positions, the part of a currency."""
        of_currency = {"registry": self.registries, "liquidity": self.positions}.get(contract)
        if of_currency is not None:
            assert isinstance(currency, bytes)
            return of_currency[Address(currency)]
        return self._contracts.get(contract)
