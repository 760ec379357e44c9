"""The money and the compute layer as one specification that runs: which contract is called is told by its name.

A contract that is modelled later has its model in `NetworkModel.contracts`, its artifact and how its arguments are
encoded in `stage`, a table of draws in `generator`, and what is asked of it in `watched.questions`.
"""

from __future__ import annotations

from tests.spec.channel.hub import CollectorModel, HubModel, MeterModel
from tests.spec.compute.market import MarketModel
from tests.spec.compute.records import Places
from tests.spec.compute.series import SeriesModel
from tests.spec.jobs.escrow import JobsModel
from tests.spec.money.currency import CurrencyModel
from tests.spec.money.records import Role


class NetworkModel:
    """One network of one currency."""

    def __init__(self, currency: CurrencyModel, places: Places) -> None:
        """Begin with a currency, and nothing registered or opened. The market may mark what it opens."""
        (registrar,) = currency.roles[Role.SETTLEMENT_REGISTRAR]
        currency.roles = {**currency.roles, Role.SETTLEMENT_REGISTRAR: (registrar, places.market)}
        self.currency, self.places = currency, places
        (attester,) = currency.roles[Role.ATTESTER]
        self.market = MarketModel(places, currency, attester)
        self.hub = HubModel(places, currency, self.market.series)
        self.jobs = JobsModel(places, currency)
        self.contracts: dict[str, object] = {
            "currency": currency,
            "market": self.market,
            "hub": self.hub,
            "meter": MeterModel(places),
            "collector": CollectorModel(places),
            "jobs": self.jobs,
        }
        """Name -> model, series apart."""

    @property
    def series(self) -> dict[str, SeriesModel]:
        """Name -> series, in the order they were opened in."""
        return {f"series {place}": it for place, it in enumerate(self.market.series.values(), 1)}

    def at(self, contract: str) -> object:
        """Return the model of a contract, by its name on the stage."""
        return self.contracts.get(contract) or self.series[contract]
