"""One class for each Solidity error, of the same name: what the contract refused, with which values, what to do next.

A `template` names the error's arguments as the contract does. Amounts are in smallest units, times in unix seconds.
Tests hold this list equal to the compiled ABIs and to `docs/errors.md`, and provoke each of them.
"""

from __future__ import annotations

from pysettle.errors import ContractReverted


class CurrencyReverted(ContractReverted):
    """A CurrencyToken refused, or any ERC-20 or EIP-3009 rule of either token."""


class ComputeReverted(ContractReverted):
    """A series, the ChannelHub, its collector or the UsageMeter refused."""


class InterestReverted(ContractReverted):
    """An InterestPayments refused."""


class AccessReverted(ContractReverted):
    """The caller lacks the role."""


class PlatformReverted(ContractReverted):
    """A library underneath the contracts refused."""


# ------------------------------------------------------------------ both tokens


class ERC20InsufficientBalance(CurrencyReverted):
    """The holder has less than the transfer needs."""

    template = "{sender} holds {balance}, {needed} needed"
    remedy = "transfer less, or fund the account first"


class ERC20InsufficientAllowance(CurrencyReverted):
    """The spender is allowed less than the transfer needs."""

    template = "{spender} is allowed {allowance}, {needed} needed"
    remedy = "have the holder approve more"


class ERC20InvalidSender(CurrencyReverted):
    """Nothing can be transferred from this account."""

    template = "{sender} cannot send"
    remedy = "name a holder other than the zero address"


class ERC20InvalidReceiver(CurrencyReverted):
    """Nothing can be transferred to this account."""

    template = "{receiver} cannot receive"
    remedy = "name a recipient other than the zero address and the currency itself"


class ERC20InvalidApprover(CurrencyReverted):
    """This account cannot approve."""

    template = "{approver} cannot approve"
    remedy = "approve from an account of its own"


class ERC20InvalidSpender(CurrencyReverted):
    """This account cannot be approved."""

    template = "{spender} cannot be a spender"
    remedy = "name a spender other than the zero address"


class PermitExpired(CurrencyReverted):
    """The permit has ended."""

    template = "valid until {deadline}, chain time is {timestamp}"
    remedy = "have the owner sign a new one"


class PermitSignatureInvalid(CurrencyReverted):
    """The signature does not cover this permit."""

    template = "not signed by {owner} over exactly these values and its next nonce"
    remedy = "have the owner sign exactly what is submitted, with the nonce of now"


class AuthorizationNotYetValid(CurrencyReverted):
    """The authorization starts later."""

    template = "valid only after {validAfter}, chain time is {timestamp}"
    remedy = "submit it later"


class AuthorizationExpired(CurrencyReverted):
    """The authorization has ended."""

    template = "valid only before {validBefore}, chain time is {timestamp}"
    remedy = "have the payer sign a new one"


class AuthorizationAlreadyUsed(CurrencyReverted):
    """The nonce is spent."""

    template = "{authorizer} has spent nonce {nonce}, or one with the same low 64 bits"
    remedy = "sign again with a fresh nonce"


class AuthorizationSignatureInvalid(CurrencyReverted):
    """The signature does not cover these values."""

    template = "not signed by {authorizer} over exactly these values, this contract and this chain"
    remedy = "have the payer sign exactly what is submitted"


class AuthorizationCallerNotPayee(CurrencyReverted):
    """Somebody else than the payee submitted a receive authorization."""

    template = "{caller} submitted what only the payee {payee} may"
    remedy = "submit it from the payee"


# ------------------------------------------------------------------------------- CurrencyToken


class AmountNotWholeMinorUnits(CurrencyReverted):
    """Issuance and redemption are in whole fen."""

    template = "{amount} is not a positive multiple of {minorUnit} units"
    remedy = "use whole fen"


class QuotaExceeded(CurrencyReverted):
    """The operating institution's quota does not cover the issuance."""

    template = "operator {operator} asked to issue {requested}, its quota has {available} left"
    remedy = "issue less, or have the central bank raise the quota"


class SupplyCapExceeded(CurrencyReverted):
    """A quota, or a reserve, is more than a supply of 96 bits."""

    template = "{requested}, at most {available} can be"
    remedy = "name less"


class ReserveAttesterInvalid(CurrencyReverted):
    """The reserve is attested by the central bank."""

    template = "{centralBank} does not hold the central bank's role"
    remedy = "have the central bank sign"


class ReserveSignatureInvalid(CurrencyReverted):
    """The signature does not cover this attestation."""

    template = "not signed by the central bank {centralBank} over exactly these values"
    remedy = "submit the attestation as it was signed"


class ReserveSequenceInvalid(CurrencyReverted):
    """Attestations are submitted in rising sequence."""

    template = "attestation {sequence} after attestation {last}"
    remedy = "have the central bank attest anew"


class ReserveTimeInvalid(CurrencyReverted):
    """A reserve is attested as of now, or of a time since the last attestation."""

    template = "attested as of {asOf}, which is not from {earliest} to {latest}"
    remedy = "have the central bank attest anew"


class ReserveAttestationExpired(CurrencyReverted):
    """No attestation of the reserve is valid."""

    template = "the attestation was valid before {validBefore}, chain time is {timestamp}"
    remedy = "have the central bank attest the reserve anew"


class ReserveExceeded(CurrencyReverted):
    """Supply would be above the attested reserve."""

    template = "{requested} units to be issued, the attested reserve covers {available} more"
    remedy = "issue less, or have the central bank attest a greater reserve"


class ReserveRatioInvalid(CurrencyReverted):
    """A reserve covers a part of the supply, or all of it."""

    template = "{ratioBps} basis points"
    remedy = "name 1 to 10000 basis points"


class ClassLimitInvalid(CurrencyReverted):
    """A limit of a wallet class is in steps."""

    template = "{limit} units; limits are multiples of {step} up to {most}"
    remedy = "name such a multiple, or 2^256-1 for no limit"


class ClassWithoutLimits(CurrencyReverted):
    """Corporate wallets have no limits."""

    template = "wallet class {class}"
    remedy = "set the limits of the classes I to IV"


class WalletWithoutRealName(CurrencyReverted):
    """A wallet above class IV has a known holder."""

    template = "{account} as wallet class {class}"
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


class RedemptionOperatorInvalid(CurrencyReverted):
    """Redemption is asked of an operating institution."""

    template = "{operator} is no operating institution"
    remedy = "name an institution that holds the operator role"


class RedemptionNotFound(CurrencyReverted):
    """No such redemption."""

    template = "no redemption has the number {id}"
    remedy = "use the number that the request returned"


class RedemptionEnded(CurrencyReverted):
    """A redemption ends once."""

    template = "redemption {id} has ended with status {status} (2 completed, 3 rejected, 4 cancelled)"
    remedy = "make a new request"


class RedemptionNotCancellable(CurrencyReverted):
    """The operator took the redemption, and is exchanging the reserve."""

    template = "redemption {id} can be cancelled from {cancellableFrom}, chain time is {timestamp}"
    remedy = "wait for the operator, or cancel then"


class RedemptionTakenAlready(CurrencyReverted):
    """A redemption is taken once."""

    template = "redemption {id} was taken before"
    remedy = "complete or reject it"


class RedemptionCallerInvalid(CurrencyReverted):
    """Another party may do this to the redemption."""

    template = "redemption {id}: {caller} called, only {expected} may"
    remedy = "call from that account"


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


# ---------------------------------------------------------------------------- InterestPayments


class InterestInFullReserve(InterestReverted):
    """A currency in full reserve bears no interest."""

    template = "the reserve has to cover all of the supply"
    remedy = "have the central bank set a reserve ratio below 10000 basis points"


class InterestAccountUnmarked(InterestReverted):
    """The contract that pays is no settlement account."""

    template = "{account} is not marked"
    remedy = "have the registrar mark it as a settlement account"


class InterestPeriodInvalid(InterestReverted):
    """A period has a day at the least, and every day of it has ended."""

    template = "from day {firstDay} to before day {endDay}, today is day {today}"
    remedy = "name days that have ended in UTC+8, the first before the end"


class InterestPeriodOverlaps(InterestReverted):
    """A day bears interest once."""

    template = "begins with day {firstDay}, days before {earliest} are declared or passed over"
    remedy = "begin with the end of the period declared last, or later"


class InterestRateInvalid(InterestReverted):
    """A rate is a positive number of basis points, up to its value of a year."""

    template = "{rateBps} basis points, from 1 to {most} can be"
    remedy = "name such a rate"


class InterestTotalInvalid(InterestReverted):
    """A total is a positive number of whole fen."""

    template = "{total} is not a positive multiple of {minorUnit} units up to {most}"
    remedy = "declare the sum of the rows; where there is none, declare nothing"


class InterestPeriodNotFound(InterestReverted):
    """No such period."""

    template = "period {id}"
    remedy = "use the number that the declaration returned"


class InterestRowsInvalid(InterestReverted):
    """A batch has a row at the least, and is bounded."""

    template = "{rows} rows, from 1 to {most} can be paid at once"
    remedy = "pay the rest in further batches"


# -------------------------------------------------------------------------------- ComputeToken


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


# ------------------------------------------------------------- ChannelHub, collector, UsageMeter


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


# -------------------------------------------------------------------------- roles and libraries


class AccessManagedUnauthorized(AccessReverted):
    """The caller lacks the role."""

    template = "{caller} lacks the role"
    remedy = "have an administrator grant it, or call from an account that has it"


class AccessManagedRequiredDelay(AccessReverted):
    """The role acts with a delay."""

    template = "{caller} may do this only with a delay of {delay} seconds"
    remedy = "schedule the call with the AccessManager"


class AccessManagedInvalidAuthority(AccessReverted):
    """The new authority is no contract."""

    template = "{authority} is no AccessManager"
    remedy = "name a contract"


class AccessManagerUnauthorizedAccount(AccessReverted):
    """Roles are granted and revoked by their administrator."""

    template = "{msgsender} lacks the role number {roleId}"
    remedy = "call from the administrator"


class RoleOfferNotFound(AccessReverted):
    """The role is not offered to the account."""

    template = "role {roleId} is not offered to {account}"
    remedy = "have the holder hand it over, or the administrator grant it"


class RoleNotHeld(AccessReverted):
    """A role is handed over by who holds it."""

    template = "{account} does not hold role {roleId}"
    remedy = "have its holder hand it over, or the administrator grant it"


class AccessManagerUnauthorizedCall(AccessReverted):
    """A call through the AccessManager that the caller has no role for."""

    template = "{caller} may not call {selector} of {target}"
    remedy = "have an administrator grant the role"


class AccessManagerUnauthorizedCancel(AccessReverted):
    """Only who scheduled a call, its guardian or an administrator cancels it."""

    template = "{msgsender} may not cancel the call of {selector} of {target} by {caller}"
    remedy = "have the guardian of the role cancel it"


class AccessManagerUnauthorizedConsume(AccessReverted):
    """A scheduled call is consumed by its target."""

    template = "{target} is not the caller"
    remedy = "call the target, which consumes it"


class AccessManagerBadConfirmation(AccessReverted):
    """A role is renounced by its holder."""

    template = "only the holder itself renounces a role"
    remedy = "call from the holder, naming it"


class AccessManagerLockedFunction(AccessReverted):
    """The AccessManager's own functions are not for roles to be given."""

    template = "the function {selector} cannot be given a role"
    remedy = "leave the AccessManager's own functions as they are"


class AccessManagerLockedRole(AccessReverted):
    """The public role has no administrator."""

    template = "the role number {roleId} cannot be changed"
    remedy = "use another role"


class AccessManagerInvalidInitialAdmin(AccessReverted):
    """The first administrator is nobody."""

    template = "{initialAdmin} cannot be the administrator"
    remedy = "name an account"


class AccessManagerAlreadyScheduled(AccessReverted):
    """The call is scheduled already."""

    template = "operation {operationId} is scheduled already"
    remedy = "wait for it, or cancel it first"


class AccessManagerNotScheduled(AccessReverted):
    """A call with a delay has to be scheduled first."""

    template = "operation {operationId} is not scheduled"
    remedy = "schedule it first"


class AccessManagerNotReady(AccessReverted):
    """The delay of a scheduled call still runs."""

    template = "operation {operationId} is not ready"
    remedy = "wait until its delay has passed"


class AccessManagerExpired(AccessReverted):
    """A scheduled call was not made in time."""

    template = "operation {operationId} has expired"
    remedy = "schedule it again"


class SafeERC20FailedOperation(PlatformReverted):
    """A token returned false."""

    template = "the token {token} refused a transfer"
    remedy = "look at the token's own rules"


class ReentrancyGuardReentrantCall(PlatformReverted):
    """A token or collector called back."""

    template = "the contract was entered again from within itself"
    remedy = "use a token and collector that do not call back"


class AddressEmptyCode(PlatformReverted):
    """A call to an account without code."""

    template = "{target} has no code"
    remedy = "name a contract"


class InsufficientBalance(PlatformReverted):
    """A contract cannot pay for a call."""

    template = "{needed} wei needed, {balance} held"
    remedy = "call without native value"


class SafeCastOverflowedUintDowncast(PlatformReverted):
    """A number is too large for its field."""

    template = "{value} does not fit {bits} bits"
    remedy = "use a smaller number"


class FailedCall(PlatformReverted):
    """A call failed without a reason."""

    template = "a call inside failed without a reason"
    remedy = "try its parts one by one"


class InvalidShortString(PlatformReverted):
    """A packed string is malformed."""

    template = "a packed string is malformed"
    remedy = "deploy the contract anew"


class StringTooLong(PlatformReverted):
    """A name is too long."""

    template = "{str} is longer than 31 bytes"
    remedy = "choose a shorter name"


class Panic(PlatformReverted):
    """A check of the Solidity compiler failed."""

    template = "panic code {code} (17 arithmetic, 18 division by zero, 50 index out of range)"
    remedy = "use amounts within the limits the interface states"


class Error(PlatformReverted):
    """A contract gave its reason as text."""

    template = "{message}"
    remedy = "look at the called contract"
