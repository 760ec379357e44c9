"""Netting by hand: the rule of order, the bound of prices, and queues that are refused."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from pysettle.domain.settlement.netting.best import best
from pysettle.domain.settlement.netting.positions import nets, value
from pysettle.domain.settlement.netting.prices import MOST_PRICE, ONE, bound
from pysettle.domain.settlement.netting.queue import MOST_GROSS, Account, Obligation, Queue, queue_of
from pysettle.domain.settlement.netting.strict import strict
from pysettle.errors import UsageError
from tests.chance import fixed
from tests.spec.settlement import netting as spec


def settled(obligations: list[Obligation], liquidity: dict[Account, int]) -> list[int]:
    """Return the numbers of the obligations that settle by the rule of order; the specification agrees."""
    queue, _ = queue_of(obligations, liquidity)
    found = np.flatnonzero(strict(queue)).tolist()
    assert set(found) == spec.strict(obligations, liquidity)
    return found


def owes(debtor: str, creditor: str, amount: int, index: int = 0, currency: str = "CNY", **more: object) -> Obligation:
    """Return an obligation of the only priority."""
    return Obligation(debtor, creditor, currency, amount, 0, index, **more)  # type: ignore[arg-type]


def prices(queue: Queue, *of: int) -> np.ndarray:
    """Return prices as a column, the same for all accounts if one is given."""
    return np.array(of if len(of) > 1 else of * queue.accounts, np.int64)


def test_a_ring_settles_without_money() -> None:
    """Three equal obligations in a ring settle at zero liquidity, and leave zero nets."""
    ring = [owes("a", "b", 70), owes("b", "c", 70), owes("c", "a", 70)]
    assert settled(ring, {}) == [0, 1, 2]
    queue, accounts = queue_of(ring, {})
    assert nets(queue).tolist() == [0, 0, 0]
    assert accounts == [Account(name, "CNY") for name in "abc"]
    assert best(queue).settled.all()


def test_the_shortest_tail_that_covers_the_lack_waits() -> None:
    """A debtor that lacks 10 units drops its last obligation alone, by priority first, then by index."""
    last_by_priority = Obligation("a", "b", "CNY", 30, 1, 0)
    queue = [last_by_priority, owes("a", "b", 40, index=9), owes("a", "b", 20, index=4)]
    assert settled(queue, {Account("a", "CNY"): 80}) == [1, 2]
    assert settled(queue, {Account("a", "CNY"): 60}) == [1, 2]
    assert settled(queue, {Account("a", "CNY"): 59}) == [2]


def test_a_dropped_pair_does_not_cut_the_partner() -> None:
    """The half of a pair that its partner cannot fund leaves its queue; the obligation behind it settles."""
    queue = [
        owes("a", "b", 50, index=0, pair=1),
        owes("b", "a", 60, currency="HKD", pair=1),
        owes("a", "c", 40, index=1),
    ]
    assert settled(queue, {Account("a", "CNY"): 90}) == [2]
    assert settled(queue, {Account("a", "CNY"): 90, Account("b", "HKD"): 60}) == [0, 1, 2]


def test_a_half_that_left_covers_no_lack() -> None:
    """A tail is counted without the halves that left it, although a later round would drop less."""
    queue = [
        owes("a", "c", 20, index=0, pair=2),
        owes("a", "e", 50, index=1),
        owes("a", "b", 40, index=2, pair=1),
        owes("a", "e", 30, index=3),
        owes("d", "a", 90),
        owes("b", "a", 40, currency="HKD", pair=1),
        owes("b", "c", 10, index=1, currency="HKD"),
        owes("c", "a", 10, currency="HKD", pair=2),
    ]
    assert settled(queue, {Account("a", "CNY"): 50}) == []


def test_one_unfunded_party_stops_its_own_pairs_alone() -> None:
    """A party with pairs to everybody and no funds holds up its pairs, and the payments that they would have funded."""
    parties = [str(number) for number in range(12)]
    around = [*zip(parties, [*parties[1:], parties[0]], strict=True)]
    own = [owes(one, other, 100, index=1, currency="HKD") for one, other in around]
    pairs = [
        half
        for number, party in enumerate(parties)
        for half in (
            owes(party, "thief", 10, currency="CNY", pair=number),
            owes("thief", party, 10, index=number, currency="HKD", pair=number),
        )
    ]
    counted_on = owes("3", "5", 10, index=2, currency="HKD")
    liquidity = {Account(party, "CNY"): 10 for party in parties}
    assert settled([*own, counted_on, *pairs], liquidity) == [*range(12)]
    funded = {**liquidity, Account("thief", "HKD"): 120}
    assert len(settled([*own, counted_on, *pairs], funded)) == 12 + 1 + 24


def test_the_bound_of_any_prices_holds() -> None:
    """Without prices the bound is the gross value; with a price of one for the payer it is its liquidity."""
    queue, _ = queue_of([owes("a", "b", 100), owes("a", "c", 30, index=1)], {Account("a", "CNY"): 40})
    assert bound(queue, prices(queue, 0)) == 130
    assert bound(queue, prices(queue, ONE, 0, 0)) == 40
    assert bound(queue, prices(queue, ONE // 2, 0, 0)) == 20 + 65
    for wrong in (-1, MOST_PRICE):
        with pytest.raises(UsageError, match="price"):
            bound(queue, prices(queue, wrong))


def test_large_amounts_do_not_overflow() -> None:
    """Amounts just below the limit are netted, settled and bounded exactly; from the limit on they are refused."""
    large = MOST_GROSS // 2 - 1
    ring = [owes("a", "b", large), owes("b", "a", large, pair=1), owes("a", "b", 1, currency="HKD", pair=1)]
    liquidity = {Account("a", "HKD"): 2**96 - 1}
    queue, _ = queue_of(ring, liquidity)
    assert strict(queue).all()
    answer = best(queue)
    assert value(queue, answer.settled) == 2 * large + 1 <= answer.bound
    assert bound(queue, prices(queue, MOST_PRICE - 1)) > 2 * large
    with pytest.raises(UsageError, match="split the cycle"):
        queue_of([*ring, owes("c", "a", 3)], liquidity)
    with pytest.raises(UsageError, match="split the cycle"):
        queue_of([owes("a", "b", 2**96 - 1)], liquidity)


def test_every_machine_has_the_same_answer() -> None:
    """Set, prices and bound of a queue are these, on any machine: no kind of vector instruction changes them."""
    random = fixed(1)
    queue = [
        Obligation(debtor, creditor, "CNY", random.randrange(1, 10**10), 0, index)
        for index in range(2_100)
        for debtor, creditor in [random.sample(range(20), 2)]
    ]
    columns, _ = queue_of(queue, {Account(party, "CNY"): 10**10 for party in range(0, 20, 2)})
    answer = best(columns)
    digest = sha256(answer.settled.tobytes() + answer.prices.astype("<i8").tobytes()).hexdigest()
    assert (digest[:16], answer.bound) == ("a87284c2a9645322", 9_788_115_618_386)


@pytest.mark.parametrize(
    ("obligations", "words"),
    [
        ([owes("a", "a", 1)], "obligation 0: a owes itself"),
        ([owes("a", "b", 0)], "obligation 0: an obligation of 0 units"),
        (
            [owes("a", "b", 1), owes("a", "c", 1)],
            "obligation 1: a has two obligations in this currency with priority 0",
        ),
        ([owes("a", "b", 1, pair=7)], "obligation 0: pair 7 has 1 obligation;"),
        ([owes("a", "b", 1, pair=7), owes("b", "a", 1, pair=7)], "obligation 1: the halves of pair 7"),
        ([owes("a", "b", 1, pair=7), owes("c", "a", 1, currency="HKD", pair=7)], "obligation 1: the halves of pair 7"),
    ],
)
def test_a_wrong_obligation_is_named(obligations: list[Obligation], words: str) -> None:
    """Each wrong form is refused with the number of the obligation."""
    with pytest.raises(UsageError, match=words):
        queue_of(obligations, {})
