"""What of a currency is frozen, told by its events alone, and whether a movement respects it (INV-FROZEN).

Knows no balances: who keeps them says what the payer held.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pysettle.domain.money.events import FreezeSet
from pysettle.values import Address


@dataclass
class Freezing:
    """What is frozen in one currency, and what may not be."""

    settlement_accounts: set[Address] = field(default_factory=set)
    """Accounts whose value belongs to others."""
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
        """Return what of an account is frozen: outgoing, incoming, and units of its balance."""
        return account in self.outgoing, account in self.incoming, self.amounts.get(account, 0)

    def outgoing_objection(self, payer: Address, amount: int, held: int) -> str | None:
        """Say which freeze a payer's transfer disregards; None when it respects every one.

        Args:
            payer: Account that the units leave, other than by a seizure.
            amount: Units that leave; nothing at all always may.
            held: Units it held before.
        """
        if amount and payer in self.outgoing:
            return f"{amount} units left the frozen account 0x{payer.hex()}"
        frozen = self.amounts.get(payer, 0)
        if amount and frozen and amount > max(0, held - frozen):
            return f"{amount} units left 0x{payer.hex()}, which held {held}, {frozen} of them frozen"
        return None

    def incoming_objection(self, payee: Address, amount: int) -> str | None:
        """Say that an amount may not come into an account, since nothing may; None when it may."""
        return f"{amount} units came into the frozen account 0x{payee.hex()}" if payee in self.incoming else None
