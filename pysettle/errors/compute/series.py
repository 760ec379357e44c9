"""What a series refuses."""

from __future__ import annotations

from pysettle.errors.compute import ComputeReverted


class SeriesTermsInvalid(ComputeReverted):
    """Terms no series can have."""

    template = "the term {term} is not acceptable"
    remedy = (
        "give a provider, a deployed currency, a price, a capacity, six 32-bit rates, an expiry in the future, "
        "a ground for a halter and none without, and at most 10000 basis points"
    )


class SeriesExpired(ComputeReverted):
    """After expiry nothing is sold, deposited or passed on."""

    template = "expired at {expiry}, chain time is {timestamp}"
    remedy = "refund the Tokens, or buy of a newer series"


class SeriesHalted(ComputeReverted):
    """After a halt nothing is sold, deposited or passed on."""

    template = "halted at {haltedAt}"
    remedy = "refund the Tokens, or buy of another series"


class SeriesNotEnded(ComputeReverted):
    """Refund and sweep come after expiry or halt."""

    template = "expires at {expiry} and is not halted, chain time is {timestamp}"
    remedy = "wait until then"


class SeriesCallerNotMarket(ComputeReverted):
    """The market alone creates its series, and halts one at the word of its halter."""

    template = "{caller} called, only the market {market} may"
    remedy = "have the provider open it at the market, or the halter halt it there"


class SeriesUnderfunded(ComputeReverted):
    """A halted series holds all that it owes, compensation included."""

    template = "the series would owe {owed} units after the halt and holds {held}"
    remedy = "have its market pay the compensation in before it halts it"


class HolderFrozenOutgoing(ComputeReverted):
    """Tokens of a frozen account stay where they are."""

    template = "{account} is frozen outgoing in the currency of the series"
    remedy = "ask the freezer, or wait for a refund after expiry"


class HolderFrozenIncoming(ComputeReverted):
    """A frozen account gets no Tokens of others."""

    template = "{account} is frozen incoming in the currency of the series"
    remedy = "name another account, or ask the freezer"


class CapacityExceeded(ComputeReverted):
    """The series has sold out."""

    template = "{requested} Tokens wanted, {available} left to sell"
    remedy = "buy less, or of another series"


class PurchaseDeadlinePassed(ComputeReverted):
    """The buyer's deadline has passed."""

    template = "to be made before {deadline}, chain time is {timestamp}"
    remedy = "have the buyer order again"


class PurchaseNonceInvalid(ComputeReverted):
    """The payment was signed for other terms."""

    template = "the nonce {nonce} does not commit to the terms, whose hash is {termsHash}"
    remedy = "submit the terms as the payer signed them"


class PurchaseBelowLeastTokens(ComputeReverted):
    """The payment buys too few Tokens for the buyer."""

    template = "the payment buys {tokens} Tokens, at least {leastTokens} wanted"
    remedy = "pay the price of that many"


class PurchasePaymentInexact(ComputeReverted):
    """A signed payment must be an exact price."""

    template = "{paid} paid, what it buys costs {price}"
    remedy = "pay exactly the rounded-up price of whole Tokens"


class TokensZero(ComputeReverted):
    """Zero Tokens were asked for."""

    template = "zero Tokens"
    remedy = "name at least one"


class SeriesCallerNotProvider(ComputeReverted):
    """The provider alone redeems and sweeps."""

    template = "{caller} called, only the provider {provider} may"
    remedy = "call from the provider's account"


class TokenTransferRefused(ComputeReverted):
    """Tokens go to the series and the hub by delivery and deposit only."""

    template = "Tokens cannot be transferred from {from} to {to}"
    remedy = "use consume to give Tokens back, and a signed deposit to fund a channel"


class ChannelTermsRefused(ComputeReverted):
    """Token channels are metered."""

    template = "receiver {receiver} and receiver authorizer {receiverAuthorizer} are not the series and its UsageMeter"
    remedy = "open the channel with exactly those"
