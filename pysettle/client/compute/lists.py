"""The lists of compute: the series of a market with their sales, and the compute that was registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pysettle.client.compute.market import Compute
from pysettle.client.compute.series import ComputeToken
from pysettle.client.core.ids import beginning_with, listed
from pysettle.client.store import Entries, ReadModel, Value
from pysettle.domain.compute.events import ComputeRegistered, Purchased, SeriesHalted, SeriesOpened
from pysettle.domain.compute.prices import SERVICE_CLASSES, basket_cost
from pysettle.domain.compute.usage import RateCard
from pysettle.errors import UsageError
from pysettle.errors.compute.market import ProviderWithoutCompute
from pysettle.evm.transactions import TransactionSender
from pysettle.reading import read_address
from pysettle.values import Address, ComputeId, SeriesId, Tokens

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


def _fold_series(
    before: Value | None, event: SeriesOpened | SeriesHalted, emitter: Address, sender: TransactionSender
) -> Value:
    if isinstance(event, SeriesHalted):
        return {**(before or {}), "halted": True}
    series = ComputeToken(sender, event.series)
    return {
        "provider": event.provider.hex(),
        "symbol": series.symbol,
        "class": event.service_class.rstrip(b"\0").decode(errors="backslashreplace"),
        "unit_price": series.unit_price,
        "rate_card": series.rate_card.pack(),
        "capacity": event.capacity,
        "expiry": event.expiry,
        "halted": False,
    }


def _fold_sales(before: Value | None, event: Purchased, emitter: Address, sender: TransactionSender) -> Value:
    return {"sold": event.tokens + (before["sold"] if before else 0)}


def _fold_compute(before: Value | None, event: ComputeRegistered, emitter: Address, sender: TransactionSender) -> Value:
    accelerator = event.accelerator.rstrip(b"\0").decode(errors="backslashreplace")
    return {"provider": event.provider.hex(), "accelerator": accelerator}


def models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models of compute.

    Args:
        address: Returns the address of a contract of the network, by its name.
    """

    def market(_: Callable[[str], Entries]) -> list[Address]:
        return [address("ComputeMarket")]

    def every_series(entries: Callable[[str], Entries]) -> list[Address]:
        return [Address(key) for key in entries("series")]

    return (
        ReadModel("series", 1, (SeriesOpened, SeriesHalted), market, lambda _, event: event.series, _fold_series),
        ReadModel("sales", 1, (Purchased,), every_series, lambda emitter, _: emitter, _fold_sales),
        ReadModel("compute", 1, (ComputeRegistered,), market, lambda _, event: event.compute_id, _fold_compute),
    )


@dataclass(frozen=True, slots=True)
class ListedSeries:
    """A series, from its events."""

    address: SeriesId
    """Its address."""
    provider: Address
    """Account that delivers."""
    symbol: str
    """Its symbol."""
    service_class: str
    """Kind of service."""
    unit_price: int
    """Micro-yuan per 1,000,000 Tokens."""
    rate_card: RateCard
    """Tokens consumed per metered unit."""
    capacity: Tokens
    """Tokens ever to be sold."""
    sold: Tokens
    """Tokens sold of them."""
    expiry: int
    """Unix second from which no sale is possible."""
    halted: bool
    """Whether it was halted."""

    @property
    def is_comparable(self) -> bool:
        """Whether a reference basket is published for its service class."""
        return self.service_class in SERVICE_CLASSES


@dataclass(frozen=True, slots=True)
class Offer:
    """A series, as a buyer compares it."""

    series: ListedSeries
    """The series."""
    symbol: str
    """Its symbol."""
    cost: int | None
    """Micro-yuan for the reference basket of its service class; None where none is published for the class."""
    left: int
    """Tokens left to sell."""
    open: bool
    """Whether it still sells: it has neither expired, nor been halted, nor sold out."""


@dataclass(frozen=True, slots=True)
class RegisteredCompute:
    """State of compute that an attester signed for."""

    id: bytes
    """Its id."""
    accelerator: str
    """Kind of accelerator."""
    standing: Compute
    """Provider, capacity, allocated part and end of the compute."""


class ComputeLists:
    """The series of a network's market, and its registered compute, at the head of the chain."""

    def __init__(self, network: SettlementNetwork) -> None:
        """List the series and the compute of a network."""
        self._network = network

    def series(self) -> tuple[ListedSeries, ...]:
        """Return every series of the market, in the order they were opened in."""
        series, sales = self._network.store.read("series", "sales")
        return tuple(_listed(key, value, sales.get(key)) for key, value in series.items())

    def registered(self) -> tuple[RegisteredCompute, ...]:
        """Return all compute that was ever registered, in that order."""
        (entries,) = self._network.store.read("compute")
        market = self._network.market
        return tuple(
            RegisteredCompute(ComputeId(key), value["accelerator"], market.compute(ComputeId(key)))
            for key, value in entries.items()
        )

    def find_compute(self, text: str) -> ComputeId:
        """Return the id of the registered compute with an id that begins with hex digits.

        Raises:
            UsageError: none has such an id, or several have.
        """
        (entries,) = self._network.store.read("compute")
        return beginning_with(text, map(ComputeId, entries), "compute", "market compute")

    def newest_compute(self, provider: Address) -> ComputeId:
        """Return the id of the compute of a provider that was registered last.

        Raises:
            ProviderWithoutCompute: none is registered.
        """
        (entries,) = self._network.store.read("compute")
        ids = [ComputeId(key) for key, value in entries.items() if value["provider"] == provider.hex()]
        if not ids:
            raise ProviderWithoutCompute(provider)
        return ids[-1]

    def find(self, name: str) -> ComputeToken:
        """Return the series of a symbol, or of an address, which may be given by how it begins.

        Raises:
            UsageError: none has it, or several have it; a symbol may be that of a series and the address of another.
        """
        digits = name.removeprefix("0x").lower() if name.startswith("0x") else ""
        if len(digits) == 40:
            digits = read_address(name).hex()
        candidates = [
            series
            for series in self.series()
            if series.symbol == name or (digits and series.address.hex().startswith(digits))
        ]
        if not candidates:
            raise UsageError(f"no series is called {name}: see `pysettle market list`", series=name)
        if len(candidates) > 1:
            places = listed(
                [f"0x{series.address.hex()} (of provider 0x{series.provider.hex()})" for series in candidates]
            )
            raise UsageError(
                f"{len(candidates)} series are called {name}: {places}; name one by its address", series=name
            )
        return self._network.market.at(candidates[0].address)

    def shortest_name(self, series: SeriesId) -> str:
        """Return the name by which `find` finds a series: its symbol, or its address if the symbol is not unique.

        Args:
            series: Address of a series.
        """
        symbols = {other.address: other.symbol for other in self.series()}
        symbol = symbols.get(series, "")
        return symbol if [*symbols.values()].count(symbol) == 1 and symbol.isalnum() else "0x" + series.hex()

    def offers(self, service_class: str | None = None) -> tuple[Offer, ...]:
        """Return the series, the cheapest first, then in the order of their opening.

        Series of a class without a reference basket cannot be compared, and come last.

        Args:
            service_class: Only series of it.
        """
        now, offers = self._network.chain.block().timestamp, []
        for series in self.series():
            if service_class in (None, series.service_class):
                left = Tokens(series.capacity - series.sold)
                is_open = left > 0 and now < series.expiry and not series.halted
                terms = series.service_class, series.rate_card, series.unit_price
                cost = basket_cost(*terms) if series.is_comparable else None
                offers.append(Offer(series, series.symbol, cost, left, is_open))
        return tuple(sorted(offers, key=lambda offer: (offer.cost is None, offer.cost or 0)))


def _listed(key: bytes, value: dict[str, Any], sales: dict[str, Any] | None) -> ListedSeries:
    return ListedSeries(
        address=SeriesId(Address(key)),
        provider=Address(bytes.fromhex(value["provider"])),
        symbol=value["symbol"],
        service_class=value["class"],
        unit_price=value["unit_price"],
        rate_card=RateCard.unpack(value["rate_card"]),
        capacity=Tokens(value["capacity"]),
        sold=Tokens(sales["sold"] if sales else 0),
        expiry=value["expiry"],
        halted=value["halted"],
    )
