"""The optimum of a small queue by OR-Tools CP-SAT (extra `exact`): the order is free. Tests compare `best` with it."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from pysettle.domain.settlement.netting.queue import Marks, Queue


def exact(queue: Queue) -> Marks:
    """Return a funded set of the highest value: row -> whether it settles. The time grows fast with the rows."""
    model, solver = cp_model.CpModel(), cp_model.CpSolver()
    partner, amounts = queue.partner.tolist(), queue.amount.tolist()
    first = [model.new_bool_var(str(row)) for row in range(len(amounts))]
    settles = [first[min(row, other)] for row, other in enumerate(partner)]
    for account, units in enumerate(queue.liquidity.tolist()):
        paid = [amounts[row] * settles[row] for row in np.flatnonzero(queue.payer == account)]
        received = [amounts[row] * settles[row] for row in np.flatnonzero(queue.payee == account)]
        if paid:
            model.add(sum(paid) - sum(received) <= units)
    model.maximize(sum(units * settle for units, settle in zip(amounts, settles, strict=True)))
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    assert status == cp_model.OPTIMAL, solver.status_name(status)
    return np.array([solver.boolean_value(settle) for settle in settles], np.bool_)
