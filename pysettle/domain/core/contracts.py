"""The listed contracts of a network, each of a kind that its column defines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pysettle.domain.core import events
from pysettle.domain.core.events import Event
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.domain.core.books import Books

_Terms = TypeVar("_Terms")


@dataclass(frozen=True, slots=True)
class Form(Generic[_Terms]):
    """How a document states the terms of a contract."""

    fields: frozenset[str]
    """Names of the fields."""
    write: Callable[[_Terms], dict[str, Any]]
    """Returns the fields of terms, as JSON has them."""
    read: Callable[[Mapping[str, Any]], _Terms]
    """Returns the terms of these fields; a ValueError names a field that it cannot read."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[_Terms]):
    """A kind of contract. Each is one object."""

    name: str
    """Name of the contract."""
    has_books: bool = True
    """Whether its events enter the books; other kinds are listed only for their code and their powers."""
    is_asset: bool = False
    """Whether the books count its units."""
    form: Form[_Terms] | None = None
    """How the terms for the books are written; None if the books need none."""
    held: Callable[[Books, Address, Address], int] | None = None
    """Given the books, an asset and a contract of this kind: returns the units that the contract holds for purposes
    other than its own; None if it holds none."""
    refuses: Callable[[Books, Address, Address], bool] | None = None
    """Given the books, an asset and a contract of this kind: whether the contract refuses donations of the asset.

    Units without a purpose are then a finding of its column. None if it refuses no donation."""
    code: str | None = None
    """Invariant of its whole balance; None if each purpose has its own."""
    restricted: tuple[str, ...] = ()
    """Signatures of the functions that only a role may call, by its authority."""
    uses: Mapping[str, str] = field(default_factory=dict)
    """Immutable, or argument of its constructor, that is a contract of the network -> name of its kind."""
    made_by: str | None = None
    """Name of the kind that creates it, in its constructor unless an event announces it; None for a transaction."""
    announced_by: str | None = None
    """Name of the event that names each contract of this kind in its first topic; None if none does."""
    is_placed: bool = False
    """Whether a genesis may contain it: its constructor leaves no state, and its code may be put at any address."""


@dataclass(frozen=True)
class Contracts:
    """The listed contracts. Events of all other contracts are skipped."""

    listed: Mapping[Kind[Any], Mapping[Address, Any]] = field(default_factory=dict)
    """Kind -> its contracts, each with the terms that the books need, or None."""

    def __getitem__(self, kind: Kind[_Terms]) -> Mapping[Address, _Terms]:
        return self.listed.get(kind, _NONE)

    def __deepcopy__(self, memo: object) -> Contracts:
        return self

    @cached_property
    def assets(self) -> tuple[Kind[Any], ...]:
        """The listed kinds with units that the books count."""
        return tuple(kind for kind in self.listed if kind.is_asset)

    def counts(self, asset: Address) -> bool:
        """Whether the books count an asset: the hub accepts any token, the books only these."""
        kind = self._kinds.get(asset)
        return kind is not None and kind.is_asset

    def keeps(self, address: Address) -> bool:
        """Whether the ledger keeps books of the contract."""
        kind = self._kinds.get(address)
        return kind is not None and kind.has_books

    def addresses(self) -> frozenset[Address]:
        """Return every listed contract."""
        return frozenset(self._kinds)

    def kind_of(self, address: Address) -> Kind[Any] | None:
        """Return the kind of a listed contract; None for any other."""
        return self._kinds.get(address)

    def event_of(self, emitter: Address, topics: Sequence[bytes], data: bytes) -> Event | None:
        """Return the event of a log; None for a log of a contract without books, which is not decoded.

        Any contract may emit logs with the topics of these events. Every reader of logs with books uses this function,
        so that such a contract can neither change the books nor stop the reader.

        Args:
            emitter: Contract that emitted the log.
            topics: Topics of the log.
            data: Data of the log.

        Returns:
            The event, or None if its form is unknown.
        """
        kind = self._kinds.get(emitter)
        return events.decode(topics, data) if kind is not None and kind.has_books else None

    @cached_property
    def _kinds(self) -> dict[Address, Kind[Any]]:
        return {address: kind for kind in reversed([*self.listed]) for address in self.listed[kind]}


_NONE: Mapping[Address, Any] = {}
