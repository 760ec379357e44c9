"""The state of corridors in the books: terms, consents, the use of windows, calendars and signed payloads."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pysettle.domain.settlement.calendars import Calendar
from pysettle.domain.settlement.corridors import NO_TERMS, Corridor, CorridorTerms
from pysettle.errors.states import PayloadState
from pysettle.values import Address


@dataclass
class CorridorRecord:
    """One corridor, from its events."""

    corridor: Corridor | None = None
    """The corridor of the last revision; None if none was in force yet."""
    terms: CorridorTerms = NO_TERMS
    """The terms of the last revision."""
    revision: int = 0
    """Number of the last revision or closing."""
    is_open: bool = False
    """Whether it is open."""


@dataclass
class WindowUse:
    """The use of a corridor by a debtor in its last window."""

    since: int = 0
    """Time of the first admission in the window."""
    units: int = 0
    """Units admitted and not given back."""


@dataclass
class CorridorBooks:
    """All corridors of the network."""

    records: dict[bytes, CorridorRecord] = field(default_factory=lambda: defaultdict(CorridorRecord))
    """Id -> the corridor."""
    consents: dict[tuple[bytes, Address], tuple[int, Corridor, CorridorTerms]] = field(default_factory=dict)
    """(id, currency) -> revision to which the central bank of the currency agreed last, before it came into force."""
    uses: dict[tuple[bytes, Address], WindowUse] = field(default_factory=lambda: defaultdict(WindowUse))
    """(id, debtor) -> its use."""
    calendars: dict[Address, Calendar] = field(default_factory=lambda: defaultdict(Calendar))
    """Currency -> its opening hours."""
    payloads: dict[bytes, PayloadState] = field(default_factory=dict)
    """Digest of a statement -> its state."""
    digests: dict[tuple[Address, Address, Address, int, bytes], bytes] = field(default_factory=dict)
    """(debtor, creditor, currency, units, payload) of a statement -> its digest."""
