"""Sets of a large cycle: each settles by itself after those before it, and none costs more than a limit.

A solution that one transaction cannot carry is cut. First come obligations that their debtors can pay alone.
Where there is none, the least part of the queues that settles together comes next. A cut is possible between any two of
them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pysettle.domain.settlement.netting.queue import Integers, Marks, Queue
from pysettle.domain.settlement.netting.strict import strict

Charges = Mapping[Hashable, int]
"""Thing that a row makes a set name -> its cost, which a set bears once."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A solution in sets."""

    sets: tuple[tuple[int, ...], ...]
    """Rows of each set, in the order in which the sets settle."""
    whole: tuple[int, ...] = ()
    """Rows that settle only together, and cost more than the limit; empty if everything was cut."""


def cut(queue: Queue, settled: Marks, charges: Sequence[Charges], most: int) -> Cut:
    """Return a solution in sets that cost no more than a limit.

    Args:
        queue: The queue.
        settled: Row -> whether it settles: a set that the rule of order gives.
        charges: The charges of each row.
        most: The limit.
    """
    state = _State(queue, settled)
    sets, rows, named, cost = list[tuple[int, ...]](), list[int](), dict[Hashable, int](), 0
    while part := state.next_part(charges, most):
        its = _charges(part, charges)
        if sum(its.values()) > most:
            break
        cost += sum(its[thing] for thing in its.keys() - named.keys())
        if cost > most:
            sets.append(tuple(rows))
            rows, named, cost = [], {}, sum(its.values())
        rows += part
        named |= its
        state.settle(part)
    return Cut((*sets, tuple(rows)) if rows else tuple(sets), tuple(part))


def _charges(rows: Sequence[int], charges: Sequence[Charges]) -> dict[Hashable, int]:
    return {thing: cost for row in rows for thing, cost in charges[row].items()}


def _cost(rows: Sequence[int], charges: Sequence[Charges]) -> int:
    return sum(_charges(rows, charges).values())


@dataclass
class _State:
    """The queues between two parts."""

    queue: Queue
    """The whole queue."""
    settled: Marks
    """Row -> whether it settles in the end."""
    funds: Integers = field(init=False)
    """Account -> units after the parts so far."""
    left: dict[int, deque[int]] = field(init=False)
    """Account -> rows that are left to settle, in its order."""
    payable: deque[int] = field(init=False)
    """Accounts that may be able to pay their first row."""

    def __post_init__(self) -> None:
        self.funds = self.queue.liquidity.copy()
        self.left = defaultdict(deque)
        for row in self.queue.order[self.settled[self.queue.order]].tolist():
            self.left[int(self.queue.payer[row])].append(row)
        self.payable = deque(self.left)

    def settle(self, rows: Sequence[int]) -> None:
        """Settle a part: all of it was next in its queues."""
        for row in rows:
            columns = self.queue.payer, self.queue.payee, self.queue.amount
            payer, payee, amount = (int(column[row]) for column in columns)
            self.left[payer].remove(row)
            self.funds[payer] -= amount
            self.funds[payee] += amount
            self.payable.append(payee)

    def next_part(self, charges: Sequence[Charges], most: int) -> list[int]:
        """Return rows that settle next: one that its debtor can pay, or the least that settles together.

        Empty if nothing is left. If each part costs more than the limit, one of them is returned.
        """
        while self.payable:
            rows = self.left[account] if (account := self.payable[0]) in self.left else ()
            if rows and self._is_single(rows[0]) and self.queue.amount[rows[0]] <= self.funds[account]:
                return [rows[0]]
            self.payable.popleft()
        universe = [list(rows) for rows in self.left.values() if rows]
        return self._part(universe, charges, most) if universe else []

    def _is_single(self, row: int) -> bool:
        return bool(self.queue.partner[row] == row)

    def _part(self, queues: list[list[int]], charges: Sequence[Charges], most: int) -> list[int]:
        """Return a part of queues that settles together, within the limit if one is found."""
        found = self._short(queues)
        if _cost(_rows(found), charges) <= most:
            return _rows(found)
        found = self._least(found)
        if _cost(_rows(found), charges) <= most:
            return _rows(found)
        # Each other part leaves the last row of one of these queues out.
        for queue in found:
            without = [rows[: rows.index(queue[-1])] if queue[-1] in rows else rows for rows in queues]
            if rest := self._strict(without):
                part = self._part(rest, charges, most)
                if _cost(part, charges) <= most:
                    return part
        return _rows(found)

    def _short(self, queues: list[list[int]]) -> list[list[int]]:
        """Return the part that settles of the first rows of each queue, of as few as give one."""
        length = 1
        while not (found := self._strict([rows[:length] for rows in queues])):
            length *= 2
        return found

    def _least(self, queues: list[list[int]]) -> list[list[int]]:
        """Return a part of queues of which no smaller part settles: queue by queue, the shortest beginning is kept."""
        for row in [rows[0] for rows in queues]:
            place = next((number for number, rows in enumerate(queues) if rows[0] == row), None)
            if place is None:
                continue
            low, high = -1, len(queues[place])
            found = queues
            while high - low > 1:
                middle = (low + high) // 2
                shorter = [rows[:middle] if number == place else rows for number, rows in enumerate(queues)]
                if kept := self._strict(shorter):
                    found, high = kept, middle
                else:
                    low = middle
            queues = found
        return queues

    def _strict(self, queues: list[list[int]]) -> list[list[int]]:
        """Return what the rule of order settles of queues, by itself."""
        rows = np.array([row for rows in queues for row in rows], np.int64)
        # A pair settles whole or not at all.
        rows = rows[np.isin(self.queue.partner[rows], rows)]
        if not len(rows):
            return []
        stays = set(rows[strict(self.queue.part(rows, self.funds))].tolist())
        kept = ([row for row in rows if row in stays] for rows in queues)
        return [rows for rows in kept if rows]


def _rows(queues: list[list[int]]) -> list[int]:
    return [row for rows in queues for row in rows]
