"""The solution of a cycle in words of its parties: what settles, the liquidity saved, who waits and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from pysettle.domain.settlement.netting.best import best, relaxed
from pysettle.domain.settlement.netting.positions import nets
from pysettle.domain.settlement.netting.prices import bound
from pysettle.domain.settlement.netting.queue import Account, Integers, Marks, Obligation, Queue
from pysettle.domain.settlement.netting.strict import strict


class Rule(Enum):
    """The rule that decides which obligations settle."""

    STRICT = "strict"
    """Each debtor's order is kept."""
    BEST = "best"
    """The order is free."""


class Reason(Enum):
    """The reason why an obligation waits."""

    # Each value is the reason in words.
    LACK = "lack of liquidity"
    PARTNER = "other half of the pair"
    BEHIND = "behind one that waits"
    LATER = "others settle instead"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An obligation that waits."""

    row: int
    """Number of the obligation, from 0."""
    reason: Reason
    """The reason."""
    lack_units: int
    """Units that its debtor lacks for it alone, after all that settles; zero if it lacks none."""


@dataclass(frozen=True, slots=True)
class CurrencyPart:
    """The part of a cycle in one currency, in units."""

    queued: int
    """Value of all obligations."""
    settled: int
    """Value of those that settle."""
    moved: int
    """Sum of the net debits: the units that move."""

    @property
    def saved(self) -> int:
        """The value that settles without units moving."""
        return self.settled - self.moved


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The obligations of a cycle that settle."""

    settled: Marks
    """Row -> whether it settles."""
    nets: Integers
    """Account -> its net, receivable positive."""
    bound: int
    """Units of all currencies that no funded set of the cycle exceeds."""
    currencies: dict[object, CurrencyPart]
    """Currency -> its part."""
    waiting: tuple[Waiting, ...]
    """The obligations that wait, in their order."""

    @property
    def value(self) -> int:
        """Units that settle, those of all currencies added."""
        return sum(it.settled for it in self.currencies.values())


def solve(obligations: Sequence[Obligation], queue: Queue, accounts: Sequence[Account], rule: Rule) -> Solution:
    """Return the solution of a cycle by a rule.

    Args:
        obligations: The obligations of the rows of the queue.
        queue: The queue.
        accounts: The account of each number.
        rule: The rule.
    """
    if rule is Rule.BEST:
        answer = best(queue)
        settled, limit = answer.settled, answer.bound
    else:
        settled = strict(queue)
        # Prices are for 64 bits; no set of a wide queue exceeds the value of all either.
        limit = int(queue.amount.sum()) if queue.is_wide else bound(queue, relaxed(queue)[1])
    net = nets(queue, settled)
    parts = _parts(obligations, accounts, settled, net)
    return Solution(settled, net, limit, parts, tuple(_waiting(queue, settled, queue.liquidity + net, rule)))


def _parts(
    obligations: Sequence[Obligation], accounts: Sequence[Account], settled: Marks, net: Integers
) -> dict[object, CurrencyPart]:
    sums: defaultdict[object, list[int]] = defaultdict(lambda: [0] * 3)
    for it, settles in zip(obligations, settled.tolist(), strict=True):
        sums[it.currency][0] += it.amount
        sums[it.currency][1] += it.amount * settles
    for account, change in zip(accounts, net.tolist(), strict=True):
        sums[account.currency][2] += max(0, -change)
    return {currency: CurrencyPart(*of) for currency, of in sums.items()}


def _waiting(queue: Queue, settled: Marks, funds: Integers, rule: Rule) -> list[Waiting]:
    """Return the obligations that wait, each with the first reason that applies."""
    lack = np.maximum(queue.amount - funds[queue.payer], 0)
    behind = _behind(queue, settled) if rule is Rule.STRICT else np.zeros(len(lack), np.bool_)
    found = []
    for row in np.flatnonzero(~settled).tolist():
        half = int(queue.partner[row])
        if behind[row]:
            reason = Reason.BEHIND
        elif lack[row]:
            reason = Reason.LACK
        elif half != row and (lack[half] or behind[half]):
            reason = Reason.PARTNER
        else:
            reason = Reason.LATER
        found.append(Waiting(row, reason, int(lack[row])))
    return found


def _behind(queue: Queue, settled: Marks) -> Marks:
    """Return row -> whether it is in the tail of its queue that waits whole, and not the first one there."""
    payer, waits = queue.payer[queue.order], ~settled[queue.order]
    places = np.arange(len(payer))
    last = np.full(queue.accounts, -1)
    np.maximum.at(last, payer[~waits], places[~waits])
    first = np.searchsorted(payer, np.arange(queue.accounts))
    behind = np.empty(len(payer), np.bool_)
    behind[queue.order] = places > np.maximum(last + 1, first)[payer]
    return behind
