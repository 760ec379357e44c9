"""The plan of lockers: one in each network, for e-CNY."""

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.domain.money.contracts import CurrencyTerms

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(
            name="Locker",
            works_with=("CurrencyToken",),
            terms=lambda address: CurrencyTerms(address("CurrencyToken")),
            marked=Marked.E_CNY,
        ),
    )
)
