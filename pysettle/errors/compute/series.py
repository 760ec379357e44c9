"""Errors of a series."""

from __future__ import annotations

from pysettle.errors.compute import ComputeReverted
from pysettle.values import Address, Timestamp, Tokens, Units


class SeriesTermsInvalid(ComputeReverted):
    """A term of the series is not acceptable."""

    template = "the term {term} is not acceptable"
    remedy = (
        "give a provider, a deployed currency, a price, a capacity, six 32-bit rates, an expiry in the future, "
        "a ground for a halter and none without, and at most 10000 basis points"
    )

    term: str


class SeriesExpired(ComputeReverted):
    """The series has expired: no sale, deposit or transfer is possible."""

    template = "the series expired at {expiry}; the chain time is {timestamp}"
    remedy = "refund the Tokens, or buy Tokens of a newer series"

    expiry: Timestamp
    timestamp: Timestamp


class SeriesHalted(ComputeReverted):
    """The series is halted: no sale, deposit or transfer is possible."""

    template = "the series was halted at {halted_at}"
    remedy = "refund the Tokens, or buy Tokens of another series"

    halted_at: Timestamp


class SeriesNotEnded(ComputeReverted):
    """The series has neither expired nor been halted; refunds and sweeps are possible after that."""

    template = "the series expires at {expiry} and is not halted; the chain time is {timestamp}"
    remedy = "wait until the series has expired"

    expiry: Timestamp
    timestamp: Timestamp


class SeriesCallerNotMarket(ComputeReverted):
    """Only the market creates its series, and only the market halts one, at the request of its halter."""

    template = "only the market {market} may do this; {caller} called"
    remedy = "have the provider open the series at the market, or the halter halt it there"

    caller: Address
    market: Address


class SeriesUnderfunded(ComputeReverted):
    """The series would hold less than it owes after the halt, compensation included."""

    template = "the series would owe {owed} after the halt and holds {held}"
    remedy = "have its market pay the compensation in before the halt"

    held: Units
    owed: Units


class HolderFrozenOutgoing(ComputeReverted):
    """The holder is frozen outgoing, so its Tokens cannot move."""

    template = "{account} is frozen outgoing in the currency of the series"
    remedy = "ask the freezer to lift the freeze, or wait for a refund after expiry"

    account: Address


class HolderFrozenIncoming(ComputeReverted):
    """The account is frozen incoming, so it cannot receive Tokens of others."""

    template = "{account} is frozen incoming in the currency of the series"
    remedy = "name another account, or ask the freezer to lift the freeze"

    account: Address


class CapacityExceeded(ComputeReverted):
    """The rest of the series is smaller than the purchase."""

    template = "{available} left to sell; {requested} requested"
    remedy = "buy less, or buy Tokens of another series"

    requested: Tokens
    available: Tokens


class PurchaseDeadlinePassed(ComputeReverted):
    """The buyer's deadline has passed."""

    template = "the order was valid before {deadline}; the chain time is {timestamp}"
    remedy = "have the buyer order again"

    deadline: Timestamp
    timestamp: Timestamp


class PurchaseNonceInvalid(ComputeReverted):
    """The payment was signed for other terms."""

    template = "the nonce {nonce} does not commit to the terms with the hash {terms_hash}"
    remedy = "submit the terms as the payer signed them"

    nonce: bytes
    terms_hash: bytes


class PurchaseBelowLeastTokens(ComputeReverted):
    """The payment buys fewer Tokens than the buyer requires."""

    template = "the payment buys {tokens}; at least {least_tokens} requested"
    remedy = "pay the price of that many Tokens"

    tokens: Tokens
    least_tokens: Tokens


class PurchasePaymentInexact(ComputeReverted):
    """A signed payment has to be the exact price of whole Tokens."""

    template = "{paid} paid; the exact price is {price}"
    remedy = "pay exactly the rounded-up price of whole Tokens"

    paid: Units
    price: Units


class TokensZero(ComputeReverted):
    """The number of Tokens is zero."""

    template = "zero Tokens requested"
    remedy = "name at least one Token"


class SeriesCallerNotProvider(ComputeReverted):
    """Only the provider redeems delivered Tokens and sweeps the remainder."""

    template = "only the provider {provider} may do this; {caller} called"
    remedy = "call from the provider's account"

    caller: Address
    provider: Address


class TokenTransferRefused(ComputeReverted):
    """Tokens reach the series only by delivery, and the hub only by deposit."""

    template = "Tokens cannot be transferred from {from_} to {to}"
    remedy = "use consume to give Tokens back, and a signed deposit to fund a channel"

    from_: Address
    to: Address


class ChannelTermsRefused(ComputeReverted):
    """A channel in Tokens is metered: its receiver is the series, its receiver authorizer the UsageMeter."""

    template = "receiver {receiver} and receiver authorizer {receiver_authorizer} are not the series and its UsageMeter"
    remedy = "open the channel with the series as its receiver and the UsageMeter as the receiver authorizer"

    receiver: Address
    receiver_authorizer: Address
