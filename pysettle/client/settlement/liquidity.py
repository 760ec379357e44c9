"""The LiquidityAccounts: positions of participants in each currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract
from pysettle.client.money.currency import Freeze
from pysettle.client.settlement.opening import address_of
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_READ_AT_ONCE = 500
"""Positions that one call returns, in some 1.5 million gas."""


@dataclass(frozen=True, slots=True)
class PositionStanding:
    """The position of an account in one currency."""

    available: Units
    """Units that it may pay out or settle with."""
    reserved: Units
    """Units kept for clearing cycles."""
    frozen: Freeze
    """Its freezes."""


class PositionWord(int):
    """A position with the standing of its participant, in the one word that the contract has of it."""

    __slots__ = ()

    @property
    def reserved(self) -> Units:
        """Units kept for clearing cycles."""
        return Units(self >> 96 & (1 << 96) - 1)

    @property
    def is_held_back(self) -> bool:
        """Whether it is frozen outgoing, in whole or in part."""
        return bool(self & (1 << 192 | 1 << 194))

    @property
    def is_frozen_incoming(self) -> bool:
        """Whether nothing comes into it."""
        return bool(self & 1 << 193)

    @property
    def is_active(self) -> bool:
        """Whether its participant was admitted, and is neither suspended nor stopped."""
        return self.number > 0 and not self & (1 << 195 | 1 << 196)

    @property
    def jurisdiction(self) -> int:
        """Jurisdiction of the participant (ISO 3166-1)."""
        return self >> 197 & 0x3FF

    @property
    def number(self) -> int:
        """Number of the participant in the currency; zero if it was not admitted."""
        return self >> 207 & 0xFFFF


class LiquidityAccounts(Contract):
    """The positions of participants. Amounts are units of the currency that a step names."""

    GAS_STEP = 300_000
    """Gas stated for one step."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address deployed liquidity accounts."""
        super().__init__(sender, address, "LiquidityAccounts", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> LiquidityAccounts:
        """Return the liquidity accounts of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "LiquidityAccounts"), first_block=network.first_block)

    # Participant

    def pay_in(self, participant: TransactionSigner, currency: Address, amount: Units) -> Transaction:
        """Pay units into the participant's own position, within its allowance to this contract."""
        return self._transaction(participant, self.GAS_STEP, "payIn", currency, amount)

    def pay_out(self, participant: TransactionSigner, currency: Address, amount: Units) -> Transaction:
        """Pay units of the participant's own position to it in the currency."""
        return self._transaction(participant, self.GAS_STEP, "payOut", currency, amount)

    def reserve(self, participant: TransactionSigner, currency: Address, amount: Units) -> Transaction:
        """Keep available units of the participant's own position for clearing cycles."""
        return self._transaction(participant, self.GAS_STEP, "reserve", currency, amount)

    def release(self, caller: TransactionSigner, currency: Address, account: Address, amount: Units) -> Transaction:
        """Make reserved units of a position available again: its account, or one that may seize."""
        return self._transaction(caller, self.GAS_STEP, "release", currency, account, amount)

    # Freezer, seizer and pauser

    def freeze(
        self, freezer: TransactionSigner, currency: Address, account: Address, *, outgoing: bool, incoming: bool
    ) -> Transaction:
        """Set the frozen directions of a position; both false lifts them."""
        return self._transaction(freezer, self.GAS_STEP, "freeze", currency, account, outgoing, incoming)

    def freeze_amount(
        self, freezer: TransactionSigner, currency: Address, account: Address, amount: Units
    ) -> Transaction:
        """Set how many available units may not leave a position; zero lifts it."""
        return self._transaction(freezer, self.GAS_STEP, "freezeAmount", currency, account, amount)

    def seize(
        self,
        seizer: TransactionSigner,
        currency: Address,
        account: Address,
        to: Address,
        amount: Units,
        legal_basis: bytes,
    ) -> Transaction:
        """Take units of a position by authority of law, and pay them to an account in the currency."""
        return self._transaction(seizer, self.GAS_STEP, "seize", currency, account, to, amount, legal_basis)

    def pause(self, pauser: TransactionSigner, currency: Address) -> Transaction:
        """Pause the positions in a currency."""
        return self._transaction(pauser, self.GAS_STEP, "pause", currency)

    def unpause(self, pauser: TransactionSigner, currency: Address) -> Transaction:
        """End the pause of the positions in a currency."""
        return self._transaction(pauser, self.GAS_STEP, "unpause", currency)

    # Anyone

    def copy_freeze(self, caller: TransactionSigner, currency: Address, account: Address) -> Transaction:
        """Freeze a position as far as its account is frozen in the currency."""
        return self._transaction(caller, self.GAS_STEP, "copyFreeze", currency, account)

    def copy_pause(self, caller: TransactionSigner, currency: Address) -> Transaction:
        """Pause the positions in a paused currency."""
        return self._transaction(caller, self.GAS_STEP, "copyPause", currency)

    # Views

    def words(self, currency: Address, accounts: Sequence[Address]) -> list[PositionWord]:
        """Return the positions of accounts in a currency with the standings of their participants."""
        parts = (accounts[start : start + _READ_AT_ONCE] for start in range(0, len(accounts), _READ_AT_ONCE))
        return [PositionWord(word) for part in parts for word in self._read("positionWords", currency, list(part))]

    def position(self, currency: Address, account: Address) -> PositionStanding:
        """Return the position of an account in a currency."""
        available, reserved, outgoing, incoming, *_ = self._read("position", currency, account)
        frozen = Freeze(outgoing, incoming, Units(self._read("frozenAmount", currency, account)))
        return PositionStanding(Units(available), Units(reserved), frozen)

    def is_paused(self, currency: Address) -> bool:
        """Whether the positions in a currency are paused."""
        return bool(self._read("isPaused", currency))
