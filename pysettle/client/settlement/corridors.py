"""The Corridors: terms under two central banks, calendars, payloads of the Travel Rule, clear-outs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract
from pysettle.client.settlement.opening import address_of
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.settlement.calendars import Calendar, Week
from pysettle.domain.settlement.corridor_events import CorridorProposed, CorridorRevised, DaysSet
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms, TravelPayload, corridors_domain
from pysettle.errors.states import PayloadState
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, Seconds, Timestamp, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


@dataclass(frozen=True, slots=True)
class CorridorStanding:
    """A corridor as the contract has it."""

    terms: CorridorTerms
    """The terms of its last revision."""
    counter_currency: Address
    """Other currency of its pair; the zero address if it never had terms."""
    revision: int
    """Number of its last revision or closing."""
    is_open: bool
    """Whether it is open."""

    @property
    def word(self) -> str:
        """Its standing in one word."""
        if not self.terms.window_s:
            return "without terms"
        return "open" if self.is_open else "closed"


class Corridors(Contract):
    """The corridors. Amounts are units of the currency that crosses."""

    GAS_STEP = 400_000
    """Gas stated for one step."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address deployed corridors."""
        super().__init__(sender, address, "Corridors", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> Corridors:
        """Return the corridors of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "Corridors"), first_block=network.first_block)

    # Central bank

    def agree(
        self, central_bank: TransactionSigner, corridor: Corridor, terms: CorridorTerms, as_currency: Address
    ) -> Transaction:
        """Agree to terms of a corridor as the central bank of a currency; the other consent puts them in force."""
        arguments = corridor.fields(), terms.fields(), as_currency
        return self._transaction(central_bank, self.GAS_STEP, "agree", *arguments)

    def close(self, central_bank: TransactionSigner, corridor: Corridor, as_currency: Address) -> Transaction:
        """Close a corridor for new admissions, as the central bank of one of its currencies."""
        return self._transaction(central_bank, self.GAS_STEP, "close", corridor.fields(), as_currency)

    def set_week(self, central_bank: TransactionSigner, currency: Address, week: Week | None) -> Transaction:
        """Set the opening hours of a currency; None for one that is always open."""
        word = week.word() if week else 0
        return self._transaction(central_bank, self.GAS_STEP, "setWeek", currency, word)

    def set_days(self, central_bank: TransactionSigner, currency: Address, place: int, bitmap: int) -> Transaction:
        """Set the 256 days from a place on that differ from their day of the week."""
        return self._transaction(central_bank, self.GAS_STEP, "setDays", currency, place, bitmap)

    # Anyone

    def sign_payload(
        self, caller: TransactionSigner, statement: TravelPayload, debtor_signature: bytes, creditor_signature: bytes
    ) -> Transaction:
        """Store that both institutions signed the statement on a payload."""
        arguments = statement.fields(), debtor_signature, creditor_signature
        return self._transaction(caller, self.GAS_STEP, "signPayload", *arguments)

    def clear_out(
        self, caller: TransactionSigner, from_: int, to: int, currency: Address, account: Address
    ) -> Transaction:
        """Move the part of a foreign position above the limit at the end of a day to the settlement agent."""
        return self._transaction(caller, self.GAS_STEP, "clearOut", from_, to, currency, account)

    # Views

    @property
    def domain(self) -> Domain:
        """The EIP-712 domain of statements on payloads."""
        return corridors_domain(self.chain.chain_id, self.address)

    def corridor(self, identifier: bytes) -> CorridorStanding:
        """Return a corridor by its id."""
        terms, counter, revision, is_open = self._read("corridorOf", identifier)
        settlement, window, threshold, window_s, day_end = terms
        found = CorridorTerms(Units(settlement), Units(window), Units(threshold), Seconds(window_s), Units(day_end))
        return CorridorStanding(found, counter, revision, is_open)

    def used(self, identifier: bytes, debtor: Address) -> tuple[Units, Timestamp]:
        """Return the units of a debtor in its last window, and the time of the first admission in it."""
        units, since = self._read("used", identifier, debtor)
        return Units(units), Timestamp(since)

    def week(self, currency: Address) -> Week | None:
        """Return the opening hours of a currency; None for one that is always open."""
        return Week.of_word(self._read("week", currency))

    def calendar(self, currency: Address) -> Calendar:
        """Return the opening hours of a currency with all days that were set."""
        days = self.emitted(DaysSet, ids=[currency.rjust(32, b"\0")])
        return Calendar(self.week(currency), {event.place: event.bitmap for event in days})

    def next_opening(self, currencies: Sequence[Address], time: int) -> Timestamp:
        """Return the first time from a time on at which all of some currencies are open."""
        return Timestamp(self._read("nextOpening", list(currencies), time))

    def payload_state(self, statement: TravelPayload) -> PayloadState:
        """Return the state of a statement on a payload."""
        return PayloadState(self._read("payloadState", statement.digest(self.domain)))

    def known(self) -> dict[bytes, Corridor]:
        """Return mapping id -> corridor of each corridor that was ever in force, in the order of their revisions."""
        return {event.id: event.corridor for event in self.emitted(CorridorRevised)}

    def proposed(self, corridor: Corridor) -> dict[Address, CorridorProposed]:
        """Return mapping currency -> consent of its central bank to the next revision of a corridor."""
        revision = self.corridor(corridor.id).revision + 1
        events = self.emitted(CorridorProposed, ids=[corridor.id])
        return {event.currency: event for event in events if event.revision == revision and event.corridor == corridor}
