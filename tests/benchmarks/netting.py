"""Netting of a million obligations: plain nets, the rule of order, and the order free.

The limits are in seconds of the processor, which other users of the machine do not change much; all work is in one
thread. The obligations are of 1,000 participants in 4 currencies. Amounts are spread evenly over their logarithm around
10,000 yuan, with a standard deviation of one; liquidity is a share of the net debits when all obligations settle.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator

import numpy as np

from pysettle.domain.settlement.netting.best import best
from pysettle.domain.settlement.netting.positions import is_funded, nets, value
from pysettle.domain.settlement.netting.queue import Integers, Queue, columns
from pysettle.domain.settlement.netting.strict import strict
from tests.benchmarks.measure import Goal, Row, in_turns, say

_ROWS = 1_000_000
_PARTICIPANTS, _CURRENCIES = 1_000, 4
_MIDDLE = 10_000 * 10**6


def random_queue(rows: int = _ROWS, *, paired: float = 0.2, funded: float = 0.3, seed: int = 1) -> Queue:
    """Return a random queue.

    Args:
        rows: Obligations.
        paired: Share of them in PvP pairs.
        funded: Liquidity as a share of the net debits.
        seed: Same seed, same queue.
    """
    random = np.random.default_rng(seed)
    pairs = int(rows * paired / 2)
    single = rows - 2 * pairs

    def parties(count: int) -> tuple[Integers, Integers]:
        debtor = random.integers(0, _PARTICIPANTS, count)
        return debtor, (debtor + random.integers(1, _PARTICIPANTS, count)) % _PARTICIPANTS

    debtor, creditor = parties(single)
    one, other = parties(pairs)
    currency, first = random.integers(0, _CURRENCIES, single), random.integers(0, _CURRENCIES, pairs)
    second = (first + random.integers(1, _CURRENCIES, pairs)) % _CURRENCIES
    payer = np.concatenate([debtor * _CURRENCIES + currency, one * _CURRENCIES + first, other * _CURRENCIES + second])
    payee = np.concatenate([creditor * _CURRENCIES + currency, other * _CURRENCIES + first, one * _CURRENCIES + second])
    amount = np.rint(random.lognormal(np.log(_MIDDLE), 1, rows)).astype(np.int64) + 1
    amount[single + pairs :] = amount[single : single + pairs] * random.integers(900, 1_101, pairs) // 1_000 + 1
    partner = np.arange(rows)
    partner[single : single + pairs] += pairs
    partner[single + pairs :] -= pairs
    place = random.integers(0, 3, rows), random.permutation(rows)
    nothing = np.zeros(_PARTICIPANTS * _CURRENCIES, np.int64)
    net = nets(columns(payer, payee, amount, partner, nothing, *place))
    liquidity = np.maximum(-net, 0) * int(funded * 100) // 100
    return columns(payer, payee, amount, partner, liquidity, *place)


def speed_net() -> Iterator[Row]:
    """Measure plain netting beside one summing pass over the same columns."""
    queue = random_queue()
    sums = queue.payer, queue.payee, queue.amount

    def summed() -> int:
        return sum(int(column.sum()) for column in sums)

    ours, anchor = in_turns(
        "SPEED-NET", lambda _: 1_000 * _seconds(lambda: nets(queue)), lambda _: 1_000 * _seconds(summed)
    )
    yield Row("SPEED-NET", Goal(20, most=True, of_figure=True), ours, "ms CPU; a sum", anchor)


def speed_strict() -> Iterator[Row]:
    """Measure the rule of order with its sorting, and the share of the value that it settles."""
    queue = random_queue()
    again = queue.payer, queue.payee, queue.amount, queue.partner, queue.liquidity

    def ours(_: int) -> float:
        place = np.zeros(_ROWS, np.int64), np.argsort(queue.order)
        return _seconds(lambda: strict(columns(*again, *place)))

    figure, anchor = in_turns("SPEED-STRICT", ours, lambda _: _seconds(lambda: nets(queue)))
    yield Row("SPEED-STRICT", Goal(1, most=True, of_figure=True), figure, "s CPU; plain nets", anchor)
    settled = strict(queue)
    assert is_funded(queue, settled)
    gross = int(queue.amount.sum()) / 100
    share = value(queue, settled) / gross
    yield Row("SPEED-STRICT", Goal(50, of_figure=True), share, "% of the value", 100)


def speed_best() -> Iterator[Row]:
    """Measure the solver with the order free beside its bound, with two shares of pairs and two of funding."""
    kinds = {
        "1/5 paired": (0.2, 0.3, 99.0),
        "1/2 paired": (0.5, 0.3, 97.5),
        "1/10 funded": (0.2, 0.1, 97.0),
    }
    for name, (paired, funded, goal) in kinds.items():
        # In a process of its own, which tells the peak of this queue alone.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, share, peak, digest = pool.apply(_best, (paired, funded))
        say(f"SPEED-BEST, {name}: {digest}")
        yield Row("SPEED-BEST", Goal(15, most=True, of_figure=True), seconds, f"s CPU; {name}", 15)
        yield Row("SPEED-BEST", Goal(goal, of_figure=True), share, f"% of bound; {name}", 100)
        yield Row("SPEED-BEST", Goal(400, most=True, of_figure=True), peak, f"MB; {name}", 400)


def _best(paired: float, funded: float) -> tuple[float, float, float, str]:
    """Return seconds, percent of the bound, megabytes at the peak, and the hash of the answer."""
    queue = random_queue(paired=paired, funded=funded)
    began = time.process_time()
    answer = best(queue)
    seconds = time.process_time() - began
    assert is_funded(queue, answer.settled)
    share = 100 * value(queue, answer.settled) / answer.bound
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    return seconds, share, peak, hashlib.sha256(answer.settled.tobytes() + answer.prices.tobytes()).hexdigest()


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
