"""The plan of batch compute by milestones: the escrow of its orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.values import Address, OrderId

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.store import ReadModel


def _models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models; the events that they fold are loaded for lists alone."""
    from pysettle.client.jobs.lists import models

    return models(address)


def _currency_of(network: SettlementNetwork, contract: str, data: bytes) -> Address | None:
    """Return the currency of the order that a step is of: the first argument of each step is the id of its order."""
    return network.jobs.order(OrderId(data[4:36])).currency if contract == "JobEscrow" else None


PLAN = ColumnPlan(
    contracts=(ContractPlan(name="JobEscrow", marked=Marked.EVERYWHERE),), models=_models, currency_of=_currency_of
)
