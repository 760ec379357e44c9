"""Proposals to the clearing house as a document that anybody computes, and anybody else submits.

A document names chain and clearing house, so that it is refused elsewhere before a transaction is sent. The contract
computes every net again, and checks that each obligation still waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pysettle.client.settlement.clearing import ClearingHouse, ProposedBatch
from pysettle.documents import as_bytes, as_decimal, as_list, as_object, parse_json
from pysettle.domain.settlement.clearing import MOST_ITEMS, BatchHeader, BatchItem, places_of
from pysettle.errors import UsageError
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction
from pysettle.values import Address, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_FIELDS = ("schema", "chain_id", "clearing_house", "token", "cycle", "sets")
_BATCH = ("header", "payload", "pair", "settled", "items")


@dataclass(frozen=True, slots=True)
class ProposedSet:
    """A set as a transaction proposes it."""

    participants: tuple[Address, ...]
    """All parties, ascending by number."""
    batches: tuple[ProposedBatch, ...]
    """Batches with the obligations that settle, ascending by debtor, priority and index."""

    @property
    def count(self) -> int:
        """The number of obligations that settle."""
        return sum(batch.settled.bit_count() for batch in self.batches)

    @property
    def value(self) -> Units:
        """The units that settle."""
        return Units(sum(item.amount for _, item in self._settled()))

    @property
    def moved(self) -> Units:
        """The units that move: the sum of the net debits."""
        net: Counter[int] = Counter()
        for debtor, item in self._settled():
            net[item.creditor] += item.amount
            net[debtor] -= item.amount
        return Units(sum(-units for units in net.values() if units < 0))

    def _settled(self) -> Iterator[tuple[int, BatchItem]]:
        """Yield debtor and obligation of all that settles; the contract judges an item that its batch lacks."""
        for it in self.batches:
            yield from ((it.header.debtor, it.items[place]) for place in places_of(it.settled) if place < len(it.items))


@dataclass(frozen=True, slots=True)
class ProposalFile:
    """Sets of one currency, which settle one after the other."""

    chain_id: int
    """Chain that they are for."""
    clearing_house: Address
    """Clearing house that they are for."""
    currency: Address
    """Contract of the currency."""
    cycle: int
    """Last cycle whose batches are due in them."""
    sets: tuple[ProposedSet, ...]
    """The sets."""
    SCHEMA: ClassVar[str] = "pysettle.cycle-proposal/1"
    """Schema of the document."""

    @classmethod
    def of(cls, network: SettlementNetwork, currency: Address, cycle: int, sets: Iterable[ProposedSet]) -> ProposalFile:
        """Return the document of sets of a network."""
        house = ClearingHouse.of(network)
        proposed = tuple(ProposedSet(it.participants, it.batches) for it in sets)
        return cls(house.chain.chain_id, house.address, currency, cycle, proposed)

    @classmethod
    def from_bytes(cls, content: bytes) -> ProposalFile:
        """Read a document.

        Raises:
            UsageError: it is none, or a field is missing or of another form.
        """
        try:
            document = as_object(parse_json(content), set(_FIELDS), "a proposal")
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}, not {cls.SCHEMA}")
            return cls(
                as_decimal(document["chain_id"], 64, "chain_id"),
                Address(as_bytes(document["clearing_house"], 20)),
                Address(as_bytes(document["token"], 20)),
                as_decimal(document["cycle"], 32, "cycle"),
                tuple(map(_set, as_list(document["sets"], "sets"))),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise UsageError(
                f"this is no proposal, which `pysettle cycle solve --out FILE` writes: {problem}"
            ) from problem

    def document(self) -> dict[str, Any]:
        """Return the document: integers as decimal strings, words of the contract as hex."""
        return {
            "schema": self.SCHEMA,
            "chain_id": str(self.chain_id),
            "clearing_house": _shown(self.clearing_house),
            "token": _shown(self.currency),
            "cycle": str(self.cycle),
            "sets": [
                {
                    "participants": [_shown(it) for it in one.participants],
                    "batches": [_written(batch) for batch in one.batches],
                }
                for one in self.sets
            ],
        }

    def steps(self, house: ClearingHouse, caller: TransactionSigner, currency: Address) -> Sequence[Transaction]:
        """Return the transactions that settle the sets.

        Raises:
            UsageError: they are for another clearing house, chain or currency.
        """
        if (self.chain_id, self.clearing_house, self.currency) != (house.chain.chain_id, house.address, currency):
            raise UsageError(
                f"this proposal is for the currency 0x{self.currency.hex()} at 0x{self.clearing_house.hex()} on chain "
                f"{self.chain_id}, not for 0x{currency.hex()} at 0x{house.address.hex()} on chain "
                f"{house.chain.chain_id}: name the right --workspace and --currency",
                clearing_house=self.clearing_house,
                chain_id=self.chain_id,
            )
        return [house.settle_cycle(caller, currency, one.participants, one.batches) for one in self.sets]


def _written(batch: ProposedBatch) -> dict[str, Any]:
    header, payload, pair, settled, items = batch.members
    return {
        "header": _word(header),
        "payload": _shown(payload),
        "pair": _shown(pair),
        "settled": _word(settled),
        "items": [_word(item) for item in items],
    }


def _set(value: Any) -> ProposedSet:
    document = as_object(value, {"participants", "batches"}, "a set")
    participants = tuple(Address(as_bytes(it, 20)) for it in as_list(document["participants"], "participants"))
    return ProposedSet(participants, tuple(map(_batch, as_list(document["batches"], "batches"))))


def _batch(value: Any) -> ProposedBatch:
    document = as_object(value, set(_BATCH), "a batch")
    words = [_number(it) for it in as_list(document["items"], "items")]
    if not 0 < len(words) <= MOST_ITEMS:
        raise ValueError(f"a batch has {len(words)} items, and has to have 1 to {MOST_ITEMS}")
    header, items = BatchHeader.from_word(_number(document["header"])), tuple(map(BatchItem.from_word, words))
    payload, pair = (as_bytes(document[name], 32) for name in ("payload", "pair"))
    return ProposedBatch(header, payload, items, _number(document["settled"]), pair)


def _number(value: Any) -> int:
    return int.from_bytes(as_bytes(value, 32), "big")


def _word(number: int) -> str:
    return _shown(number.to_bytes(32, "big"))


def _shown(value: bytes) -> str:
    return "0x" + value.hex()
