"""Changes of a proposal by somebody else: of its parties, its batches, their items, its links, or its sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from eth_typing import Address

from pysettle.client.settlement.clearing import ClearingSet, PairLink, ProposedBatch
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.values import Timestamp, Units
from tests.spec.settlement.clearing import ClearingSpec
from tests.spec.settlement.proposals import Proposal


def changed_proposal(random: Random, house: ClearingSpec, proposed: Proposal, currency: Address) -> Proposal:
    """Return a proposal after one change; one of all that waits in a currency if nothing was proposed."""
    sets, links = proposed
    if links and random.random() < 0.3:
        return _other_links(random, sets, links)
    place = random.randrange(len(sets)) if sets else 0
    one = sets[place] if sets else _everything(random, house, currency)
    if not sets or random.random() < 0.2:
        return (*sets[:place], _everything(random, house, one.currency), *sets[place + 1 :]), links
    if random.random() < 0.06:
        return random.choice(((*sets, one), sets[::-1], (*sets[:place], *sets[place + 1 :]))), links
    return (*sets[:place], _other_set(random, house, one), *sets[place + 1 :]), links


def changed_batch(random: Random, batch: ProposedBatch) -> ProposedBatch:
    """Return a batch with another header, payload, pair, or other items."""
    header, kind = batch.header, random.random()
    if kind < 0.1:
        return replace(batch, payload=b"\1" * 32)
    if kind < 0.2:
        return replace(batch, pair=bytes(32) if batch.is_pair else b"\1" * 32)
    if kind < 0.4:
        return replace(batch, items=_other_items(random, batch.items))
    others = (
        replace(header, debtor=random.choice((0, 1, 2, 3, 9))),
        replace(header, priority=random.choice((header.priority ^ 1, 4, 255))),
        replace(header, index=random.choice((header.index + 1, max(0, header.index - 1), 2**24 - 1))),
        replace(header, origin=header.origin ^ 1),
        replace(header, target=random.choice((header.target ^ 1, 1))),
        replace(header, cycle=random.choice((0, header.cycle + 1))),
        replace(header, queued_at=Timestamp(header.queued_at + random.choice((-1, 1)))),
    )
    return replace(batch, header=random.choice(others))


def _everything(random: Random, house: ClearingSpec, currency: Address) -> ClearingSet:
    """Return a set of what waits in a currency, mostly of all that is due, whether it is active and funded or not."""
    due = house.layers[currency].cycle.due + (random.random() < 0.2)
    waiting = [it for it in house.batches(currency) if it.waiting and it.header.cycle <= due]
    batches = tuple(it.marking(it.waiting) for it in waiting)
    return ClearingSet(currency, tuple(house.layers[currency].registry.members), batches)


def _other_set(random: Random, house: ClearingSpec, one: ClearingSet) -> ClearingSet:
    parties, batches = tuple(one.participants), list(one.batches)
    place = random.randrange(len(batches))
    chosen = batches[place]

    def other_parties() -> None:
        nonlocal parties
        stranger = house.address
        others = parties[::-1], parties[:-1], parties[1:], (*parties, parties[-1]), (*parties, stranger), ()
        parties = random.choice(others)

    def other_marks() -> None:
        batches[place] = replace(chosen, settled=chosen.settled ^ 1 << random.randrange(len(chosen.items) + 1))

    def other_batch() -> None:
        batches[place] = changed_batch(random, chosen)

    def twice() -> None:
        batches.insert(random.randrange(len(batches) + 1), chosen)

    def left_out() -> None:
        del batches[place]

    def one_more() -> None:
        others = house.batches(one.currency)
        batches.insert(random.randrange(len(batches) + 1), random.choice(others).marking((0,)))

    def shuffled() -> None:
        random.shuffle(batches)

    changes: Sequence[Callable[[], None]] = (
        *(other_parties, other_marks, other_marks, other_batch, other_batch),
        *(twice, left_out, left_out, one_more, one_more, shuffled),
    )
    random.choice(changes)()
    return ClearingSet(one.currency, parties, tuple(batches))


def _other_items(random: Random, items: tuple[BatchItem, ...]) -> tuple[BatchItem, ...]:
    """Return items with one that is altered, missing, or too many."""
    place = random.randrange(len(items))
    item = items[place]
    amount = random.choice((item.amount + 1, max(1, item.amount - 1), item.amount * 2))
    other = random.choice((item._replace(amount=Units(amount)), item._replace(creditor=random.choice((1, 2, 3, 9)))))
    altered = (*items[:place], other, *items[place + 1 :])
    return random.choice((altered, altered, altered, (*items, item), items[:-1] or (other,)))


def _other_links(random: Random, sets: tuple[ClearingSet, ...], links: tuple[PairLink, ...]) -> Proposal:
    """Return the sets with other links, or with other marks of one half of a pair."""
    place = random.randrange(len(links))
    link = links[place]
    others: tuple[tuple[PairLink, ...], ...] = (
        (*links[:place], *links[place + 1 :]),
        (*links, link),
        (*links[:place], PairLink(*link[2:], *link[:2]), *links[place + 1 :]),
        (*links[:place], PairLink(*link[:2], *link[:2]), *links[place + 1 :]),
        (*links[:place], link._replace(first_set=len(sets)), *links[place + 1 :]),
        (*links[:place], link._replace(second_batch=link.second_batch + 1), *links[place + 1 :]),
        (*links[:place], link._replace(first_batch=max(0, link.first_batch - 1)), *links[place + 1 :]),
    )
    if random.random() < 0.7:
        return sets, random.choice(others)
    number, at = random.choice((link[:2], link[2:]))
    half = sets[number].batches[at]
    marked = half.settled ^ 1 << random.randrange(len(half.items))
    batches = (*sets[number].batches[:at], replace(half, settled=marked), *sets[number].batches[at + 1 :])
    return (*sets[:number], sets[number]._replace(batches=batches), *sets[number + 1 :]), links
