"""What a series, the ChannelHub, its collector, the UsageMeter refuse."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class ComputeReverted(ContractReverted):
    """A series, the ChannelHub, its collector or the UsageMeter refused."""


class SeriesTermsInvalid(ComputeReverted):
    """Terms no series can have."""

    template = "the term {term} is not acceptable"
    remedy = "give a provider, a deployed currency, a price, a capacity, six 32-bit rates and an expiry in the future"


class SeriesExpired(ComputeReverted):
    """After expiry nothing is sold, deposited or passed on."""

    template = "expired at {expiry}, chain time is {timestamp}"
    remedy = "refund the Tokens, or buy of a newer series"


class SeriesNotExpired(ComputeReverted):
    """Refund and sweep come after expiry."""

    template = "expires at {expiry}, chain time is {timestamp}"
    remedy = "wait until then"


class CapacityExceeded(ComputeReverted):
    """The series has sold out."""

    template = "{requested} Tokens wanted, {available} left to sell"
    remedy = "buy less, or of another series"


class PurchaseDeadlinePassed(ComputeReverted):
    """The buyer's deadline has passed."""

    template = "to be made before {deadline}, chain time is {timestamp}"
    remedy = "have the buyer order again"


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


class SeriesOutstanding(ComputeReverted):
    """Outstanding Tokens keep their backing."""

    template = "{tokens} Tokens are outstanding"
    remedy = "sweep after the last one is redeemed or refunded"


class ChannelTermsRefused(ComputeReverted):
    """Token channels are metered."""

    template = "receiver {receiver} and receiver authorizer {receiverAuthorizer} are not the series and its UsageMeter"
    remedy = "open the channel with exactly those"


class ChannelConfigInvalid(ComputeReverted):
    """A term of the channel is missing."""

    template = "the term {term} of the channel is zero"
    remedy = "name payer, receiver, receiver authorizer and token"


class WithdrawDelayOutOfRange(ComputeReverted):
    """The withdraw delay has bounds."""

    template = "a withdraw delay of {withdrawDelay} seconds"
    remedy = "choose 900 (15 minutes) to 2592000 (30 days)"


class DepositAmountZero(ComputeReverted):
    """Nothing was to be deposited."""

    template = "a deposit of zero"
    remedy = "deposit at least one unit"


class DepositAmountMismatch(ComputeReverted):
    """The collector did not bring what was said."""

    template = "{amount} announced, {received} arrived"
    remedy = "use a collector and a token that transfer exact amounts"


class ClaimsEmpty(ComputeReverted):
    """A claim without rows."""

    template = "no rows"
    remedy = "claim at least one channel"


class ChannelCallerNotReceiver(ComputeReverted):
    """The receiving side alone claims and refunds."""

    template = "channel {channelId}: {caller} is neither receiver nor receiver authorizer"
    remedy = "for Tokens, claim through the UsageMeter"


class ClaimAuthorizerMismatch(ComputeReverted):
    """One signature covers one authorizer's rows."""

    template = "receiver authorizer {actual} in a batch signed by {expected}"
    remedy = "make a batch for each authorizer"


class ClaimAboveCeiling(ComputeReverted):
    """The payer signed less."""

    template = "channel {channelId}: {totalClaimed} claimed, the payer signed {maxClaimableAmount}"
    remedy = "claim within the voucher, or have the payer sign a higher one"


class ClaimAboveBalance(ComputeReverted):
    """The channel holds less."""

    template = "channel {channelId}: {totalClaimed} claimed, {balance} deposited"
    remedy = "have the payer deposit more"


class VoucherSignatureInvalid(ComputeReverted):
    """The voucher is not the payer's."""

    template = "channel {channelId}: the voucher is not signed by its payer over exactly this ceiling"
    remedy = "use the voucher as the payer signed it"


class ReceiverAuthorizerSignatureInvalid(ComputeReverted):
    """The authorizer did not sign this."""

    template = "not signed by the receiver authorizer {receiverAuthorizer} over exactly these values"
    remedy = "have it sign exactly what is submitted"


class RefundNonceInvalid(ComputeReverted):
    """The refund nonce moved on."""

    template = "channel {channelId}: refund nonce {actual}, the channel is at {expected}"
    remedy = "have the refund signed with the current nonce"


class RefundAmountZero(ComputeReverted):
    """A refund or withdrawal of zero."""

    template = "channel {channelId}: an amount of zero"
    remedy = "name at least one unit"


class NothingToSettle(ComputeReverted):
    """Nothing is waiting for the receiver."""

    template = "nothing claimed and unsettled for {receiver} in {token}"
    remedy = "claim first"


class ChannelCallerNotPayer(ComputeReverted):
    """The payer's side alone withdraws."""

    template = "channel {channelId}: {caller} is neither payer nor payer authorizer"
    remedy = "call from one of them"


class WithdrawPending(ComputeReverted):
    """One notice at a time."""

    template = "channel {channelId}: a withdrawal is pending, to be completed from {finalizableAt}"
    remedy = "complete that one first"


class WithdrawNotPending(ComputeReverted):
    """No notice was given."""

    template = "channel {channelId}: no withdrawal is pending"
    remedy = "give notice first"


class WithdrawNotFinalizable(ComputeReverted):
    """The notice still runs."""

    template = "channel {channelId}: to be completed from {finalizableAt}, chain time is {timestamp}"
    remedy = "wait until then"


class WithdrawAboveAvailable(ComputeReverted):
    """Less is unclaimed."""

    template = "channel {channelId}: {amount} noticed, {available} unclaimed"
    remedy = "withdraw at most what is unclaimed"


class CollectorCallerNotHub(ComputeReverted):
    """The collector serves its hub."""

    template = "{caller} called, only the hub {hub} may"
    remedy = "deposit through the hub"


class UsageRowsEmpty(ComputeReverted):
    """A usage claim without rows."""

    template = "no rows"
    remedy = "claim at least one channel"


class UsageMalformed(ComputeReverted):
    """A usage word has stray bits."""

    template = "the usage word {usage} has bits above its six counters"
    remedy = "pack six counters of 42 bits"


class UsageSignatureInvalid(ComputeReverted):
    """The provider attested something else."""

    template = "not signed by the provider {provider} over exactly these channels and counters"
    remedy = "submit the usage as the provider attested it"
