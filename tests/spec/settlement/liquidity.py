"""Positions of participants, from the manual `contracts/settlement/ILiquidityAccounts.sol`; in one currency."""

from __future__ import annotations

from collections import defaultdict

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.events import (
    LiquidityPauseSet,
    PaidIn,
    PaidOut,
    PositionFreezeSet,
    PositionFrozenAmountSet,
    PositionSeized,
)
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Contract, refuse
from tests.spec.core.records import NOTHING
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.records import Holding
from tests.spec.settlement.registry import RegistrySpec


class LiquiditySpec(Contract):
    """Every position in a currency that has marked the contract as a settlement account."""

    def __init__(self, address: Address, currency: CurrencySpec, registry: RegistrySpec) -> None:
        """Begin without any."""
        super().__init__(address, currency.events)
        self._currency, self._registry = currency, registry
        self.positions: defaultdict[Address, Holding] = defaultdict(Holding)
        self.paused = False

    # Participant

    def pay_in(self, call: Call, currency: Address, amount: int) -> None:
        """Pay units into the caller's position."""
        if currency != self._currency.address:
            refuse(errors.LiquidityAccountUnmarked, currency=currency)
        if self.paused:
            refuse(errors.LiquidityPaused, currency=currency)
        self._registry.require_active(currency, call.sender)
        held = self.positions[call.sender]
        if held.frozen_incoming:
            refuse(errors.PositionFrozenIncoming, currency=currency, account=call.sender)
        self._emit(PaidIn(currency, call.sender, amount, held.available + amount))
        self._currency.transfer_from(self._at(call), call.sender, self.address, amount)
        held.available += amount

    def pay_out(self, call: Call, currency: Address, amount: int) -> None:
        """Pay units of the caller's position to it in the currency."""
        held = self.positions[call.sender]
        self._require_available(currency, call.sender, amount)
        if not self._currency.accounts[call.sender].frozen_outgoing:
            if held.frozen_outgoing:
                refuse(errors.PositionFrozenOutgoing, currency=currency, account=call.sender)
            if held.frozen_amount and amount > held.free:
                figures = {"requested": amount, "available": held.free, "frozen": held.frozen_amount}
                refuse(errors.PositionAmountFrozen, token=currency, account=call.sender, **figures)
        held.available -= amount
        self._emit(PaidOut(currency, call.sender, amount, held.available))
        self._currency.transfer(self._at(call), call.sender, amount)

    # Freezer, seizer and pauser

    def freeze(self, call: Call, currency: Address, account: Address, *, outgoing: bool, incoming: bool) -> None:
        """Set the frozen directions of a position."""
        self._registry.require_power(call, currency, Role.FREEZER)
        self._freeze(currency, account, outgoing, incoming)

    def freeze_amount(self, call: Call, currency: Address, account: Address, amount: int) -> None:
        """Set the frozen amount of a position."""
        self._registry.require_power(call, currency, Role.FREEZER)
        self._freeze_amount(currency, account, amount)

    def seize(
        self, call: Call, currency: Address, account: Address, to: Address, amount: int, legal_basis: bytes
    ) -> None:
        """Take units of a position, and pay them to an account."""
        self._registry.require_power(call, currency, Role.SEIZER)
        if legal_basis == NOTHING:
            refuse(errors.SeizureWithoutLegalBasis, account=account)
        if to == self.address:
            refuse(errors.ERC20InvalidReceiver, receiver=to)
        self._require_available(currency, account, amount)
        held = self.positions[account]
        self._emit(PositionSeized(currency, account, to, amount, held.available - amount, legal_basis))
        self._currency.transfer(self._at(call), to, amount)
        held.available -= amount

    def pause(self, call: Call, currency: Address) -> None:
        """Pause the positions."""
        self._registry.require_power(call, currency, Role.PAUSER)
        self._set_pause(currency, True)

    def unpause(self, call: Call, currency: Address) -> None:
        """End the pause."""
        self._registry.require_power(call, currency, Role.PAUSER)
        self._set_pause(currency, False)

    # Anyone

    def copy_freeze(self, call: Call, currency: Address, account: Address) -> None:
        """Freeze a position as far as its account is."""
        held, there = self.positions[account], self._currency.accounts[account]
        outgoing = held.frozen_outgoing or there.frozen_outgoing
        incoming = held.frozen_incoming or there.frozen_incoming
        is_tighter = (outgoing, incoming) != (held.frozen_outgoing, held.frozen_incoming)
        is_more = there.frozen_amount > held.frozen_amount
        if not (is_tighter or is_more):
            refuse(errors.NothingToCopy, currency=currency, account=account)
        if is_tighter:
            self._freeze(currency, account, outgoing, incoming)
        if is_more:
            self._freeze_amount(currency, account, there.frozen_amount)

    def copy_pause(self, call: Call, currency: Address) -> None:
        """Pause the positions of a paused currency."""
        if self.paused or not self._currency.policy.paused:
            refuse(errors.NothingToCopy, currency=currency, account=ZERO_ADDRESS)
        self._set_pause(currency, True)

    # Changes

    def _freeze(self, currency: Address, account: Address, outgoing: bool, incoming: bool) -> None:
        held = self.positions[account]
        held.frozen_outgoing, held.frozen_incoming = outgoing, incoming
        self._emit(PositionFreezeSet(currency, account, outgoing, incoming))

    def _freeze_amount(self, currency: Address, account: Address, amount: int) -> None:
        self.positions[account].frozen_amount = amount
        self._emit(PositionFrozenAmountSet(currency, account, amount))

    def _set_pause(self, currency: Address, paused: bool) -> None:
        self.paused = paused
        self._emit(LiquidityPauseSet(currency, paused))

    def _require_available(self, currency: Address, account: Address, amount: int) -> None:
        available = self.positions[account].available
        if amount > available:
            refuse(errors.PositionExceeded, token=currency, account=account, requested=amount, available=available)

    def _at(self, call: Call) -> Call:
        """Return the call that the contract makes in turn."""
        return Call(self.address, call.now)
