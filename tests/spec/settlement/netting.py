"""The rule of order in plain Python, and every funded set without pairs: against these the solver is held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from pysettle.domain.settlement.netting.queue import Account, Obligation


def strict(obligations: Sequence[Obligation], liquidity: Mapping[Account, int]) -> set[int]:
    """Return the numbers of the obligations that settle by the rule of order.

    In rounds, whoever is overdrawn drops, all at once, the shortest tail of its queue that covers its lack; a dropped
    pair leaves its partner's queue without cutting it.
    """
    queues, pairs, stays = _queues(obligations), _pairs(obligations), set(range(len(obligations)))
    while lacks := _lacks(obligations, liquidity, stays):
        dropped: set[int] = set()
        for account, lack in lacks.items():
            for row in reversed([row for row in queues[account] if row in stays]):
                if lack <= 0:
                    break
                lack -= obligations[row].amount
                dropped |= pairs.get(obligations[row].pair, {row})
        stays -= dropped
    return stays


def is_funded(obligations: Sequence[Obligation], liquidity: Mapping[Account, int], settled: set[int]) -> bool:
    """Tell whether nobody is overdrawn when a set settles, and each pair is in it whole or not at all."""
    whole = all(pair <= settled or not pair & settled for pair in _pairs(obligations).values())
    return whole and not _lacks(obligations, liquidity, settled)


def funded_sets(obligations: Sequence[Obligation], liquidity: Mapping[Account, int]) -> Iterator[set[int]]:
    """Yield every funded set that has the first obligations of each queue and no others, by trying all of them."""
    queues = _queues(obligations).values()
    for lengths in product(*(range(len(queue) + 1) for queue in queues)):
        rows = {row for queue, length in zip(queues, lengths, strict=True) for row in queue[:length]}
        if is_funded(obligations, liquidity, rows):
            yield rows


def _queues(obligations: Sequence[Obligation]) -> dict[Account, list[int]]:
    """Return account -> its obligations, from the first to the last."""
    queues = defaultdict(list)
    for row in sorted(range(len(obligations)), key=lambda row: (obligations[row].priority, obligations[row].index)):
        queues[Account(obligations[row].debtor, obligations[row].currency)].append(row)
    return dict(queues)


def _pairs(obligations: Sequence[Obligation]) -> dict[object, set[int]]:
    """Return pair -> both of its obligations."""
    pairs = defaultdict(set)
    for row, obligation in enumerate(obligations):
        if obligation.pair is not None:
            pairs[obligation.pair].add(row)
    return dict(pairs)


def _lacks(
    obligations: Sequence[Obligation], liquidity: Mapping[Account, int], settled: set[int]
) -> dict[Account, int]:
    """Return account -> units that it lacks, of the accounts that are overdrawn when a set settles."""
    funds = defaultdict(int, liquidity)
    for row in settled:
        it = obligations[row]
        funds[Account(it.debtor, it.currency)] -= it.amount
        funds[Account(it.creditor, it.currency)] += it.amount
    return {account: -units for account, units in funds.items() if units < 0}
