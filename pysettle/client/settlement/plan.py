"""The plan of settlement: the registry of participants and their positions, on request."""

from __future__ import annotations

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.domain.settlement.corridors import CORRIDORS_NAME
from pysettle.domain.settlement.messages import ATOMIC_SETTLEMENT_NAME

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(name="ParticipantRegistry", on_request=True),
        ContractPlan(
            name="LiquidityAccounts",
            on_request=True,
            works_with=("ParticipantRegistry",),
            creation_gas=15_000_000,
            marked=Marked.EVERYWHERE,
        ),
        ContractPlan(
            name="Corridors",
            on_request=True,
            made_by=("LiquidityAccounts", "corridors"),
            domain_name=lambda _: CORRIDORS_NAME,
        ),
        ContractPlan(
            name="AtomicSettlement",
            on_request=True,
            made_by=("LiquidityAccounts", "settlement"),
            domain_name=lambda _: ATOMIC_SETTLEMENT_NAME,
        ),
    ),
)
