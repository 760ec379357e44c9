"""The Locker: holds e-CNY for accounts until they take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract, Transaction, TransactionSigner
from pysettle.evm.transactions import TransactionSender
from pysettle.values import Units

if TYPE_CHECKING:
    from eth_typing import Address


class Locker(Contract):
    """A locker. Amounts are units of e-CNY."""

    GAS_STEP = 250_000
    """Gas stated for one step."""

    def __init__(self, sender: TransactionSender, address: Address) -> None:
        """Address a deployed locker."""
        super().__init__(sender, address, "Locker")

    def store(self, account: TransactionSigner, amount: Units) -> Transaction:
        """Store units that the account has allowed the locker to take."""
        return self._transaction(account, self.GAS_STEP, "store", amount)

    def take_back(self, account: TransactionSigner, amount: Units) -> Transaction:
        """Take units back."""
        return self._transaction(account, self.GAS_STEP, "takeBack", amount)

    def stored_of(self, account: Address) -> Units:
        """Return the units held for an account."""
        return Units(self._read("storedOf", account))
