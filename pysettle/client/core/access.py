"""NetworkAccess: the roles of a currency, their holders, and their hand-over from one account to another.

The administrator or a holder offers a role; an account holds an offered role only after it accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pysettle.client.core.contract import Contract
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors.states import Role as Role
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.hashing import keccak
from pysettle.values import Address

_GRANTED = keccak(b"RoleGranted(uint64,address,uint32,uint48,bool)")
_OFFERED = keccak(b"RoleOffered(uint64,address,address,uint32)")


class Power(NamedTuple):
    """Functions of a contract that holders of a role alone may call; the administrator may call none of them."""

    role: Role
    """The role."""
    contract: str
    """Name of the contract's artifact."""
    functions: tuple[str, ...]
    """Names of the functions."""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The holders of the roles of a currency. Each role has its own field; one key may hold several roles."""

    administrator: TransactionSigner
    """Deploys, and grants and revokes roles. It has no other power, but could grant itself any."""
    central_bank: TransactionSigner
    """Attests the reserve, and sets issuance quotas, limits of wallet classes and the reserve ratio."""
    registrar: TransactionSigner
    """Registers wallets."""
    freezer: TransactionSigner
    """Freezes accounts of the currency, wholly, in one direction, or up to an amount."""
    seizer: TransactionSigner
    """Seizes currency by authority of law."""
    pauser: TransactionSigner
    """Pauses the currency."""
    settlement_registrar: TransactionSigner
    """Marks settlement accounts, as the market of the currency does with the series it opens."""
    attester: TransactionSigner
    """Signs for the compute that series are opened on."""
    operators: tuple[TransactionSigner, ...]
    """Operating institutions: issue and redeem."""

    @classmethod
    def of(cls, holders: Mapping[Role, TransactionSigner]) -> Roles:
        """Return the roles of holders, one for each role."""
        single = {role.name.lower(): holder for role, holder in holders.items() if role is not Role.OPERATOR}
        return cls(**single, operators=(holders[Role.OPERATOR],))

    @classmethod
    def in_one_hand(cls, holder: TransactionSigner, *, operators: tuple[TransactionSigner, ...]) -> Roles:
        """Return roles that one account holds alone, apart from the operators', as an example or a test may."""
        return cls(**{role.name.lower(): holder for role in Role if role is not Role.OPERATOR}, operators=operators)

    def holders(self) -> dict[Role, tuple[TransactionSigner, ...]]:
        """Return mapping role -> its holders, the administrator first."""
        return {role: self.operators if role is Role.OPERATOR else (getattr(self, role.name.lower()),) for role in Role}


@dataclass(frozen=True, slots=True)
class RoleStanding:
    """State of a role for an account: held, offered or neither."""

    held: bool
    """Whether the account holds it."""
    delay_s: int
    """Seconds between announcing and making a call by it."""
    offered: bool
    """Whether it is offered to the account."""
    predecessor: Address | None
    """Holder that hands the role over by the offer; None for an offer of the administrator or no offer."""


class NetworkAccess(Contract):
    """The roles of one currency."""

    GAS_ROLE = 300_000
    """Gas stated for one change of a role."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address one deployed NetworkAccess."""
        super().__init__(sender, address, "NetworkAccess", first_block)

    # Administrator

    def assign(
        self, administrator: TransactionSigner, role: Role, target: Contract, functions: Iterable[str]
    ) -> Transaction:
        """Reserve functions of a contract to a role."""
        selectors = [target.interface.selector(function) for function in functions]
        arguments = (target.address, selectors, int(role))
        return self._transaction(administrator, self.GAS_ROLE, "setTargetFunctionRole", *arguments)

    def offer(self, administrator: TransactionSigner, role: Role, account: Address, delay_s: int = 0) -> Transaction:
        """Offer a role to an account in addition to its holders; `delay_s` is as in `RoleStanding`."""
        return self._transaction(administrator, self.GAS_ROLE, "grantRole", int(role), account, delay_s)

    def revoke(self, administrator: TransactionSigner, role: Role, account: Address) -> Transaction:
        """Take a role from an account, and withdraw an offer of it; without either there is no effect."""
        return self._transaction(administrator, self.GAS_ROLE, "revokeRole", int(role), account)

    # Holder and successor

    def hand_over(self, holder: TransactionSigner, role: Role, successor: Address) -> Transaction:
        """Offer a held role to a successor; the holder keeps the role until the successor accepts it."""
        return self._transaction(holder, self.GAS_ROLE, "handOverRole", int(role), successor)

    def withdraw(self, holder: TransactionSigner, role: Role, account: Address) -> Transaction:
        """Withdraw an offer that the holder made by `hand_over`."""
        return self._transaction(holder, self.GAS_ROLE, "withdrawRoleOffer", int(role), account)

    def accept(self, successor: TransactionSigner, role: Role) -> Transaction:
        """Accept an offered role; an account that handed it over then no longer holds it."""
        return self._transaction(successor, self.GAS_ROLE, "acceptRole", int(role))

    def have_accepted(self, holder: TransactionSigner, contract: Contract, role: Role) -> Transaction:
        """Have a contract accept a role that is offered to it, as a holder of the role may."""
        data = contract.interface.encode("acceptRole", int(role))
        return Transaction(holder, contract.address, data, self.GAS_ROLE, contract.interface)

    # Views

    def standing(self, role: Role, account: Address) -> RoleStanding:
        """Return the state of a role for an account."""
        held, delay_s = self._read("hasRole", int(role), account)
        offered, predecessor = self._read("roleOffer", int(role), account)
        return RoleStanding(held, delay_s, offered, None if predecessor == ZERO_ADDRESS else Address(predecessor))

    def holds(self, role: Role, account: Address) -> bool:
        """Whether an account holds a role."""
        held, _ = self._read("hasRole", int(role), account)
        return bool(held)

    def required_role(self, target: Address, selector: bytes) -> Role:
        """Return the role that a function of a contract is reserved to."""
        return Role(self._read("getTargetFunctionRole", target, selector))

    def is_last_administrator(self, account: Address) -> bool:
        """Whether an account is administrator, and nobody else is."""
        return self.holders(Role.ADMINISTRATOR) == (account,)

    def holders(self, role: Role) -> tuple[Address, ...]:
        """Return the holders of a role, in the order of their first tenure."""
        return tuple(account for account in self._named(_GRANTED, role) if self.holds(role, account))

    def offers(self, role: Role) -> dict[Address, RoleStanding]:
        """Return mapping account with an offer of the role -> its state, in the order of first offers."""
        standings = {account: self.standing(role, account) for account in self._named(_OFFERED, role)}
        return {account: standing for account, standing in standings.items() if standing.offered}

    def _named(self, topic: bytes, role: Role) -> list[Address]:
        """Return the accounts that events of one kind ever named for a role, each once, in the order of the chain."""
        number = int(role).to_bytes(32, "big")
        logs = self.chain.logs(from_block=self.first_block, addresses=[self.address], topics=[topic], ids=[number])
        return list(dict.fromkeys(Address(log.topics[2][12:]) for log in logs))
