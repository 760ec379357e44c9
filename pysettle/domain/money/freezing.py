"""The freezes of a currency, from its events alone, and whether a movement respects them (INV-FROZEN).

This module knows no balances: the caller gives the balance of the payer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pysettle.domain.money.events import FreezeSet
from pysettle.values import Address


@dataclass
class Freezing:
    """The freezes in one currency, and the accounts that cannot be frozen."""

    settlement_accounts: set[Address] = field(default_factory=set)
    """Settlement accounts, which hold value of others."""
    outgoing: set[Address] = field(default_factory=set)
    """Accounts that nothing may leave."""
    incoming: set[Address] = field(default_factory=set)
    """Accounts that nothing may come into."""
    concerned: set[Address] = field(default_factory=set)
    """Accounts that anything was ever set of."""
    amounts: dict[Address, int] = field(default_factory=dict)
    """Account -> units of its balance that may not leave, no zero entries."""

    def accounts(self) -> list[Address]:
        """Return the accounts of which something is or was frozen, in the order of their addresses."""
        return sorted(self.concerned)

    def set(self, event: FreezeSet) -> None:
        """Set which directions of an account are frozen."""
        self.concerned.add(event.account)
        for enabled, accounts in ((event.outgoing, self.outgoing), (event.incoming, self.incoming)):
            if enabled:
                accounts.add(event.account)
            else:
                accounts.discard(event.account)

    def set_amount(self, account: Address, amount: int) -> None:
        """Set how many units of an account's balance are frozen; zero lifts it."""
        self.concerned.add(account)
        if amount:
            self.amounts[account] = amount
        else:
            self.amounts.pop(account, None)

    def frozen(self, account: Address) -> tuple[bool, bool, int]:
        """Return the freezes of an account: outgoing, incoming, and units of its balance."""
        return account in self.outgoing, account in self.incoming, self.amounts.get(account, 0)

    def outgoing_objection(self, payer: Address, amount: int, held: int) -> str | None:
        """Return the freeze that a payer's transfer violates, in words; None if it respects all.

        Args:
            payer: Account that pays, other than by a seizure.
            amount: Units of the payment; zero is always allowed.
            held: Balance of the payer before.
        """
        if amount and payer in self.outgoing:
            return f"{amount} units left the frozen account 0x{payer.hex()}"
        frozen = self.amounts.get(payer, 0)
        if amount and frozen and amount > max(0, held - frozen):
            return f"{amount} units left 0x{payer.hex()}, which held {held}, {frozen} of them frozen"
        return None

    def incoming_objection(self, payee: Address, amount: int) -> str | None:
        """Return that an account is frozen incoming and cannot receive an amount, in words; None if it can."""
        return f"{amount} units came into the frozen account 0x{payee.hex()}" if payee in self.incoming else None
