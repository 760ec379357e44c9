"""What of a currency is frozen, told by its events alone, and whether a movement respects it (INV-FROZEN).

Knows no balances: who keeps them says what the payer held.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.domain.events import FreezeSet, Seized, Transfer


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
    seizure: Seized | None = None
    """A seizure whose transfer comes next."""

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

    def objection(self, transfer: Transfer, held: int, currency: Address) -> str | None:
        """Say what is wrong with a transfer; None when it respects every freeze.

        Args:
            transfer: The transfer; when a seizure was announced, it must be the seizure's.
            held: Units its payer held before it.
            currency: The currency itself, which gives back what was under redemption to whoever asked.
        """
        seizure, self.seizure = self.seizure, None
        if seizure:
            stated = Transfer(seizure.holder, seizure.receiver, seizure.amount)
            return None if transfer == stated else "a seizure moved other units than it states"
        if transfer.value == 0:
            return None
        payer = f"0x{transfer.sender.hex()}"
        if transfer.sender in self.outgoing:
            return f"{transfer.value} units left the frozen account {payer}"
        amount = self.amounts.get(transfer.sender, 0)
        if amount and transfer.value > max(0, held - amount):
            return f"{transfer.value} units left {payer}, which held {held}, {amount} of them frozen"
        if transfer.receiver in self.incoming and transfer.sender != currency:
            return f"{transfer.value} units came into the frozen account 0x{transfer.receiver.hex()}"
        return None
