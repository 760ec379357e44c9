"""The state of a currency, and the rules that its entries share. The entries are in `currency`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from eth_typing import Address

from pysettle.domain.core.events import Event, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import Credited, SettlementAccountMarked
from pysettle.domain.money.wallets import NO_LIMIT, ClassLimits
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Events, refuse
from tests.spec.core.tokens import TokenSpec
from tests.spec.money.records import (
    FULL_RESERVE,
    MINOR_UNIT,
    MOST_UNITS,
    NO_ATTESTATION,
    Account,
    Institution,
    Policy,
    Redemption,
    Role,
    Status,
    day_at,
)


class CurrencyRules(TokenSpec):
    """The state of one currency, and the rules that its entries share."""

    def __init__(
        self,
        address: Address,
        desk: Address,
        roles: Mapping[Role, Collection[Address]],
        contracts: Collection[Address],
        collector: Address,
        events: Events,
    ) -> None:
        """Begin without supply.

        Args:
            address: The currency's own account, which holds what is credited.
            desk: Account of its issuance desk, which holds what is under redemption.
            roles: Role -> accounts that hold it.
            contracts: Accounts with code of their own.
            collector: The one contract that brings units into channels.
            events: Where events go.
        """
        super().__init__(address, events)
        self.desk = desk
        self.roles, self.contracts, self.collector = roles, set(contracts), collector
        self.accounts: defaultdict[Address, Account] = defaultdict(Account)
        self.institutions: defaultdict[Address, Institution] = defaultdict(Institution)
        self.redemptions: dict[int, Redemption] = {}
        self.supply = 0
        self.policy = Policy()
        self.reserve = NO_ATTESTATION
        for marked in (ZERO_ADDRESS, address, desk):
            self.accounts[marked].settlement = True
            self._emit(SettlementAccountMarked(marked))

    # Derived from the state

    def issuable(self) -> int:
        """Return the greatest supply that the attested reserve allows, in units."""
        reserve = self.reserve.amount_fen * MINOR_UNIT
        return min(reserve * FULL_RESERVE // self.policy.reserve_ratio, MOST_UNITS)

    def limits_on(self, holder: Address, day: date) -> ClassLimits:
        """Return the limits of an account's class on a day."""
        return self.policy.limits[self.accounts[holder].class_on(day)]

    def spent_by(self, holder: Address, day: date) -> tuple[int, int]:
        """Return what counts against an account's limits of a day, and of the year of that day."""
        account = self.accounts[holder]
        on_day = account.spent_on_day if account.last_counted == day else 0
        in_year = account.spent_in_year if account.last_counted.year == day.year else 0
        return on_day, in_year

    # Payments

    def _pay(
        self, call: Call, payer_at: Address, to: Address, value: int, *, by_anyones_submission: bool = False
    ) -> None:
        """Pay by the will of the payer; a settlement account pays out a debt."""
        payer = self.accounts[payer_at]
        if payer.settlement:
            self._require_receiver(to)
            self._require_submitter(call, to, by_anyones_submission)
            self._pay_out(call, payer_at, to, value)
            return
        self._require_running()
        self._require_unfrozen(payer_at, value)
        self._require_balance(payer_at, value)
        today = day_at(call.now)
        limits, (on_day, in_year) = self.limits_on(payer_at, today), self.spent_by(payer_at, today)
        if value > limits.payment:
            refuse(errors.PaymentLimitExceeded, account=payer_at, requested=value, limit=limits.payment)
        if on_day + value > limits.daily:
            available = max(limits.daily - on_day, 0)
            refuse(errors.DailyLimitExceeded, account=payer_at, requested=value, available=available)
        if in_year + value > limits.annual:
            available = max(limits.annual - in_year, 0)
            refuse(errors.AnnualLimitExceeded, account=payer_at, requested=value, available=available)
        # An account that pays itself has already paid when it is looked at as the payee.
        paid = value if to == payer_at else 0
        self._require_payee(call, to, value, by_anyones_submission=by_anyones_submission, paid=paid)

        if limits.daily != NO_LIMIT or limits.annual != NO_LIMIT:
            payer.last_counted, payer.spent_on_day, payer.spent_in_year = today, on_day + value, in_year + value
        self._move(payer_at, to, value)

    def _pay_out(self, call: Call, payer: Address, to: Address, amount: int) -> None:
        """Pay a debt: into the account, or, where units cannot come in, into its credit."""
        self._require_balance(payer, amount)
        payee = self.accounts[to]
        stopped = payee.frozen_incoming or not self._has_room(call, to, amount)
        if stopped and not payee.settlement:
            payee.credit += amount
            self._emit(Credited(to, payer, amount, payee.credit))
            if payer == self.address:
                return
            to = self.address
        self._move(payer, to, amount)

    def _move(self, payer: Address, to: Address, amount: int) -> None:
        """Move units; the zero address creates and destroys them."""
        if payer == ZERO_ADDRESS:
            self.supply += amount
        else:
            self.accounts[payer].balance -= amount
        if to == ZERO_ADDRESS:
            self.supply -= amount
        else:
            self.accounts[to].balance += amount
        self._emit(Transfer(payer, to, amount))

    def _emit_by_desk(self, event: Event) -> None:
        self.events.append((self.desk, event))

    def _has_room(self, call: Call, to: Address, amount: int, paid: int = 0) -> bool:
        """Whether a class's limit lets so much come in; nothing always may."""
        return amount == 0 or self.accounts[to].balance - paid + amount <= self.limits_on(to, day_at(call.now)).balance

    # Requirements

    def _require_role(self, call: Call, role: Role) -> None:
        if call.sender not in self.roles[role]:
            refuse(errors.AccessManagedUnauthorized, caller=call.sender)

    def _require_running(self) -> None:
        if self.policy.paused:
            refuse(errors.CurrencyPaused)

    def _require_own(self, holder: Address) -> None:
        if self.accounts[holder].settlement:
            refuse(errors.SettlementAccountProtected, account=holder)

    def _require_balance(self, holder: Address, amount: int) -> None:
        held = self.accounts[holder].balance
        if amount > held:
            refuse(errors.ERC20InsufficientBalance, sender=holder, balance=held, needed=amount)

    def _require_credit(self, holder: Address, amount: int) -> None:
        credit = self.accounts[holder].credit
        if amount > credit:
            refuse(errors.CreditExceeded, account=holder, requested=amount, available=credit)

    def _require_unfrozen(self, holder: Address, amount: int) -> None:
        account = self.accounts[holder]
        if account.frozen_outgoing:
            refuse(errors.AccountFrozenOutgoing, account=holder)
        if account.frozen_amount and amount > account.free:
            stated = {"requested": amount, "available": account.free, "frozen": account.frozen_amount}
            refuse(errors.FrozenAmountExceeded, account=holder, **stated)

    def _require_payee(
        self, call: Call, to: Address, amount: int, *, by_anyones_submission: bool = False, paid: int = 0
    ) -> None:
        """Require that so much may come into an account; `paid` units of its balance have just left it."""
        self._require_receiver(to)
        account = self.accounts[to]
        if account.frozen_incoming:
            refuse(errors.AccountFrozenIncoming, account=to)
        self._require_submitter(call, to, by_anyones_submission)
        if not account.settlement and not self._has_room(call, to, amount, paid):
            available = max(self.limits_on(to, day_at(call.now)).balance - (account.balance - paid), 0)
            refuse(errors.BalanceLimitExceeded, account=to, requested=amount, available=available)

    def _require_receiver(self, to: Address) -> None:
        """Require a payee; what came into currency or desk otherwise could never leave."""
        if to in (ZERO_ADDRESS, self.address, self.desk):
            refuse(errors.ERC20InvalidReceiver, receiver=to)

    def _require_submitter(self, call: Call, to: Address, by_anyones_submission: bool) -> None:
        if by_anyones_submission and self.accounts[to].payee_only and call.sender != to:
            refuse(errors.PayeeOnly, payee=to, caller=call.sender)

    def _require_seizure(self, holder: Address, to: Address, legal_basis: bytes) -> None:
        if not any(legal_basis):
            refuse(errors.SeizureWithoutLegalBasis, account=holder)
        self._require_receiver(to)

    def _pending_redemption(self, number: int) -> Redemption:
        if number not in self.redemptions:
            refuse(errors.RedemptionNotFound, id=number)
        request = self.redemptions[number]
        if request.status not in (Status.REQUESTED, Status.TAKEN):
            refuse(errors.RedemptionEnded, id=number, status=request.status)
        return request

    def _redemption_of_operator(self, call: Call, number: int) -> Redemption:
        self._require_role(call, Role.OPERATOR)
        request = self._pending_redemption(number)
        if call.sender != request.operator:
            refuse(errors.RedemptionCallerInvalid, id=number, caller=call.sender, expected=request.operator)
        return request


def require_whole_minor_units(amount: int) -> None:
    """Require an amount in whole minor units, above zero."""
    if amount == 0 or amount % MINOR_UNIT != 0:
        refuse(errors.AmountNotWholeMinorUnits, amount=amount, minorUnit=MINOR_UNIT)
