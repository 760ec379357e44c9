"""The CurrencyToken: wallets, freezes, transfers and authorizations of one currency."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pysettle.client.core.token import Token
from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Units

if TYPE_CHECKING:
    from pysettle.client.money.desk import IssuanceDesk
    from pysettle.client.money.wallets import Wallet, WalletStanding
    from pysettle.domain.money.wallets import ClassLimits, WalletClass
    from pysettle.values import Address


@dataclass(frozen=True, slots=True)
class Freeze:
    """Freezes of an account."""

    outgoing: bool = False
    """Whether the account cannot pay."""
    incoming: bool = False
    """Whether the account cannot receive."""
    amount: Units = Units(0)
    """Units of the balance that may not leave."""


class CurrencyToken(Token[Units]):
    """The stablecoin of one currency. Amounts are units: micro-yuan for e-CNY."""

    GAS_ADMINISTRATION = 200_000
    """Gas of one act of a role's holder, or of a paid credit."""

    def __init__(self, sender: TransactionSender, address: Address) -> None:
        """Address one deployed CurrencyToken."""
        super().__init__(sender, address, "CurrencyToken")

    @cached_property
    def desk(self) -> IssuanceDesk:
        """The desk of the currency, which issues and redeems it."""
        from pysettle.client.money.desk import IssuanceDesk
        from pysettle.values import Address

        return IssuanceDesk(self._sender, Address(self._read("issuanceDesk")))

    # Central bank and registrar

    def set_class_limits(
        self, central_bank: TransactionSigner, wallet_class: WalletClass, limits: ClassLimits
    ) -> Transaction:
        """Set the limits of one of the wallet classes I to IV, each in steps of 100 yuan."""
        fields = (limits.balance, limits.payment, limits.daily, limits.annual)
        return self._transaction(central_bank, self.GAS_ADMINISTRATION, "setClassLimits", int(wallet_class), fields)

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
        """Register an account as a wallet of a class, or change its class.

        Args:
            registrar: Account that registers.
            account: Holder's account.
            wallet_class: Its class; above IV the real name is known.
            identification_expiry: Day of UTC+8, counted from 1970-01-01, from which the identification is no longer
                valid and the limits of class IV apply.
            jurisdiction: ISO 3166-1 number, such as 156 for China; zero if none is known.
            real_name: Whether the operating institution knows the holder's real name.
        """
        arguments = (account, int(wallet_class), identification_expiry, jurisdiction, real_name)
        return self._transaction(registrar, self.GAS_ADMINISTRATION, "registerWallet", *arguments)

    def mark_settlement_account(self, registrar: TransactionSigner, account: Address) -> Transaction:
        """Mark a contract that holds value of others as a settlement account, permanently."""
        return self._transaction(registrar, self.GAS_ADMINISTRATION, "markSettlementAccount", account)

    # Freezer, seizer and pauser

    def freeze(self, freezer: TransactionSigner, account: Address, *, outgoing: bool, incoming: bool) -> Transaction:
        """Set the freezes of an account; both false lifts them."""
        return self._transaction(freezer, self.GAS_ADMINISTRATION, "freeze", account, outgoing, incoming)

    def freeze_amount(self, freezer: TransactionSigner, account: Address, amount: Units) -> Transaction:
        """Set how many units of an account's balance may not leave; zero lifts it."""
        return self._transaction(freezer, self.GAS_ADMINISTRATION, "freezeAmount", account, amount)

    def seize(
        self, seizer: TransactionSigner, holder: Address, to: Address, amount: Units, legal_basis: bytes
    ) -> Transaction:
        """Take units from an account by authority of law; `legal_basis` is the 32-byte hash of the document."""
        return self._transaction(seizer, self.GAS_ADMINISTRATION, "seize", holder, to, amount, legal_basis)

    def seize_credit(
        self, seizer: TransactionSigner, account: Address, to: Address, amount: Units, legal_basis: bytes
    ) -> Transaction:
        """Take units held for an account, by authority of law; `legal_basis` is the 32-byte hash of the document."""
        return self._transaction(seizer, self.GAS_ADMINISTRATION, "seizeCredit", account, to, amount, legal_basis)

    def pause(self, pauser: TransactionSigner) -> Transaction:
        """Stop issuance, new redemption requests, and payments by all but settlement accounts."""
        return self._transaction(pauser, self.GAS_ADMINISTRATION, "pause")

    def unpause(self, pauser: TransactionSigner) -> Transaction:
        """End the pause."""
        return self._transaction(pauser, self.GAS_ADMINISTRATION, "unpause")

    # Holder

    def claim_credit(self, submitter: TransactionSigner, account: Address, amount: Units) -> Transaction:
        """Pay an account units of its credit; any account may submit this."""
        return self._transaction(submitter, self.GAS_ADMINISTRATION, "claimCredit", account, amount)

    def set_payee_only(self, payee: TransactionSigner, enabled: bool = True) -> Transaction:
        """Reserve the submission of authorizations to the payee itself."""
        return self._transaction(payee, self.GAS_TRANSFER, "setPayeeOnly", enabled)

    # Views

    def class_limits(self, wallet_class: WalletClass) -> ClassLimits:
        """Return the limits of a wallet class, in units."""
        from pysettle.domain.money.wallets import ClassLimits

        return ClassLimits(*self._read("classLimits", int(wallet_class)))

    def wallet(self, account: Address) -> Wallet:
        """Return the registration and the counted payments of an account."""
        from pysettle.client.money.wallets import Wallet
        from pysettle.domain.money.wallets import WalletClass

        wallet_class, *others = self._read("wallet", account)
        return Wallet(WalletClass(wallet_class), *others)

    def wallet_standing(self, account: Address) -> WalletStanding:
        """Return the state of an account's wallet today, by the chain's clock."""
        from pysettle.client.money.wallets import WalletStanding
        from pysettle.domain.money.wallets import day_at

        wallet, today = self.wallet(account), day_at(self._sender.chain.clock.now())
        return WalletStanding(wallet, today, self.class_limits(wallet.class_on(today)))

    def credit_of(self, account: Address) -> Units:
        """Return the credit of an account: units that it could not receive."""
        return Units(self._read("creditOf", account))

    def is_payee_only(self, account: Address) -> bool:
        """Whether authorizations to the account can be submitted by itself only."""
        return bool(self._read("isPayeeOnly", account))

    def is_settlement_account(self, account: Address) -> bool:
        """Whether the account holds value that belongs to others."""
        return bool(self._read("isSettlementAccount", account))

    def frozen(self, account: Address) -> Freeze:
        """Return the freezes of an account."""
        return Freeze(*self._read("frozen", account))

    @property
    def is_paused(self) -> bool:
        """Whether the currency is paused."""
        return bool(self._read("isPaused"))
