"""What the ChannelHub refuses."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted


class ChannelConfigInvalid(ChannelReverted):
    """A term of the channel is missing."""

    template = "the term {term} of the channel is zero"
    remedy = "name payer, receiver, receiver authorizer and token"


class WithdrawDelayOutOfRange(ChannelReverted):
    """The withdraw delay has bounds."""

    template = "a withdraw delay of {withdrawDelay} seconds"
    remedy = "choose 900 (15 minutes) to 2592000 (30 days)"


class DepositAmountZero(ChannelReverted):
    """Nothing was to be deposited."""

    template = "a deposit of zero"
    remedy = "deposit at least one unit"


class DepositAmountMismatch(ChannelReverted):
    """The collector did not bring what was said."""

    template = "{amount} announced, {received} arrived"
    remedy = "use a collector and a token that transfer exact amounts"


class ClaimsEmpty(ChannelReverted):
    """A claim without rows."""

    template = "no rows"
    remedy = "claim at least one channel"


class ClaimSignaturesUneven(ChannelReverted):
    """Signatures of one claim have one length."""

    template = "{signatures} bytes of signatures for {rows} rows"
    remedy = "claim rows whose signatures are of another length apart"


class ChannelCallerNotReceiver(ChannelReverted):
    """The receiving side alone claims and refunds."""

    template = "channel {channelId}: {caller} is neither receiver nor receiver authorizer"
    remedy = "for Tokens, claim by claimMetered"


class ClaimAuthorizerMismatch(ChannelReverted):
    """One signature covers one authorizer's rows."""

    template = "receiver authorizer {actual} in a batch signed by {expected}"
    remedy = "make a batch for each authorizer"


class ClaimAboveCeiling(ChannelReverted):
    """The payer signed less."""

    template = "channel {channelId}: {totalClaimed} claimed, the payer signed {maxClaimableAmount}"
    remedy = "claim within the voucher, or have the payer sign a higher one"


class ClaimAboveBalance(ChannelReverted):
    """The channel holds less."""

    template = "channel {channelId}: {totalClaimed} claimed, {balance} deposited"
    remedy = "have the payer deposit more"


class ChannelPayerFrozen(ChannelReverted):
    """What a frozen payer was not yet claimed is held back, from receiver and payer."""

    template = "channel {channelId}: its payer {payer} is frozen outgoing"
    remedy = "settle what was claimed before, and ask the freezer"


class VoucherSignatureInvalid(ChannelReverted):
    """The voucher is not the payer's."""

    template = "channel {channelId}: the voucher is not signed by its payer over exactly this ceiling"
    remedy = "use the voucher as the payer signed it"


class ReceiverAuthorizerSignatureInvalid(ChannelReverted):
    """The authorizer did not sign this."""

    template = "not signed by the receiver authorizer {receiverAuthorizer} over exactly these values"
    remedy = "have it sign exactly what is submitted"


class RefundNonceInvalid(ChannelReverted):
    """The refund nonce moved on."""

    template = "channel {channelId}: refund nonce {actual}, the channel is at {expected}"
    remedy = "have the refund signed with the current nonce"


class RefundAmountZero(ChannelReverted):
    """A refund or withdrawal of zero."""

    template = "channel {channelId}: an amount of zero"
    remedy = "name at least one unit"


class NothingToSettle(ChannelReverted):
    """Nothing is waiting for the receiver."""

    template = "nothing claimed and unsettled for {receiver} in {token}"
    remedy = "claim first"


class CreditNone(ChannelReverted):
    """The hub holds nothing for the account."""

    template = "no credit for {account} in {token}"
    remedy = "see the hub's PayoutCredited events for whom it holds something"


class ChannelCallerNotPayer(ChannelReverted):
    """The payer's side alone withdraws."""

    template = "channel {channelId}: {caller} is neither payer nor payer authorizer"
    remedy = "call from one of them"


class WithdrawPending(ChannelReverted):
    """One notice at a time."""

    template = "channel {channelId}: a withdrawal is pending, to be completed from {finalizableAt}"
    remedy = "complete that one first"


class WithdrawNotPending(ChannelReverted):
    """No notice was given."""

    template = "channel {channelId}: no withdrawal is pending"
    remedy = "give notice first"


class WithdrawNotFinalizable(ChannelReverted):
    """The notice still runs."""

    template = "channel {channelId}: to be completed from {finalizableAt}, chain time is {timestamp}"
    remedy = "wait until then"


class WithdrawAboveAvailable(ChannelReverted):
    """Less is unclaimed."""

    template = "channel {channelId}: {amount} noticed, {available} unclaimed"
    remedy = "withdraw at most what is unclaimed"
