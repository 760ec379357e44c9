"""Net positions: the change of each account when a set of obligations settles."""

from __future__ import annotations

import numpy as np

from pysettle.domain.settlement.netting.queue import Integers, Marks, Queue


def nets(queue: Queue, settled: Marks | None = None) -> Integers:
    """Return the net of each account, receivable positive; all nets of a currency sum to zero.

    Args:
        queue: The queues.
        settled: Row -> whether it settles; None for all rows.
    """
    rows = slice(None) if settled is None else settled
    net = np.zeros(queue.accounts, queue.amount.dtype)
    np.add.at(net, queue.payee[rows], queue.amount[rows])
    np.subtract.at(net, queue.payer[rows], queue.amount[rows])
    return net


def value(queue: Queue, settled: Marks) -> int:
    """Return the units that a set of rows settles, those of all currencies added alike."""
    return int(queue.amount[settled].sum())


def is_funded(queue: Queue, settled: Marks) -> bool:
    """Tell whether nobody is overdrawn when a set settles, and each pair is in it whole or not at all."""
    whole = bool((settled == settled[queue.partner]).all())
    return whole and bool((queue.liquidity + nets(queue, settled) >= 0).all())
