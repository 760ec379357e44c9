"""The clearing house, from the manual `contracts/settlement/IClearingHouse.sol`; in one currency, without pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, bits
from pysettle.domain.settlement.clearing_events import (
    BatchQueued,
    ClearingOperatorSet,
    CycleClosed,
    CycleEnded,
    ItemsCancelled,
    ItemsHeldSet,
    ItemsRejected,
    NetPosition,
    PositionReleased,
    PositionReserved,
    PositionsNetted,
    SetSettled,
    SettledBatch,
)
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.errors import contracts as errors
from pysettle.errors.states import CycleState
from pysettle.values import Timestamp, Units
from tests.spec.core.calls import Call, Contract, refuse
from tests.spec.core.records import NOTHING
from tests.spec.money.records import Role
from tests.spec.settlement.liquidity import LiquiditySpec

LEAST_OPEN, ALONE, LONGEST_CLOSED = 300, 900, 3_600
MOST_ITEMS, MOST_BATCHES, PRIORITIES = 256, 64, 4


@dataclass(slots=True)
class QueuedBatch:
    """A batch, with the places of its items that wait and of those that are held."""

    header: BatchHeader
    payload: bytes
    items: tuple[BatchItem, ...]
    waiting: set[int]
    held: set[int] = field(default_factory=set)

    @property
    def has_ended(self) -> bool:
        """Whether no item is left."""
        return not self.waiting | self.held


@dataclass(slots=True)
class Cycle:
    """The last cycle."""

    number: int = 0
    state: CycleState = CycleState.NONE
    since: int = 0
    sets: int = 0
    operator: Address = ZERO_ADDRESS


@dataclass(slots=True)
class Queue:
    """The batches of a debtor with one priority, and the place up to which it went past ended ones."""

    batches: list[QueuedBatch] = field(default_factory=list)
    first: int = 0


class ClearingSpec(Contract):
    """Queues and cycles of a currency; no corridor is open for it unless `has_corridors` says so.

    A refused call may leave changes: its caller goes on with a copy made before.
    """

    def __init__(self, address: Address, layer: LiquiditySpec, is_open: Callable[[int], bool]) -> None:
        """Begin without cycles.

        Args:
            address: Address of the contract.
            layer: The positions in the currency.
            is_open: Whether the currency is open at a time.
        """
        super().__init__(address, layer.events)
        self.layer, self.is_open, self.currency = layer, is_open, layer.currency.address
        self.cycle, self.set_count = Cycle(), 0
        self.queues: defaultdict[tuple[int, int], Queue] = defaultdict(Queue)
        self.reserved: defaultdict[Address, int] = defaultdict(int)
        self.has_corridors = False

    # Central bank

    def set_operator(self, call: Call, operator: Address) -> None:
        """Appoint the operator."""
        self.layer.registry.require_power(call, self.currency, Role.CENTRAL_BANK)
        if self.cycle.state is CycleState.NONE:
            self._open(call, 1)
        self.cycle.operator = operator
        self._emit(ClearingOperatorSet(self.currency, operator))

    # Participant

    def reserve(self, call: Call, amount: int) -> None:
        """Keep available units for cycles."""
        self.layer._debit(call.sender, amount)
        self.reserved[call.sender] += amount
        self._state_position(PositionReserved, call.sender, amount)

    def release(self, call: Call, account: Address, amount: int) -> None:
        """Make reserved units available."""
        if call.sender != account:
            self.layer.registry.require_power(call, self.currency, Role.SEIZER)
        self._require_changeable(call, 0)
        if amount > self.reserved[account]:
            self._refuse_reserved(account, amount)
        self.reserved[account] -= amount
        self.layer.positions[account].available += amount
        self._state_position(PositionReleased, account, amount)

    def queue(self, call: Call, priority: int, to: int, payload: bytes, items: Sequence[BatchItem]) -> None:
        """Queue a batch."""
        if self.cycle.state is CycleState.NONE:
            refuse(errors.CyclesMissing, currency=self.currency)
        due = self._due() + 1
        self.layer.registry.require_active(self.currency, call.sender)
        member = self.layer.registry.members[call.sender]
        if priority >= PRIORITIES:
            refuse(errors.BatchInvalid, term="priority")
        if not 0 < to <= 999:
            refuse(errors.BatchInvalid, term="jurisdiction")
        if not 0 < len(items) <= MOST_ITEMS:
            refuse(errors.BatchInvalid, term="items")
        for item in items:
            if item.creditor in (0, member.index):
                refuse(errors.BatchInvalid, term="creditor")
        queue = self.queues[member.index, priority]
        first = next((it for it in range(queue.first, len(queue.batches)) if not queue.batches[it].has_ended), None)
        queue.first = len(queue.batches) if first is None else first
        late = sum(batch.header.cycle == due for batch in queue.batches)
        if max(len(queue.batches) - queue.first, late) >= MOST_BATCHES:
            refuse(errors.ClearingQueueFull, currency=self.currency, debtor=call.sender, priority=priority)
        place, time = len(queue.batches), Timestamp(call.now)
        header = BatchHeader(member.index, priority, place, member.jurisdiction, to, due, time)
        queue.batches.append(QueuedBatch(header, payload, tuple(items), set(range(len(items)))))
        if member.jurisdiction != to and not self.has_corridors:
            refuse(errors.CorridorNotOpen, id=corridor_id(member.jurisdiction, to, self.currency))
        words = tuple(item.word for item in items)
        self._emit(BatchQueued(self.currency, call.sender, header.word, payload, words))

    def set_held(self, call: Call, batch: ProposedBatch, *, held: bool) -> None:
        """Hold items, or let them go on."""
        stored = self._own(call, batch)
        marked = self._marked(batch, stored.waiting if held else stored.held)
        stored.waiting ^= marked
        stored.held ^= marked
        self._emit(ItemsHeldSet(self.currency, batch.header.word, batch.settled, held))

    def cancel(self, call: Call, batch: ProposedBatch) -> None:
        """Cancel items."""
        self._remove(self._own(call, batch), batch)
        self._emit(ItemsCancelled(self.currency, batch.header.word, batch.settled))

    def reject(self, call: Call, batch: ProposedBatch, reason: bytes) -> None:
        """Reject items owed to the caller."""
        if reason == NOTHING:
            refuse(errors.RejectionWithoutReason, creditor=call.sender)
        number = self._number(call.sender)
        if any(batch.settled >> place & 1 and item.creditor != number for place, item in enumerate(batch.items)):
            refuse(errors.CallerNotParty, currency=self.currency, caller=call.sender)
        self._remove(self._changeable(call, batch), batch)
        self._emit(ItemsRejected(self.currency, batch.header.word, call.sender, batch.settled, reason))

    # Operator, and anyone after it

    def close_cycle(self, call: Call) -> None:
        """Close the open cycle."""
        self._require_state(CycleState.OPEN)
        self._require_time(call, LEAST_OPEN if call.sender == self.cycle.operator else ALONE)
        self.cycle.state, self.cycle.since = CycleState.CLOSED, call.now
        self._emit(CycleClosed(self.currency, self.cycle.number, call.sender))

    def end_cycle(self, call: Call) -> None:
        """End the closed cycle."""
        self._require_state(CycleState.CLOSED)
        if call.sender != self.cycle.operator:
            self._require_time(call, LONGEST_CLOSED)
        number, state = self.cycle.number, CycleState.SETTLED if self.cycle.sets else CycleState.UNWOUND
        self._open(call, number + 1)
        self._emit(CycleEnded(self.currency, number, state, call.sender))

    def settle_cycle(self, call: Call, participants: Sequence[Address], batches: Sequence[ProposedBatch]) -> None:
        """Settle a set."""
        if self.cycle.state is CycleState.NONE:
            refuse(errors.CyclesMissing, currency=self.currency)
        due = self._due()
        if self.cycle.state is CycleState.CLOSED:
            expired = self.cycle.since + LONGEST_CLOSED
            if call.now >= expired:
                times = {"cycle": self.cycle.number, "expired": expired, "timestamp": call.now}
                refuse(errors.CycleExpired, currency=self.currency, **times)
            if call.sender != self.cycle.operator:
                self._require_time(call, ALONE)
            self.cycle.sets += 1
        work = _Set(self, due, self._listed(participants))
        work.settle(call, batches)
        self.set_count += 1
        stated = tuple(SettledBatch(batch.header.word, batch.settled) for batch in batches)
        self._emit(SetSettled(self.set_count, self.currency, due, call.sender, stated))
        self._move(participants, work.received, work.paid)

    # What others ask

    def account(self, number: int) -> Address:
        """Return the participant with a number."""
        return next(it for it, member in self.layer.registry.members.items() if member.index == number)

    def receives(self, account: Address) -> bool:
        """Whether a cycle may credit a participant."""
        member = self.layer.registry.members[account]
        return not (member.suspended or member.stopped or self.layer.positions[account].frozen_incoming)

    def named(self, header: BatchHeader) -> dict[str, object]:
        """Return the values by which an error names a batch."""
        place = {"debtorNumber": header.debtor, "priority": header.priority, "index": header.index}
        return {"currency": self.currency, **place}

    def checked(self, batch: ProposedBatch) -> QueuedBatch:
        """Return the batch that a caller describes."""
        queue = self.queues[batch.header.debtor, batch.header.priority].batches
        stored = queue[batch.header.index] if batch.header.index < len(queue) else None
        if stored is None or (stored.header, stored.payload, stored.items) != (
            batch.header,
            batch.payload,
            batch.items,
        ):
            refuse(errors.BatchNotFound, **self.named(batch.header))
        return stored

    # Requirements and changes

    def _move(self, participants: Sequence[Address], received: dict[int, int], paid: dict[int, int]) -> None:
        if self.layer.paused:
            refuse(errors.LiquidityPaused, currency=self.currency)
        moved = []
        for account in participants:
            number = self._number(account)
            gets, gives = received.get(number, 0), paid.get(number, 0)
            if self.reserved[account] + gets < gives:
                self._refuse_reserved(account, gives - gets)
            self.reserved[account] += gets - gives
            moved.append(NetPosition(account, Units(gets), Units(gives), Units(self.reserved[account])))
        event = PositionsNetted(self.currency, self.set_count, tuple(moved))
        self.events.append((self.layer.address, event))

    def _due(self) -> int:
        return self.cycle.number - (self.cycle.state is not CycleState.CLOSED)

    def _number(self, account: Address) -> int:
        member = self.layer.registry.members.get(account)
        return member.index if member else 0

    def _own(self, call: Call, batch: ProposedBatch) -> QueuedBatch:
        if self._number(call.sender) != batch.header.debtor:
            refuse(errors.CallerNotParty, currency=self.currency, caller=call.sender)
        return self._changeable(call, batch)

    def _changeable(self, call: Call, batch: ProposedBatch) -> QueuedBatch:
        stored = self.checked(batch)
        self._require_changeable(call, batch.header.cycle)
        return stored

    def _require_changeable(self, call: Call, due: int) -> None:
        latest = self.cycle.since + LONGEST_CLOSED
        if self.cycle.state is CycleState.CLOSED and due <= self.cycle.number and call.now < latest:
            refuse(errors.CycleStillClosed, currency=self.currency, cycle=self.cycle.number, latest=latest)

    def _require_state(self, state: CycleState) -> None:
        if self.cycle.state is CycleState.NONE:
            refuse(errors.CyclesMissing, currency=self.currency)
        if self.cycle.state is not state:
            refuse(errors.CycleStateInvalid, currency=self.currency, cycle=self.cycle.number, state=self.cycle.state)

    def _require_time(self, call: Call, wait: int) -> None:
        earliest = self.cycle.since + wait
        if call.now < earliest:
            times = {"cycle": self.cycle.number, "earliest": earliest, "timestamp": call.now}
            refuse(errors.CycleTooEarly, currency=self.currency, **times)

    def _remove(self, stored: QueuedBatch, batch: ProposedBatch) -> None:
        marked = self._marked(batch, stored.waiting | stored.held)
        stored.waiting -= marked
        stored.held -= marked

    def _marked(self, batch: ProposedBatch, among: set[int]) -> set[int]:
        if not batch.settled or batch.settled & ~bits(among):
            refuse(errors.ItemsNotQueued, **self.named(batch.header))
        return {place for place in among if batch.settled >> place & 1}

    def _listed(self, participants: Sequence[Address]) -> dict[int, Address]:
        """Return the participants of a proposal by their numbers, which ascend."""
        most, last = self._number(participants[-1]) if participants else 0, 0
        for account in participants:
            number = self._number(account)
            if not last < number <= most:
                refuse(errors.ParticipantsInvalid, currency=self.currency, account=account)
            last = number
        return {self._number(account): account for account in participants}

    def _refuse_reserved(self, account: Address, requested: int) -> None:
        figures = {"requested": requested, "available": self.reserved[account]}
        refuse(errors.ReservedExceeded, token=self.currency, account=account, **figures)

    def _state_position(
        self, kind: type[PositionReserved] | type[PositionReleased], account: Address, amount: int
    ) -> None:
        stands = Units(self.layer.positions[account].available), Units(self.reserved[account])
        self.events.append((self.layer.address, kind(self.currency, account, Units(amount), *stands)))

    def _open(self, call: Call, number: int) -> None:
        self.cycle.number, self.cycle.state, self.cycle.since, self.cycle.sets = number, CycleState.OPEN, call.now, 0


class _Set:
    """A set while it is checked: batch by batch, in the order of the proposal."""

    def __init__(self, house: ClearingSpec, due: int, listed: dict[int, Address]) -> None:
        self.house, self.due, self.listed = house, due, listed
        self.received: defaultdict[int, int] = defaultdict(int)
        self.paid: defaultdict[int, int] = defaultdict(int)
        self.debtor, self.priority, self.place = 0, 0, 0
        self.is_cut, self.crosses = False, False

    def settle(self, call: Call, batches: Sequence[ProposedBatch]) -> None:
        """Check every batch, and take its items out of the queues."""
        for batch in batches:
            self._go_to(batch.header)
            stored = self.house.checked(batch)
            self._check_order(batch, stored)
            if not batch.settled:
                continue
            marked = self.house._marked(batch, stored.waiting)
            for place in sorted(marked):
                self._credit(batch.items[place], batch.header.target)
                self.paid[batch.header.debtor] += batch.items[place].amount
            self.crosses |= batch.header.origin != batch.header.target
            stored.waiting -= marked
        if self.crosses and not self.house.is_open(call.now):
            refuse(errors.CurrencyClosed, currency=self.house.currency, time=call.now)

    def _go_to(self, header: BatchHeader) -> None:
        """Require that nothing which is due waits between the last batch and this one."""
        house, queues = self.house, self.house.queues
        if header.debtor != self.debtor:
            if header.debtor < self.debtor:
                refuse(errors.BatchOutOfOrder, **house.named(header))
            self._require_debtor(header.debtor)
            self.debtor, self.priority, self.is_cut = header.debtor, 0, False
            self.place = queues[header.debtor, 0].first
        if not self.priority <= header.priority < PRIORITIES:
            refuse(errors.BatchOutOfOrder, **house.named(header))
        while self.priority < header.priority:
            self._require_none_waits(self._end())
            self.priority += 1
            self.place = queues[header.debtor, self.priority].first
        if header.index < self.place:
            refuse(errors.BatchOutOfOrder, **house.named(header))
        if header.index >= self._end():
            refuse(errors.BatchNotDue, **house.named(header), cycle=header.cycle)
        self._require_none_waits(header.index)
        self.place = header.index + 1

    def _end(self) -> int:
        """Return the place of the first batch of this queue that is not due."""
        batches = self.house.queues[self.debtor, self.priority].batches
        return next((it for it, batch in enumerate(batches) if batch.header.cycle > self.due), len(batches))

    def _require_none_waits(self, end: int) -> None:
        for batch in self.house.queues[self.debtor, self.priority].batches[self.place : end]:
            if batch.waiting:
                refuse(errors.BatchPassedOver, **self.house.named(batch.header))

    def _require_debtor(self, number: int) -> None:
        house = self.house
        if number not in self.listed:
            refuse(errors.ParticipantNotListed, currency=house.currency, participantNumber=number)
        account = self.listed[number]
        house.layer.registry.require_active(house.currency, account)
        held = house.layer.positions[account]
        if held.frozen_outgoing or held.frozen_amount:
            refuse(errors.PositionFrozenOutgoing, currency=house.currency, account=account)

    def _check_order(self, batch: ProposedBatch, stored: QueuedBatch) -> None:
        """Require that no item settles behind one that waits and may not be passed over."""
        for place in sorted(stored.waiting):
            if not batch.settled >> place & 1:
                account = self.listed.get(batch.items[place].creditor)
                self.is_cut |= account is None or self.house.receives(account)
            elif self.is_cut:
                refuse(errors.ItemOutOfOrder, **self.house.named(batch.header), place=place)

    def _credit(self, item: BatchItem, jurisdiction: int) -> None:
        house, account = self.house, self.listed.get(item.creditor)
        if account is None:
            refuse(errors.ParticipantNotListed, currency=house.currency, participantNumber=item.creditor)
        house.layer.registry.require_active(house.currency, account)
        house.layer._require_incoming(account)
        its = house.layer.registry.members[account].jurisdiction
        if its != jurisdiction:
            named = {"currency": house.currency, "creditor": account, "jurisdiction": its}
            refuse(errors.ItemOutsideCorridor, **named, expected=jurisdiction)
        self.received[item.creditor] += item.amount
