"""The HomeCurrencies of the registry: the currency of each jurisdiction, by the consent of all central banks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract
from pysettle.client.settlement.opening import address_of
from pysettle.domain.settlement.home_events import HomeCurrencyProposed
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class HomeCurrencies(Contract):
    """The home currencies. Their first ones are those of the network when settlement was opened."""

    GAS_STEP = 250_000
    """Gas stated for one step, beside that for each home currency."""
    GAS_HOME = 6_000
    """Gas stated for reading the consent of one home currency."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed registry."""
        super().__init__(sender, address, "ParticipantRegistry", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> HomeCurrencies:
        """Return the home currencies of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "ParticipantRegistry"), first_block=network.first_block)

    def agree_home(
        self, central_bank: TransactionSigner, jurisdiction: int, home: Address, as_currency: Address
    ) -> Transaction:
        """Agree to the home currency of a jurisdiction as one central bank; the last consent makes it one.

        Args:
            central_bank: Central bank of a home currency, or of the one that becomes it.
            jurisdiction: ISO 3166-1 number.
            home: Currency that becomes the home currency.
            as_currency: Currency of the central bank.
        """
        gas = self.GAS_STEP + self.GAS_HOME * len(self.homes())
        return self._transaction(central_bank, gas, "agreeHome", jurisdiction, home, as_currency)

    # Views

    def homes(self) -> dict[Address, int]:
        """Return mapping home currency -> its jurisdiction, in the order in which they became one."""
        return {home: self._read("jurisdictionOf", home) for home in self._read("homes")}

    def home_of(self, jurisdiction: int) -> Address:
        """Return the home currency of a jurisdiction.

        Raises:
            HomeCurrencyMissing: it has none.
        """
        return Address(self._read("homeOf", jurisdiction))

    def proposed(self) -> dict[tuple[int, Address], list[Address]]:
        """Return mapping (jurisdiction, currency) -> currencies whose central banks agreed to it, for the next number.

        A later consent of a central bank replaces its earlier one.
        """
        number, last = len(self._read("homes")) + 1, dict[Address, HomeCurrencyProposed]()
        for event in self.emitted(HomeCurrencyProposed):
            if event.number == number:
                last[event.currency] = event
        found: dict[tuple[int, Address], list[Address]] = {}
        for event in last.values():
            found.setdefault((event.jurisdiction, event.home), []).append(event.currency)
        return found
