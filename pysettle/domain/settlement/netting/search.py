"""Many walks at once through the sets of a small queue, where the rounding of whole obligations costs the most.

A walk flips one obligation or pair a step: that with the highest gain, which is its value less the overdrafts that it
makes, each at the weight of its account. It does not flip the same one back for some steps (tabu search). The weights
of overdrawn accounts rise and those of a funded set fall, so that a walk crosses the border between funded and unfunded
sets again and again. Half of the walks begin at shares of the relaxation, half at sets that the rule of order leaves of
random orders.
"""

from __future__ import annotations

from random import Random

import numpy as np

from pysettle.domain.settlement.netting.positions import nets, value
from pysettle.domain.settlement.netting.queue import Integers, Marks, Queue
from pysettle.domain.settlement.netting.rounding import Floats, repaired

MOST_ROWS = 2_000
"""Rows of the largest queue that is searched."""
_WALKS = 64
_PHASES = 4
"""After each phase, half of the walks begin anew at the best set."""
_STEPS = 250
"""Steps of a phase."""
_LEAST_WEIGHT, _MOST_WEIGHT = 0.3, 50.0


def search(queue: Queue, share: Floats, price: Floats, settled: Marks) -> Marks:
    """Return a funded set of at least the value of another one.

    Args:
        queue: The queues.
        share: Row -> the share of it that would settle if it could be divided.
        price: Account -> price of its liquidity.
        settled: Row -> whether it settles in the set from which the search begins.
    """
    if not 0 < len(share) <= MOST_ROWS or settled.all():
        return settled
    walks = _Walks(queue, price)
    border = (np.arange(_WALKS) + 0.5) / _WALKS
    sets = share > border[:, None]
    walks.reached = _random_sets(queue, share)
    walks.reached[0] = settled
    walks.worth = np.array([value(queue, it) for it in walks.reached])
    sets[::2] = walks.reached[::2]
    for phase in range(_PHASES):
        if phase:
            sets = walks.reached.copy()
            middle = np.sort(walks.worth)[_WALKS // 2]
            sets[walks.worth < middle if phase % 2 else walks.number % 2 == 0] = walks.best
        walks.walk(sets)
    return walks.best


def _random_sets(queue: Queue, share: Floats) -> Marks:
    """Return a funded set for each walk: of an order by the shares, and by more and more noise."""
    random = Random(0)  # noqa: S311 - the same numbers on every machine, and nothing secret is made of them
    lead = np.minimum(queue.partner, np.arange(len(share)))
    sets = np.empty((_WALKS, len(share)), np.bool_)
    for number in range(_WALKS):
        noise = np.array([random.random() for _ in share])[lead]
        sets[number] = repaired(queue, np.argsort(-(share + noise * (2 * number / _WALKS)), kind="stable"))
    return sets


class _Walks:
    """All walks, a line each: sets, funds of the accounts, weights of overdrafts, and the best set reached."""

    def __init__(self, queue: Queue, price: Floats) -> None:
        rows = len(queue.amount)
        self.queue = queue
        self.number = np.arange(_WALKS)
        self.reached = np.zeros((_WALKS, rows), np.bool_)
        self.worth = np.zeros(_WALKS, np.int64)
        self._single = queue.partner == np.arange(rows)
        self._flippable = queue.partner >= np.arange(rows)
        self._gain = queue.weight.astype(np.float64)
        # Places of payers and payees in all lines, one after the other.
        lines = self.number[:, None] * queue.accounts
        self._payer, self._payee = queue.payer + lines, queue.payee + lines
        self._first_weight = np.maximum(price, 0.5) * (0.8 + 0.8 * self.number / (_WALKS - 1))[:, None]
        self._pace = (1.02 + 0.18 * self.number / (_WALKS - 1))[:, None]
        self._tenure = 3 + self.number * 7 % max(4, min(20, rows // 4))

    @property
    def best(self) -> Marks:
        """The best set that any walk reached."""
        best: Marks = self.reached[self.worth.argmax()]
        return best

    def walk(self, sets: Marks) -> None:
        """Walk one phase from these sets, and keep the best set of each walk."""
        self._sets = sets
        self._funds = np.array([self.queue.liquidity + nets(self.queue, it) for it in sets])
        self._worth = np.array([value(self.queue, it) for it in sets])
        self._weight = self._first_weight
        self._until = np.zeros(sets.shape, np.int64)
        for step in range(_STEPS):
            row = np.where((self._until > step) | ~self._flippable, -np.inf, self._gains()).argmax(1)
            self._until[self.number, row] = step + 1 + self._tenure
            self._flip(self.number, row)
            paired = np.flatnonzero(~self._single[row])
            self._flip(self.number[paired], self.queue.partner[row[paired]])
            self._judge()

    def _gains(self) -> Floats:
        """Return walk and row -> the gain of flipping it, alone or with its partner."""
        change = np.where(self._sets, -self.queue.amount, self.queue.amount)
        funds, weight = self._funds.ravel(), self._weight.ravel()
        lack = np.maximum(-funds, 0) * weight
        cost = np.maximum(change - funds[self._payer], 0) * weight[self._payer] - lack[self._payer]
        cost += np.maximum(-change - funds[self._payee], 0) * weight[self._payee] - lack[self._payee]
        cost = np.where(self._single, cost, cost + cost[:, self.queue.partner])
        gain: Floats = np.where(self._sets, -self._gain, self._gain) - cost
        return gain

    def _flip(self, walk: Integers, row: Integers) -> None:
        units = np.where(self._sets[walk, row], -self.queue.amount[row], self.queue.amount[row])
        self._funds[walk, self.queue.payer[row]] -= units
        self._funds[walk, self.queue.payee[row]] += units
        self._worth[walk] += units
        self._sets[walk, row] ^= True

    def _judge(self) -> None:
        """Keep each funded set that is better than the walk's best, and move the weights."""
        overdrawn = self._funds < 0
        funded: Marks = self._funds.min(axis=1) >= 0
        better = funded & (self._worth > self.worth)
        self.reached[better] = self._sets[better]
        self.worth[better] = self._worth[better]
        raised = np.where(overdrawn, self._weight * self._pace, self._weight)
        weight = np.where(funded[:, None], self._weight / self._pace, raised)
        self._weight = np.clip(weight, _LEAST_WEIGHT, _MOST_WEIGHT)
