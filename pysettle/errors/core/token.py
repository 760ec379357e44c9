"""Errors of ERC-20, EIP-2612 and EIP-3009, in every token."""

from __future__ import annotations

from pysettle.errors import ContractReverted, UsageError
from pysettle.errors.words import Worded
from pysettle.values import Address, Amount, Timestamp


class NonceSpent(Worded, UsageError):
    """The nonce was used or cancelled before, so the message is not signed."""

    template = (
        "the nonce {nonce} of {authorizer} is spent: it, or one with the same last 8 bytes ({last_bytes}), was used or "
        "cancelled"
    )
    remedy = "choose another nonce"

    authorizer: Address
    nonce: bytes
    last_bytes: bytes

    def __init__(self, authorizer: Address, nonce: bytes) -> None:
        """Store the authorizer and its nonce."""
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
    """This account cannot send."""

    template = "{sender} cannot send"
    remedy = "name a holder other than the zero address"

    sender: Address


class ERC20InvalidReceiver(TokenReverted):
    """This account cannot receive."""

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
    """The permit has expired."""

    template = "the permit was valid until {deadline}; the chain time is {timestamp}"
    remedy = "have the owner sign a new permit"

    deadline: Timestamp
    timestamp: Timestamp


class PermitSignatureInvalid(TokenReverted):
    """The owner did not sign this permit."""

    template = "{owner} did not sign exactly these values with its next nonce"
    remedy = "have the owner sign exactly the submitted values, with its next nonce"

    owner: Address


class AuthorizationNotYetValid(TokenReverted):
    """The authorization is not valid yet."""

    template = "the authorization is valid after {valid_after}; the chain time is {timestamp}"
    remedy = "submit the authorization later"

    valid_after: Timestamp
    timestamp: Timestamp


class AuthorizationExpired(TokenReverted):
    """The authorization has expired."""

    template = "the authorization was valid before {valid_before}; the chain time is {timestamp}"
    remedy = "have the payer sign a new authorization"

    valid_before: Timestamp
    timestamp: Timestamp


class AuthorizationAlreadyUsed(TokenReverted):
    """The nonce was used or cancelled before."""

    template = "{authorizer} has used the nonce {nonce}, or one with the same low 64 bits"
    remedy = "sign again with a new nonce"

    authorizer: Address
    nonce: bytes


class AuthorizationSignatureInvalid(TokenReverted):
    """The payer did not sign these values."""

    template = "{authorizer} did not sign exactly these values for this contract and this chain"
    remedy = "have the payer sign exactly the submitted values"

    authorizer: Address


class AuthorizationCallerNotPayee(TokenReverted):
    """Another account than the payee submitted an authorization to receive."""

    template = "only the payee {payee} may submit it; {caller} called"
    remedy = "submit the authorization from the payee"

    caller: Address
    payee: Address
