"""What a series, the ComputeMarket, the ChannelHub, its collector and the UsageMeter refuse."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class ComputeReverted(ContractReverted):
    """A series, the ComputeMarket, the ChannelHub, its collector or the UsageMeter refused."""


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


class ClaimSignaturesUneven(ComputeReverted):
    """Signatures of one claim have one length."""

    template = "{signatures} bytes of signatures for {rows} rows"
    remedy = "claim rows whose signatures are of another length apart"


class ChannelCallerNotReceiver(ComputeReverted):
    """The receiving side alone claims and refunds."""

    template = "channel {channelId}: {caller} is neither receiver nor receiver authorizer"
    remedy = "for Tokens, claim by claimMetered"


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


class ChannelPayerFrozen(ComputeReverted):
    """What a frozen payer was not yet claimed is held back, from receiver and payer."""

    template = "channel {channelId}: its payer {payer} is frozen outgoing"
    remedy = "settle what was claimed before, and ask the freezer"


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


class CreditNone(ComputeReverted):
    """The hub holds nothing for the account."""

    template = "no credit for {account} in {token}"
    remedy = "see the hub's PayoutCredited events for whom it holds something"


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


class MeterCallerNotHub(ComputeReverted):
    """The meter answers its hub."""

    template = "{caller} called, only the hub {hub} may"
    remedy = "claim at the hub, by claimMetered"


class MeterReceiverNotSeries(ComputeReverted):
    """The meter meters Tokens."""

    template = "receiver {receiver} and token {token} are not one series"
    remedy = "claim channels of a series, which is their receiver and token"


class UsageSignatureInvalid(ComputeReverted):
    """The provider attested something else."""

    template = "not signed by the provider {provider} over exactly these channels and counters"
    remedy = "submit the usage as the provider attested it"


class ComputeAttesterInvalid(ComputeReverted):
    """Attesters hold a role."""

    template = "{attester} does not hold the attester role"
    remedy = "have an attester of the currency sign"


class ComputeSignatureInvalid(ComputeReverted):
    """The attester signed something else."""

    template = "not signed by the attester {attester} over exactly this compute"
    remedy = "submit the attestation as it was signed"


class ComputeRegisteredAlready(ComputeReverted):
    """Compute counts once."""

    template = "compute {computeId} is registered"
    remedy = "open series on it, or have other compute attested with another salt"


class ComputeTermsInvalid(ComputeReverted):
    """No compute is like this."""

    template = "the term {term} of the compute is not acceptable"
    remedy = "attest a provider, units that deliver, an end after the beginning, and at most 2^96 - 1 Tokens"


class ComputeNotOfProvider(ComputeReverted):
    """Series are opened on compute of one's own."""

    template = "compute {computeId} is not registered for {provider}"
    remedy = "register the compute first, or name one of the provider's"


class ComputeCapacityExceeded(ComputeReverted):
    """Compute is allocated once."""

    template = "compute {computeId}: {requested} Tokens wanted, {available} not allocated"
    remedy = "open a smaller series, or on other compute"


class ComputeEndsBefore(ComputeReverted):
    """A series ends no later than its compute."""

    template = "compute {computeId} ends at {validBefore}, the series at {expiry}"
    remedy = "choose an earlier expiry"


class ProviderNotCaller(ComputeReverted):
    """Providers open their own series."""

    template = "the terms name {provider}, {caller} called"
    remedy = "call from the provider's account"


class ProviderFrozen(ComputeReverted):
    """The stake of a frozen provider answers for nothing new."""

    template = "the provider {provider} is frozen outgoing in the currency"
    remedy = "have the freeze lifted, then open the series"


class StakeAmountZero(ComputeReverted):
    """Nothing to stake, to withdraw or to release."""

    template = "a stake of zero"
    remedy = "name at least one unit; a halted series, or one without compensation, has none to release"


class StakeInsufficient(ComputeReverted):
    """Stake stands behind one promise."""

    template = "{provider}: {requested} units wanted, {available} staked and not locked"
    remedy = "stake more, or wait until a series releases some"


class StakeTooLarge(ComputeReverted):
    """No currency has that many units."""

    template = "a stake of {requested} units, at most {most}"
    remedy = "open a smaller series, or promise less compensation"


class SeriesUnknown(ComputeReverted):
    """The market knows its own series."""

    template = "{series} was not opened by this market"
    remedy = "name a series of this market"


class SeriesCallerNotHalter(ComputeReverted):
    """Halting is for whom the terms name."""

    template = "{caller} called, the terms of {series} name {halter}"
    remedy = "call from the halter's account; the zero address means that nobody may"


class HaltWithoutEvidence(ComputeReverted):
    """A halt states its evidence."""

    template = "no evidence for a halt of {series}"
    remedy = "give the hash of what shows that the ground is given"


class StakeLocked(ComputeReverted):
    """Stake stays behind a series until it expires."""

    template = "stake of {series} is locked until {expiry}, chain time is {timestamp}"
    remedy = "wait until then"
