"""Proposals over several currencies: the payments of PvP pairs settle together.

Anybody computes them, as for one currency. A pair may settle if both its payments wait, are due and are to parties that
can be credited. If one of both payments is dropped, the other one leaves its queue, which goes on behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pysettle.client.settlement.clearing import ClearingHouse, ClearingSet, PairLink, ProposedBatch
from pysettle.client.settlement.proposals import Due, Place, Proposal, due, waiting
from pysettle.domain.settlement.clearing import BatchHeader, half_id, linked, places_of
from pysettle.domain.settlement.netting.queue import Account, Obligation, queue_of
from pysettle.domain.settlement.netting.strict import strict
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class Payment(NamedTuple):
    """One payment of a pair."""

    currency: Address
    """Its currency."""
    header: BatchHeader
    """Header of its half."""
    place: int
    """Its place there, from 0."""


def propose_sets(network: SettlementNetwork, currencies: Sequence[Address]) -> dict[Address, Proposal]:
    """Return the sets of currencies that settle by the rule of order, all together, as the chain stands.

    Returns:
        Currency -> its set. Currencies in which nothing settles are left out.
    """
    house = ClearingHouse.of(network)
    queued = {currency: waiting(house, currency) for currency in currencies}
    halves = [(currency, it.batch) for currency, found in queued.items() for it in found if it.batch.is_pair]
    partners = _partners(halves)
    known = {
        currency: due(
            network,
            currency,
            {(it.header, it.place) for it in partners if it.currency == currency},
            queued=queued[currency],
        )
        for currency in currencies
    }
    payments = {
        _payment(currency, it): _parties(found, it)
        for currency, found in known.items()
        for it in found.rows
        if it.batch.is_pair
    }
    names: dict[Payment, Hashable] = {}
    for payment, (debtor, creditor) in payments.items():
        # Two parties may agree on halves that no proposal can link.
        partner = partners[payment]
        if payments.get(partner) == (creditor, debtor) and partner.currency != payment.currency:
            names[payment] = min(payment, partner)
    rows = [
        (currency, row)
        for currency, found in known.items()
        for row, it in enumerate(found.rows)
        if not it.batch.is_pair or _payment(currency, it) in names
    ]
    obligations = [_obligation(known[currency], row, names) for currency, row in rows]
    reserved = {
        Account(found.parties[found.number(account)].account, account.currency): units
        for found in known.values()
        for account, units in found.reserved.items()
    }
    queue, _ = queue_of(obligations, reserved, may_be_wide=True)
    settled: dict[Address, list[int]] = defaultdict(list)
    for number in np.flatnonzero(strict(queue)).tolist():
        currency, row = rows[number]
        settled[currency].append(row)
    return {currency: known[currency].proposal(of) for currency, of in settled.items()}


def sets_of(proposals: Mapping[Address, Proposal]) -> list[ClearingSet]:
    """Return the sets of a transaction."""
    return [ClearingSet(currency, it.participants, it.batches) for currency, it in proposals.items()]


def links_of(sets: Sequence[ClearingSet]) -> list[PairLink]:
    """Return the links of both halves of all pairs that settle in sets."""
    found: dict[tuple[bytes, int], list[tuple[tuple[int, int], bytes]]] = defaultdict(list)
    for number, one in enumerate(sets):
        for place, batch in enumerate(one.batches):
            if batch.is_pair and batch.settled:
                found[batch.pair, batch.settled].append(((number, place), _half(one.currency, batch)))
    return [PairLink(*first, *second) for (pair, _), halves in found.items() for first, second in linked(pair, halves)]


def _partners(halves: Sequence[tuple[Address, ProposedBatch]]) -> dict[Payment, Payment]:
    """Return each payment of a pair that waits -> the other one, if it waits too."""
    by_pair: dict[bytes, list[tuple[tuple[Address, ProposedBatch], bytes]]] = defaultdict(list)
    for currency, batch in halves:
        by_pair[batch.pair].append(((currency, batch), _half(currency, batch)))
    partners: dict[Payment, Payment] = {}
    for pair, found in by_pair.items():
        for (currency, first), (other_currency, second) in linked(pair, found):
            for place in places_of(first.settled & second.settled):
                one = Payment(currency, first.header, place)
                other = Payment(other_currency, second.header, place)
                partners |= {one: other, other: one}
    return partners


def _half(currency: Address, batch: ProposedBatch) -> bytes:
    return half_id(currency, batch.header.debtor, batch.items)


def _payment(currency: Address, it: Place) -> Payment:
    return Payment(currency, it.batch.header, it.place)


def _obligation(found: Due, row: int, names: Mapping[Payment, Hashable]) -> Obligation:
    """Return a row in the form of the solver; participants are accounts, which are the same in all currencies."""
    it = found.rows[row]
    debtor, creditor = _parties(found, it)
    pair = names[_payment(found.currency, it)] if it.batch.is_pair else None
    return Obligation(debtor, creditor, found.currency, it.item.amount, 0, row, pair)


def _parties(found: Due, it: Place) -> tuple[Address, Address]:
    """Return the accounts of debtor and creditor."""
    return found.parties[it.batch.header.debtor].account, found.parties[it.item.creditor].account
