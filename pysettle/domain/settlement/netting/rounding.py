"""Whole obligations from shares of them: rounding, and repair by the rule of order."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pysettle.domain.settlement.netting.positions import nets
from pysettle.domain.settlement.netting.queue import Integers, Marks, Queue
from pysettle.domain.settlement.netting.strict import strict

Floats: TypeAlias = npt.NDArray[np.float64]
"""A column of IEEE 754 doubles."""

_WHOLE = 1e-4
"""A share this near to all or nothing is that."""
_PASSES = 40
"""Most passes that add obligations; each adds at least one while there is one to add."""


def rounded(queue: Queue, share: Floats) -> Marks:
    """Return each share as all or nothing, so that the net of each account stays near to that of the shares."""
    amount = queue.amount.astype(np.float64)
    settled = share > 0.5
    divided = (share > _WHOLE) & (share < 1 - _WHOLE)
    # More than it pays by the shares, for each account; beginning with its lack by the shares themselves.
    flow, moved = share * amount, np.where(divided, 0, settled - share) * amount
    excess = np.bincount(queue.payer, moved, queue.accounts) - np.bincount(queue.payee, moved, queue.accounts)
    paid = np.bincount(queue.payer, flow, queue.accounts) - np.bincount(queue.payee, flow, queue.accounts)
    rows = np.flatnonzero(divided & (queue.partner >= np.arange(len(share))))
    rows = rows[np.argsort(-queue.weight[rows], kind="stable")]
    settled[rows] = _nearest(queue, rows, share, amount, excess + np.maximum(paid - queue.liquidity, 0))
    settled[queue.partner[rows]] = settled[rows]
    return settled


def _nearest(queue: Queue, rows: Integers, share: Floats, amount: Floats, excess: Floats) -> list[bool]:
    """Decide row by row whether it settles: whichever adds less to the squares of the excesses."""
    of = excess.tolist()
    halves = queue.partner[rows]
    columns = (
        column.tolist() for side in (rows, halves) for column in (queue.payer[side], queue.payee[side], amount[side])
    )
    decided = []
    for part, single, payer, payee, units, payer2, payee2, units2 in zip(
        share[rows].tolist(), (rows == halves).tolist(), *columns, strict=True
    ):
        cost = units * ((1 - 2 * part) * units + of[payer] - of[payee])
        if not single:
            cost += units2 * ((1 - 2 * part) * units2 + of[payer2] - of[payee2])
        settles = cost < 0
        change = 1 - part if settles else -part
        of[payer] += change * units
        of[payee] -= change * units
        if not single:
            of[payer2] += change * units2
            of[payee2] -= change * units2
        decided.append(settles)
    return decided


def repaired(queue: Queue, wanted: Integers) -> Marks:
    """Return a funded set: of the wanted rows as many as the rule of order leaves, then each that is still funded.

    Args:
        queue: The queues.
        wanted: Rows, both halves of each pair or none; those of an account are in the order of its queue.
    """
    settled = np.zeros(len(queue.amount), np.bool_)
    weight = queue.weight
    funds = _add(queue, wanted, queue.liquidity, settled)
    # All others, the small ones first: obligations of a ring fund each other.
    others = np.flatnonzero(~settled)
    funds = _add(queue, others[np.argsort(weight[others], kind="stable")], funds, settled)
    for _ in range(_PASSES):
        fits = queue.amount <= funds[queue.payer]
        funded = np.flatnonzero(fits & fits[queue.partner] & ~settled)
        if not len(funded):
            break
        funds = _add(queue, funded[np.argsort(-weight[funded], kind="stable")], funds, settled)
    return settled


def _add(queue: Queue, rows: Integers, funds: Integers, settled: Marks) -> Integers:
    """Settle the rows that the rule of order leaves, in the order given; return the funds after that."""
    part = queue.part(rows, funds)
    added = strict(part)
    settled[rows[added]] = True
    return funds + nets(part, added)
