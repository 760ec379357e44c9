"""The plan of the core: the roles of each currency, and a canonical contract that other clients expect."""

from pysettle.client.core.planning import ColumnPlan, ContractPlan
from pysettle.values import Address

MULTICALL3_ADDRESS = Address(bytes.fromhex("ca11bde05977b3631167028862be2a173976ca11"))
"""Canonical address of Multicall3, through which x402's facilitators and viem read many values in one call."""

PLAN = ColumnPlan(
    contracts=(
        ContractPlan(name="NetworkAccess", each_currency=True, arguments=lambda making: (making.administrator,)),
        ContractPlan(name="Multicall3", canonical=MULTICALL3_ADDRESS, on_request=True),
    )
)
