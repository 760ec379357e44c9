"""The plan of settlement: the registry of participants and their positions, on request."""

from __future__ import annotations

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.domain.settlement.corridors import CORRIDORS_NAME
from pysettle.domain.settlement.messages import ATOMIC_SETTLEMENT_NAME

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(name="ParticipantRegistry", on_request=True, created_next=("LiquidityAccounts",)),
        ContractPlan(
            name="LiquidityAccounts",
            on_request=True,
            works_with=("ParticipantRegistry",),
            created_next=("Corridors", "AtomicSettlement"),
            marked=Marked.EVERYWHERE,
        ),
        ContractPlan(
            name="Corridors",
            on_request=True,
            works_with=("ParticipantRegistry", "LiquidityAccounts"),
            domain_name=lambda _: CORRIDORS_NAME,
        ),
        ContractPlan(
            name="AtomicSettlement",
            on_request=True,
            works_with=("LiquidityAccounts", "Corridors"),
            domain_name=lambda _: ATOMIC_SETTLEMENT_NAME,
        ),
    ),
)
