"""The specification of a network: the rules of settlement in short form, as Python that runs and knows no chain.

One folder a column: `core` (calls, tokens), `money`, `compute`, `channel`, `jobs`, `settlement`. In each, `records` are
the state, the other modules the rules of its changes. An entry of a contract requires first, in the order in which
refusals come before one another, then changes the state and emits its events. `Contract.perform` makes a call and
answers its `Outcome`: state, refusal with figures, events.

A contract that is added has its specification in `NetworkSpec.contracts`; how it is called on a chain, and how calls of
it are drawn, is in `tests/stateful`.
"""

from __future__ import annotations

from tests.spec.channel.hub import CollectorSpec, HubSpec, MeterSpec
from tests.spec.compute.market import MarketSpec
from tests.spec.compute.series import SeriesSpec
from tests.spec.core.calls import Contract
from tests.spec.core.records import Places
from tests.spec.jobs.escrow import JobsSpec
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.layer import LayerPlaces, LayerSpec


class NetworkSpec:
    """One network, whose market has one currency; settlement across borders has others, once it is open."""

    def __init__(self, currency: CurrencySpec, places: Places) -> None:
        """Begin with a currency, and nothing registered or opened. The market may mark the series that it opens."""
        (registrar,) = currency.roles[Role.SETTLEMENT_REGISTRAR]
        currency.roles = {**currency.roles, Role.SETTLEMENT_REGISTRAR: (registrar, places.market)}
        self.currency, self.places = currency, places
        (attester,) = currency.roles[Role.ATTESTER]
        self.market = MarketSpec(places, currency, attester)
        self.hub = HubSpec(places, currency, self.market.series)
        self.jobs = JobsSpec(places, currency)
        self.contracts: dict[str, Contract] = {
            "currency": currency,
            "market": self.market,
            "hub": self.hub,
            "meter": MeterSpec(places, currency.events),
            "collector": CollectorSpec(places, currency.events),
            "jobs": self.jobs,
        }
        """Name -> contract, series and settlement apart."""
        self.layer: LayerSpec | None = None
        self.foreign: CurrencySpec | None = None

    @property
    def series(self) -> dict[str, SeriesSpec]:
        """Name -> series, in the order they were opened in."""
        return {f"series {place}": it for place, it in enumerate(self.market.series.values(), 1)}

    def open_settlement(self, foreign: CurrencySpec, places: LayerPlaces) -> None:
        """Open settlement across borders, in one more currency."""
        self.contracts["foreign"] = self.foreign = foreign
        currencies = {it.address: it for it in (self.currency, foreign)}
        self.layer = LayerSpec(places, currencies, self.market)

    def at(self, contract: str, first: object = None) -> Contract:
        """Return a contract by its name, and by the first argument of its call where each currency has a part."""
        of_layer = self.layer.at(contract, first) if self.layer else None
        return of_layer or self.contracts.get(contract) or self.series[contract]
