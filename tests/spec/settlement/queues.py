"""The queues of the clearing house, from the manual `contracts/settlement/IClearingHouse.sol`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, bits
from pysettle.domain.settlement.clearing_events import BatchQueued, ItemsCancelled, ItemsHeldSet, ItemsRejected
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.errors import contracts as errors
from pysettle.values import Timestamp
from tests.spec.core.calls import Call, refuse
from tests.spec.core.records import NOTHING
from tests.spec.settlement.corridors import CorridorsSpec, Leg
from tests.spec.settlement.cycles import CyclesSpec
from tests.spec.settlement.liquidity import LiquiditySpec

MOST_ITEMS, MOST_BATCHES, PRIORITIES, MOST_NUMBER = 256, 64, 4, 2**16 - 1


@dataclass(slots=True)
class QueuedBatch:
    """A batch, with the places of its items that wait and of those that are held, as those of pairs are."""

    header: BatchHeader
    payload: bytes
    pair: bytes
    items: tuple[BatchItem, ...]
    waiting: set[int]
    held: set[int] = field(default_factory=set)

    def __deepcopy__(self, _: object) -> QueuedBatch:
        """Copy the places alone: the rest never changes."""
        return QueuedBatch(self.header, self.payload, self.pair, self.items, set(self.waiting), set(self.held))

    @property
    def is_pair(self) -> bool:
        """Whether the batch is one half of PvP pairs."""
        return self.pair != NOTHING

    @property
    def has_ended(self) -> bool:
        """Whether no item is left."""
        return not self.waiting | self.held

    def marking(self, places: Iterable[int]) -> ProposedBatch:
        """Return the batch as a call names it, with these items marked."""
        return ProposedBatch(self.header, self.payload, self.items, bits(places), self.pair)


@dataclass(slots=True)
class Queue:
    """The batches of a debtor with one priority, and the place up to which it went past ended ones."""

    batches: list[QueuedBatch] = field(default_factory=list)
    first: int = 0


class QueuesSpec(CyclesSpec):
    """The queues of every debtor."""

    def __init__(self, address: Address, layers: Mapping[Address, LiquiditySpec], corridors: CorridorsSpec) -> None:
        """Begin without any."""
        super().__init__(address, layers, corridors)
        self.queues: defaultdict[tuple[Address, int, int], Queue] = defaultdict(Queue)
        """(currency, number of the debtor, priority) -> its queue."""

    # Participant

    def queue(
        self,
        call: Call,
        currency: Address,
        priority: int,
        to: int,
        payload: bytes,
        items: Sequence[BatchItem],
        pair: bytes,
    ) -> int:
        """Queue a batch; return the word of its header."""
        due = self._running(currency).due + 1
        registry = self.layers[currency].registry
        registry.require_active(currency, call.sender)
        debtor = registry.members[call.sender]
        for term, is_wrong in {
            "priority": priority >= PRIORITIES,
            "jurisdiction": not 0 < to <= 999,
            "items": not 0 < len(items) <= MOST_ITEMS,
        }.items():
            if is_wrong:
                refuse(errors.BatchInvalid, term=term)
        queue = self.queues[currency, debtor.index, priority]
        first = next((it for it in range(queue.first, len(queue.batches)) if not queue.batches[it].has_ended), None)
        queue.first = len(queue.batches) if first is None else first
        late = sum(batch.header.cycle == due for batch in queue.batches)
        if max(len(queue.batches) - queue.first, late) >= MOST_BATCHES:
            refuse(errors.ClearingQueueFull, currency=currency, debtor=call.sender, priority=priority)
        _require_items(items, debtor.index, is_pair=pair != NOTHING)
        place, time = len(queue.batches), Timestamp(call.now)
        header = BatchHeader(debtor.index, priority, place, debtor.jurisdiction, to, due, time)
        all_places, none = set(range(len(items))), set[int]()
        waiting, held = (all_places, none) if pair == NOTHING else (none, all_places)
        queue.batches.append(QueuedBatch(header, payload, pair, tuple(items), waiting, held))
        words = tuple(item.word for item in items)
        self._emit(BatchQueued(currency, call.sender, header.word, payload, words, pair))
        if header.crosses:
            identifier = corridor_id(header.origin, to, currency)
            owed = list(self._legs(currency, call.sender, items))
            self.corridors.admit_batch(self._own(call), identifier, payload, owed)
        return header.word

    def set_held(self, call: Call, currency: Address, batch: ProposedBatch, held: bool) -> None:
        """Hold items, or let them go on."""
        stored = self._own_batch(call, currency, batch)
        among = stored.waiting if held else stored.held
        marked = self._marked(currency, batch, set() if stored.is_pair else among)
        stored.waiting ^= marked
        stored.held ^= marked
        self._emit(ItemsHeldSet(currency, batch.header.word, batch.settled, held))

    def cancel(self, call: Call, currency: Address, batch: ProposedBatch) -> None:
        """Cancel items."""
        removed = self._removed(currency, batch, self._own_batch(call, currency, batch))
        self._emit(ItemsCancelled(currency, batch.header.word, batch.settled))
        self._give_back(call, currency, batch, removed)

    def reject(self, call: Call, currency: Address, batch: ProposedBatch, reason: bytes) -> None:
        """Reject items owed to the caller."""
        if reason == NOTHING:
            refuse(errors.RejectionWithoutReason, creditor=call.sender)
        number = self._number(currency, call.sender)
        if any(batch.settled >> place & 1 and item.creditor != number for place, item in enumerate(batch.items)):
            refuse(errors.CallerNotParty, currency=currency, caller=call.sender)
        removed = self._removed(currency, batch, self._changeable(call, currency, batch))
        self._emit(ItemsRejected(currency, batch.header.word, call.sender, batch.settled, reason))
        self._give_back(call, currency, batch, removed)

    # What others ask

    def account(self, currency: Address, number: int) -> Address:
        """Return the participant with a number, zeros for none."""
        members = self.layers[currency].registry.members
        return next((it for it, member in members.items() if member.index == number), ZERO_ADDRESS)

    def batches(self, currency: Address) -> list[QueuedBatch]:
        """Return every batch of a currency, ascending by debtor, priority and index."""
        return [batch for key in sorted(self.queues) if key[0] == currency for batch in self.queues[key].batches]

    # Requirements and changes

    def _number(self, currency: Address, account: Address) -> int:
        member = self.layers[currency].registry.members.get(account)
        return member.index if member else 0

    def _named(self, currency: Address, header: BatchHeader) -> dict[str, object]:
        """Return the values by which an error names a batch."""
        place = {"debtorNumber": header.debtor, "priority": header.priority, "index": header.index}
        return {"currency": currency, **place}

    def _checked(self, currency: Address, batch: ProposedBatch) -> QueuedBatch:
        """Return the batch that a caller describes."""
        key = currency, batch.header.debtor, batch.header.priority
        queue = self.queues[key].batches if key in self.queues else []
        if batch.header.index < len(queue):
            stored = queue[batch.header.index]
            if stored.marking(()) == batch.marking(()):
                return stored
        return refuse(errors.BatchNotFound, **self._named(currency, batch.header))

    def _own_batch(self, call: Call, currency: Address, batch: ProposedBatch) -> QueuedBatch:
        if self._number(currency, call.sender) != batch.header.debtor:
            refuse(errors.CallerNotParty, currency=currency, caller=call.sender)
        return self._changeable(call, currency, batch)

    def _changeable(self, call: Call, currency: Address, batch: ProposedBatch) -> QueuedBatch:
        stored = self._checked(currency, batch)
        self.layers[currency].require_changeable(batch.header.cycle, call.now)
        return stored

    def _marked(self, currency: Address, batch: ProposedBatch, among: set[int]) -> set[int]:
        if not batch.settled or batch.settled & ~bits(among):
            refuse(errors.ItemsNotQueued, **self._named(currency, batch.header))
        return {place for place in among if batch.settled >> place & 1}

    def _removed(self, currency: Address, batch: ProposedBatch, stored: QueuedBatch) -> set[int]:
        """Take the marked items out of a batch, held or not."""
        marked = self._marked(currency, batch, stored.waiting | stored.held)
        stored.waiting -= marked
        stored.held -= marked
        return marked

    def _give_back(self, call: Call, currency: Address, batch: ProposedBatch, places: set[int]) -> None:
        """Give removed items that crossed a border back to the window of their debtor."""
        header = batch.header
        if not header.crosses:
            return
        identifier = corridor_id(header.origin, header.target, currency)
        items = [batch.items[place] for place in sorted(places)]
        owed = list(self._legs(currency, self.account(currency, header.debtor), items))
        self.corridors.release_batch(self._own(call), identifier, batch.payload, owed, header.queued_at)

    def _legs(self, currency: Address, debtor: Address, items: Iterable[BatchItem]) -> Iterator[Leg]:
        """Yield items as the corridors take them."""
        for item in items:
            yield 0, currency, debtor, self.account(currency, item.creditor), item.amount

    def _own(self, call: Call) -> Call:
        """Return the call that the contract makes in turn."""
        return Call(self.address, call.now)


def _require_items(items: Sequence[BatchItem], debtor: int, *, is_pair: bool) -> None:
    for item in items:
        for term, is_wrong in {
            "creditor": not 0 < item.creditor <= MOST_NUMBER or item.creditor == debtor,
            "pair": is_pair and item.creditor != items[0].creditor,
            "amount": item.amount == 0,
        }.items():
            if is_wrong:
                refuse(errors.BatchInvalid, term=term)
