"""Interest on a currency as deposit money, computed from its events alone, and the tree of a declaration.

The method is the banks' accumulation of daily balances: for each account the balances at the ends of the days of a
period are added up, and the sum earns the rate of one day, a 360th of the yearly one. A balance bears interest on the
days at the end of which the account is a wallet of class III, II, I or corporate with a valid identification, and the
reserve ratio is below full. Class IV, with unknown holders, and settlement accounts bear none.

The balance is that of the account, frozen or not, with its credit in the currency, which belongs to the holder. Units
under redemption have left the account: they count again from the day of their return. This module knows no chain: the
caller gives the events with their times.

Source:
    Accumulation of daily balances and the year of 360 days are ways of reckoning that the People's Bank of China left
    to banks in its notice on the reckoning of interest of 2005 (Yinfa [2005] No. 129; number and wording not verified).
    That interest is paid on real-name wallets and not on class IV since 2026: Lu Lei, Financial News, 2025-12-29. Banks
    are said to leave fractions of a yuan out and to round to the nearest fen (not verified); here every unit counts and
    fractions of a fen are dropped, so that a payment never exceeds the earned interest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pysettle.domain.core.events import Emitted, Event, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import (
    CreditClaimed,
    Credited,
    CreditSeized,
    ReserveRatioSet,
    SettlementAccountMarked,
    WalletRegistered,
)
from pysettle.domain.money.wallets import WalletClass, day_at
from pysettle.hashing import keccak
from pysettle.money import BPS, UNITS_PER_MINOR
from pysettle.values import Address

YEAR_DAYS = 360
"""Days that a yearly rate is for."""


# ------------------------------------------------------------------------------- accumulation


@dataclass(slots=True)
class _Holder:
    """State of one account, and its accumulation until a day."""

    next_day: int
    """First day with a closing balance that is not in the accumulation yet."""
    balance: int = 0
    credit: int = 0
    wallet_class: int = WalletClass.IV
    identification_expiry: int = 0
    accumulation: int = 0
    barred: int = 0
    """The same of days on which it was of class IV, which bears none."""

    def close_days(self, until: int, *, bearing: bool) -> None:
        """Add the closing balances of the days up to before `until`, on which nothing of the account changed."""
        if self.next_day >= until:
            return
        if bearing:
            known_until = self.next_day if self.wallet_class == WalletClass.IV else self.identification_expiry
            days = max(0, min(until, known_until) - self.next_day)
            self.accumulation += days * (self.balance + self.credit)
            self.barred += (until - self.next_day - days) * (self.balance + self.credit)
        self.next_day = until


def accumulate(
    history: Iterable[Emitted], currency: Address, desk: Address, first_day: int, end_day: int
) -> dict[Address, int]:
    """Add up the interest-bearing daily balances of every account of a currency.

    Days without an event of the account are taken together: the work is that of the events, not of accounts x days.

    Args:
        history: Every event of the currency and its desk since their deployment, in the order of the chain, with block
            times; may hold others, and may go on after the period.
        currency: The CurrencyToken.
        desk: Its IssuanceDesk, which emits the reserve ratios.
        first_day: First day of UTC+8 with a closing balance that counts.
        end_day: First day after the period.

    Returns:
        Mapping account -> sum of daily balances, in units x days; no zero entries, in the order of the addresses.
        Accounts that are settlement accounts by the end of the period are left out.
    """
    holders = _holders(history, currency, desk, first_day, end_day)
    return {account: standing.accumulation for account, standing in holders.items() if standing.accumulation}


def accumulate_all(
    history: Iterable[Emitted], currency: Address, desk: Address, first_day: int, end_day: int
) -> tuple[dict[Address, int], dict[Address, int]]:
    """Add up the daily balances of every account: those that bear interest, and those of class IV, which bear none.

    An account without a registration is of class IV, and so is an account with an expired identification.

    Returns:
        Two mappings as `accumulate` returns one; arguments are as there.
    """
    holders = _holders(history, currency, desk, first_day, end_day)
    return (
        {account: standing.accumulation for account, standing in holders.items() if standing.accumulation},
        {account: standing.barred for account, standing in holders.items() if standing.barred},
    )


def _holders(
    history: Iterable[Emitted], currency: Address, desk: Address, first_day: int, end_day: int
) -> dict[Address, _Holder]:
    """Return the state of every account but settlement accounts at the end of a period, ordered by addresses."""
    holders: dict[Address, _Holder] = {}
    settlement_accounts = {ZERO_ADDRESS, currency, desk}
    bearing = False
    for emitted in history:
        if emitted.emitter not in (currency, desk):
            continue
        day, event = day_at(emitted.timestamp), emitted.event
        if day >= end_day:
            break
        if isinstance(event, ReserveRatioSet):
            for holder in holders.values():
                holder.close_days(day, bearing=bearing)
            bearing = event.ratio_bps < BPS
        elif isinstance(event, SettlementAccountMarked):
            settlement_accounts.add(event.account)
        for account in _concerned(event):
            holder = holders.setdefault(account, _Holder(first_day))
            holder.close_days(day, bearing=bearing)
            _change(holder, account, event)
    for holder in holders.values():
        holder.close_days(end_day, bearing=bearing)
    return {account: holder for account, holder in sorted(holders.items()) if account not in settlement_accounts}


def _concerned(event: Event) -> tuple[Address, ...]:
    """Return the accounts with a balance, credit or class that an event changes."""
    match event:
        case Transfer():
            return (event.sender, event.receiver)
        case Credited() | CreditClaimed() | CreditSeized() | WalletRegistered():
            return (event.account,)
    return ()


def _change(holder: _Holder, account: Address, event: Event) -> None:
    match event:
        case Transfer():
            # A transfer to oneself is both.
            holder.balance += event.value * ((account == event.receiver) - (account == event.sender))
        case Credited() | CreditClaimed() | CreditSeized():
            holder.credit = event.credit
        case WalletRegistered():
            holder.wallet_class = event.wallet_class
            holder.identification_expiry = event.identification_expiry


def interest_rounded_down(accumulation: int, rate_bps: int) -> int:
    """Interest on a sum of daily balances, in units.

    Args:
        accumulation: Sum of daily balances, in units x days.
        rate_bps: Interest of a year of 360 days, in basis points.

    Rounding: down to a whole fen, at the holder's expense.

    Example:
        >>> interest_rounded_down(100_000_000 * 90, 35)  # 100 yuan for 90 days at 0.35 %: 8.75 fen
        80000
    """
    fen = accumulation * rate_bps // (BPS * YEAR_DAYS * UNITS_PER_MINOR)
    return fen * UNITS_PER_MINOR


# ---------------------------------------------------------------------------------- statement


@dataclass(frozen=True, slots=True)
class InterestRow:
    """Interest of one account for a period."""

    index: int
    """Place in the period, from 0."""
    account: Address
    """Holder."""
    accumulation: int
    """Sum of its daily balances, in units x days."""
    amount: int
    """Interest in units, a positive number of whole fen."""


@dataclass(frozen=True)
class InterestStatement:
    """Interest of all accounts for a period, and the tree by which the contract pays."""

    chain_id: int
    """Chain of the contract."""
    contract: Address
    """InterestPayments that pays."""
    first_day: int
    """First day of UTC+8, counted from 1970-01-01, that bears interest."""
    end_day: int
    """First day after it that does not."""
    rate_bps: int
    """Interest of a year of 360 days, in basis points."""
    rows: tuple[InterestRow, ...]
    """Rows of all accounts with a fen of interest or more, in the order of the addresses."""

    @classmethod
    def of(
        cls,
        accumulations: Mapping[Address, int],
        *,
        chain_id: int,
        contract: Address,
        first_day: int,
        end_day: int,
        rate_bps: int,
    ) -> InterestStatement:
        """State the interest on accumulations, as `accumulate` returns them."""
        owed = (
            (account, accumulation, interest_rounded_down(accumulation, rate_bps))
            for account, accumulation in sorted(accumulations.items())
        )
        due = (entry for entry in owed if entry[2])
        rows = tuple(InterestRow(index, *entry) for index, entry in enumerate(due))
        return cls(chain_id, contract, first_day, end_day, rate_bps, rows)

    @property
    def total(self) -> int:
        """Interest of all rows, in units."""
        return sum(row.amount for row in self.rows)

    @property
    def root(self) -> bytes:
        """Root of the tree over the rows; 32 zero bytes without rows."""
        return self._tree.root if self.rows else bytes(32)

    def proof(self, row: InterestRow) -> tuple[bytes, ...]:
        """Return the hashes that prove a row to be under the root, lowest first."""
        return self._tree.proof(row.index)

    @cached_property
    def _tree(self) -> MerkleTree:
        return MerkleTree([self._leaf(row) for row in self.rows])

    def _leaf(self, row: InterestRow) -> bytes:
        return leaf_hash(self.chain_id, self.contract, self.first_day, self.end_day, row.index, row.account, row.amount)


# --------------------------------------------------------------------------------------- tree


def leaf_hash(*values: int | Address) -> bytes:
    """Return the hash of a leaf: the hash of the hash of its values as 32-byte words; no inner node has this form.

    Source: StandardMerkleTree of OpenZeppelin's merkle-tree, for values of static types.
    """
    words = (value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0") for value in values)
    return keccak(keccak(b"".join(words)))


class MerkleTree:
    """A tree with pairs hashed in sorted order, as OpenZeppelin's MerkleProof verifies them.

    Laid out like StandardMerkleTree of OpenZeppelin's merkle-tree, so that its JavaScript gives the same root: a
    complete binary tree in one list, root first, the leaves in falling order at its end.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Build the tree over leaves, one at the least, in any order."""
        order = sorted(range(len(leaves)), key=lambda place: leaves[place], reverse=True)
        first_leaf = len(leaves) - 1
        self._places = {place: first_leaf + at for at, place in enumerate(order)}
        self._nodes = [b""] * first_leaf + [leaves[place] for place in order]
        for at in reversed(range(first_leaf)):
            self._nodes[at] = keccak(b"".join(sorted(self._nodes[2 * at + 1 : 2 * at + 3])))

    @property
    def root(self) -> bytes:
        """Hash over everything."""
        return self._nodes[0]

    def proof(self, place: int) -> tuple[bytes, ...]:
        """Return the siblings on the way from a leaf, by its place among those given, to the root."""
        at, siblings = self._places[place], []
        while at:
            # Two children follow each other, the left one at an odd place.
            siblings.append(self._nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return tuple(siblings)
