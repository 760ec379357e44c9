"""The plan of batch compute by milestones: the escrow of its orders."""

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked

PLAN = ColumnPlan(contracts=(ContractPlan(name="JobEscrow", marked=Marked.EVERYWHERE),))
