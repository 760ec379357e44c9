"""The rows of an index, as typed rows in the order of the history; each is read when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from pysettle.audit.records.index import Index, Position
from pysettle.audit.records.period import Period
from pysettle.audit.records.rows import TOKENS, EventRow, PostingRow, Row, TransactionRow, split
from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.core import events
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.errors import UsageError
from pysettle.values import Address, Currency

_Row = TypeVar("_Row", bound=Row)

UNITS = "units"
"""Unit of the amounts of a currency."""
_SYMBOLS = {currency.symbol: currency for currency in Currency}

_DIGITS = re.compile(r"(?:0x)?([0-9a-fA-F]{1,64})")

_TRANSACTIONS = """
SELECT t.block, b.time, t.place, t.hash, t.sender, t.receiver, t.created, t.nonce, t.value, c.name, t.function,
    t.succeeded, t.gas, t.error, t.revert
FROM transactions t JOIN blocks b ON b.number = t.block LEFT JOIN contracts c ON c.address = t.receiver
"""
_EVENTS = """
SELECT e.block, b.time, e.place, t.hash, e.log, e.emitter, c.name, e.name, e.topics, e.data
FROM events e JOIN blocks b ON b.number = e.block JOIN transactions t ON t.block = e.block AND t.place = e.place
JOIN contracts c ON c.address = e.emitter
"""
_POSTINGS = """
SELECT p.block, b.time, e.place, t.hash, p.log, p.side, e.name, a.asset, a.purpose, a.owner, p.amount,
    o.purpose, o.owner
FROM postings p JOIN accounts a ON a.id = p.account LEFT JOIN accounts o ON o.id = p.counter
JOIN events e ON e.block = p.block AND e.log = p.log JOIN blocks b ON b.number = p.block
JOIN transactions t ON t.block = e.block AND t.place = e.place
"""


@dataclass(frozen=True, slots=True)
class AssetOf:
    """An asset of the index."""

    address: Address
    """Its contract."""
    symbol: str | None
    """Symbol that the contract states; None if it was not asked."""
    is_currency: bool
    """Whether it is a currency; else a series."""

    @property
    def currency(self) -> Currency | None:
        """The currency of the network that it is, by its symbol; None for any other asset."""
        return _SYMBOLS.get(self.symbol or "") if self.is_currency else None

    @property
    def unit(self) -> str:
        """Unit of its amounts."""
        return UNITS if self.is_currency else TOKENS


class Records:
    """The rows of one index."""

    def __init__(self, index: Index, position: Position) -> None:
        """Read an index that is filled up to a position."""
        self.index, self.position = index, position

    @cached_property
    def assets(self) -> Mapping[bytes, AssetOf]:
        """Address -> asset, currencies first, each kind in the order of the addresses."""
        kinds = (CURRENCY_TOKEN.name, COMPUTE_TOKEN.name)
        rows = self.index.rows(
            "SELECT address, name, symbol FROM contracts WHERE name IN (?, ?) ORDER BY name = ? DESC, address",
            (*kinds, kinds[0]),
        )
        return {address: AssetOf(Address(address), symbol, name == kinds[0]) for address, name, symbol in rows}

    @cached_property
    def labels(self) -> Mapping[bytes, str]:
        """Account -> its name by the exporter, and contract -> the name of its kind with its symbol."""
        contracts = self.index.rows("SELECT address, trim(name || ' ' || coalesce(symbol, '')) FROM contracts")
        return {**dict(contracts), **dict(self.index.rows("SELECT account, name FROM labels"))}

    def owner(self, text: str) -> bytes:
        """Return the account of a name, an address, or an id.

        Raises:
            UsageError: no account of the index has it, or several names begin like this id.
        """
        named = [account for account, name in self.index.rows("SELECT account, name FROM labels") if name == text]
        return bytes(named[0]) if len(named) == 1 else self.identified(text)

    def identified(self, text: str, *sizes: int) -> bytes:
        """Return an account or id that an event or a posting names, by the hex digits that it begins with.

        Args:
            text: The digits; the whole address of an account need not be named anywhere.
            sizes: Bytes that it may have; 20 and 32 if none are given.

        Raises:
            UsageError: none begins so, or several do.
        """
        match, sizes = _DIGITS.fullmatch(text), sizes or (20, 32)
        if match is None:
            raise UsageError(f"{text[:70]!r} is no name of this index: give an address, or how an id begins", text=text)
        digits = match[1].lower()
        if len(digits) == 40 and 20 in sizes:
            return bytes.fromhex(digits)
        first, end = bytes.fromhex(digits + "0" * (len(digits) % 2)), bytes.fromhex(digits.ljust(64, "f"))
        lengths = ", ".join(map(str, sizes))
        found = {
            bytes(value)
            for column, table in (("value", "mentions"), ("owner", "accounts"))
            for (value,) in self.index.rows(
                f"SELECT DISTINCT {column} FROM {table} "  # noqa: S608  # our own names
                f"WHERE {column} BETWEEN ? AND ? AND length({column}) IN ({lengths}) LIMIT 2",
                (first, end),
            )
        }
        if len(found) != 1:
            told = "several accounts or ids" if found else "no account and no id"
            raise UsageError(f"{told} of this index begin with {text[:70]!r}: give more of it, or all", text=text)
        return found.pop()

    def transactions(
        self, period: Period, where: str = "", arguments: tuple[Any, ...] = ()
    ) -> Iterator[TransactionRow]:
        """Yield the transactions of a period, those alone for which a condition holds."""
        tail = f"WHERE t.block BETWEEN ? AND ? {where} ORDER BY t.block, t.place"
        for row in self.index.rows(_TRANSACTIONS + tail, (period.first, period.last, *arguments)):
            *place, nonce, value, contract, function, succeeded, gas, error, revert = row
            numbers = [None if it is None else int(it) for it in (nonce, value)]
            rest = (contract, function, bool(succeeded), int(gas), error, revert)
            yield _made(TransactionRow, *place, *numbers, *rest)

    def transactions_of(self, owner: bytes | None, period: Period) -> Iterator[TransactionRow]:
        """Yield the transactions that an account signed, that call it, or with an event that names it; all if None."""
        if owner is None:
            return self.transactions(period)
        named = "SELECT * FROM mentions m JOIN events e ON e.block = m.block AND e.log = m.log WHERE m.value = ?"
        inside = f"EXISTS ({named} AND e.block = t.block AND e.place = t.place)"
        return self.transactions(period, f"AND (t.sender = ? OR t.receiver = ? OR {inside})", (owner,) * 3)

    def transaction(self, text: str) -> TransactionRow:
        """Return the transaction whose hash is, or begins with, these hex digits.

        Raises:
            UsageError: none has it, or several begin so.
        """
        match = _DIGITS.fullmatch(text)
        if match is None:
            raise UsageError(f"{text[:70]!r} is no hash: write 0x and hex digits", text=text)
        digits = match[1].lower()
        bounds = bytes.fromhex(digits.ljust(64, "0")), bytes.fromhex(digits.ljust(64, "f"))
        found = list(islice(self.transactions(Period(), "AND t.hash BETWEEN ? AND ?", bounds), 2))
        if len(found) != 1:
            told = "several transactions" if found else "no transaction"
            raise UsageError(
                f"{told} on this chain have a hash that begins with {text[:70]!r}: give more of it, or all", text=text
            )
        return found[0]

    def inside(self, it: TransactionRow) -> tuple[list[EventRow], list[PostingRow]]:
        """Return the events and the postings of a transaction."""
        place = Period(it.block, it.block), "AND e.place = ?", (it.tx_index,)
        return list(self.events(*place)), list(self.postings(*place))

    def events(self, period: Period, where: str = "", arguments: tuple[Any, ...] = ()) -> Iterator[EventRow]:
        """Yield the events of a period, those alone for which a condition holds."""
        tail = f"WHERE e.block BETWEEN ? AND ? {where} ORDER BY e.block, e.log"
        for row in self.index.rows(_EVENTS + tail, (period.first, period.last, *arguments)):
            yield _made(EventRow, *row[:-2], fields_of(*row[-2:]))

    def postings(self, period: Period, where: str = "", arguments: tuple[Any, ...] = ()) -> Iterator[PostingRow]:
        """Yield the postings of a period, those alone for which a condition holds."""
        tail = f"WHERE p.block BETWEEN ? AND ? {where} ORDER BY p.block, p.log, p.side"
        for row in self.index.rows(_POSTINGS + tail, (period.first, period.last, *arguments)):
            asset, purpose, owner, amount, *counter = row[7:]
            of = self.assets[asset]
            code = of.currency.value if of.currency else None
            amounts = split(of.unit, int(amount))
            yield _made(PostingRow, *row[:7], asset, code, purpose, owner, *amounts, *counter)


def _made(kind: Callable[..., _Row], *values: Any) -> _Row:
    """Return a row of values as SQLite has them."""
    return kind(*values)


def fields_of(topics: bytes, data: bytes) -> dict[str, Any]:
    """Return the fields of a stored event: integers as decimal text, bytes as hex, structs as objects."""
    words = [topics[start : start + 32] for start in range(0, len(topics), 32)]
    event = events.decode(words, data)
    assert event is not None, "events alone are stored"
    found: dict[str, Any] = _plain(event)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(int(value))
    if is_dataclass(value):
        return {it.name: _plain(getattr(value, it.name)) for it in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
