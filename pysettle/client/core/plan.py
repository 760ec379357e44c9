"""The plan of the core: the roles of each currency, and a canonical contract that other clients expect."""

from pysettle.client.core.planning import ColumnPlan, ContractPlan
from pysettle.pins import MULTICALL3_ADDRESS

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(name="NetworkAccess", each_currency=True, arguments=lambda making: (making.administrator,)),
        ContractPlan(name="Multicall3", canonical=MULTICALL3_ADDRESS, on_request=True),
    )
)
