"""Errors of the libraries that the contracts use, and of the compiler's own checks."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address


class PlatformReverted(ContractReverted):
    """A library that the contract uses refused."""


class SafeERC20FailedOperation(PlatformReverted):
    """A token returned false."""

    template = "the token {token} refused a transfer"
    remedy = "look at the token's own rules"

    token: Address


class ReentrancyGuardReentrantCall(PlatformReverted):
    """A token or a collector called the contract back."""

    template = "the contract was entered again from within itself"
    remedy = "use a token and collector that do not call back"


class AddressEmptyCode(PlatformReverted):
    """A contract called an account without code."""

    template = "{target} has no code"
    remedy = "name a contract"

    target: Address


class InsufficientBalance(PlatformReverted):
    """A contract holds too little native value for a call."""

    template = "{needed} wei needed, {balance} held"
    remedy = "call without native value"

    balance: int
    needed: int


class SafeCastOverflowedUintDowncast(PlatformReverted):
    """A number is too large for its field."""

    template = "{value} does not fit {bits} bits"
    remedy = "use a smaller number"

    bits: int
    value: int


class FailedCall(PlatformReverted):
    """An inner call failed without a reason."""

    template = "a call inside failed without a reason"
    remedy = "try the parts of the call one by one"


class InvalidShortString(PlatformReverted):
    """A packed string is malformed."""

    template = "a packed string is malformed"
    remedy = "deploy the contract anew"


class StringTooLong(PlatformReverted):
    """The name is too long."""

    template = "{str_} is longer than 31 bytes"
    remedy = "choose a shorter name"

    str_: str


class Panic(PlatformReverted):
    """A check of the Solidity compiler failed."""

    template = "panic code {code} (17 arithmetic, 18 division by zero, 50 index out of range)"
    remedy = "use amounts within the limits the interface states"

    code: int


class Error(PlatformReverted):
    """The contract gave its reason as text."""

    template = "{message}"
    remedy = "look at the called contract"

    message: str
