"""The ParticipantRegistry: institutions, currency by currency, and the stops on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract
from pysettle.client.settlement.opening import address_of
from pysettle.domain.settlement.events import ParticipantAdmitted
from pysettle.domain.settlement.identifiers import Identity, text_of
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


@dataclass(frozen=True, slots=True)
class Participant:
    """An institution in one currency."""

    index: int
    """Its number in the currency; zero if it was not admitted."""
    jurisdiction: int
    """ISO 3166-1 number."""
    settlement_agent: Address
    """Account that takes over its position at the end of a day."""
    suspended: bool
    """Whether it begins nothing."""
    stopped: bool
    """Whether nothing of it goes on."""

    @property
    def word(self) -> str:
        """Its standing in one word."""
        if not self.index:
            return "not admitted"
        return "stopped" if self.stopped else "suspended" if self.suspended else "active"


class ParticipantRegistry(Contract):
    """The registry of participants. A step is by an officer of the currency that it names."""

    GAS_STEP = 250_000
    """Gas stated for one step."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed registry."""
        super().__init__(sender, address, "ParticipantRegistry", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> ParticipantRegistry:
        """Return the registry of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "ParticipantRegistry"), first_block=network.first_block)

    def admit(
        self,
        registrar: TransactionSigner,
        currency: Address,
        account: Address,
        identity: Identity,
        jurisdiction: int,
        settlement_agent: Address,
    ) -> Transaction:
        """Admit an institution to a currency, or change its registration, as an account that may register wallets."""
        arguments = currency, account, identity.words(), jurisdiction, settlement_agent
        return self._transaction(registrar, self.GAS_STEP, "admit", *arguments)

    def set_stops(
        self,
        freezer: TransactionSigner,
        currency: Address,
        account: Address,
        *,
        suspended: bool,
        stopped: bool,
        ground: bytes,
    ) -> Transaction:
        """Set both stops on a participant, by the hash of the document that states the ground."""
        return self._transaction(freezer, self.GAS_STEP, "setStops", currency, account, suspended, stopped, ground)

    # Views

    def participant(self, currency: Address, account: Address) -> Participant:
        """Return an institution in a currency; its number is zero if it was not admitted."""
        return Participant(*self._read("participant", currency, account))

    def admitted(self, currency: Address) -> dict[Address, Identity]:
        """Return mapping account -> names of each participant of a currency, in the order they were admitted in."""
        events = self.emitted(ParticipantAdmitted, ids=[currency.rjust(32, b"\0")])
        return {event.account: Identity(text_of(event.lei), text_of(event.bic)) for event in events}
