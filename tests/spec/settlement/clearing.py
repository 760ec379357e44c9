"""Sets of the clearing house, from the manual `contracts/settlement/IClearingHouse.sol`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from eth_typing import Address

from pysettle.client.settlement.clearing import ClearingSet, PairLink, ProposedBatch
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, half_id, pair_id, places_of
from pysettle.domain.settlement.clearing_events import SetSettled, SettledBatch
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, refuse
from tests.spec.core.records import NOTHING
from tests.spec.settlement.corridors import CorridorsSpec
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.queues import PRIORITIES, QueuedBatch, QueuesSpec

Half = QueuedBatch | ProposedBatch
"""One half of pairs, as it is queued or proposed."""


class ClearingSpec(QueuesSpec):
    """Queues, cycles and sets of every currency of a layer."""

    def __init__(self, address: Address, layers: Mapping[Address, LiquiditySpec], corridors: CorridorsSpec) -> None:
        """Begin without any set."""
        super().__init__(address, layers, corridors)
        self.set_count = 0

    # Operator, and anyone after it

    def settle_cycle(self, call: Call, sets: Sequence[ClearingSet], links: Sequence[PairLink]) -> None:
        """Settle sets, and with them both halves of all pairs."""
        for one in sets:
            self._settle(call, one)
        halves = {
            (number, place): (one.currency, batch)
            for number, one in enumerate(sets)
            for place, batch in enumerate(one.batches)
            if batch.is_pair and batch.settled
        }
        for link in links:
            first = halves.pop((link.first_set, link.first_batch), None)
            second = halves.pop((link.second_set, link.second_batch), None)
            if first is None or second is None or not self._settle_together(*first, *second):
                refuse(errors.PairIncomplete, pair=first[1].pair if first else NOTHING)
        for _, batch in halves.values():
            refuse(errors.PairIncomplete, pair=batch.pair)

    # What others ask

    def pays(self, currency: Address, account: Address) -> bool:
        """Whether a cycle may debit a participant."""
        held = self.layers[currency].positions[account]
        return self._is_active(currency, account) and not (held.frozen_outgoing or held.frozen_amount)

    def receives(self, currency: Address, account: Address) -> bool:
        """Whether a cycle may credit a participant."""
        return self._is_active(currency, account) and not self.layers[currency].positions[account].frozen_incoming

    def are_halves(self, first_in: Address, first: Half, second_in: Address, second: Half) -> bool:
        """Whether two batches are the first and the second half of pairs to which both debtors agreed."""
        return (
            first_in != second_in
            and self._creditor(first_in, first) == self.account(second_in, second.header.debtor)
            and self._creditor(second_in, second) == self.account(first_in, first.header.debtor)
            and first.pair == second.pair == pair_id(_half_id(first_in, first), _half_id(second_in, second))
        )

    # Requirements and changes

    def _is_active(self, currency: Address, account: Address) -> bool:
        member = self.layers[currency].registry.members[account]
        return not (member.suspended or member.stopped)

    def _settle(self, call: Call, proposed: ClearingSet) -> None:
        currency = proposed.currency
        due = self._start_set(call, currency)
        work = _Set(self, currency, due, self._listed(currency, proposed.participants))
        work.settle(call, proposed.batches)
        self.set_count += 1
        stated = tuple(SettledBatch(batch.header.word, batch.settled) for batch in proposed.batches)
        self._emit(SetSettled(self.set_count, currency, due, call.sender, stated))
        nets = [(account, work.received[number], work.paid[number]) for number, account in work.listed.items()]
        self.layers[currency].settle_nets(self.set_count, nets)

    def _listed(self, currency: Address, participants: Sequence[Address]) -> dict[int, Address]:
        """Return the participants of a proposal by their numbers, which ascend."""
        most, last = self._number(currency, participants[-1]) if participants else 0, 0
        for account in participants:
            number = self._number(currency, account)
            if not last < number <= most:
                refuse(errors.ParticipantsInvalid, currency=currency, account=account)
            last = number
        return {self._number(currency, account): account for account in participants}

    def _settle_together(
        self, first_in: Address, first: ProposedBatch, second_in: Address, second: ProposedBatch
    ) -> bool:
        """Whether two halves settle the same pairs."""
        return first.settled == second.settled and self.are_halves(first_in, first, second_in, second)

    def _creditor(self, currency: Address, half: Half) -> Address:
        return self.account(currency, half.items[0].creditor)


def _half_id(currency: Address, half: Half) -> bytes:
    return half_id(currency, half.header.debtor, half.items)


class _Set:
    """A set while it is checked: batch by batch, in the order of the proposal."""

    def __init__(self, house: ClearingSpec, currency: Address, due: int, listed: dict[int, Address]) -> None:
        self.house, self.currency, self.due, self.listed = house, currency, due, listed
        self.layer = house.layers[currency]
        self.received: defaultdict[int, int] = defaultdict(int)
        self.paid: defaultdict[int, int] = defaultdict(int)
        self.debtor, self.priority, self.place = 0, 0, 0
        self.is_cut, self.crosses = False, False

    def settle(self, call: Call, batches: Sequence[ProposedBatch]) -> None:
        """Check every batch, and take its items out of the queues."""
        for batch in batches:
            self._go_to(batch.header)
            stored = self.house._checked(self.currency, batch)
            self._check_order(batch, stored)
            if not batch.settled:
                continue
            among = stored.held if stored.is_pair else stored.waiting
            marked = self.house._marked(self.currency, batch, among)
            for place in sorted(marked):
                self._credit(batch.items[place], batch.header.target)
                self.paid[batch.header.debtor] += batch.items[place].amount
            self.crosses |= batch.header.crosses
            among -= marked
        if self.crosses and not self.house.corridors.times[self.currency].is_open(call.now):
            refuse(errors.CurrencyClosed, currency=self.currency, time=call.now)

    def _go_to(self, header: BatchHeader) -> None:
        """Require that nothing which is due waits between the last batch and this one."""
        named = self.house._named(self.currency, header)
        if header.debtor != self.debtor:
            if header.debtor < self.debtor:
                refuse(errors.BatchOutOfOrder, **named)
            self._require_debtor(header.debtor)
            self.debtor, self.priority, self.is_cut = header.debtor, 0, False
            self.place = self._queue_first()
        if not self.priority <= header.priority < PRIORITIES:
            refuse(errors.BatchOutOfOrder, **named)
        while self.priority < header.priority:
            self._require_none_waits(self._end())
            self.priority += 1
            self.place = self._queue_first()
        if header.index < self.place:
            refuse(errors.BatchOutOfOrder, **named)
        if header.index >= self._end():
            refuse(errors.BatchNotDue, **named, cycle=header.cycle)
        self._require_none_waits(header.index)
        self.place = header.index + 1

    def _batches(self) -> list[QueuedBatch]:
        return self.house.queues[self.currency, self.debtor, self.priority].batches

    def _queue_first(self) -> int:
        return self.house.queues[self.currency, self.debtor, self.priority].first

    def _end(self) -> int:
        """Return the place of the first batch of this queue that is not due."""
        batches = self._batches()
        return next((it for it, batch in enumerate(batches) if batch.header.cycle > self.due), len(batches))

    def _require_none_waits(self, end: int) -> None:
        for batch in self._batches()[self.place : end]:
            if batch.waiting:
                refuse(errors.BatchPassedOver, **self.house._named(self.currency, batch.header))

    def _require_debtor(self, number: int) -> None:
        if number not in self.listed:
            refuse(errors.ParticipantNotListed, currency=self.currency, participantNumber=number)
        account = self.listed[number]
        self.layer.registry.require_active(self.currency, account)
        held = self.layer.positions[account]
        if held.frozen_outgoing or held.frozen_amount:
            refuse(errors.PositionFrozenOutgoing, currency=self.currency, account=account)

    def _check_order(self, batch: ProposedBatch, stored: QueuedBatch) -> None:
        """Require that no item settles behind one that waits and may not be passed over. Pairs may be."""
        marked = [place for place in places_of(batch.settled) if place < len(batch.items)]
        for place in marked if stored.is_pair else sorted(stored.waiting):
            if place not in marked:
                account = self.listed.get(batch.items[place].creditor)
                self.is_cut |= account is None or self.house.receives(self.currency, account)
            elif self.is_cut:
                refuse(errors.ItemOutOfOrder, **self.house._named(self.currency, batch.header), place=place)

    def _credit(self, item: BatchItem, jurisdiction: int) -> None:
        account = self.listed.get(item.creditor)
        if account is None:
            refuse(errors.ParticipantNotListed, currency=self.currency, participantNumber=item.creditor)
        self.layer.registry.require_active(self.currency, account)
        self.layer._require_incoming(account)
        its = self.layer.registry.members[account].jurisdiction
        if its != jurisdiction:
            named = {"currency": self.currency, "creditor": account, "jurisdiction": its}
            refuse(errors.ItemOutsideCorridor, **named, expected=jurisdiction)
        self.received[item.creditor] += item.amount
