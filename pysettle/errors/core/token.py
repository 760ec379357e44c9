"""What the rules of ERC-20, EIP-2612 and EIP-3009 refuse, in every token."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class TokenReverted(ContractReverted):
    """A rule of ERC-20, EIP-2612 or EIP-3009 refused, in the token of a currency or of a series."""


class ERC20InsufficientBalance(TokenReverted):
    """The holder has less than the transfer needs."""

    template = "{sender} holds {balance}, {needed} needed"
    remedy = "transfer less, or fund the account first"


class ERC20InsufficientAllowance(TokenReverted):
    """The spender is allowed less than the transfer needs."""

    template = "{spender} is allowed {allowance}, {needed} needed"
    remedy = "have the holder approve more"


class ERC20InvalidSender(TokenReverted):
    """Nothing can be transferred from this account."""

    template = "{sender} cannot send"
    remedy = "name a holder other than the zero address"


class ERC20InvalidReceiver(TokenReverted):
    """Nothing can be transferred to this account."""

    template = "{receiver} cannot receive"
    remedy = "name a recipient other than the zero address and the currency itself"


class ERC20InvalidApprover(TokenReverted):
    """This account cannot approve."""

    template = "{approver} cannot approve"
    remedy = "approve from an account of its own"


class ERC20InvalidSpender(TokenReverted):
    """This account cannot be approved."""

    template = "{spender} cannot be a spender"
    remedy = "name a spender other than the zero address"


class PermitExpired(TokenReverted):
    """The permit has ended."""

    template = "valid until {deadline}, chain time is {timestamp}"
    remedy = "have the owner sign a new one"


class PermitSignatureInvalid(TokenReverted):
    """The signature does not cover this permit."""

    template = "not signed by {owner} over exactly these values and its next nonce"
    remedy = "have the owner sign exactly what is submitted, with the nonce of now"


class AuthorizationNotYetValid(TokenReverted):
    """The authorization starts later."""

    template = "valid only after {validAfter}, chain time is {timestamp}"
    remedy = "submit it later"


class AuthorizationExpired(TokenReverted):
    """The authorization has ended."""

    template = "valid only before {validBefore}, chain time is {timestamp}"
    remedy = "have the payer sign a new one"


class AuthorizationAlreadyUsed(TokenReverted):
    """The nonce is spent."""

    template = "{authorizer} has spent nonce {nonce}, or one with the same low 64 bits"
    remedy = "sign again with a fresh nonce"


class AuthorizationSignatureInvalid(TokenReverted):
    """The signature does not cover these values."""

    template = "not signed by {authorizer} over exactly these values, this contract and this chain"
    remedy = "have the payer sign exactly what is submitted"


class AuthorizationCallerNotPayee(TokenReverted):
    """Somebody else than the payee submitted a receive authorization."""

    template = "{caller} submitted what only the payee {payee} may"
    remedy = "submit it from the payee"
