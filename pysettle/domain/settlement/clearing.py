"""Batches of obligations as the clearing house packs them: items, headers, and the bits of items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from pysettle.errors import UsageError
from pysettle.hashing import keccak
from pysettle.values import HOUR_S, Address, Timestamp, Units

MOST_ITEMS = 256
"""Most obligations of one batch."""
PRIORITIES = 4
"""Classes of a debtor's order, numbered from 0."""
LEAST_OPEN_S = 5 * 60
"""Time for which reserved units can be released before each closing."""
OPERATOR_ALONE_S = 15 * 60
"""Time after an opening or a closing for which the operator is alone."""
LONGEST_CLOSED_S = HOUR_S
"""Longest time for which a closed cycle holds anybody up."""
_Key = TypeVar("_Key")
_MOST_AMOUNT, _MOST_NUMBER = 2**96 - 1, 2**16 - 1


class BatchItem(NamedTuple):
    """One obligation of a batch."""

    creditor: int
    """Number of the creditor in the currency."""
    amount: Units
    """Units of the currency."""

    @classmethod
    def from_word(cls, word: int) -> BatchItem:
        """Read the word of an item."""
        return cls(word >> 96, Units(word & _MOST_AMOUNT))

    @property
    def word(self) -> int:
        """The item as one word.

        Raises:
            UsageError: number or amount do not fit their fields.
        """
        if not 0 < self.creditor <= _MOST_NUMBER or not 0 < self.amount <= _MOST_AMOUNT:
            raise UsageError(
                f"no item has creditor {self.creditor} and {self.amount} units",
                creditor=self.creditor,
                amount_units=self.amount,
            )
        return self.creditor << 96 | self.amount


@dataclass(frozen=True, slots=True, order=True)
class BatchHeader:
    """Everything that the items of a batch have in common. Headers are ordered as the queues are."""

    debtor: int
    """Number of the debtor in the currency."""
    priority: int
    """Class of the debtor's order: a lower number comes first."""
    index: int
    """Place among the batches of the debtor with this priority."""
    origin: int
    """Jurisdiction of the debtor at the admission."""
    target: int
    """Jurisdiction of all creditors."""
    cycle: int
    """Number of the first cycle in which the batch is due."""
    queued_at: Timestamp
    """Unix second of the admission."""

    @classmethod
    def from_word(cls, word: int) -> BatchHeader:
        """Read the word of a header."""
        widths, fields = (24, 8, 16, 10, 10, 32), []
        for width in widths:
            fields.append(word & (1 << width) - 1)
            word >>= width
        index, priority, debtor, origin, target, cycle = fields
        return cls(debtor, priority, index, origin, target, cycle, Timestamp(word))

    @property
    def word(self) -> int:
        """The header as one word."""
        place = self.index | self.priority << 24 | self.debtor << 32
        return place | self.origin << 48 | self.target << 58 | self.cycle << 68 | self.queued_at << 100

    @property
    def crosses(self) -> bool:
        """Whether the items cross a border."""
        return self.origin != self.target


def half_id(currency: Address, debtor: int, items: Sequence[BatchItem]) -> bytes:
    """Return the hash of one half of PvP pairs: the items that a debtor owes in a currency."""
    words = keccak(b"".join(item.word.to_bytes(32, "big") for item in items))
    return keccak(currency.rjust(32, b"\0") + debtor.to_bytes(32, "big") + words)


def pair_id(first: bytes, second: bytes) -> bytes:
    """Return the hash of both halves of PvP pairs, which each debtor queues with its own half."""
    return keccak(first + second)


def linked(pair: bytes, halves: Iterable[tuple[_Key, bytes]]) -> Iterator[tuple[_Key, _Key]]:
    """Yield first and second half of all pairs with one hash; halves with the same hash owe the same.

    Args:
        pair: Hash of both halves.
        halves: Anything that names a half, and the hash of that half, in the order of the queues.
    """
    by_half: dict[bytes, list[_Key]] = defaultdict(list)
    for key, half in halves:
        by_half[half].append(key)
    for first, its in by_half.items():
        for second, others in by_half.items():
            if pair_id(first, second) == pair:
                yield from zip(its, others, strict=False)


def bits(places: Iterable[int]) -> int:
    """Return the word with one bit for each place."""
    return sum(1 << place for place in set(places))


def places_of(word: int) -> list[int]:
    """Return the places whose bits are set, ascending."""
    return [place for place in range(word.bit_length()) if word >> place & 1]
