"""The plan of compute: the market, and the factory of its series."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pysettle.client.core.access import Power, Role
from pysettle.client.core.planning import ColumnPlan, ContractPlan, Making, Marked
from pysettle.client.money.plan import currency_terms
from pysettle.domain.compute.messages import COMPUTE_MARKET_NAME
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.store import ReadModel


def _places(making: Making) -> tuple[object, ...]:
    """Return the struct of addresses; the factory fills in the first one, its market, and the market its policy."""
    return ((ZERO_ADDRESS, *making.works_with, ZERO_ADDRESS),)


def _models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models; the events that they fold are loaded for lists alone."""
    from pysettle.client.compute.lists import models

    return models(address)


def _currency_of(network: SettlementNetwork, contract: str, data: bytes) -> Address | None:
    """Return the currency that every series is paid in: that of the market."""
    return network.currency.address if contract == "ComputeToken" else None


PLAN = ColumnPlan(
    contracts=(
        ContractPlan(
            name="ComputeMarket",
            works_with=("CurrencyToken", "ChannelHub", "ERC3009DepositCollector", "UsageMeter"),
            arguments=_places,
            domain_name=lambda _: COMPUTE_MARKET_NAME,
            terms=currency_terms,
            role=Role.SETTLEMENT_REGISTRAR,
            marked=Marked.E_CNY,
        ),
        ContractPlan(name="SeriesFactory", made_by=("ComputeMarket", "factory")),
    ),
    powers=(
        # The signature of an attester is checked by the market of the currency.
        Power(Role.ATTESTER, "ComputeMarket", ("registerCompute",)),
        Power(Role.SETTLEMENT_REGISTRAR, "ComputeMarket", ("acceptRole",)),
        Power(Role.CENTRAL_BANK, "ComputeMarket", ("setPurchasePolicy", "setProviderJurisdiction")),
    ),
    models=_models,
    templates=("ComputeToken",),
    currency_of=_currency_of,
)
