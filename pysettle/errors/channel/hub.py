"""What the ChannelHub refuses."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted
from pysettle.values import Address, Amount, ChannelId, Seconds, Timestamp


class ChannelConfigInvalid(ChannelReverted):
    """A term of the channel is missing."""

    template = "the term {term} of the channel is zero"
    remedy = "name payer, receiver, receiver authorizer and token"

    term: str


class WithdrawDelayOutOfRange(ChannelReverted):
    """The withdraw delay has bounds."""

    template = "a withdraw delay of {withdraw_delay} is not possible"
    remedy = "choose 15 minutes (900 s) to 30 days (2592000 s)"

    withdraw_delay: Seconds


class DepositAmountZero(ChannelReverted):
    """Nothing was to be deposited."""

    template = "a deposit of zero"
    remedy = "deposit at least one unit"


class DepositAmountMismatch(ChannelReverted):
    """The collector did not bring the announced amount."""

    template = "{amount} announced; {received} arrived"
    remedy = "use a collector and a token that transfer exact amounts"

    amount: Amount
    received: Amount


class ClaimsEmpty(ChannelReverted):
    """A claim without rows."""

    template = "no rows"
    remedy = "claim at least one channel"


class ClaimSignaturesUneven(ChannelReverted):
    """Signatures of one claim have one length."""

    template = "{signatures} bytes of signatures for {rows} rows"
    remedy = "claim rows with signatures of another length in a claim of their own"

    rows: int
    signatures: int


class ChannelCallerNotReceiver(ChannelReverted):
    """Only the receiving side claims and refunds."""

    template = "channel {channel_id}: {caller} is neither receiver nor receiver authorizer"
    remedy = "for Tokens, claim by claimMetered"

    channel_id: ChannelId
    caller: Address


class ClaimAuthorizerMismatch(ChannelReverted):
    """One signature covers one authorizer's rows."""

    template = "the receiver authorizer {actual} stands in a claim that {expected} signed"
    remedy = "make one claim for each authorizer"

    expected: Address
    actual: Address


class ClaimAboveCeiling(ChannelReverted):
    """The payer signed less."""

    template = "channel {channel_id}: the payer signed {max_claimable_amount}; {total_claimed} claimed"
    remedy = "claim within the voucher, or have the payer sign a higher one"

    channel_id: ChannelId
    total_claimed: Amount
    max_claimable_amount: Amount


class ClaimAboveBalance(ChannelReverted):
    """The channel holds less."""

    template = "channel {channel_id}: {balance} deposited; {total_claimed} claimed"
    remedy = "have the payer deposit more"

    channel_id: ChannelId
    total_claimed: Amount
    balance: Amount


class ChannelPayerFrozen(ChannelReverted):
    """The unclaimed deposit of a frozen payer is held back, from receiver and payer."""

    template = "channel {channel_id}: its payer {payer} is frozen outgoing"
    remedy = "settle the earlier claims, and ask the freezer"

    channel_id: ChannelId
    payer: Address


class VoucherSignatureInvalid(ChannelReverted):
    """The voucher is not the payer's."""

    template = "channel {channel_id}: its payer did not sign a voucher over exactly this ceiling"
    remedy = "use the voucher as the payer signed it"

    channel_id: ChannelId


class ReceiverAuthorizerSignatureInvalid(ChannelReverted):
    """The authorizer did not sign this."""

    template = "the receiver authorizer {receiver_authorizer} did not sign exactly these values"
    remedy = "have it sign exactly the submitted values"

    receiver_authorizer: Address


class RefundNonceInvalid(ChannelReverted):
    """The refund nonce moved on."""

    template = "channel {channel_id}: the refund was signed with nonce {actual}; the next nonce is {expected}"
    remedy = "have the refund signed with the current nonce"

    channel_id: ChannelId
    expected: int
    actual: int


class RefundAmountZero(ChannelReverted):
    """A refund or withdrawal of zero."""

    template = "channel {channel_id}: an amount of zero"
    remedy = "name at least one unit"

    channel_id: ChannelId


class NothingToSettle(ChannelReverted):
    """Nothing is waiting for the receiver."""

    template = "no amount in {token} is claimed and unsettled for {receiver}"
    remedy = "claim first"

    receiver: Address
    token: Address


class CreditNone(ChannelReverted):
    """The hub holds nothing for the account."""

    template = "the hub holds no credit in {token} for {account}"
    remedy = "read the hub's PayoutCredited events to see for which accounts it holds credits"

    account: Address
    token: Address


class ChannelCallerNotPayer(ChannelReverted):
    """Only the payer's side withdraws."""

    template = "channel {channel_id}: {caller} is neither payer nor payer authorizer"
    remedy = "call from the payer or the payer authorizer"

    channel_id: ChannelId
    caller: Address


class WithdrawPending(ChannelReverted):
    """One notice at a time."""

    template = "channel {channel_id}: a withdrawal is pending and can be completed from {finalizable_at}"
    remedy = "complete that one first"

    channel_id: ChannelId
    finalizable_at: Timestamp


class WithdrawNotPending(ChannelReverted):
    """No notice was given."""

    template = "channel {channel_id}: no withdrawal is pending"
    remedy = "give notice first"

    channel_id: ChannelId


class WithdrawNotFinalizable(ChannelReverted):
    """The notice still runs."""

    template = (
        "channel {channel_id}: the withdrawal can be completed from {finalizable_at}; the chain time is {timestamp}"
    )
    remedy = "wait until the notice has ended"

    channel_id: ChannelId
    finalizable_at: Timestamp
    timestamp: Timestamp


class WithdrawAboveAvailable(ChannelReverted):
    """The unclaimed deposit is smaller."""

    template = "channel {channel_id}: {available} unclaimed; the notice is for {amount}"
    remedy = "withdraw at most the unclaimed deposit"

    channel_id: ChannelId
    amount: Amount
    available: Amount
