"""A set with the order free: as much value as it finds, with prices of liquidity that bound what any set could settle.

Four parts, each with a fixed number of steps and no randomness of a machine:

1. `relaxed`: the shares of obligations that would settle if they could be divided, by the primal-dual hybrid gradient
   method (Chambolle and Pock). The prices are rounded to integers after each step.
2. `rounded`: each share becomes all or nothing, the largest first, whichever leaves the accounts nearer to the shares.
3. `repaired`: the rule of order drops what is unfunded, by queues of the large obligations before the small ones, and
   then adds each further obligation that is funded, the largest first.
4. `search`, for small queues, where whole obligations matter: many walks at once.

The floats inside are sums and products of single numbers, one after the other, so that every machine with IEEE 754
doubles has the same ones. The answer consists of integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pysettle.domain.settlement.netting.positions import value
from pysettle.domain.settlement.netting.prices import MOST_PRICE, ONE, bound
from pysettle.domain.settlement.netting.queue import Integers, Marks, Queue
from pysettle.domain.settlement.netting.rounding import Floats, repaired, rounded
from pysettle.domain.settlement.netting.search import search
from pysettle.domain.settlement.netting.strict import strict

_STEPS = 150
"""Steps of the method: after 100 the bound of 1,000,000 obligations is 1 in 10,000 from its end."""
_PACE = 0.5
"""Ratio of the steps of shares to those of prices."""


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """A set with the order free, and prices that bound every set."""

    settled: Marks
    """Row -> whether it settles."""
    prices: Integers
    """Account -> price of its liquidity, in parts of `prices.ONE`."""
    bound: int
    """Units that no funded set exceeds, by the prices."""


def best(queue: Queue) -> Best:
    """Return a funded set of high value, and its bound: the same bytes on every machine."""
    share, prices = relaxed(queue)
    wanted = np.flatnonzero(rounded(queue, share))
    large_first = np.argsort(-queue.weight[wanted], kind="stable")
    settled = max(repaired(queue, wanted[large_first]), strict(queue), key=lambda it: value(queue, it))
    settled = search(queue, share, prices / ONE, settled)
    return Best(settled, prices, bound(queue, prices))


def relaxed(queue: Queue) -> tuple[Floats, Integers]:
    """Return the share of each obligation that would settle if it could be divided, and the prices of liquidity."""
    payer, payee, accounts = queue.payer, queue.payee, queue.accounts
    amount = queue.amount.astype(np.float64)
    first = np.flatnonzero(queue.partner > np.arange(len(amount)))
    second = queue.partner[first]
    weight = amount[first] / (amount[first] + amount[second])
    turnover = np.bincount(payer, amount, accounts) + np.bincount(payee, amount, accounts)
    turnover = np.maximum(turnover, 1) * _PACE
    liquidity = queue.liquidity.astype(np.float64)
    share, price = np.zeros(len(amount)), np.zeros(accounts)
    for _ in range(_STEPS):
        margin = price[payee] - price[payer]
        margin += 1
        both = weight * margin[first] + (1 - weight) * margin[second]
        margin[first] = margin[second] = both
        margin *= _PACE / 2
        margin += share
        np.clip(margin, 0, 1, out=margin)
        ahead = 2 * margin - share
        share = margin
        ahead *= amount
        lack = np.bincount(payer, ahead, accounts) - np.bincount(payee, ahead, accounts) - liquidity
        price = np.rint(np.clip(price + lack / turnover, 0, (MOST_PRICE - 1) / ONE) * ONE) / ONE
    return share, (price * ONE).astype(np.int64)
