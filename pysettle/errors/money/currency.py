"""What a CurrencyToken refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pysettle.errors import ContractReverted
from pysettle.errors.states import State, WalletClass


class CurrencyReverted(ContractReverted):
    """A CurrencyToken refused."""


class ClassLimitInvalid(CurrencyReverted):
    """A limit of a wallet class is in steps."""

    template = "{limit} units; limits are multiples of {step} up to {most}"
    remedy = "name such a multiple, or 2^256-1 for no limit"


class ClassWithoutLimits(CurrencyReverted):
    """Corporate wallets have no limits."""

    template = "wallet class {class}"
    states: ClassVar[Mapping[str, type[State]]] = {"class": WalletClass}
    remedy = "set the limits of the classes I to IV"


class WalletWithoutRealName(CurrencyReverted):
    """A wallet above class IV has a known holder."""

    template = "{account} as wallet class {class}"
    states: ClassVar[Mapping[str, type[State]]] = {"class": WalletClass}
    remedy = "register the real name too, or class IV"


class JurisdictionInvalid(CurrencyReverted):
    """A jurisdiction is an ISO 3166-1 number."""

    template = "{jurisdiction} has more than three digits"
    remedy = "name the country's number, such as 156 for China"


class PaymentLimitExceeded(CurrencyReverted):
    """The payer's wallet class does not allow a payment of this size."""

    template = "{account} may pay {limit} at once, {requested} asked"
    remedy = "pay less at once, or have the wallet registered in a higher class"


class DailyLimitExceeded(CurrencyReverted):
    """The payer's wallet class does not allow this much on one day."""

    template = "{account} may pay {available} more today (UTC+8), {requested} asked"
    remedy = "pay the rest tomorrow, or have the wallet registered in a higher class"


class AnnualLimitExceeded(CurrencyReverted):
    """The payer's wallet class does not allow this much in one year."""

    template = "{account} may pay {available} more this year (UTC+8), {requested} asked"
    remedy = "pay less, or have the wallet registered in a higher class"


class BalanceLimitExceeded(CurrencyReverted):
    """The payee's wallet class does not allow it to hold this much."""

    template = "{account} may receive {available} more, {requested} asked"
    remedy = "pay less, or have the payee's wallet registered in a higher class"


class CreditExceeded(CurrencyReverted):
    """Less is held for the account."""

    template = "{available} held for {account}, {requested} asked"
    remedy = "claim at most what is held"


class PayeeOnly(CurrencyReverted):
    """The payee submits its authorizations itself."""

    template = "{payee} takes authorizations only by its own hand, {caller} submitted one"
    remedy = "pay it through its own entry, for a series a purchase"


class SettlementAccountWithoutCode(CurrencyReverted):
    """Only a contract can be a settlement account."""

    template = "{account} has no code of its own"
    remedy = "mark a deployed contract"


class SettlementAccountFrozen(CurrencyReverted):
    """A frozen account cannot become a settlement account."""

    template = "something of {account} is frozen"
    remedy = "have the freeze lifted first"


class SettlementAccountProtected(CurrencyReverted):
    """A settlement account is neither frozen, seized nor registered."""

    template = "{account} holds what belongs to others"
    remedy = "freeze or seize the accounts of those to whom it pays out"


class AccountFrozenOutgoing(CurrencyReverted):
    """Nothing may leave the account."""

    template = "the account {account} is frozen, nothing may leave it"
    remedy = "have the freeze lifted"


class AccountFrozenIncoming(CurrencyReverted):
    """Nothing may come into the account."""

    template = "the account {account} is frozen, nothing may come in"
    remedy = "pay another account, or have the freeze lifted"


class FrozenAmountExceeded(CurrencyReverted):
    """Part of the balance may not leave."""

    template = "{requested} asked of {account}, of which {available} may leave: {frozen} are frozen"
    remedy = "transfer at most what may leave, or have the frozen amount lowered"


class SeizureWithoutLegalBasis(CurrencyReverted):
    """A seizure rests on a document."""

    template = "a seizure from {account} without a legal basis"
    remedy = "give the hash of the document that it rests on"


class CurrencyPaused(CurrencyReverted):
    """The currency is paused."""

    template = "issuance, payments and new redemption requests are stopped"
    remedy = "wait until the pause ends"


class AuthorityFixed(CurrencyReverted):
    """The AccessManager of a currency stays the same."""

    template = "the authority of a currency is set once"
    remedy = "hand roles over, or deploy another currency"


class ChannelReceiverPayeeOnly(CurrencyReverted):
    """A channel in this currency would pay somebody who delivers only by a purchase."""

    template = "{receiver} is payee-only and cannot be the receiver of a currency channel"
    remedy = "buy Tokens and open a channel in them"


class ChannelCollectorRefused(CurrencyReverted):
    """A channel in this currency is paid in by its payer's own signature, through one collector."""

    template = "{collector} may not bring units into a channel of this currency, only {expected} may"
    remedy = "have the payer sign the deposit, and submit it through that collector"
