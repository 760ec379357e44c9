"""Obligations on their way into the queues: from the rows of a file to batches, and batches by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pysettle.client.settlement.cycle_files import queue_of_rows, read_obligations
from pysettle.client.settlement.registry import Participant, ParticipantRegistry
from pysettle.domain.settlement.clearing import MOST_ITEMS, PRIORITIES, BatchItem, half_id, pair_id
from pysettle.domain.settlement.messages import Leg, LegKind
from pysettle.domain.settlement.netting.queue import Obligation
from pysettle.errors import UsageError
from pysettle.money import Currency
from pysettle.values import Address, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.rows import Row

_AMOUNT_BITS = 96


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that is to be queued."""

    debtor: str
    """Debtor, as the file names it."""
    currency: Currency
    """Currency of its obligations."""
    token: Address
    """Contract of the currency."""
    priority: int
    """Class of the debtor's order."""
    jurisdiction: int
    """Jurisdiction of all creditors."""
    crosses: bool
    """Whether its obligations cross a border."""
    legs: tuple[Leg, ...]
    """Its obligations as payments."""
    items: tuple[BatchItem, ...]
    """Its obligations as the contract has them."""
    pair: bytes
    """Hash of both halves if it is one half of PvP pairs; zeros if it is none."""

    @property
    def total(self) -> Units:
        """The sum of its obligations."""
        return Units(sum(item.amount for item in self.items))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the file with both parties."""

    row: Row
    owed: Obligation
    debtor: Participant
    leg: Leg
    creditor: Participant

    @property
    def item(self) -> BatchItem:
        """The obligation as the contract has it."""
        return BatchItem(self.creditor.index, Units(self.owed.amount))


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """One half of PvP pairs, which is a batch of its own."""

    pair: bytes
    index: int
    """Place in the order of its debtor: that of its first obligation."""
    places: Mapping[int, int]
    """Number of a row -> its place in the half."""


class _Reader:
    """Finds the parties of rows, each participant once."""

    def __init__(self, network: SettlementNetwork, address: Callable[[str], Address]) -> None:
        self._network, self._address = network, address
        self._registry = ParticipantRegistry.of(network)
        self._known: dict[tuple[Address, Address], Participant] = {}

    def entry(self, row: Row, owed: Obligation) -> _Entry:
        """Return a row with its parties.

        Raises:
            RowError: a party is unknown or was not admitted, or the row cannot be queued.
        """
        currency = Currency(owed.currency)
        try:
            token = self._network.system(currency).token.address
        except UsageError as problem:
            raise row.refusal("currency", str(problem)) from None
        if owed.priority >= PRIORITIES:
            raise row.refusal("priority", f"{owed.priority} is no priority; write 0 to {PRIORITIES - 1}")
        if owed.amount >> _AMOUNT_BITS:
            raise row.refusal("amount", f"more than a position holds: {owed.amount} units")
        (debtor, paying), (creditor, paid) = (self._party(row, token, it) for it in ("debtor", "creditor"))
        if debtor == creditor:
            raise row.refusal("creditor", "this is the debtor's own account; debtor and creditor differ")
        return _Entry(row, owed, paying, Leg(LegKind.POSITION, token, debtor, creditor, Units(owed.amount)), paid)

    def _party(self, row: Row, token: Address, column: str) -> tuple[Address, Participant]:
        name = row.cells[column]
        try:
            account = self._address(name)
        except UsageError as problem:
            raise row.refusal(column, str(problem)) from None
        found = self._known.get((token, account))
        if found is None:
            found = self._known[token, account] = self._registry.participant(token, account)
        if not found.index:
            raise row.refusal(column, f"{name} was not admitted to {row.cells['currency']}: see `participant admit`")
        return account, found


def new_batches(file: Path, network: SettlementNetwork, address: Callable[[str], Address]) -> list[NewBatch]:
    """Return the batches of a file: each debtor's obligations by priority, then index, then the order of the file.

    Args:
        file: CSV file with the columns of `read_obligations`.
        network: The network.
        address: Finds the address of a name.

    Raises:
        RowError: a row is wrong; the message names row and column.
    """
    reader = _Reader(network, address)
    read = read_obligations(file)
    queue_of_rows(read, {})
    entries = [reader.entry(row, owed) for row, owed in read]
    halves = _halves(entries)
    queues: dict[tuple[str, Currency], list[_Entry]] = {}
    for it in entries:
        queues.setdefault((str(it.owed.debtor), Currency(it.owed.currency)), []).append(it)
    return [
        batch for (debtor, currency), queue in queues.items() for batch in _batches(debtor, currency, queue, halves)
    ]


def _halves(entries: Sequence[_Entry]) -> dict[int, _Half]:
    """Return the number of each row of a pair -> its half.

    Pairs of the same two debtors, currencies and priorities make one batch for each debtor, of up to 256. Both are
    computed from the file alone, so that each debtor queues its own half.
    """
    pairs: dict[object, list[_Entry]] = defaultdict(list)
    for it in entries:
        if it.owed.pair is not None:
            pairs[it.owed.pair].append(it)
    alike: dict[object, list[tuple[_Entry, _Entry]]] = defaultdict(list)
    for one, other in pairs.values():
        first, second = sorted((one, other), key=lambda it: (it.leg.asset, it.leg.debtor))
        kind = [(it.leg.asset, it.leg.debtor, it.leg.creditor, it.owed.priority) for it in (first, second)]
        alike[tuple(kind)].append((first, second))
    found: dict[int, _Half] = {}
    for same in alike.values():
        for start in range(0, len(same), MOST_ITEMS):
            sides = list(zip(*same[start : start + MOST_ITEMS], strict=True))
            pair = pair_id(*(half_id(it[0].leg.asset, it[0].debtor.index, [each.item for each in it]) for it in sides))
            for side in sides:
                places = {it.row.number: place for place, it in enumerate(side)}
                found |= dict.fromkeys(places, _Half(pair, min(it.owed.index for it in side), places))
    return found


def _batches(
    debtor: str, currency: Currency, queue: Sequence[_Entry], halves: Mapping[int, _Half]
) -> Iterator[NewBatch]:
    """Yield the batches of one queue: a new one for each priority, jurisdiction or half, and when one is full."""

    def place(it: _Entry) -> tuple[int, int, int]:
        if (half := halves.get(it.row.number)) is None:
            return it.owed.priority, it.owed.index, 0
        return it.owed.priority, half.index, half.places[it.row.number]

    for (priority, jurisdiction, half), together in groupby(
        sorted(queue, key=place), key=lambda it: (it.owed.priority, it.creditor.jurisdiction, halves.get(it.row.number))
    ):
        entries = list(together)
        for start in range(0, len(entries), MOST_ITEMS):
            part = entries[start : start + MOST_ITEMS]
            legs, items = tuple(it.leg for it in part), tuple(it.item for it in part)
            crosses = part[0].debtor.jurisdiction != jurisdiction
            pair = bytes(32) if half is None else half.pair
            yield NewBatch(debtor, currency, legs[0].asset, priority, jurisdiction, crosses, legs, items, pair)
