"""The listed contracts of compute, and the purposes for which they hold value of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pysettle.documents import as_bytes, as_decimal, as_list, as_object
from pysettle.domain.compute.usage import RATE_BITS, Meters, RateCard
from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Form, Kind
from pysettle.domain.money.contracts import CURRENCY_FORM, CurrencyTerms, write_currency
from pysettle.values import Address

ESCROW = Purpose("escrow")
"""Currency that a series holds behind its Tokens, remainders of rounding included. Owner: the series."""
STAKE = Purpose("stake")
"""Staked at a market and not locked. Owner: the provider."""
LOCKED_STAKE = Purpose("locked stake")
"""Stake behind the compensation that a series promises. Owner: the series."""


@dataclass(frozen=True, slots=True)
class SeriesPricing(CurrencyTerms):
    """The terms of a series that the books price with; its currency is the one that it is sold for."""

    unit_price: int
    """Micro-yuan per 1,000,000 Tokens."""
    rate_card: RateCard
    """Tokens for each metered unit."""
    compensation_bps: int = 0
    """Basis points of its price that compensate the holder of a Token after a halt."""


def _write(terms: SeriesPricing) -> dict[str, Any]:
    windows = {"off_peak": terms.rate_card.off_peak, "peak": terms.rate_card.peak}
    return {
        **write_currency(terms),
        "unit_price": str(terms.unit_price),
        "compensation_bps": str(terms.compensation_bps),
        "rate_card": {name: [str(rate) for rate in rates.lanes()] for name, rates in windows.items()},
    }


def _read(fields: Mapping[str, Any]) -> SeriesPricing:
    card = as_object(fields["rate_card"], {"off_peak", "peak"}, "a rate_card")
    windows = []
    for window in ("off_peak", "peak"):
        rates = [as_decimal(rate, RATE_BITS, "a rate") for rate in as_list(card[window], "a rate_card window")]
        if len(rates) != 3:
            raise ValueError(f"a rate_card window has {len(rates)} rates, not cached input, input and output")
        windows.append(Meters(*rates))
    return SeriesPricing(
        currency=Address(as_bytes(fields["currency"], 20)),
        unit_price=as_decimal(fields["unit_price"], 64, "unit_price"),
        rate_card=RateCard(*windows),
        compensation_bps=as_decimal(fields["compensation_bps"], 16, "compensation_bps"),
    )


def _held_by_series(books: Books, asset: Address, series: Address) -> int:
    return books.balance(asset, ESCROW, series)


def _held_by_market(books: Books, asset: Address, market: Address) -> int:
    is_staked = books.contracts[COMPUTE_MARKET][market].currency == asset
    return books.total(asset, STAKE, LOCKED_STAKE) if is_staked else 0


COMPUTE_TOKEN: Kind[SeriesPricing] = Kind(
    "ComputeToken",
    is_asset=True,
    form=Form(frozenset({"currency", "unit_price", "compensation_bps", "rate_card"}), _write, _read),
    held=_held_by_series,
    uses={
        "market": "ComputeMarket",
        "currency": "CurrencyToken",
        "hub": "ChannelHub",
        "collector": "ERC3009DepositCollector",
        "meter": "UsageMeter",
    },
    made_by="SeriesFactory",
    announced_by="SeriesOpened",
)
COMPUTE_MARKET: Kind[CurrencyTerms] = Kind(
    "ComputeMarket",
    form=CURRENCY_FORM,
    held=_held_by_market,
    restricted=(
        "registerCompute((address,bytes32,uint64,uint64,uint64,uint64,bytes32),address,bytes)",
        "acceptRole(uint64)",
        "setPurchasePolicy(address)",
        "setProviderJurisdiction(uint256,bool)",
    ),
    uses={
        "currency": "CurrencyToken",
        "HUB": "ChannelHub",
        "COLLECTOR": "ERC3009DepositCollector",
        "METER": "UsageMeter",
        "factory": "SeriesFactory",
    },
)
SERIES_FACTORY: Kind[None] = Kind(
    "SeriesFactory", has_books=False, uses={"market": "ComputeMarket"}, made_by="ComputeMarket"
)
"""Creates the series of one market."""
