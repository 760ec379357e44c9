"""The state of the ledger that all columns share, with its queries. Only `ledger` changes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pysettle.domain.core.accounts import ISSUANCE, OWN, LedgerAccount, Posting, Purpose
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Position
from pysettle.values import Address

_Part = TypeVar("_Part")


@dataclass
class Books:
    """State after the events applied so far: balances, and the part of each column by its class."""

    contracts: Contracts
    """The listed contracts."""
    balances: dict[LedgerAccount, int] = field(default_factory=lambda: defaultdict(int))
    """Account -> smallest units; accounts that reached zero stay, those that nothing ever came to are left out."""
    totals: dict[tuple[Address, Purpose], int] = field(default_factory=lambda: defaultdict(int))
    """(asset, purpose) -> all units held for it, updated with the balances."""
    stated_supply: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Asset -> supply by the business events alone (issuance, purchase, redemption, refund)."""
    spent_authorizations: set[tuple[Address, Address, bytes]] = field(default_factory=set)
    """(token, authorizer, nonce) of every authorization used or cancelled."""
    violations: list[tuple[str, Position, str]] = field(default_factory=list)
    """(invariant, position, detail) of events that contradict earlier events."""
    _parts: dict[type[Any], Any] = field(default_factory=dict)

    def __getitem__(self, part: type[_Part]) -> _Part:
        """Return the part of the state in a column's own class; it begins empty."""
        try:
            state: _Part = self._parts[part]
        except KeyError:
            state = self._parts[part] = part()
        return state

    def balance(self, asset: Address, purpose: Purpose, owner: bytes) -> int:
        """Return the balance of one account, in smallest units of the asset."""
        return self.balances.get(LedgerAccount(asset, purpose, owner), 0)

    def total(self, asset: Address, *purposes: Purpose) -> int:
        """Return the units of an asset held for purposes, in smallest units."""
        return sum(self.totals.get((asset, purpose), 0) for purpose in purposes)

    def supply(self, asset: Address) -> int:
        """Return the supply of an asset by its transfers from and to nobody, in smallest units."""
        return -self.balance(asset, ISSUANCE, asset)

    def held(self, asset: Address, holder: Address) -> int:
        """Return the expected ERC-20 balance of a holder: own units, and for a contract all units for purposes."""
        own, kind = self.balance(asset, OWN, holder), self.contracts.kind_of(holder)
        return own + kind.held(self, asset, holder) if kind and kind.held else own

    def holders(self, asset: Address) -> list[Address]:
        """Return all present and earlier holders of the asset, in the order of their addresses."""
        return self.owners(asset, OWN)

    def owners(self, asset: Address, purpose: Purpose) -> list[Address]:
        """Return all present and earlier owners of the asset under a purpose, in the order of their addresses."""
        return sorted({Address(a.owner) for a in self.balances if a.asset == asset and a.purpose is purpose})

    def held_for(self, purpose: Purpose) -> Iterator[tuple[LedgerAccount, int]]:
        """Yield each account of a purpose with its units, in the order of the assets and owners."""
        holdings = (account for account in self.balances if account.purpose is purpose)
        for account in sorted(holdings, key=lambda account: (account.asset, account.owner)):
            yield account, self.balances[account]

    def violated(self, code: str, emitted: Emitted, detail: str) -> None:
        """Record that an event contradicts earlier events."""
        self.violations.append((code, emitted.position, detail))

    def book(self, postings: tuple[Posting, ...]) -> None:
        """Change balances, and the totals with them. A movement of nothing leaves no account behind."""
        for posting in postings:
            if posting.amount:
                account = posting.account
                self.balances[account] += posting.amount
                self.totals[account.asset, account.purpose] += posting.amount
