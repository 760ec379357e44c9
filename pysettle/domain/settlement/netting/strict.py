"""The rule of order: the set that settles when each debtor's queue keeps its order.

In rounds, each overdrawn account drops the shortest tail of its queue that covers its lack. All accounts do that at
once, until none is overdrawn. The other half of a dropped pair leaves its queue without cutting it: the obligations
behind it stay.

There is one answer. Without pairs it is the one largest set: two funded sets, each with a prefix of every queue, have a
funded union, and the rule never drops an obligation of the largest one.
"""

from __future__ import annotations

import numpy as np

from pysettle.domain.settlement.netting.positions import nets
from pysettle.domain.settlement.netting.queue import Integers, Marks, Queue


def strict(queue: Queue) -> Marks:
    """Return row -> whether it settles by the rule of order."""
    order = queue.order
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    payer, payee, partner = queue.payer[order], queue.payee[order], place[queue.partner[order]]
    left = queue.amount[order]  # a copy: zero for each place that was dropped
    stays = np.ones(len(order), np.bool_)
    end = np.cumsum(np.bincount(payer, minlength=queue.accounts))
    funds = queue.liquidity + nets(queue)
    before = _sums(left)
    while len(overdrawn := np.flatnonzero(funds < 0)):
        last = end[overdrawn]
        # The last place at which the rest of the queue still covers the lack.
        first = np.searchsorted(before, before[last] + funds[overdrawn], side="right") - 1
        end[overdrawn] = first
        tail = _ranges(first, last)
        tail = tail[stays[tail]]
        stays[tail] = False
        halves = partner[tail]
        halves = halves[stays[halves]]
        stays[halves] = False
        dropped = np.concatenate([tail, halves])
        np.add.at(funds, payer[dropped], left[dropped])
        np.subtract.at(funds, payee[dropped], left[dropped])
        left[dropped] = 0
        if len(halves):  # they left queues that go on behind them
            before = _sums(left)
    settled = np.empty(len(order), np.bool_)
    settled[order] = stays
    return settled


def _sums(amounts: Integers) -> Integers:
    """Return the sum before each place, and after the last one."""
    sums = np.zeros(len(amounts) + 1, amounts.dtype)
    np.cumsum(amounts, out=sums[1:])
    return sums


def _ranges(first: Integers, last: Integers) -> Integers:
    """Return all numbers of the ranges [first, last), one range after the other."""
    lengths = last - first
    ends = np.cumsum(lengths)
    numbers: Integers = np.arange(int(ends[-1])) + np.repeat(first - (ends - lengths), lengths)
    return numbers
