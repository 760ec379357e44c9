"""What a series refuses."""

from __future__ import annotations

from pysettle.errors.compute import ComputeReverted
from pysettle.values import Address, Timestamp, Tokens, Units


class SeriesTermsInvalid(ComputeReverted):
    """Terms no series can have."""

    template = "the term {term} is not acceptable"
    remedy = (
        "give a provider, a deployed currency, a price, a capacity, six 32-bit rates, an expiry in the future, "
        "a ground for a halter and none without, and at most 10000 basis points"
    )

    term: str


class SeriesExpired(ComputeReverted):
    """After expiry nothing is sold, deposited or passed on."""

    template = "the series expired at {expiry}; the chain time is {timestamp}"
    remedy = "refund the Tokens, or buy of a newer series"

    expiry: Timestamp
    timestamp: Timestamp


class SeriesHalted(ComputeReverted):
    """After a halt nothing is sold, deposited or passed on."""

    template = "the series was halted at {halted_at}"
    remedy = "refund the Tokens, or buy of another series"

    halted_at: Timestamp


class SeriesNotEnded(ComputeReverted):
    """Refund and sweep come after expiry or halt."""

    template = "the series expires at {expiry} and is not halted; the chain time is {timestamp}"
    remedy = "wait until the series has expired"

    expiry: Timestamp
    timestamp: Timestamp


class SeriesCallerNotMarket(ComputeReverted):
    """Only the market creates its series, and halts one for its halter."""

    template = "only the market {market} may do this; {caller} called"
    remedy = "have the provider open it at the market, or the halter halt it there"

    caller: Address
    market: Address


class SeriesUnderfunded(ComputeReverted):
    """A halted series holds everything it owes, compensation included."""

    template = "the series would owe {owed} after the halt and holds {held}"
    remedy = "have its market pay the compensation in before it halts it"

    held: Units
    owed: Units


class HolderFrozenOutgoing(ComputeReverted):
    """Tokens of a frozen account stay where they are."""

    template = "{account} is frozen outgoing in the currency of the series"
    remedy = "ask the freezer, or wait for a refund after expiry"

    account: Address


class HolderFrozenIncoming(ComputeReverted):
    """A frozen account gets no Tokens of others."""

    template = "{account} is frozen incoming in the currency of the series"
    remedy = "name another account, or ask the freezer"

    account: Address


class CapacityExceeded(ComputeReverted):
    """The series has sold out."""

    template = "{available} left to sell; {requested} requested"
    remedy = "buy less, or of another series"

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

    template = "the nonce {nonce} does not commit to the terms, whose hash is {terms_hash}"
    remedy = "submit the terms as the payer signed them"

    nonce: bytes
    terms_hash: bytes


class PurchaseBelowLeastTokens(ComputeReverted):
    """The payment buys too few Tokens for the buyer."""

    template = "the payment buys {tokens}; at least {least_tokens} requested"
    remedy = "pay the price of that many Tokens"

    tokens: Tokens
    least_tokens: Tokens


class PurchasePaymentInexact(ComputeReverted):
    """A signed payment must be an exact price."""

    template = "{paid} paid; the exact price is {price}"
    remedy = "pay exactly the rounded-up price of whole Tokens"

    paid: Units
    price: Units


class TokensZero(ComputeReverted):
    """Zero Tokens were requested."""

    template = "zero Tokens requested"
    remedy = "name at least one"


class SeriesCallerNotProvider(ComputeReverted):
    """Only the provider redeems and sweeps."""

    template = "only the provider {provider} may do this; {caller} called"
    remedy = "call from the provider's account"

    caller: Address
    provider: Address


class TokenTransferRefused(ComputeReverted):
    """Tokens go to the series and the hub by delivery and deposit only."""

    template = "Tokens cannot be transferred from {from_} to {to}"
    remedy = "use consume to give Tokens back, and a signed deposit to fund a channel"

    from_: Address
    to: Address


class ChannelTermsRefused(ComputeReverted):
    """Token channels are metered."""

    template = "receiver {receiver} and receiver authorizer {receiver_authorizer} are not the series and its UsageMeter"
    remedy = "open the channel with the series as its receiver and the UsageMeter as the receiver authorizer"

    receiver: Address
    receiver_authorizer: Address
