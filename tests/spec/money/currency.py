"""The money: every entry of the CurrencyToken and its IssuanceDesk that changes something.

Written from the manuals (`contracts/money/ICurrencyToken.sol`, `IIssuanceDesk.sol` and the interfaces they extend), and
without the contracts' making: no packed words, days by `datetime`, amounts as integers of unbounded size. Where several
conditions fail, the first in the order written here is the one reported; that order is the manual's
(docs/reference/domain); where none states one it was read off the contract, so a change is noticed.

A signature needs no curve: accounts that sign by contract (ERC-1271) are not here. Roles are given beforehand and stay.
"""

from __future__ import annotations

from datetime import timedelta

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig
from pysettle.domain.money.events import (
    ClassLimitsSet,
    CreditClaimed,
    CreditSeized,
    FreezeSet,
    FrozenAmountSet,
    IssuanceQuotaSet,
    Issued,
    RedemptionCancelled,
    RedemptionCompleted,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionTaken,
    ReserveAttested,
    ReserveRatioSet,
    Seized,
    SettlementAccountMarked,
    WalletRegistered,
)
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import LIMIT_STEP, MOST_LIMIT, NO_LIMIT, ClassLimits, WalletClass
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Signature, refuse
from tests.spec.core.events import Paused, PayeeOnlySet, Unpaused
from tests.spec.money.records import (
    EPOCH,
    FULL_RESERVE,
    MINOR_UNIT,
    MOST_SEQUENCE_STEP,
    MOST_UNITS,
    Redemption,
    Role,
    Status,
)
from tests.spec.money.rules import CurrencyRules, require_whole_minor_units

DAY_S = 86_400


class CurrencySpec(CurrencyRules):
    """One currency."""

    # Central bank

    def set_issuance_quota(self, call: Call, operator: Address, quota: int) -> None:
        """Set the units that an institution may issue from now on."""
        self._require_role(call, Role.CENTRAL_BANK)
        if quota > MOST_UNITS:
            refuse(errors.SupplyCapExceeded, requested=quota, available=MOST_UNITS)
        self.institutions[operator].quota = quota
        self._emit_by_desk(IssuanceQuotaSet(operator, quota))

    def set_reserve_ratio(self, call: Call, ratio_bps: int) -> None:
        """Set which part of the supply the reserve has to cover at an issuance."""
        self._require_role(call, Role.CENTRAL_BANK)
        if not 1 <= ratio_bps <= FULL_RESERVE:
            refuse(errors.ReserveRatioInvalid, ratioBps=ratio_bps)
        self.policy.reserve_ratio = ratio_bps
        self._emit_by_desk(ReserveRatioSet(ratio_bps))

    def set_class_limits(self, call: Call, wallet_class: WalletClass, limits: ClassLimits) -> None:
        """Set the limits of one of the classes I to IV."""
        self._require_role(call, Role.CENTRAL_BANK)
        if wallet_class is WalletClass.CORPORATE:
            refuse(errors.ClassWithoutLimits, class_=wallet_class)
        stated = limits.balance, limits.payment, limits.daily, limits.annual
        for limit in stated:
            if limit != NO_LIMIT and (limit % LIMIT_STEP != 0 or limit > MOST_LIMIT):
                refuse(errors.ClassLimitInvalid, limit=limit, step=LIMIT_STEP, most=MOST_LIMIT)
        self.policy.limits[wallet_class] = limits
        self._emit(ClassLimitsSet(wallet_class, *stated))

    def attest_reserve(
        self, call: Call, central_bank: Address, attestation: ReserveAttestation, signature: Signature
    ) -> None:
        """Record the reserve that the central bank signed for; anyone submits it."""
        last, most_fen = self.reserve, MOST_UNITS // MINOR_UNIT
        least, most = last.sequence + 1, last.sequence + MOST_SEQUENCE_STEP
        if not least <= attestation.sequence <= most:
            refuse(errors.ReserveSequenceInvalid, sequence=attestation.sequence, least=least, most=most)
        if not last.as_of <= attestation.as_of <= call.now:
            refuse(errors.ReserveTimeInvalid, asOf=attestation.as_of, earliest=last.as_of, latest=call.now)
        if attestation.valid_before <= call.now:
            refuse(errors.ReserveAttestationExpired, validBefore=attestation.valid_before, timestamp=call.now)
        if attestation.amount_fen > most_fen:
            refuse(errors.SupplyCapExceeded, requested=attestation.amount_fen, available=most_fen)
        if central_bank not in self.roles[Role.CENTRAL_BANK]:
            refuse(errors.ReserveAttesterInvalid, centralBank=central_bank)
        if signature != Signature(central_bank, ("ReserveAttestation", *attestation.fields())):
            refuse(errors.ReserveSignatureInvalid, centralBank=central_bank)
        self.reserve = attestation
        as_of, valid_before = attestation.as_of, attestation.valid_before
        attested = ReserveAttested(attestation.sequence, central_bank, attestation.amount_fen, as_of, valid_before)
        self._emit_by_desk(attested)

    # Operating institution

    def issue(self, call: Call, to: Address, amount: int) -> None:
        """Create units, within the institution's quota and the attested reserve."""
        self._require_role(call, Role.OPERATOR)
        require_whole_minor_units(amount)
        institution = self.institutions[call.sender]
        if amount > institution.quota:
            refuse(errors.QuotaExceeded, operator=call.sender, requested=amount, available=institution.quota)
        if call.now >= self.reserve.valid_before:
            refuse(errors.ReserveAttestationExpired, validBefore=self.reserve.valid_before, timestamp=call.now)
        available = max(self.issuable() - self.supply, 0)
        if amount > available:
            refuse(errors.ReserveExceeded, requested=amount, available=available)
        self._require_running()
        self._require_payee(call, to, amount)
        institution.quota -= amount
        institution.position += amount
        self._emit_by_desk(Issued(call.sender, to, amount, institution.quota))
        self._move(ZERO_ADDRESS, to, amount)

    def take_redemption(self, call: Call, number: int) -> None:
        """Take a request: for a day its holder cannot cancel it."""
        request = self._redemption_of_operator(call, number)
        if request.status is Status.TAKEN:
            refuse(errors.RedemptionTakenAlready, id=number)
        request.status = Status.TAKEN
        request.cancellable_from = call.now + DAY_S
        self._emit_by_desk(
            RedemptionTaken(number, request.holder, call.sender, request.amount, request.cancellable_from)
        )

    def complete_redemption(self, call: Call, number: int) -> None:
        """Destroy the units of a request, and restore the institution's quota by as much."""
        request = self._redemption_of_operator(call, number)
        request.status = Status.COMPLETED
        institution = self.institutions[call.sender]
        institution.quota += request.amount
        institution.position -= request.amount
        ended = RedemptionCompleted(number, request.holder, call.sender, request.amount, institution.quota)
        self._emit_by_desk(ended)
        self._move(self.desk, ZERO_ADDRESS, request.amount)

    def reject_redemption(self, call: Call, number: int) -> None:
        """Refuse a request; the units go back to the holder, or become its credit."""
        request = self._redemption_of_operator(call, number)
        request.status = Status.REJECTED
        self._emit_by_desk(RedemptionRejected(number, request.holder, call.sender, request.amount))
        self._pay_out(call, self.desk, request.holder, request.amount)

    # Hub and series

    def check_channel(self, collector: Address, config: ChannelConfig) -> None:
        """Refuse another collector, and a channel to the currency, its desk or a payee-only account."""
        if collector != self.collector:
            refuse(errors.ChannelCollectorRefused, collector=collector, expected=self.collector)
        self._require_receiver(config.receiver)
        if self.accounts[config.receiver].payee_only:
            refuse(errors.ChannelReceiverPayeeOnly, receiver=config.receiver)

    # Registrar

    def register_wallet(
        self,
        call: Call,
        holder: Address,
        wallet_class: WalletClass,
        identification_expiry: int,
        jurisdiction: int,
        real_name: bool,
    ) -> None:
        """Register an account as a wallet of a class; its payments stay counted."""
        self._require_role(call, Role.REGISTRAR)
        self._require_own(holder)
        if wallet_class is not WalletClass.IV and not real_name:
            refuse(errors.WalletWithoutRealName, account=holder, class_=wallet_class)
        if jurisdiction > 999:
            refuse(errors.JurisdictionInvalid, jurisdiction=jurisdiction)
        account = self.accounts[holder]
        account.wallet_class, account.jurisdiction, account.real_name = wallet_class, jurisdiction, real_name
        account.identification_expiry = EPOCH + timedelta(days=identification_expiry)
        self._emit(WalletRegistered(holder, wallet_class, identification_expiry, jurisdiction, real_name))

    def mark_settlement_account(self, call: Call, account: Address) -> None:
        """Mark a contract whose value belongs to others, for ever."""
        self._require_role(call, Role.SETTLEMENT_REGISTRAR)
        if account not in self.contracts:
            refuse(errors.SettlementAccountWithoutCode, account=account)
        if self.accounts[account].frozen:
            refuse(errors.SettlementAccountFrozen, account=account)
        self.accounts[account].settlement = True
        self._emit(SettlementAccountMarked(account))

    # Freezer, seizer and pauser

    def freeze(self, call: Call, holder: Address, outgoing: bool, incoming: bool) -> None:
        """Set whether nothing leaves an account, and whether nothing comes in."""
        self._require_role(call, Role.FREEZER)
        self._require_own(holder)
        self.accounts[holder].frozen_outgoing, self.accounts[holder].frozen_incoming = outgoing, incoming
        self._emit(FreezeSet(holder, outgoing, incoming))

    def freeze_amount(self, call: Call, holder: Address, amount: int) -> None:
        """Set how much of an account's balance may not leave."""
        self._require_role(call, Role.FREEZER)
        self._require_own(holder)
        self.accounts[holder].frozen_amount = amount
        self._emit(FrozenAmountSet(holder, amount))

    def seize(self, call: Call, holder: Address, to: Address, amount: int, legal_basis: bytes) -> None:
        """Take units from an account by authority of law, whatever is frozen or paused."""
        self._require_role(call, Role.SEIZER)
        self._require_seizure(holder, to, legal_basis)
        self._require_own(holder)
        self._emit(Seized(holder, to, amount, legal_basis))
        self._pay_out(call, holder, to, amount)

    def seize_credit(self, call: Call, holder: Address, to: Address, amount: int, legal_basis: bytes) -> None:
        """Take units that are held for an account as its credit."""
        self._require_role(call, Role.SEIZER)
        self._require_seizure(holder, to, legal_basis)
        self._require_own(holder)
        self._require_credit(holder, amount)
        self.accounts[holder].credit -= amount
        self._emit(CreditSeized(holder, to, amount, self.accounts[holder].credit, legal_basis))
        self._pay_out(call, self.address, to, amount)

    def pause(self, call: Call) -> None:
        """Stop issuance, new redemption requests, and every payment of an account that is no settlement account."""
        self._require_role(call, Role.PAUSER)
        self.policy.paused = True
        self._emit(Paused(call.sender))

    def unpause(self, call: Call) -> None:
        """End the pause."""
        self._require_role(call, Role.PAUSER)
        self.policy.paused = False
        self._emit(Unpaused(call.sender))

    # Holder

    def request_redemption(self, call: Call, operator: Address, amount: int) -> None:
        """Ask an operating institution to exchange units for reserve; the desk holds them meanwhile."""
        if operator not in self.roles[Role.OPERATOR]:
            refuse(errors.RedemptionOperatorInvalid, operator=operator)
        require_whole_minor_units(amount)
        if not self.accounts[call.sender].settlement:
            self._require_running()
            self._require_unfrozen(call.sender, amount)
        self._require_balance(call.sender, amount)
        number = len(self.redemptions) + 1
        self.redemptions[number] = Redemption(call.sender, operator, amount)
        self._emit_by_desk(RedemptionRequested(number, call.sender, operator, amount))
        self._move(call.sender, self.desk, amount)

    def cancel_redemption(self, call: Call, number: int) -> None:
        """Take a request back, as long as it is not taken, and from a day after that."""
        request = self._pending_redemption(number)
        if call.sender != request.holder:
            refuse(errors.RedemptionCallerInvalid, id=number, caller=call.sender, expected=request.holder)
        if call.now < request.cancellable_from:
            until = request.cancellable_from
            refuse(errors.RedemptionNotCancellable, id=number, cancellableFrom=until, timestamp=call.now)
        request.status = Status.CANCELLED
        self._emit_by_desk(RedemptionCancelled(number, call.sender, request.operator, request.amount))
        self._pay_out(call, self.desk, request.holder, request.amount)

    def claim_credit(self, call: Call, holder: Address, amount: int) -> None:
        """Let units come in that are held for an account; anyone asks for it, while paused too."""
        self._require_credit(holder, amount)
        self._require_payee(call, holder, amount)
        self.accounts[holder].credit -= amount
        self._emit(CreditClaimed(holder, amount, self.accounts[holder].credit))
        self._move(self.address, holder, amount)

    def set_payee_only(self, call: Call, enabled: bool) -> None:
        """Reserve the submission of authorizations to the caller to itself, or give that up."""
        self.accounts[call.sender].payee_only = enabled
        self._emit(PayeeOnlySet(call.sender, enabled))
