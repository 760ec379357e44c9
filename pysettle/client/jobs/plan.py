"""The plan of batch compute by milestones: the escrow of its orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.store import ReadModel


def _models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models; the events that they fold are loaded for lists alone."""
    from pysettle.client.jobs.lists import models

    return models(address)


PLAN = ColumnPlan(contracts=(ContractPlan(name="JobEscrow", marked=Marked.EVERYWHERE),), models=_models)
