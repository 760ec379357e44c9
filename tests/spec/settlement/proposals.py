"""Sets that settle by the rule of order, of all currencies of a clearing house together, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from eth_typing import Address

from pysettle.client.settlement.clearing import ClearingSet, PairLink
from pysettle.domain.settlement.netting.queue import Account, Obligation
from tests.spec.settlement import netting
from tests.spec.settlement.clearing import ClearingSpec
from tests.spec.settlement.queues import QueuedBatch

Key = tuple[Address, int]
"""Currency of a batch, and the word of its header."""
Place = tuple[Address, QueuedBatch, int]
"""Currency, batch, and place of an item in it."""
Proposal = tuple[tuple[ClearingSet, ...], tuple[PairLink, ...]]


def proposal(house: ClearingSpec, currencies: Sequence[Address]) -> Proposal:
    """Return the sets of currencies that settle by the rule of order, and the links of their pairs."""
    pairs = list(_pairs(house, currencies))
    partners = {first: second for halves in pairs for first, second in (halves, halves[::-1])}
    able = [it for currency in currencies for it in _able(house, currency)]
    places = {(_key(it), it[2]) for it in able}
    chosen = [it for it in able if not it[1].is_pair or (partners.get(_key(it)), it[2]) in places]
    rows = list[Obligation]()
    for row, it in enumerate(chosen):
        currency, batch, place = it
        item = batch.items[place]
        parties = (house.account(currency, number) for number in (batch.header.debtor, item.creditor))
        pair = (min(_key(it), partners[_key(it)]), place) if batch.is_pair else None
        rows.append(Obligation(*parties, currency, item.amount, 0, row, pair))
    reserved = {
        Account(account, currency): house.layers[currency].positions[account].reserved
        for currency in currencies
        for account in house.layers[currency].registry.members
    }
    settled = defaultdict[Key, list[int]](list)
    for row in sorted(netting.strict(rows, reserved)):
        settled[_key(chosen[row])].append(chosen[row][2])
    sets = [_set(house, currency, settled) for currency in currencies if any(key[0] == currency for key in settled)]
    return tuple(sets), tuple(_links(sets, pairs))


def _able(house: ClearingSpec, currency: Address) -> Iterator[Place]:
    """Yield the items that may settle if there is money, in the order of the queues; pairs with or without partner."""
    layer, cut = house.layers[currency], set[int]()
    for batch in house.batches(currency):
        header = batch.header
        if header.cycle > layer.cycle.due or not house.pays(currency, house.account(currency, header.debtor)):
            continue
        for place in sorted(batch.held if batch.is_pair else batch.waiting):
            creditor = house.account(currency, batch.items[place].creditor)
            member = layer.registry.members.get(creditor)
            if member and not house.receives(currency, creditor):
                continue
            if member is None or member.jurisdiction != header.target:
                # An obligation to nobody, or outside its corridor, ends the queue of its debtor; a pair is passed over.
                cut |= set() if batch.is_pair else {header.debtor}
            elif header.debtor not in cut:
                yield currency, batch, place


def _pairs(house: ClearingSpec, currencies: Sequence[Address]) -> Iterator[tuple[Key, Key]]:
    """Yield first and second half of all pairs that have not ended; halves that owe the same go in their order."""
    halves = [(it, batch) for it in currencies for batch in house.batches(it) if batch.is_pair and batch.held]
    taken = set[Key]()
    for first in halves:
        for second in halves:
            keys = (first[0], first[1].header.word), (second[0], second[1].header.word)
            if house.are_halves(*first, *second) and not taken.intersection(keys):
                taken.update(keys)
                yield keys


def _set(house: ClearingSpec, currency: Address, settled: dict[Key, list[int]]) -> ClearingSet:
    """Return a set, which names of each debtor all batches that wait up to the last one of which an item settles."""
    layer, named = house.layers[currency], list[QueuedBatch]()
    for batch in house.batches(currency):
        if batch.header.cycle <= layer.cycle.due and (batch.waiting or (currency, batch.header.word) in settled):
            named.append(batch)
    last = {it.header.debtor: it.header for it in named if (currency, it.header.word) in settled}
    up_to = (it for it in named if it.header.debtor in last and it.header <= last[it.header.debtor])
    batches = tuple(it.marking(settled.get((currency, it.header.word), ())) for it in up_to)
    return ClearingSet(currency, tuple(layer.registry.members), batches)


def _links(sets: Sequence[ClearingSet], pairs: Sequence[tuple[Key, Key]]) -> Iterator[PairLink]:
    places = {
        (one.currency, batch.header.word): (number, place)
        for number, one in enumerate(sets)
        for place, batch in enumerate(one.batches)
        if batch.is_pair
    }
    for first, second in pairs:
        if first in places:
            yield PairLink(*places[first], *places[second])


def _key(it: Place) -> Key:
    currency, batch, _ = it
    return currency, batch.header.word
