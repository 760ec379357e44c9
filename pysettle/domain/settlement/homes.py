"""Home currencies in the books: the currency of each jurisdiction, with the consent of all central banks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.core.postings import Handlers, Postings, registering
from pysettle.domain.core.questions import Question, call_data
from pysettle.domain.settlement import home_events as events
from pysettle.domain.settlement.contracts import PARTICIPANT_REGISTRY
from pysettle.domain.settlement.corridors import Corridor
from pysettle.hashing import keccak
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)
_Consent = tuple[int, int, Address]
"""Number that the home currency gets, its jurisdiction, and the currency."""


@dataclass
class HomeBooks:
    """All home currencies of the network."""

    homes: dict[int, Address] = field(default_factory=dict)
    """Jurisdiction -> its home currency, in the order in which they became one."""
    consents: dict[Address, _Consent] = field(default_factory=dict)
    """Currency -> the last consent of its central bank."""
    founded: tuple[int, int] | None = None
    """Block and place of the transaction that named the founding ones."""

    def are_pair(self, way: Corridor) -> bool:
        """Whether the pair of a corridor are the home currencies of its two jurisdictions."""
        ends = {way.debtor_jurisdiction, way.creditor_jurisdiction}
        pair = {way.currency, way.counter_currency}
        return len(ends) == 2 and {self.homes.get(it) for it in ends} == pair


# ------------------------------------------------------------------------------------------- postings


@_handles(events.HomeCurrencyFounded)
def _founded(books: Books, emitted: Emitted, event: events.HomeCurrencyFounded) -> Postings:
    """Book a founding home currency: all of them come in one transaction, before any other."""
    known, at = books[HomeBooks], emitted.position[:2]
    if known.founded not in (None, at):
        detail = f"0x{event.home.hex()} became the currency of jurisdiction {event.jurisdiction} without any consent"
        books.violated("INV-CORRIDOR", emitted, detail)
    known.founded = known.founded or at
    _keep(books, emitted, event.jurisdiction, event.home)
    return ()


@_handles(events.HomeCurrencyProposed)
def _proposed(books: Books, emitted: Emitted, event: events.HomeCurrencyProposed) -> Postings:
    _consent(books, emitted, event)
    return ()


@_handles(events.HomeCurrencyAgreed)
def _agreed(books: Books, emitted: Emitted, event: events.HomeCurrencyAgreed) -> Postings:
    """Book a home currency: its central bank, and those of all others, agreed to it last."""
    known, wanted = books[HomeBooks], _consent(books, emitted, event)
    for currency in (*known.homes.values(), event.home):
        if known.consents.get(currency) != wanted:
            detail = (
                f"0x{event.home.hex()} became the currency of jurisdiction {event.jurisdiction} without the consent of "
                f"the central bank of 0x{currency.hex()}"
            )
            books.violated("INV-CORRIDOR", emitted, detail)
    _keep(books, emitted, event.jurisdiction, event.home)
    return ()


def _consent(
    books: Books, emitted: Emitted, event: events.HomeCurrencyProposed | events.HomeCurrencyAgreed
) -> _Consent:
    known, number = books[HomeBooks], event.number
    if number != len(known.homes) + 1:
        books.violated("INV-CORRIDOR", emitted, f"home currency {number}, and not {len(known.homes) + 1}")
    if event.currency not in (*known.homes.values(), event.home):
        detail = f"the central bank of 0x{event.currency.hex()} agreed to a home currency, and has no vote"
        books.violated("INV-CORRIDOR", emitted, detail)
    consent = known.consents[event.currency] = (number, event.jurisdiction, event.home)
    return consent


def _keep(books: Books, emitted: Emitted, jurisdiction: int, home: Address) -> None:
    homes = books[HomeBooks].homes
    if jurisdiction in homes or home in homes.values():
        detail = f"0x{home.hex()} became the currency of jurisdiction {jurisdiction}, and one of them had another"
        books.violated("INV-CORRIDOR", emitted, detail)
    homes[jurisdiction] = home


# ----------------------------------------------------------------------------------- questions, notices


def home_currencies(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask registries for all home currencies, the jurisdiction of each, and the last consent of each central bank."""
    known = books[HomeBooks]
    for registry in sorted(books.contracts[PARTICIPANT_REGISTRY]):
        about, numbers = f"registry 0x{registry.hex()}", [int.from_bytes(it, "big") for it in known.homes.values()]
        yield Question(about, registry, "homes()", call_data("homes()"), (32, len(numbers), *numbers))
        for jurisdiction, home in known.homes.items():
            data = call_data("homeOf(uint16)", jurisdiction.to_bytes(2, "big"))
            yield Question(about, registry, f"homeOf({jurisdiction})", data, (int.from_bytes(home, "big"),))
            data = call_data("jurisdictionOf(address)", home)
            yield Question(about, registry, f"jurisdictionOf(0x{home.hex()})", data, (jurisdiction,))
        for currency, (number, jurisdiction, home) in sorted(known.consents.items()):
            words = number.to_bytes(32, "big") + jurisdiction.to_bytes(32, "big") + home.rjust(32, b"\0")
            data, expected = call_data("homeConsent(address)", currency), int.from_bytes(keccak(words), "big")
            yield Question(about, registry, f"homeConsent(0x{currency.hex()})", data, (expected,))


def unlisted_homes(books: Books) -> Iterator[Finding]:
    """Name each home currency that is not listed: who is its central bank, the audit does not know."""
    for jurisdiction, home in books[HomeBooks].homes.items():
        if not books.contracts.counts(home):
            detail = f"has the home currency 0x{home.hex()}, which is no listed currency"
            yield Finding("INV-CORRIDOR", f"jurisdiction {jurisdiction}", detail, Severity.NOTICE)
