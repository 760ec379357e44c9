"""From the transactions of a block to the rows of an index.

The postings of an event come from `move`, two by two: the giving side and the getting side of one movement. The other
side is the counterparty. The nets of a cycle have none: each bank pays to, or is paid by, all others together.

A `Transfer` to or from a contract of the network says less than the event that announces or follows it in the same
transaction: that one names the purpose. So the counterparty of such a transfer is the account that this event moves the
same amount to, or from: the payer of a purchase sees the escrow of the series.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from pysettle.audit.powers import PowerRecord
from pysettle.audit.records.index import Index
from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.core.accounts import OWN, Entry, LedgerAccount, Nets, Posting
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Transfer
from pysettle.domain.core.findings import Finding
from pysettle.domain.ledger import Ledger
from pysettle.errors import BundleError
from pysettle.values import Address

_TIME_END = 2**63
"""Unix second that SQLite cannot store."""


@dataclass(frozen=True, slots=True)
class Booked:
    """An event of a listed contract, its log, and the entry that the books made of it."""

    emitted: Emitted
    """The event with its place."""
    topics: tuple[bytes, ...]
    """Topics of its log."""
    data: bytes
    """Data of its log."""
    entry: Entry | None
    """Its entry; None if it moved no value."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One transaction, as the index stores it."""

    hash: bytes
    """Its hash."""
    succeeded: bool
    """False if it reverted or ran out of gas."""
    gas_used: int
    """Gas that it used."""
    sender: Address | None = None
    """Account that signed it; None if its signature is of no account."""
    receiver: Address | None = None
    """Account or contract that it calls; None if it creates a contract, or cannot be read."""
    created: Address | None = None
    """Contract that it created."""
    nonce: int | None = None
    """Number of earlier transactions of the sender."""
    value: int | None = None
    """Native coin that it moved, in wei."""
    function: str | None = None
    """Signature of the called function."""
    error: str | None = None
    """Name of the error it reverted with."""
    revert_data: bytes | None = None
    """Data it reverted with; None on success, and if it was not executed."""


class Recorder:
    """Writes rows into an index, in the transaction that the caller began."""

    def __init__(self, index: Index, contracts: Contracts) -> None:
        """Continue after the rows that are there."""
        self._database, self._contracts = index.database, contracts
        self._accounts = {
            (asset, purpose, owner): number
            for number, asset, purpose, owner in index.rows("SELECT id, asset, purpose, owner FROM accounts")
        }

    def block(self, number: int, timestamp: int, block_hash: bytes) -> None:
        """Begin a block.

        Raises:
            BundleError: no index can store its time.
        """
        if timestamp >= _TIME_END:
            raise BundleError(
                f"block {number} has the time {timestamp}, beyond 63 bits: no index can be filled",
                block=number,
                time=timestamp,
            )
        self._database.execute("INSERT INTO blocks VALUES (?, ?, ?)", (number, timestamp, block_hash))

    def transaction(self, block: int, place: int, it: Recorded, booked: Sequence[Booked]) -> None:
        """Write a transaction with its events and their postings."""
        row = (
            *(block, place, it.hash, it.sender, it.receiver, it.created, _text(it.nonce), _text(it.value)),
            *(it.function, it.succeeded, str(it.gas_used), it.error, it.revert_data),
        )
        self._insert("transactions", [row])
        self._insert("events", [self._event(block, place, each) for each in booked])
        self._insert(
            "mentions",
            [(value, block, each.emitted.position.log_index) for each in booked for value in self._mentioned(each)],
        )
        self._insert("postings", self._postings([each.entry for each in booked if each.entry]))

    def contracts(self, symbols: Mapping[Address, str]) -> None:
        """Write the listed contracts, with the symbols of assets that are known."""
        rows = [
            (address, kind.name, getattr(terms, "currency", None), symbols.get(address))
            for kind, listed in self._contracts.listed.items()
            for address, terms in listed.items()
        ]
        self._database.execute("DELETE FROM contracts")
        self._insert("contracts", rows)

    def labels(self, labels: Mapping[Address, str]) -> None:
        """Write the names of accounts."""
        self._database.execute("DELETE FROM labels")
        self._insert("labels", list(labels.items()))

    def powers(self, records: Iterable[PowerRecord], notices: Iterable[Finding]) -> None:
        """Write the facts about powers, and the notices about them."""
        rows = [
            (
                *(it.kind, it.contract, it.account, it.block, it.timestamp, it.sender),
                *(_text(it.role), it.function, it.until_block, it.until_timestamp),
            )
            for it in records
        ]
        self._insert("powers", rows)
        self._insert("notices", [(it.block or 0, it.subject, it.detail) for it in notices])

    def close(self, ledger: Ledger) -> None:
        """Write the balance of each account by the books, with which every closing balance is compared."""
        # An account may be left from blocks that the chain replaced.
        self._database.execute("UPDATE accounts SET closing = NULL")
        changes = [(str(amount), self._account(account)) for account, amount in ledger.balances.items()]
        self._database.executemany("UPDATE accounts SET closing = ? WHERE id = ?", changes)

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self._database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  # our own names

    def _event(self, block: int, place: int, it: Booked) -> tuple[Any, ...]:
        name, log_index = type(it.emitted.event).__name__, it.emitted.position.log_index
        return block, log_index, place, it.emitted.emitter, name, b"".join(it.topics), it.data

    def _mentioned(self, it: Booked) -> set[bytes]:
        """Return the accounts and ids that an event names; a series names itself by emitting it."""
        named = {value for value in _bytes_in(it.emitted.event) if len(value) in (20, 32) and any(value)}
        return named | ({it.emitted.emitter} if it.emitted.emitter in self._contracts[COMPUTE_TOKEN] else set())

    def _postings(self, entries: Sequence[Entry]) -> list[tuple[Any, ...]]:
        purposes = _Purposes(self._contracts, entries)
        rows = []
        for entry in entries:
            at = entry.position
            for side, posting in enumerate(entry.postings):
                if posting.amount:
                    counter = None if isinstance(entry.postings, Nets) else purposes.counter(entry, side)
                    account, other = self._account(posting.account), counter and self._account(counter)
                    rows.append((account, at.block_number, at.log_index, side, str(posting.amount), other))
        return rows

    def _account(self, account: LedgerAccount) -> int:
        key = account.asset, account.purpose.value, account.owner
        number = self._accounts.get(key)
        if number is None:
            number = self._accounts[key] = len(self._accounts) + 1
            self._database.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, NULL)", (number, *key))
        return number


class _Purposes:
    """The purposes that the events of one transaction state for its transfers."""

    def __init__(self, contracts: Contracts, entries: Sequence[Entry]) -> None:
        self._contracts = contracts
        self._stated: dict[tuple[LedgerAccount, int], deque[LedgerAccount]] = defaultdict(deque)
        """(account of a contract, change) -> the other account of each such posting of an event of settlement."""
        for entry in entries:
            if entry.kind != Transfer.__name__ and not isinstance(entry.postings, Nets):
                for side, posting in enumerate(entry.postings):
                    if posting.account.purpose is OWN:
                        other = entry.postings[side ^ 1].account
                        self._stated[posting.account, posting.amount].append(other)

    def counter(self, entry: Entry, side: int) -> LedgerAccount:
        """Return the other account of a posting."""
        other: Posting = entry.postings[side ^ 1]
        is_of_contract = self._contracts.kind_of(Address(other.account.owner)) is not None
        if entry.kind != Transfer.__name__ or other.account.purpose is not OWN or not is_of_contract:
            return other.account
        # The event takes from the contract's own account as much as the transfer brought, or the other way round.
        stated = self._stated.get((other.account, -other.amount))
        return stated.popleft() if stated else other.account


def _bytes_in(value: Any) -> Iterator[bytes]:
    """Yield the bytes in the fields of an event, those of structs and lists included."""
    if isinstance(value, bytes):
        yield value
    elif is_dataclass(value):
        for it in fields(value):
            yield from _bytes_in(getattr(value, it.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _bytes_in(part)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
