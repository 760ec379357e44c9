"""What the rules of ERC-20, EIP-2612 and EIP-3009 refuse, in every token."""

from __future__ import annotations

from pysettle.errors import ContractReverted, UsageError
from pysettle.errors.words import Worded
from pysettle.values import Address, Amount, Timestamp


class NonceSpent(Worded, UsageError):
    """A message is not signed with a nonce that the token would refuse."""

    template = (
        "the nonce {nonce} of {authorizer} is spent: it, or one with the same last 8 bytes ({last_bytes}), was used or "
        "cancelled"
    )
    remedy = "choose another"

    authorizer: Address
    nonce: bytes
    last_bytes: bytes

    def __init__(self, authorizer: Address, nonce: bytes) -> None:
        """Store whose nonce it is."""
        super().__init__(authorizer, nonce, nonce[24:])


class TokenReverted(ContractReverted):
    """A rule of ERC-20, EIP-2612 or EIP-3009 refused, in the token of a currency or of a series."""


class ERC20InsufficientBalance(TokenReverted):
    """The holder has less than the transfer needs."""

    template = "{sender} holds {balance}; {needed} needed"
    remedy = "transfer less, or fund the account first"

    sender: Address
    balance: Amount
    needed: Amount


class ERC20InsufficientAllowance(TokenReverted):
    """The spender is allowed less than the transfer needs."""

    template = "{spender} may spend {allowance}; {needed} needed"
    remedy = "have the holder approve more"

    spender: Address
    allowance: Amount
    needed: Amount


class ERC20InvalidSender(TokenReverted):
    """Nothing can be transferred from this account."""

    template = "{sender} cannot send"
    remedy = "name a holder other than the zero address"

    sender: Address


class ERC20InvalidReceiver(TokenReverted):
    """Nothing can be transferred to this account."""

    template = "{receiver} cannot receive"
    remedy = "name a recipient other than the zero address and the currency itself"

    receiver: Address


class ERC20InvalidApprover(TokenReverted):
    """This account cannot approve."""

    template = "{approver} cannot approve"
    remedy = "approve from an account of its own"

    approver: Address


class ERC20InvalidSpender(TokenReverted):
    """This account cannot be approved."""

    template = "{spender} cannot be a spender"
    remedy = "name a spender other than the zero address"

    spender: Address


class PermitExpired(TokenReverted):
    """The permit has ended."""

    template = "the permit was valid until {deadline}; the chain time is {timestamp}"
    remedy = "have the owner sign a new one"

    deadline: Timestamp
    timestamp: Timestamp


class PermitSignatureInvalid(TokenReverted):
    """The signature does not cover this permit."""

    template = "{owner} did not sign exactly these values with its next nonce"
    remedy = "have the owner sign exactly what is submitted, with the nonce of now"

    owner: Address


class AuthorizationNotYetValid(TokenReverted):
    """The authorization starts later."""

    template = "the authorization is valid after {valid_after}; the chain time is {timestamp}"
    remedy = "submit it later"

    valid_after: Timestamp
    timestamp: Timestamp


class AuthorizationExpired(TokenReverted):
    """The authorization has ended."""

    template = "the authorization was valid before {valid_before}; the chain time is {timestamp}"
    remedy = "have the payer sign a new one"

    valid_before: Timestamp
    timestamp: Timestamp


class AuthorizationAlreadyUsed(TokenReverted):
    """The nonce is spent."""

    template = "{authorizer} has used the nonce {nonce}, or one with the same low 64 bits"
    remedy = "sign again with a fresh nonce"

    authorizer: Address
    nonce: bytes


class AuthorizationSignatureInvalid(TokenReverted):
    """The signature does not cover these values."""

    template = "{authorizer} did not sign exactly these values for this contract and this chain"
    remedy = "have the payer sign exactly what is submitted"

    authorizer: Address


class AuthorizationCallerNotPayee(TokenReverted):
    """Another account than the payee submitted a receive authorization."""

    template = "only the payee {payee} may submit it; {caller} called"
    remedy = "submit it from the payee"

    caller: Address
    payee: Address
