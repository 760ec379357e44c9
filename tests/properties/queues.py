"""Random queues of obligations, for the tests of netting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from pysettle.domain.settlement.netting.queue import Account, Obligation


def queue(
    random: Random, count: int, *, participants: int, currencies: int, share_in_pairs: float = 0.2
) -> list[Obligation]:
    """Return obligations of a random queue, with a share of them in PvP pairs if there are two currencies."""
    obligations: list[Obligation] = []
    pairs = int(count * share_in_pairs / 2) if currencies > 1 else 0
    for number in range(count - pairs):
        debtor, creditor = random.sample(range(participants), 2)
        amount = int(random.lognormvariate(4, 1)) + 1
        priority = random.randrange(3)
        if number >= pairs:
            obligations.append(Obligation(debtor, creditor, random.randrange(currencies), amount, priority, number))
            continue
        one, other = random.sample(range(currencies), 2)
        back = max(1, int(amount * random.uniform(0.9, 1.1)))
        obligations.append(Obligation(debtor, creditor, one, amount, priority, number, f"pair {number}"))
        obligations.append(Obligation(creditor, debtor, other, back, priority, number, f"pair {number}"))
    random.shuffle(obligations)
    return obligations


def tenth_of_gross(obligations: Sequence[Obligation]) -> dict[Account, int]:
    """Return a tenth of its gross debits as the liquidity of each account."""
    gross: Counter[Account] = Counter()
    for it in obligations:
        gross[Account(it.debtor, it.currency)] += it.amount
    return {account: units // 10 for account, units in gross.items()}


def any_liquidity(random: Random, obligations: Sequence[Obligation]) -> dict[Account, int]:
    """Return nothing, a little or much as the liquidity of each account."""
    accounts = sorted({Account(party, it.currency) for it in obligations for party in (it.debtor, it.creditor)})
    return {account: random.choice((0, 0, random.randrange(100), random.randrange(1_000))) for account in accounts}
