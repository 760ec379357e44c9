"""The contracts of a network that are listed for the books, each of a kind that its column defines."""

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
    """How the terms of a contract stand in a document."""

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
    """Whether books are kept from its events; another kind is listed for its code and its powers alone."""
    is_asset: bool = False
    """Whether the books count its units."""
    form: Form[_Terms] | None = None
    """How the terms that the books need are written; None where they need none."""
    held: Callable[[Books, Address, Address], int] | None = None
    """Given the books, an asset and a contract of this kind: returns the units that the contract holds for purposes
    that are not its own; None where it holds none."""
    refuses: Callable[[Books, Address, Address], bool] | None = None
    """Given the books, an asset and a contract of this kind: whether the contract refuses donations of the asset.

    Units without a purpose there are a finding of its column then. None where it refuses no donation."""
    code: str | None = None
    """Invariant that speaks of all it holds; None where it is that of each purpose."""
    restricted: tuple[str, ...] = ()
    """Signatures of the functions that its authority lets a role alone call."""


@dataclass(frozen=True)
class Contracts:
    """The contracts that are listed. Events of any other contract are passed over."""

    listed: Mapping[Kind[Any], Mapping[Address, Any]] = field(default_factory=dict)
    """Kind -> its contracts, each with the terms that the books need, or None."""

    def __getitem__(self, kind: Kind[_Terms]) -> Mapping[Address, _Terms]:
        return self.listed.get(kind, _NONE)

    def __deepcopy__(self, memo: object) -> Contracts:
        return self

    @cached_property
    def assets(self) -> tuple[Kind[Any], ...]:
        """The kinds that are listed and whose units the books count."""
        return tuple(kind for kind in self.listed if kind.is_asset)

    def counts(self, asset: Address) -> bool:
        """Whether an asset is counted: the hub takes any token, and answers for none but these."""
        kind = self._kinds.get(asset)
        return kind is not None and kind.is_asset

    def keeps(self, address: Address) -> bool:
        """Whether the contract's books are kept."""
        kind = self._kinds.get(address)
        return kind is not None and kind.has_books

    def addresses(self) -> frozenset[Address]:
        """Return every contract that is listed."""
        return frozenset(self._kinds)

    def kind_of(self, address: Address) -> Kind[Any] | None:
        """Return the kind of a contract that is listed; None for any other."""
        return self._kinds.get(address)

    def event_of(self, emitter: Address, topics: Sequence[bytes], data: bytes) -> Event | None:
        """Return the event that a log states; None for a log of any other contract, which is not even decoded.

        Anybody may log anything under the topics of these events. Every reader of logs that keeps books passes through
        here, so that a contract whose books are not kept can neither change them nor stop the reader.

        Args:
            emitter: Contract that emitted the log.
            topics: Topics of the log.
            data: Data of the log.

        Returns:
            The event, or None where it is of no known form.
        """
        return events.decode(topics, data) if self.keeps(emitter) else None

    @cached_property
    def _kinds(self) -> dict[Address, Kind[Any]]:
        return {address: kind for kind in reversed([*self.listed]) for address in self.listed[kind]}


_NONE: Mapping[Address, Any] = {}
