"""The state of foreign exchange in the books: used quotes, reference rates, and limits with their use."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pysettle.domain.settlement.corridor_books import WindowUse
from pysettle.domain.settlement.quotes import ReferenceRate
from pysettle.values import Address


@dataclass
class ExchangeBooks:
    """Quotes, rates and limits, from their events."""

    used: set[tuple[Address, int]] = field(default_factory=set)
    """(provider, id) of every quote that was taken or cancelled."""
    rates: dict[Address, ReferenceRate] = field(default_factory=dict)
    """Currency -> its last reference rate."""
    limits: dict[tuple[bytes, int], tuple[int, int]] = field(default_factory=dict)
    """(corridor, wallet class) -> units of one purchase and of a window at most."""
    uses: dict[tuple[bytes, Address], WindowUse] = field(default_factory=lambda: defaultdict(WindowUse))
    """(corridor, buyer) -> its use."""
    admitted: set[tuple[Address, Address]] = field(default_factory=set)
    """(foreign exchange, series) of every series that may be paid."""
