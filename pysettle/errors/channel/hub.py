"""Errors of the ChannelHub."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted
from pysettle.values import Address, Amount, ChannelId, Seconds, Timestamp


class ChannelConfigInvalid(ChannelReverted):
    """A term of the channel is missing."""

    template = "the term {term} of the channel is zero"
    remedy = "name payer, receiver, receiver authorizer and token"

    term: str


class WithdrawDelayOutOfRange(ChannelReverted):
    """The withdraw delay is outside its range."""

    template = "a withdraw delay of {withdraw_delay} is not possible"
    remedy = "choose 15 minutes (900 s) to 30 days (2592000 s)"

    withdraw_delay: Seconds


class DepositAmountZero(ChannelReverted):
    """The deposit is zero."""

    template = "a deposit of zero"
    remedy = "deposit at least one unit"


class DepositAmountMismatch(ChannelReverted):
    """The collector transferred another amount than the announced one."""

    template = "{amount} announced; {received} arrived"
    remedy = "use a collector and a token that transfer exact amounts"

    amount: Amount
    received: Amount


class ClaimsEmpty(ChannelReverted):
    """The claim has no rows."""

    template = "no rows"
    remedy = "claim at least one channel"


class ClaimSignaturesUneven(ChannelReverted):
    """The signatures of one claim have different lengths."""

    template = "{signatures} bytes of signatures for {rows} rows"
    remedy = "use a separate claim for the rows with signatures of another length"

    rows: int
    signatures: int


class ChannelCallerNotReceiver(ChannelReverted):
    """Only the receiver and the receiver authorizer claim and refund."""

    template = "channel {channel_id}: {caller} is neither receiver nor receiver authorizer"
    remedy = "for Tokens, claim by claimMetered"

    channel_id: ChannelId
    caller: Address


class ClaimAuthorizerMismatch(ChannelReverted):
    """One signature covers the channels of one receiver authorizer; the claim contains a channel of another one."""

    template = "the receiver authorizer {actual} stands in a claim that {expected} signed"
    remedy = "make one claim for each authorizer"

    expected: Address
    actual: Address


class ClaimAboveCeiling(ChannelReverted):
    """The claim is above the amount that the payer signed."""

    template = "channel {channel_id}: the payer signed {max_claimable_amount}; {total_claimed} claimed"
    remedy = "claim within the voucher, or have the payer sign a higher one"

    channel_id: ChannelId
    total_claimed: Amount
    max_claimable_amount: Amount


class ClaimAboveBalance(ChannelReverted):
    """The claim is above the deposit of the channel."""

    template = "channel {channel_id}: {balance} deposited; {total_claimed} claimed"
    remedy = "have the payer deposit more"

    channel_id: ChannelId
    total_claimed: Amount
    balance: Amount


class ChannelPayerFrozen(ChannelReverted):
    """The payer is frozen, so the unclaimed deposit goes neither to the receiver nor to the payer."""

    template = "channel {channel_id}: its payer {payer} is frozen outgoing"
    remedy = "settle the earlier claims, and ask the freezer to lift the freeze"

    channel_id: ChannelId
    payer: Address


class VoucherSignatureInvalid(ChannelReverted):
    """The payer did not sign this voucher."""

    template = "channel {channel_id}: its payer did not sign a voucher over exactly this ceiling"
    remedy = "use the voucher as the payer signed it"

    channel_id: ChannelId


class ReceiverAuthorizerSignatureInvalid(ChannelReverted):
    """The receiver authorizer did not sign these values."""

    template = "the receiver authorizer {receiver_authorizer} did not sign exactly these values"
    remedy = "have the authorizer sign exactly the submitted values"

    receiver_authorizer: Address


class RefundNonceInvalid(ChannelReverted):
    """The refund was signed with a nonce that is not the next one."""

    template = "channel {channel_id}: the refund was signed with nonce {actual}; the next nonce is {expected}"
    remedy = "have the refund signed with the next nonce"

    channel_id: ChannelId
    expected: int
    actual: int


class RefundAmountZero(ChannelReverted):
    """The refund or the withdrawal is zero."""

    template = "channel {channel_id}: an amount of zero"
    remedy = "name at least one unit"

    channel_id: ChannelId


class NothingToSettle(ChannelReverted):
    """The receiver has no claimed amount to settle."""

    template = "no amount in {token} is claimed and unsettled for {receiver}"
    remedy = "claim first"

    receiver: Address
    token: Address


class CreditNone(ChannelReverted):
    """The hub holds no credit for the account."""

    template = "the hub holds no credit in {token} for {account}"
    remedy = "read the hub's PayoutCredited events to see the accounts with a credit"

    account: Address
    token: Address


class ChannelCallerNotPayer(ChannelReverted):
    """Only the payer and the payer authorizer withdraw."""

    template = "channel {channel_id}: {caller} is neither payer nor payer authorizer"
    remedy = "call from the payer or the payer authorizer"

    channel_id: ChannelId
    caller: Address


class WithdrawPending(ChannelReverted):
    """An earlier notice of withdrawal is not completed."""

    template = "channel {channel_id}: a withdrawal is pending and can be completed from {finalizable_at}"
    remedy = "complete that withdrawal first"

    channel_id: ChannelId
    finalizable_at: Timestamp


class WithdrawNotPending(ChannelReverted):
    """The payer gave no notice of withdrawal."""

    template = "channel {channel_id}: no withdrawal is pending"
    remedy = "give notice first"

    channel_id: ChannelId


class WithdrawNotFinalizable(ChannelReverted):
    """The notice of withdrawal still runs."""

    template = (
        "channel {channel_id}: the withdrawal can be completed from {finalizable_at}; the chain time is {timestamp}"
    )
    remedy = "wait until the notice has ended"

    channel_id: ChannelId
    finalizable_at: Timestamp
    timestamp: Timestamp


class WithdrawAboveAvailable(ChannelReverted):
    """The withdrawal is above the unclaimed deposit."""

    template = "channel {channel_id}: {available} unclaimed; the notice is for {amount}"
    remedy = "withdraw at most the unclaimed deposit"

    channel_id: ChannelId
    amount: Amount
    available: Amount
