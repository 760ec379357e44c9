"""The plan of settlement: the registry of participants and their positions, on request."""

from __future__ import annotations

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.domain.settlement.corridors import CORRIDORS_NAME, DOMESTIC
from pysettle.domain.settlement.messages import ATOMIC_SETTLEMENT_NAME
from pysettle.domain.settlement.quotes import FOREIGN_EXCHANGE_NAME

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(
            name="ParticipantRegistry",
            on_request=True,
            created_next=("LiquidityAccounts",),
            arguments=lambda making: (
                *making.works_with,
                tuple((currency.jurisdiction, token) for currency, token in making.tokens.items()),
            ),
        ),
        ContractPlan(
            name="LiquidityAccounts",
            on_request=True,
            works_with=("ParticipantRegistry",),
            created_next=("Corridors", "AtomicSettlement", "ForeignExchange", "ClearingHouse"),
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
            works_with=("LiquidityAccounts",),
            domain_name=lambda _: ATOMIC_SETTLEMENT_NAME,
        ),
        ContractPlan(
            name="ForeignExchange",
            on_request=True,
            works_with=("LiquidityAccounts", "ComputeMarket"),
            domain_name=lambda _: FOREIGN_EXCHANGE_NAME,
            marked=Marked.EVERYWHERE,
        ),
        ContractPlan(
            name="ClearingHouse",
            on_request=True,
            works_with=("LiquidityAccounts", "Corridors"),
        ),
        ContractPlan(
            name="PurchasePolicy",
            on_request=True,
            works_with=("ForeignExchange",),
            arguments=lambda making: (*making.works_with, DOMESTIC),
            values={"domestic": DOMESTIC.to_bytes(2, "big")},
        ),
    ),
)
