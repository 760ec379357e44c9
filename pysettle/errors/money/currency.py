"""What a CurrencyToken refuses."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import WalletClass
from pysettle.values import Address, Units


class CurrencyReverted(ContractReverted):
    """A CurrencyToken refused."""


class ClassLimitInvalid(CurrencyReverted):
    """A limit of a wallet class is a multiple of a step."""

    template = "{limit} is no limit; a limit is a multiple of {step}, up to {most}"
    remedy = "name such a multiple, or 2^256-1 for no limit"

    limit: Units
    step: Units
    most: Units


class ClassWithoutLimits(CurrencyReverted):
    """Corporate wallets have no limits."""

    template = "wallet class {class_} has no limits"
    remedy = "set the limits of the classes I to IV"

    class_: WalletClass


class WalletWithoutRealName(CurrencyReverted):
    """A wallet above class IV has a known holder."""

    template = "{account} cannot have wallet class {class_} without a real name"
    remedy = "register the real name too, or class IV"

    account: Address
    class_: WalletClass


class JurisdictionInvalid(CurrencyReverted):
    """A jurisdiction is an ISO 3166-1 number."""

    template = "{jurisdiction} has more than three digits"
    remedy = "name the country's number, such as 156 for China"

    jurisdiction: int


class PaymentLimitExceeded(CurrencyReverted):
    """The payer's wallet class does not allow a payment of this size."""

    template = "{account} may pay at most {limit} in one payment; {requested} requested"
    remedy = "pay less at once, or have the wallet registered in a higher class"

    account: Address
    requested: Units
    limit: Units


class DailyLimitExceeded(CurrencyReverted):
    """The payer's wallet class does not allow this much on one day."""

    template = "{account} may pay {available} more today (UTC+8); {requested} requested"
    remedy = "pay the rest tomorrow, or have the wallet registered in a higher class"

    account: Address
    requested: Units
    available: Units


class AnnualLimitExceeded(CurrencyReverted):
    """The payer's wallet class does not allow this much in one year."""

    template = "{account} may pay {available} more this year (UTC+8); {requested} requested"
    remedy = "pay less, or have the wallet registered in a higher class"

    account: Address
    requested: Units
    available: Units


class BalanceLimitExceeded(CurrencyReverted):
    """The payee's wallet class does not allow it to hold this much."""

    template = "{account} may receive {available} more; {requested} requested"
    remedy = "pay less, or have the payee's wallet registered in a higher class"

    account: Address
    requested: Units
    available: Units


class CreditExceeded(CurrencyReverted):
    """The credit of the account is smaller."""

    template = "the credit of {account} is {available}; {requested} requested"
    remedy = "claim at most the credit"

    account: Address
    requested: Units
    available: Units


class PayeeOnly(CurrencyReverted):
    """A payee-only account submits its authorizations itself."""

    template = "only {payee} may submit authorizations that pay it; {caller} submitted one"
    remedy = "pay it through its own entry, for a series a purchase"

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
    """A settlement account is neither frozen, seized nor registered."""

    template = "{account} holds value that belongs to others"
    remedy = "freeze or seize the accounts of those to whom it pays out"

    account: Address


class AccountFrozenOutgoing(CurrencyReverted):
    """Nothing may leave the account."""

    template = "{account} is frozen: nothing may leave it"
    remedy = "have the freeze lifted"

    account: Address


class AccountFrozenIncoming(CurrencyReverted):
    """Nothing may come into the account."""

    template = "{account} is frozen: nothing may come in"
    remedy = "pay another account, or have the freeze lifted"

    account: Address


class FrozenAmountExceeded(CurrencyReverted):
    """Part of the balance may not leave."""

    template = "{frozen} of {account} is frozen and {available} may leave; {requested} requested"
    remedy = "transfer at most the amount that may leave, or have the frozen amount lowered"

    account: Address
    requested: Units
    available: Units
    frozen: Units


class SeizureWithoutLegalBasis(CurrencyReverted):
    """A seizure rests on a document."""

    template = "a seizure from {account} without a legal basis"
    remedy = "give the hash of the document that it rests on"

    account: Address


class CurrencyPaused(CurrencyReverted):
    """The currency is paused."""

    template = "issuance, payments and new redemption requests are stopped"
    remedy = "wait until the pause ends"


class CallerNotDesk(CurrencyReverted):
    """Units are created, held and destroyed by the currency's issuance desk alone."""

    template = "{caller} is not the issuance desk {desk}"
    remedy = "issue and redeem at the desk"

    caller: Address
    desk: Address


class AuthorityFixed(CurrencyReverted):
    """The AccessManager of a currency stays the same."""

    template = "the authority of a currency is set once"
    remedy = "hand roles over, or deploy another currency"


class ChannelReceiverPayeeOnly(CurrencyReverted):
    """A payee-only account delivers only by a purchase, and so receives no channel in this currency."""

    template = "{receiver} is payee-only and cannot be the receiver of a currency channel"
    remedy = "buy Tokens and open a channel in them"

    receiver: Address


class ChannelCollectorRefused(CurrencyReverted):
    """One collector alone brings deposits in this currency, each signed by its payer."""

    template = "only {expected} may bring a deposit in this currency; {collector} did"
    remedy = "have the payer sign the deposit, and submit it through that collector"

    collector: Address
    expected: Address
