"""Prices of liquidity: an upper bound on the value that any set could settle, which anybody computes in one pass.

A price is the value that one further unit of liquidity of an account would settle, in parts of `ONE`. For any prices at
all, no funded set settles more than

    sum over accounts of price x liquidity  +  sum over pairs and single obligations of max(0, margin)

with, for each obligation, margin = amount x (1 - price of its payer + price of its payee), summed over both halves of a
pair (Lagrangian duality). The price of the answer decides only how near the bound is.
"""

from __future__ import annotations

import numpy as np

from pysettle.domain.settlement.netting.queue import Integers, Queue
from pysettle.errors import UsageError

ONE = 2**18
"""The price of an account of which each further unit settles one unit."""
MOST_PRICE = 2**28
"""A price is below this, so that no product below overflows 63 bits."""
_LIMB_BITS = 30
_LIMB = 2**_LIMB_BITS - 1


def bound(queue: Queue, prices: Integers) -> int:
    """Return a number of units that no funded set of the queue exceeds.

    Args:
        queue: The queues.
        prices: Account -> price of its liquidity, in parts of `ONE`.

    Raises:
        UsageError: a price is negative, or not below `MOST_PRICE`.
    """
    if len(prices) and not 0 <= int(prices.min()) <= int(prices.max()) < MOST_PRICE:
        least, most = int(prices.min()), int(prices.max())
        words = f"prices are in the range 0<=x<{MOST_PRICE}, in parts of {ONE}"
        raise UsageError(f"{words}; these are from {least} to {most}", least=least, most=most)
    share = ONE - prices[queue.payer] + prices[queue.payee]
    # Two limbs of a margin, the low one in the range 0<=x<2^30: amounts have 62 bits and shares 29.
    low = (queue.amount & _LIMB) * share
    high = (queue.amount >> _LIMB_BITS) * share + (low >> _LIMB_BITS)
    low &= _LIMB
    rows = np.arange(len(share))
    half = queue.partner != rows
    low[half] += low[queue.partner[half]]
    high[half] += high[queue.partner[half]]
    high += low >> _LIMB_BITS
    low &= _LIMB
    counted = (high >= 0) & (queue.partner >= rows)
    margins = (int(high[counted].sum()) << _LIMB_BITS) + int(low[counted].sum())
    reserves: int = sum(price * held for price, held in zip(prices.tolist(), queue.liquidity.tolist(), strict=True))
    units: int = (margins + reserves) // ONE
    return units
