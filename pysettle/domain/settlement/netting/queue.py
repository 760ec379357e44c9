"""The queues of a cycle as columns of integers: one row for each obligation, one account for each position.

An account is a participant in one currency. It pays the obligations that it owes from its liquidity and from the
obligations that others owe to it. All columns are 64-bit integers. The gross value of a queue is therefore limited to
`MOST_GROSS`, so that no sum over its rows overflows; liquidity may have any size. On a chain anybody can queue more,
and stops nobody by that: such a queue is *wide*. Its amounts are integers of Python, which the rule of order alone
reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pysettle.errors import UsageError

Integers: TypeAlias = npt.NDArray[np.int64]
"""A column of 64-bit integers."""
Marks: TypeAlias = npt.NDArray[np.bool_]
"""A column of yes and no."""

MOST_GROSS = 2**62
"""The gross value of a queue, summed over its currencies, is below this: 4.6 trillion yuan in micro-yuan."""


class Account(NamedTuple):
    """A participant in one currency."""

    participant: Hashable
    """The participant: a name or an address."""
    currency: Hashable
    """The currency."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """A debtor owes a creditor an amount in a currency."""

    debtor: Hashable
    """The participant that pays."""
    creditor: Hashable
    """The participant that receives."""
    currency: Hashable
    """The currency of the amount."""
    amount: int
    """Units of the currency."""
    priority: int
    """Class of the debtor's order: a lower number comes first."""
    index: int
    """Place within the class, unique there for a debtor and a currency."""
    pair: Hashable = None
    """Id that a PvP pair shares: both obligations settle or none; None for a single obligation."""


@dataclass(frozen=True, slots=True, eq=False)
class Queue:
    """The queues of all accounts; a row is one obligation, an account is a number from 0."""

    payer: Integers
    """Row -> account that pays."""
    payee: Integers
    """Row -> account that receives, in the same currency."""
    amount: Integers
    """Row -> units, positive."""
    partner: Integers
    """Row -> row of the other half of its pair; the row itself for a single obligation."""
    liquidity: Integers
    """Account -> units reserved, below `MOST_GROSS`: more than its gross debits is of no use to an account."""
    order: Integers
    """All rows, by payer and within it from the first to the last of its queue."""

    @property
    def accounts(self) -> int:
        """The number of accounts."""
        return len(self.liquidity)

    @property
    def is_wide(self) -> bool:
        """Whether the amounts are integers of Python, since 64 bits are too few for their sum."""
        return self.amount.dtype == object

    @property
    def weight(self) -> Integers:
        """Row -> the units that settle with it: its own, and those of the other half of its pair."""
        single = self.partner == np.arange(len(self.amount))
        return np.where(single, self.amount, self.amount + self.amount[self.partner])

    def part(self, rows: Integers, liquidity: Integers) -> Queue:
        """Return the queue of some rows, both halves of each pair or none, in the order in which they are given."""
        place = np.empty(len(self.amount), np.int64)
        place[rows] = np.arange(len(rows))
        payer = self.payer[rows]
        partner = place[self.partner[rows]]
        order = np.argsort(payer, kind="stable")
        return Queue(payer, self.payee[rows], self.amount[rows], partner, liquidity, order)


def columns(
    payer: Integers,
    payee: Integers,
    amount: Integers,
    partner: Integers,
    liquidity: Integers,
    priority: Integers,
    index: Integers,
) -> Queue:
    """Return a queue from its columns, with each queue ordered by priority, then index.

    Raises:
        UsageError: an amount is not positive, or the gross value is not below `MOST_GROSS`.
    """
    # Limbs of 31 bits: a sum of 2^31 of them fits into 63 bits, whatever the amounts are.
    gross = (int((amount >> 31).sum()) << 31) + int((amount & (2**31 - 1)).sum())
    if len(amount) and int(amount.min()) <= 0:
        least = int(amount.min())
        raise UsageError(f"an obligation is of {least} units; amounts are positive", amount_units=least)
    _check_gross(gross)
    return Queue(payer, payee, amount, partner, liquidity, _order(payer, priority, index))


def _order(*keys: Integers) -> Integers:
    """Return the rows by the first key, then the next ones; by one number for each row if 63 bits are enough."""
    spans = [int(key.max()) - int(key.min()) + 1 for key in keys] if len(keys[0]) else []
    if prod(spans) >= 2**63:
        return np.lexsort(keys[::-1])
    word = np.zeros_like(keys[0])
    for key, span in zip(keys, spans, strict=False):
        word = word * span + (key - key.min())
    return np.argsort(word, kind="stable")


def queue_of(
    obligations: Sequence[Obligation], liquidity: Mapping[Account, int], *, may_be_wide: bool = False
) -> tuple[Queue, list[Account]]:
    """Return the queue of obligations, its rows in their order, and the account of each number.

    Args:
        obligations: The obligations, in any order.
        liquidity: Account -> units that it reserved; zero for the others.
        may_be_wide: Whether the gross value may be `MOST_GROSS` or more.

    Raises:
        UsageError: an obligation or a pair has a wrong form, two obligations share a place in a queue, or the gross
            value is not below `MOST_GROSS`.
    """
    _check_places(obligations)
    gross_value = sum(it.amount for it in obligations)
    is_wide = may_be_wide and gross_value >= MOST_GROSS
    if not is_wide:
        _check_gross(gross_value)
    both = ((Account(it.debtor, it.currency), Account(it.creditor, it.currency)) for it in obligations)
    ends = list(both)
    accounts = list(dict.fromkeys([*(end for row in ends for end in row), *liquidity]))
    number = {account: place for place, account in enumerate(accounts)}
    payer, payee = (_column(number[row[side]] for row in ends) for side in (0, 1))
    gross: Counter[int] = Counter()
    for row, obligation in zip(ends, obligations, strict=True):
        gross[number[row[0]]] += obligation.amount
    # Liquidity beyond the gross debits is never used, and might have 96 bits.
    units = object if is_wide else np.int64
    held = _column((min(liquidity.get(account, 0), gross[place]) for place, account in enumerate(accounts)), units)
    amount = _column((it.amount for it in obligations), units)
    priority, index = _column(it.priority for it in obligations), _column(it.index for it in obligations)
    if is_wide:
        return Queue(payer, payee, amount, _partners(obligations), held, _order(payer, priority, index)), accounts
    return columns(payer, payee, amount, _partners(obligations), held, priority, index), accounts


def _column(numbers: Iterable[int], kind: type = np.int64) -> Integers:
    return np.fromiter(numbers, kind)


def _check_gross(gross: int) -> None:
    if gross >= MOST_GROSS:
        words = f"the obligations have a gross value of {gross} units, and a cycle has less than {MOST_GROSS}"
        raise UsageError(f"{words}; split the cycle", gross_units=gross)


def _check_places(obligations: Sequence[Obligation]) -> None:
    """Refuse an obligation to oneself, one without a positive amount, and two in one place of a queue."""
    places = set()
    for row, it in enumerate(obligations):
        if it.debtor == it.creditor:
            raise _refusal(row, "creditor", f"{it.debtor} owes itself; debtor and creditor differ")
        if it.amount <= 0:
            raise _refusal(row, "amount", f"an obligation of {it.amount} units; amounts are positive")
        place = it.debtor, it.currency, it.priority, it.index
        if place in places:
            words = f"{it.debtor} has two obligations in this currency with priority {it.priority} and index {it.index}"
            raise _refusal(row, "index", f"{words}; each has its own place in the queue")
        places.add(place)


def _partners(obligations: Sequence[Obligation]) -> Integers:
    """Return the partner of each row: the other half of its pair, or itself."""
    partner = np.arange(len(obligations))
    halves: dict[Hashable, list[int]] = {}
    for row, it in enumerate(obligations):
        if it.pair is not None:
            halves.setdefault(it.pair, []).append(row)
    for pair, rows in halves.items():
        if len(rows) != 2:
            words = f"pair {pair} has {len(rows)} obligation{'s' * (len(rows) > 1)}; a pair has two"
            raise _refusal(rows[-1], "pair", words)
        first, second = (obligations[row] for row in rows)
        if (first.debtor, first.creditor) != (second.creditor, second.debtor) or first.currency == second.currency:
            words = f"the halves of pair {pair} are not opposite payments of two parties in two currencies"
            raise _refusal(rows[1], "pair", words)
        partner[rows[0]], partner[rows[1]] = rows[1], rows[0]
    return partner


def _refusal(row: int, column: str, problem: str) -> UsageError:
    """Return the error that names an obligation by its number, and the part of it."""
    return UsageError(f"obligation {row}: {problem}", row=row, column=column, problem=problem)
