"""The state of compute in the books: series, purchases and halts."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.compute.events import SeriesHalted, SeriesOpened
from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.money import BPS, PRICE_BASIS
from pysettle.values import Address


class Sale(NamedTuple):
    """A purchase of Tokens of a series."""

    timestamp: int
    """Unix second."""
    buyer: Address
    """Account that bought."""
    tokens: int
    """Tokens."""


@dataclass(frozen=True)
class HaltRecord:
    """A halt, with the purchases shortly before it."""

    event: SeriesHalted
    """The event of the market."""
    bought_before: Mapping[Address, int]
    """Buyer -> Tokens of the series that it bought in the hour before."""


@dataclass
class ComputeBooks:
    """Series, from their events, without their balances."""

    opened: dict[Address, SeriesOpened] = field(default_factory=dict)
    """Series that a market opened -> the event of its opening."""
    markets_of: dict[Address, Address] = field(default_factory=dict)
    """Series that a market opened -> that market."""
    halted: dict[Address, int] = field(default_factory=dict)
    """Series that was halted -> unix second of the halt."""
    halts: list[HaltRecord] = field(default_factory=list)
    """Halts, with halter and ground."""
    sales: dict[Address, deque[Sale]] = field(default_factory=lambda: defaultdict(deque))
    """Series -> its purchases of the last hour of sales."""
    bought: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(series, buyer) -> Tokens it bought."""
    policies: dict[Address, Address] = field(default_factory=dict)
    """Market, or series of a market -> the policy of purchases; none without one."""
    admitted: set[tuple[Address, int]] = field(default_factory=set)
    """(market, jurisdiction) whose providers may open series with a policy."""
    buyers: dict[tuple[Address, Address], Address] = field(default_factory=dict)
    """(series, contract that pays next) -> the buyer for whom it pays; none between two transactions."""


def owed(books: Books, series: Address) -> int:
    """Return the claims of the outstanding Tokens of a series, in units of its currency, rounded up.

    These are their backing, and after a halt the agreed compensation of all undelivered Tokens.
    """
    terms, outstanding = books.contracts[COMPUTE_TOKEN][series], books.supply(series)
    is_halted = series in books[ComputeBooks].halted
    compensated = outstanding - books.balance(series, OWN, series) if is_halted else 0
    shares = outstanding * BPS + compensated * terms.compensation_bps
    return -(-shares * terms.unit_price // (PRICE_BASIS * BPS))
