"""The ClearingHouse: queues of obligations and the cycles that net them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pysettle.client.core.contract import Contract, Receipt
from pysettle.client.settlement.opening import address_of
from pysettle.domain.core import events
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, bits
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.errors.states import CycleState
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, Timestamp

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_Event = TypeVar("_Event", bound=events.Event)


@dataclass(frozen=True, slots=True)
class ProposedBatch:
    """A batch as a proposal or a change names it."""

    header: BatchHeader
    """Its header."""
    payload: bytes
    """Hash of the payload of the Travel Rule; zeros if there is none."""
    items: tuple[BatchItem, ...]
    """All its obligations."""
    settled: int = 0
    """The items that settle or change: one bit each."""
    pair: bytes = bytes(32)
    """Hash of both halves if the batch is one half of PvP pairs; zeros if it is none."""

    @classmethod
    def of(cls, event: BatchQueued) -> ProposedBatch:
        """Return the batch of an event, with all its items marked."""
        items = tuple(map(BatchItem.from_word, event.items))
        return cls(BatchHeader.from_word(event.header), event.payload, items, (1 << len(items)) - 1, event.pair)

    def marking(self, places: Iterable[int]) -> ProposedBatch:
        """Return the batch with these items marked, by their places."""
        return replace(self, settled=bits(places))

    @property
    def is_pair(self) -> bool:
        """Whether the batch is one half of PvP pairs."""
        return any(self.pair)

    @property
    def members(self) -> tuple[int, bytes, bytes, int, tuple[int, ...]]:
        """The batch as the contract has it."""
        return self.header.word, self.payload, self.pair, self.settled, tuple(item.word for item in self.items)


class ClearingSet(NamedTuple):
    """The part of a proposal in one currency."""

    currency: Address
    """The currency."""
    participants: Sequence[Address]
    """All parties, ascending by number."""
    batches: Sequence[ProposedBatch]
    """Batches with the items that settle, ascending by debtor, priority and index."""


class PairLink(NamedTuple):
    """Two batches of a proposal that are the halves of PvP pairs."""

    first_set: int
    """Place of the set of the first half."""
    first_batch: int
    """Place of the first half in it."""
    second_set: int
    """Place of the set of the second half."""
    second_batch: int
    """Place of the second half in it."""


@dataclass(frozen=True, slots=True)
class CycleStanding:
    """The last cycle of a currency."""

    operator: Address
    """Account that the central bank appointed; zeros for none."""
    number: int
    """Its number; zero if the currency has no cycles."""
    since: Timestamp
    """Time of its opening, or of its closing."""
    state: CycleState
    """Open or closed."""
    sets: int
    """Number of sets that it settled."""


class ClearingHouse(Contract):
    """Queues and cycles of every currency. Amounts are units of the currency that a step names."""

    GAS_STEP = 400_000
    """Gas stated for one step."""
    GAS_ITEM = 2_000
    """Gas stated for each item of a batch beside it."""
    GAS_PARTY = 40_000
    """Gas stated for each participant, and each batch, of a proposal."""
    GAS_LINK = 20_000
    """Gas stated for each link of two halves of pairs."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed clearing house."""
        super().__init__(sender, address, "ClearingHouse", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> ClearingHouse:
        """Return the clearing house of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "ClearingHouse"), first_block=network.first_block)

    # Central bank

    def set_operator(self, central_bank: TransactionSigner, currency: Address, operator: Address) -> Transaction:
        """Appoint the operator of the cycles of a currency; the first time, cycle 1 opens."""
        return self._transaction(central_bank, self.GAS_STEP, "setOperator", currency, operator)

    # Participant

    def queue(
        self,
        debtor: TransactionSigner,
        currency: Address,
        items: Sequence[BatchItem],
        *,
        jurisdiction: int,
        priority: int = 0,
        payload: bytes = bytes(32),
        pair: bytes = bytes(32),
    ) -> Transaction:
        """Queue a batch of obligations of the debtor to creditors of one jurisdiction.

        Args:
            debtor: The debtor.
            currency: The currency.
            items: The obligations.
            jurisdiction: Jurisdiction of all creditors.
            priority: Class of the debtor's order.
            payload: Hash of the payload of the Travel Rule; zeros if there is none.
            pair: Hash of both halves (`pair_id`) if the batch is one half of PvP pairs; zeros if it is none.
        """
        words, gas = [item.word for item in items], self.GAS_STEP + self.GAS_ITEM * len(items)
        return self._transaction(debtor, gas, "queue", currency, priority, jurisdiction, payload, words, pair)

    def set_held(
        self, debtor: TransactionSigner, currency: Address, batch: ProposedBatch, *, held: bool
    ) -> Transaction:
        """Hold the marked items of an own batch, or let them go on."""
        return self._transaction(debtor, self._gas([batch]), "setHeld", currency, batch.members, held)

    def cancel(self, debtor: TransactionSigner, currency: Address, batch: ProposedBatch) -> Transaction:
        """Cancel the marked items of an own batch."""
        return self._transaction(debtor, self._gas([batch]), "cancel", currency, batch.members)

    def reject(
        self, creditor: TransactionSigner, currency: Address, batch: ProposedBatch, reason: bytes
    ) -> Transaction:
        """Reject the marked items of a batch, which are owed to the creditor."""
        return self._transaction(creditor, self._gas([batch]), "reject", currency, batch.members, reason)

    # Operator, and anyone after it

    def close_cycle(self, caller: TransactionSigner, currency: Address) -> Transaction:
        """Close the open cycle."""
        return self._transaction(caller, self.GAS_STEP, "closeCycle", currency)

    def settle_cycle(
        self,
        caller: TransactionSigner,
        currency: Address,
        participants: Sequence[Address],
        batches: Sequence[ProposedBatch],
    ) -> Transaction:
        """Settle the marked items of batches, all or none.

        Args:
            caller: The operator, or anybody after it.
            currency: The currency.
            participants: All parties, ascending by number.
            batches: The batches, ascending by debtor, priority and index.
        """
        return self.settle_sets(caller, [ClearingSet(currency, participants, batches)])

    def settle_sets(
        self, caller: TransactionSigner, sets: Sequence[ClearingSet], links: Sequence[PairLink] = ()
    ) -> Transaction:
        """Settle the marked items of sets, all or none.

        Args:
            caller: The operator of each currency, or anybody after it.
            sets: The sets, each of one currency.
            links: Both halves of all PvP pairs that settle.
        """
        gas = sum(self._gas(it.batches) + self.GAS_PARTY * len(it.participants) for it in sets)
        members = [(it.currency, list(it.participants), [batch.members for batch in it.batches]) for it in sets]
        step = gas + self.GAS_LINK * len(links)
        return self._transaction(caller, step, "settleCycle", members, [tuple(it) for it in links])

    def end_cycle(self, caller: TransactionSigner, currency: Address) -> Transaction:
        """End the closed cycle, and open the next one."""
        return self._transaction(caller, self.GAS_STEP, "endCycle", currency)

    # Views

    def said(self, receipt: Receipt, kind: type[_Event]) -> Iterator[_Event]:
        """Yield the events of one kind that the house emitted in a transaction."""
        for log in receipt.logs:
            event = events.decode(log.topics, log.data) if log.address == self.address else None
            if isinstance(event, kind):
                yield event

    def cycle(self, currency: Address) -> CycleStanding:
        """Return the last cycle of a currency."""
        operator, number, since, state, sets = self._read("cycleOf", currency)
        return CycleStanding(Address(operator), number, Timestamp(since), CycleState(state), sets)

    def items(self, currency: Address, header: BatchHeader) -> tuple[int, int]:
        """Return the items of a batch that wait and those that are held, one bit each."""
        queued, held = self._read("itemsOf", currency, header.debtor, header.priority, header.index)
        return queued, held

    def queue_of(self, currency: Address, debtor: int, priority: int) -> tuple[int, int]:
        """Return the index of the first batch of a debtor that has not ended, and of its next one."""
        first, following = self._read("queueOf", currency, debtor, priority)
        return first, following

    def _gas(self, batches: Sequence[ProposedBatch]) -> int:
        """Return the gas stated for a step that names batches."""
        items = sum(len(batch.items) for batch in batches)
        return self.GAS_STEP + self.GAS_PARTY * len(batches) + self.GAS_ITEM * items
