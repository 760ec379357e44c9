"""Positions of participants, from the manual `contracts/settlement/ILiquidityAccounts.sol`; in one currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NoReturn

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.clearing_events import NetPosition, PositionReleased, PositionReserved, PositionsNetted
from pysettle.domain.settlement.events import (
    EarmarkDelivered,
    EarmarkReturned,
    LiquidityPauseSet,
    PaidIn,
    PaidOut,
    PositionEarmarked,
    PositionFreezeSet,
    PositionFrozenAmountSet,
    PositionMoved,
    PositionSeized,
)
from pysettle.domain.settlement.exchange_events import PositionExchanged
from pysettle.errors import contracts as errors
from pysettle.errors.states import CycleState
from pysettle.values import Units
from tests.spec.core.calls import Call, Contract, refuse
from tests.spec.core.records import NOTHING
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.records import Cycle, Holding
from tests.spec.settlement.registry import RegistrySpec


class LiquiditySpec(Contract):
    """Every position in a currency that has marked the contract as a settlement account."""

    def __init__(self, address: Address, currency: CurrencySpec, registry: RegistrySpec) -> None:
        """Begin without any."""
        super().__init__(address, currency.events)
        self.currency, self.registry = currency, registry
        self.positions: defaultdict[Address, Holding] = defaultdict(Holding)
        self.earmarked = 0
        self.paused = False
        self.cycle = Cycle()

    # Participant

    def pay_in(self, call: Call, currency: Address, amount: int) -> None:
        """Pay units into the caller's position."""
        if currency != self.currency.address:
            refuse(errors.LiquidityAccountUnmarked, currency=currency)
        if self.paused:
            refuse(errors.LiquidityPaused, currency=currency)
        self.registry.require_active(currency, call.sender)
        self._require_incoming(call.sender)
        held = self.positions[call.sender]
        self._emit(PaidIn(currency, call.sender, amount, held.available + amount))
        self.currency.transfer_from(self._at(call), call.sender, self.address, amount)
        held.available += amount

    def pay_out(self, call: Call, currency: Address, amount: int) -> None:
        """Pay units of the caller's position to it in the currency."""
        held = self.positions[call.sender]
        self._require_available(currency, call.sender, amount)
        if not self.currency.accounts[call.sender].frozen_outgoing:
            self._require_free(currency, call.sender, amount)
        held.available -= amount
        self._emit(PaidOut(currency, call.sender, amount, held.available))
        self.currency.transfer(self._at(call), call.sender, amount)

    def reserve(self, call: Call, currency: Address, amount: int) -> None:
        """Keep available units of the caller's position for cycles."""
        self._debit(call.sender, amount)
        held = self.positions[call.sender]
        held.reserved += amount
        stands = Units(held.available), Units(held.reserved)
        self._emit(PositionReserved(currency, call.sender, Units(amount), *stands))

    def release(self, call: Call, currency: Address, account: Address, amount: int) -> None:
        """Make reserved units available again."""
        if call.sender != account:
            self.registry.require_power(call, currency, Role.SEIZER)
        self.give_free(account, amount, call.now)

    # Contracts that move positions

    def give_free(self, account: Address, amount: int, now: int) -> None:
        """Make reserved units of a position available again, unless its cycle is closed."""
        self.require_changeable(0, now)
        held = self.positions[account]
        if amount > held.reserved:
            self._refuse_reserved(account, amount)
        held.reserved -= amount
        held.available += amount
        stands = Units(held.available), Units(held.reserved)
        self._emit(PositionReleased(self.currency.address, account, Units(amount), *stands))

    def require_changeable(self, due: int, now: int) -> None:
        """Require that the cycle in which something is due is not closed, or was closed an hour ago."""
        cycle = self.cycle
        if cycle.state is CycleState.CLOSED and due <= cycle.number and now < cycle.latest:
            named = {"cycle": cycle.number, "latest": cycle.latest}
            refuse(errors.CycleStillClosed, currency=self.currency.address, **named)

    def settle_nets(self, number: int, nets: Sequence[tuple[Address, int, int]]) -> None:
        """Move the nets of a set between reserved units: of each participant what it receives and pays."""
        if self.paused:
            refuse(errors.LiquidityPaused, currency=self.currency.address)
        moved = list[NetPosition]()
        for account, received, paid in nets:
            held = self.positions[account]
            if held.reserved + received < paid:
                self._refuse_reserved(account, paid - received)
            held.reserved += received - paid
            moved.append(NetPosition(account, Units(received), Units(paid), Units(held.reserved)))
        self._emit(PositionsNetted(self.currency.address, number, tuple(moved)))

    def move(self, debtor: Address, creditor: Address, amount: int) -> None:
        """Move units from one position to another."""
        self._debit(debtor, amount)
        self.registry.require_active(self.currency.address, creditor)
        self._require_incoming(creditor)
        self.positions[creditor].available += amount
        stands = (Units(self.positions[it].available) for it in (debtor, creditor))
        self._emit(PositionMoved(self.currency.address, debtor, creditor, Units(amount), *stands))

    def earmark(self, debtor: Address, creditor: Address, amount: int, settlement_id: bytes) -> None:
        """Earmark units of a position for a creditor."""
        self._debit(debtor, amount)
        self.registry.require_active(self.currency.address, creditor)
        self.earmarked += amount
        stands = Units(amount), Units(self.positions[debtor].available)
        self._emit(PositionEarmarked(self.currency.address, debtor, settlement_id, *stands))

    def deliver(self, debtor: Address, creditor: Address, amount: int, settlement_id: bytes) -> None:
        """Deliver earmarked units of a debtor to a creditor."""
        currency = self.currency.address
        if self.paused:
            refuse(errors.LiquidityPaused, currency=currency)
        for party in (debtor, creditor):
            if self.registry.members[party].stopped:
                refuse(errors.ParticipantStopped, currency=currency, account=party)
        if self.positions[debtor].frozen_outgoing or self.positions[debtor].frozen_amount:
            refuse(errors.PositionFrozenOutgoing, currency=currency, account=debtor)
        self._require_incoming(creditor)
        self.earmarked -= amount
        self.positions[creditor].available += amount
        stands = Units(amount), Units(self.positions[creditor].available)
        self._emit(EarmarkDelivered(currency, creditor, settlement_id, *stands))

    def send_home(self, debtor: Address, amount: int, settlement_id: bytes) -> None:
        """Send earmarked units home."""
        self.earmarked -= amount
        self.positions[debtor].available += amount
        stands = Units(amount), Units(self.positions[debtor].available)
        self._emit(EarmarkReturned(self.currency.address, debtor, settlement_id, *stands))

    def is_blocked(self, debtor: Address, creditor: Address) -> bool:
        """Whether a stop or a freeze of a party keeps an earmarked leg from its creditor."""
        debited, credited = self.positions[debtor], self.positions[creditor]
        is_frozen = debited.frozen_outgoing or debited.frozen_amount > 0 or credited.frozen_incoming
        return is_frozen or any(self.registry.members[it].stopped for it in (debtor, creditor))

    def may_seize(self, account: Address) -> bool:
        """Whether an account may seize in the currency."""
        return account in self.currency.roles[Role.SEIZER]

    def exchange(self, call: Call, provider: Address, paid_amount: int, sold: LiquiditySpec, sold_amount: int) -> None:
        """Credit a provider with units that came in, and pay the caller units of its position in another currency."""
        if self.paused:
            refuse(errors.LiquidityPaused, currency=self.currency.address)
        sold._debit(provider, sold_amount)
        self.registry.require_active(self.currency.address, provider)
        self._require_incoming(provider)
        self.positions[provider].available += paid_amount
        currencies, amounts = (self.currency.address, sold.currency.address), (Units(paid_amount), Units(sold_amount))
        stands = (Units(it.positions[provider].available) for it in (self, sold))
        self._emit(PositionExchanged(provider, *currencies, *amounts, *stands))
        sold.currency.transfer(self._at(call), call.sender, sold_amount)

    # Freezer, seizer and pauser

    def freeze(self, call: Call, currency: Address, account: Address, outgoing: bool, incoming: bool) -> None:
        """Set the frozen directions of a position."""
        self.registry.require_power(call, currency, Role.FREEZER)
        self._freeze(currency, account, outgoing, incoming)

    def freeze_amount(self, call: Call, currency: Address, account: Address, amount: int) -> None:
        """Set the frozen amount of a position."""
        self.registry.require_power(call, currency, Role.FREEZER)
        self._freeze_amount(currency, account, amount)

    def seize(
        self, call: Call, currency: Address, account: Address, to: Address, amount: int, legal_basis: bytes
    ) -> None:
        """Take units of a position, and pay them to an account."""
        self.registry.require_power(call, currency, Role.SEIZER)
        if legal_basis == NOTHING:
            refuse(errors.SeizureWithoutLegalBasis, account=account)
        if to == self.address:
            refuse(errors.ERC20InvalidReceiver, receiver=to)
        self._require_available(currency, account, amount)
        held = self.positions[account]
        self._emit(PositionSeized(currency, account, to, amount, held.available - amount, legal_basis))
        self.currency.transfer(self._at(call), to, amount)
        held.available -= amount

    def pause(self, call: Call, currency: Address) -> None:
        """Pause the positions."""
        self.registry.require_power(call, currency, Role.PAUSER)
        self._set_pause(currency, True)

    def unpause(self, call: Call, currency: Address) -> None:
        """End the pause."""
        self.registry.require_power(call, currency, Role.PAUSER)
        self._set_pause(currency, False)

    # Anyone

    def copy_freeze(self, call: Call, currency: Address, account: Address) -> None:
        """Freeze a position as far as its account is."""
        held, there = self.positions[account], self.currency.accounts[account]
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
        if self.paused or not self.currency.policy.paused:
            refuse(errors.NothingToCopy, currency=currency, account=ZERO_ADDRESS)
        self._set_pause(currency, True)

    # Changes

    def _debit(self, debtor: Address, amount: int) -> None:
        currency = self.currency.address
        if self.paused:
            refuse(errors.LiquidityPaused, currency=currency)
        self.registry.require_active(currency, debtor)
        self._require_available(currency, debtor, amount)
        self._require_free(currency, debtor, amount)
        self.positions[debtor].available -= amount

    def _require_incoming(self, creditor: Address) -> None:
        if self.positions[creditor].frozen_incoming:
            refuse(errors.PositionFrozenIncoming, currency=self.currency.address, account=creditor)

    def _refuse_reserved(self, account: Address, requested: int) -> NoReturn:
        figures = {"requested": requested, "available": self.positions[account].reserved}
        refuse(errors.ReservedExceeded, token=self.currency.address, account=account, **figures)

    def _require_free(self, currency: Address, account: Address, amount: int) -> None:
        held = self.positions[account]
        if held.frozen_outgoing:
            refuse(errors.PositionFrozenOutgoing, currency=currency, account=account)
        if held.frozen_amount and amount > held.free:
            figures = {"requested": amount, "available": held.free, "frozen": held.frozen_amount}
            refuse(errors.PositionAmountFrozen, token=currency, account=account, **figures)

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
