"""Errors of the CurrencyToken."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import WalletClass
from pysettle.values import Address, Units


class CurrencyReverted(ContractReverted):
    """A CurrencyToken refused."""


class ClassLimitInvalid(CurrencyReverted):
    """The limit is not a multiple of the step for limits of a wallet class."""

    template = "{limit} is not a limit; a limit is a multiple of {step}, up to {most}"
    remedy = "name a multiple of the step, or 2^256-1 for no limit"

    limit: Units
    step: Units
    most: Units


class ClassWithoutLimits(CurrencyReverted):
    """Corporate wallets have no limits."""

    template = "wallet class {class_} has no limits"
    remedy = "set the limits of the classes I to IV"

    class_: WalletClass


class WalletWithoutRealName(CurrencyReverted):
    """A wallet above class IV needs a known holder."""

    template = "{account} cannot have wallet class {class_} without a real name"
    remedy = "register the real name too, or register class IV"

    account: Address
    class_: WalletClass


class JurisdictionInvalid(CurrencyReverted):
    """The jurisdiction is not an ISO 3166-1 number."""

    template = "{jurisdiction} has more than three digits"
    remedy = "name the country's number, such as 156 for China"

    jurisdiction: int


class PaymentLimitExceeded(CurrencyReverted):
    """The payment is above the limit for one payment of the payer's wallet class."""

    template = "{account} may pay at most {limit} in one payment; {requested} requested"
    remedy = "pay less at once, or have the wallet registered in a higher class"

    account: Address
    requested: Units
    limit: Units


class DailyLimitExceeded(CurrencyReverted):
    """The payment is above the rest of the daily limit of the payer's wallet class."""

    template = "{account} may pay {available} more today (UTC+8); {requested} requested"
    remedy = "pay the rest tomorrow, or have the wallet registered in a higher class"

    account: Address
    requested: Units
    available: Units


class AnnualLimitExceeded(CurrencyReverted):
    """The payment is above the rest of the annual limit of the payer's wallet class."""

    template = "{account} may pay {available} more this year (UTC+8); {requested} requested"
    remedy = "pay less, or have the wallet registered in a higher class"

    account: Address
    requested: Units
    available: Units


class BalanceLimitExceeded(CurrencyReverted):
    """The payment would raise the payee's balance above the limit of its wallet class."""

    template = "{account} may receive {available} more; {requested} requested"
    remedy = "pay less, or have the payee's wallet registered in a higher class"

    account: Address
    requested: Units
    available: Units


class CreditExceeded(CurrencyReverted):
    """The credit of the account is smaller than the claim."""

    template = "the credit of {account} is {available}; {requested} requested"
    remedy = "claim at most the credit"

    account: Address
    requested: Units
    available: Units


class PayeeOnly(CurrencyReverted):
    """Another account submitted an authorization that pays a payee-only account."""

    template = "only {payee} may submit authorizations that pay it; {caller} submitted one"
    remedy = "pay the account through its own function; for a series, that is a purchase"

    payee: Address
    caller: Address


class SettlementAccountWithoutCode(CurrencyReverted):
    """Only a contract can be a settlement account."""

    template = "{account} has no code of its own"
    remedy = "mark a deployed contract"

    account: Address


class SettlementAccountFrozen(CurrencyReverted):
    """A frozen account cannot become a settlement account."""

    template = "{account} is frozen, in whole or in part"
    remedy = "have the freeze lifted first"

    account: Address


class SettlementAccountProtected(CurrencyReverted):
    """A settlement account cannot be frozen, seized or registered."""

    template = "{account} holds value that belongs to others"
    remedy = "freeze or seize the accounts that it pays"

    account: Address


class AccountFrozenOutgoing(CurrencyReverted):
    """The account is frozen outgoing, so it cannot pay."""

    template = "{account} is frozen outgoing and cannot pay"
    remedy = "have the freeze lifted"

    account: Address


class AccountFrozenIncoming(CurrencyReverted):
    """The account is frozen incoming, so it cannot receive."""

    template = "{account} is frozen incoming and cannot receive"
    remedy = "pay another account, or have the freeze lifted"

    account: Address


class FrozenAmountExceeded(CurrencyReverted):
    """The payment needs the frozen part of the balance."""

    template = "{frozen} of {account} is frozen and {available} may leave; {requested} requested"
    remedy = "transfer at most the amount that is not frozen, or have the frozen amount lowered"

    account: Address
    requested: Units
    available: Units
    frozen: Units


class SeizureWithoutLegalBasis(CurrencyReverted):
    """The seizure names no document as its legal basis."""

    template = "a seizure from {account} without a legal basis"
    remedy = "give the hash of the document that orders the seizure"

    account: Address


class CurrencyPaused(CurrencyReverted):
    """The currency is paused."""

    template = "issuance, payments and new redemption requests are stopped"
    remedy = "wait until the pause ends"


class CallerNotDesk(CurrencyReverted):
    """Only the issuance desk of the currency creates, holds and destroys units."""

    template = "{caller} is not the issuance desk {desk}"
    remedy = "issue and redeem at the desk"

    caller: Address
    desk: Address


class AuthorityFixed(CurrencyReverted):
    """The AccessManager of a currency cannot be replaced."""

    template = "the authority of a currency is set once"
    remedy = "hand roles over, or deploy another currency"


class ChannelReceiverPayeeOnly(CurrencyReverted):
    """A payee-only account receives only through its own function, and so cannot be the receiver of a channel."""

    template = "{receiver} is payee-only and cannot be the receiver of a currency channel"
    remedy = "buy Tokens and open a channel in them"

    receiver: Address


class ChannelCollectorRefused(CurrencyReverted):
    """Another collector brought the deposit; the currency accepts one, which requires the payer's signature."""

    template = "only {expected} may bring a deposit in this currency; {collector} did"
    remedy = "have the payer sign the deposit, and submit it through that collector"

    collector: Address
    expected: Address
