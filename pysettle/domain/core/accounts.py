"""The parts of the ledger: accounts, purposes and entries."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Position
from pysettle.values import Address


@dataclass(frozen=True, slots=True, eq=False)
class Purpose:
    """The purpose of a balance. Each is one object, which a column defines."""

    value: str
    """Word for it, in findings."""
    short: str | None = "INV-SUPPLY"
    """Invariant that is broken where less than nothing is held for it; None where less may be."""

    def __deepcopy__(self, memo: object) -> Purpose:
        return self


OWN = Purpose("own")
"""A holder's own, or a contract's unallocated balance. Owner: an account."""
ISSUANCE = Purpose("issuance", short=None)
"""Counter account of everything created and destroyed: minus the supply. Owner: the asset."""


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One account of the ledger: an asset held for a purpose."""

    asset: Address
    """Currency or series of the units."""
    purpose: Purpose
    """Purpose of the balance."""
    owner: bytes
    """Owner, as the purpose defines."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry."""

    account: LedgerAccount
    """Account that changes."""
    amount: int
    """Smallest units of the account's asset, positive when it gains."""


class Nets(tuple[Posting, ...]):
    """Sides of a multilateral net settlement (CPMI): they sum to zero together, and none is another's counterparty."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced entry: in every asset its postings sum to zero."""

    position: Position
    """Position of its event in the history."""
    kind: str
    """Name of its event."""
    postings: tuple[Posting, ...]
    """Its sides: `Nets`, or movements two by two, the giving side first."""
