"""The plan of batch compute by milestones: the escrow of its orders."""

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.client.jobs.lists import models

PLAN = ColumnPlan(contracts=(ContractPlan(name="JobEscrow", marked=Marked.EVERYWHERE),), models=models)
