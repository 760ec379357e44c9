"""What a CurrencyToken refuses, and the rules of ERC-20, EIP-2612 and EIP-3009 that both tokens share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pysettle.errors import ContractReverted
from pysettle.errors.states import RedemptionStatus, State, WalletClass


class CurrencyReverted(ContractReverted):
    """A CurrencyToken refused, or any ERC-20 or EIP-3009 rule of either token."""


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
    """Attestations are submitted in rising sequence, which rises by at most 2^32."""

    template = "attestation {sequence}, which is not from {least} to {most}"
    remedy = "have the central bank attest anew, with the next number"


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

    template = "redemption {id} is {status} already"
    states: ClassVar[Mapping[str, type[State]]] = {"status": RedemptionStatus}
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


class ChannelCollectorRefused(CurrencyReverted):
    """A channel in this currency is paid in by its payer's own signature, through one collector."""

    template = "{collector} may not bring units into a channel of this currency, only {expected} may"
    remedy = "have the payer sign the deposit, and submit it through that collector"
