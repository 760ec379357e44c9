"""The CurrencyToken: issuance, redemption, transfers and authorizations of one currency."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address

from pysettle.client.core.token import Token
from pysettle.client.money.wallets import Wallet, WalletStanding
from pysettle.domain.core import events
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.events import RedemptionRequested
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END, ClassLimits, WalletClass, day_at
from pysettle.errors.states import RedemptionStatus as RedemptionStatus
from pysettle.evm.backend import Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Units


@dataclass(frozen=True, slots=True)
class Redemption:
    """A holder's request to have tokens exchanged for reserve."""

    holder: Address
    """Who asked."""
    operator: Address
    """Operating institution that was asked."""
    amount: Units
    """Units held meanwhile."""
    status: RedemptionStatus
    """Where it stands."""
    cancellable_from: int
    """Unix second from which the holder may cancel it."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """What of an account is frozen."""

    outgoing: bool = False
    """Whether nothing may leave the account."""
    incoming: bool = False
    """Whether nothing may come in."""
    amount: Units = Units(0)
    """Units of the balance that may not leave."""


class CurrencyToken(Token[Units]):
    """The stablecoin of one currency. Amounts are units: micro-yuan for e-CNY."""

    GAS_ISSUANCE = 200_000
    """Gas stated for an issuance or one step of a redemption."""

    def __init__(self, sender: TransactionSender, address: Address) -> None:
        """Address one deployed CurrencyToken."""
        super().__init__(sender, address, "CurrencyToken")

    # Central bank and registrar

    def sign_reserve(self, central_bank: Signer, amount_fen: int, valid_s: int) -> tuple[ReserveAttestation, bytes]:
        """Attest the reserve as of the head, as the next of its sequence; return the attestation and its signature.

        Args:
            central_bank: Who attests.
            amount_fen: Reserve in fen.
            valid_s: Seconds of chain time from now in which issuance may rest on it.
        """
        chain = self._sender.chain
        as_of, valid_before = chain.block().timestamp, chain.clock.now() + valid_s
        attestation = ReserveAttestation(amount_fen, as_of, self.reserve().sequence + 1, valid_before)
        return attestation, central_bank.sign(attestation.digest(self.domain))

    def attest_reserve(
        self, submitter: TransactionSigner, central_bank: Address, attestation: ReserveAttestation, signature: bytes
    ) -> Transaction:
        """Submit what the central bank signed of the reserve; anyone does."""
        fields = attestation.fields()
        return self._transaction(submitter, self.GAS_ISSUANCE, "attestReserve", central_bank, fields, signature)

    def set_issuance_quota(self, central_bank: TransactionSigner, operator: Address, quota: Units) -> Transaction:
        """Set how many units an operating institution may issue from now on."""
        return self._transaction(central_bank, self.GAS_ISSUANCE, "setIssuanceQuota", operator, quota)

    def set_reserve_ratio(self, central_bank: TransactionSigner, ratio_bps: int) -> Transaction:
        """Set which part of the supply the reserve has to cover, in basis points; 10,000 is full reserve."""
        return self._transaction(central_bank, self.GAS_ISSUANCE, "setReserveRatio", ratio_bps)

    def set_class_limits(
        self, central_bank: TransactionSigner, wallet_class: WalletClass, limits: ClassLimits
    ) -> Transaction:
        """Set the limits of one of the wallet classes I to IV, each in steps of 100 yuan."""
        fields = (limits.balance, limits.payment, limits.daily, limits.annual)
        return self._transaction(central_bank, self.GAS_ISSUANCE, "setClassLimits", int(wallet_class), fields)

    def register_wallet(
        self,
        registrar: TransactionSigner,
        account: Address,
        wallet_class: WalletClass,
        *,
        identification_expiry: int = IDENTIFICATION_WITHOUT_END,
        jurisdiction: int = 0,
        real_name: bool = True,
    ) -> Transaction:
        """Register an account as a wallet of a class, or anew.

        Args:
            registrar: Who registers.
            account: Holder's account.
            wallet_class: Its class; above IV the real name is known.
            identification_expiry: Day of UTC+8, counted from 1970-01-01, from which the identification is no longer
                valid and the account held to class IV.
            jurisdiction: ISO 3166-1 number, such as 156 for China; zero where none is known.
            real_name: Whether the operating institution knows the holder's real name.
        """
        arguments = (account, int(wallet_class), identification_expiry, jurisdiction, real_name)
        return self._transaction(registrar, self.GAS_ISSUANCE, "registerWallet", *arguments)

    def mark_settlement_account(self, registrar: TransactionSigner, account: Address) -> Transaction:
        """Mark a contract whose value belongs to others, for ever."""
        return self._transaction(registrar, self.GAS_ISSUANCE, "markSettlementAccount", account)

    # Freezer, seizer and pauser

    def freeze(self, freezer: TransactionSigner, account: Address, *, outgoing: bool, incoming: bool) -> Transaction:
        """Set what of an account is frozen; both false lifts it."""
        return self._transaction(freezer, self.GAS_ISSUANCE, "freeze", account, outgoing, incoming)

    def freeze_amount(self, freezer: TransactionSigner, account: Address, amount: Units) -> Transaction:
        """Set how many units of an account's balance may not leave; zero lifts it."""
        return self._transaction(freezer, self.GAS_ISSUANCE, "freezeAmount", account, amount)

    def seize(
        self, seizer: TransactionSigner, holder: Address, to: Address, amount: Units, legal_basis: bytes
    ) -> Transaction:
        """Take units from an account by authority of law; `legal_basis` is the 32-byte hash of the document."""
        return self._transaction(seizer, self.GAS_ISSUANCE, "seize", holder, to, amount, legal_basis)

    def seize_credit(
        self, seizer: TransactionSigner, account: Address, to: Address, amount: Units, legal_basis: bytes
    ) -> Transaction:
        """Take units held for an account, by authority of law; `legal_basis` is the 32-byte hash of the document."""
        return self._transaction(seizer, self.GAS_ISSUANCE, "seizeCredit", account, to, amount, legal_basis)

    def pause(self, pauser: TransactionSigner) -> Transaction:
        """Stop issuance, new redemption requests, and payments by all but settlement accounts."""
        return self._transaction(pauser, self.GAS_ISSUANCE, "pause")

    def unpause(self, pauser: TransactionSigner) -> Transaction:
        """End the pause."""
        return self._transaction(pauser, self.GAS_ISSUANCE, "unpause")

    # Operating institution

    def issue(self, operator: TransactionSigner, to: Address, amount: Units) -> Transaction:
        """Create units against reserve; whole fen."""
        return self._transaction(operator, self.GAS_ISSUANCE, "issue", to, amount)

    def take_redemption(self, operator: TransactionSigner, redemption_id: int) -> Transaction:
        """Take a request before the reserve is exchanged: for a day its holder cannot cancel it."""
        return self._transaction(operator, self.GAS_ISSUANCE, "takeRedemption", redemption_id)

    def complete_redemption(self, operator: TransactionSigner, redemption_id: int) -> Transaction:
        """Destroy the units of a request and restore the operator's quota."""
        return self._transaction(operator, self.GAS_ISSUANCE, "completeRedemption", redemption_id)

    def reject_redemption(self, operator: TransactionSigner, redemption_id: int) -> Transaction:
        """Refuse a request; the units go back to the holder."""
        return self._transaction(operator, self.GAS_ISSUANCE, "rejectRedemption", redemption_id)

    # Holder

    def request_redemption(self, holder: TransactionSigner, operator: Address, amount: Units) -> Transaction:
        """Ask an operating institution to exchange units for reserve; whole fen."""
        return self._transaction(holder, self.GAS_ISSUANCE, "requestRedemption", operator, amount)

    def cancel_redemption(self, holder: TransactionSigner, redemption_id: int) -> Transaction:
        """Take a request back."""
        return self._transaction(holder, self.GAS_ISSUANCE, "cancelRedemption", redemption_id)

    def claim_credit(self, submitter: TransactionSigner, account: Address, amount: Units) -> Transaction:
        """Let units come into an account that are held for it; anyone asks for it."""
        return self._transaction(submitter, self.GAS_ISSUANCE, "claimCredit", account, amount)

    def set_payee_only(self, payee: TransactionSigner, enabled: bool = True) -> Transaction:
        """Reserve the submission of authorizations to the payee itself."""
        return self._transaction(payee, self.GAS_TRANSFER, "setPayeeOnly", enabled)

    # Views

    def redemption_id(self, receipt: Receipt) -> int:
        """Return the number of the redemption that a transaction requested."""
        requests = (events.decode(log.topics, log.data) for log in receipt.logs if log.address == self.address)
        return next(event.redemption_id for event in requests if isinstance(event, RedemptionRequested))

    def reserve(self) -> ReserveAttestation:
        """Return the last attestation of the reserve; all zero when there is none."""
        return ReserveAttestation(*self._read("reserve"))

    def issuance_quota(self, operator: Address) -> Units:
        """Return how many units an operating institution may still issue."""
        return Units(self._read("issuanceQuota", operator))

    def operator_position(self, operator: Address) -> Units:
        """Return the units an institution issued less those redeemed at it; negative where it redeemed more."""
        return Units(self._read("operatorPosition", operator))

    def reserve_ratio(self) -> int:
        """Return the basis points of the supply that the reserve has to cover."""
        return int(self._read("reserveRatio"))

    def class_limits(self, wallet_class: WalletClass) -> ClassLimits:
        """Return the limits of a wallet class, in units."""
        return ClassLimits(*self._read("classLimits", int(wallet_class)))

    def wallet(self, account: Address) -> Wallet:
        """Return what is registered of an account, and what it paid."""
        wallet_class, *others = self._read("wallet", account)
        return Wallet(WalletClass(wallet_class), *others)

    def wallet_standing(self, account: Address) -> WalletStanding:
        """Return an account's wallet as it stands today, by the chain's clock."""
        wallet, today = self.wallet(account), day_at(self._sender.chain.clock.now())
        return WalletStanding(wallet, today, self.class_limits(wallet.class_on(today)))

    def credit_of(self, account: Address) -> Units:
        """Return the units held for an account since they could not come in."""
        return Units(self._read("creditOf", account))

    def redemption(self, redemption_id: int) -> Redemption:
        """Return a redemption by its number."""
        holder, amount, operator, status, cancellable_from = self._read("redemption", redemption_id)
        return Redemption(holder, operator, amount, RedemptionStatus(status), cancellable_from)

    def is_payee_only(self, account: Address) -> bool:
        """Whether authorizations to the account can be submitted by itself only."""
        return bool(self._read("isPayeeOnly", account))

    def is_settlement_account(self, account: Address) -> bool:
        """Whether the account holds value that belongs to others."""
        return bool(self._read("isSettlementAccount", account))

    def frozen(self, account: Address) -> Freeze:
        """Return what of an account is frozen."""
        return Freeze(*self._read("frozen", account))

    @property
    def is_paused(self) -> bool:
        """Whether the currency is paused."""
        return bool(self._read("isPaused"))
