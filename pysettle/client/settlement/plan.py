"""The plan of settlement: the registry of participants and their positions, on request."""

from __future__ import annotations

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(name="ParticipantRegistry", on_request=True),
        ContractPlan(
            name="LiquidityAccounts",
            on_request=True,
            works_with=("ParticipantRegistry",),
            marked=Marked.EVERYWHERE,
        ),
    ),
)
