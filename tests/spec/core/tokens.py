"""Any token: its holders transfer by hand, by allowance and by signature, whatever a transfer requires.

Written from ERC-20 and the manuals IERC2612 and IERC3009. The currency and every series of Tokens are such a token, and
each requires in `_pay` what it requires of a transfer.
"""

from __future__ import annotations

from collections import defaultdict

from eth_typing import Address

from pysettle.domain.core.events import AuthorizationCanceled, AuthorizationUsed
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Contract, Events, Signature, refuse
from tests.spec.core.events import Approval

NO_END = 2**256 - 1
"""An allowance that is not reduced."""


class TokenSpec(Contract):
    """One token: allowances, and which nonces are spent."""

    def __init__(self, address: Address, events: Events) -> None:
        """Begin with nothing allowed and nothing spent."""
        super().__init__(address, events)
        self.allowances: defaultdict[tuple[Address, Address], int] = defaultdict(int)
        self.permit_nonces: defaultdict[Address, int] = defaultdict(int)
        self.spent_nonces: set[tuple[Address, int]] = set()

    def _pay(
        self, call: Call, payer_at: Address, to: Address, value: int, *, by_anyones_submission: bool = False
    ) -> None:
        """Transfer, or refuse and change nothing."""
        raise NotImplementedError

    def transfer(self, call: Call, to: Address, value: int) -> None:
        """Pay."""
        self._pay(call, call.sender, to, value)

    def transfer_from(self, call: Call, payer: Address, to: Address, value: int) -> None:
        """Pay out of another's account within its allowance; one of 2**256 - 1 is not reduced."""
        if payer == ZERO_ADDRESS:
            refuse(errors.ERC20InvalidSender, sender=payer)
        allowed = self.allowances[payer, call.sender]
        if value > allowed:
            refuse(errors.ERC20InsufficientAllowance, spender=call.sender, allowance=allowed, needed=value)
        self._pay(call, payer, to, value)
        if allowed != NO_END:
            self.allowances[payer, call.sender] = allowed - value

    def approve(self, call: Call, spender: Address, value: int) -> None:
        """Let a spender transfer up to so many units."""
        self._approve(call.sender, spender, value)

    def permit(
        self, call: Call, owner: Address, spender: Address, value: int, deadline: int, signature: Signature
    ) -> None:
        """Let a spender transfer up to so many units of an owner's, by the owner's signature over its next nonce."""
        if call.now > deadline:
            refuse(errors.PermitExpired, deadline=deadline, timestamp=call.now)
        nonce = self.permit_nonces[owner]
        if signature != Signature(owner, ("Permit", owner, spender, value, nonce, deadline)):
            refuse(errors.PermitSignatureInvalid, owner=owner)
        self._approve(owner, spender, value)
        self.permit_nonces[owner] += 1

    def transfer_with_authorization(
        self, call: Call, payer: Address, to: Address, value: int, after: int, before: int, nonce: bytes, by: Signature
    ) -> None:
        """Pay by the payer's authorization; anyone submits it, unless the payee is payee-only."""
        message = ("TransferWithAuthorization", payer, to, value, after, before, nonce)
        self._require_authorization(call, payer, after, before, nonce, by, message)
        self._emit(AuthorizationUsed(payer, nonce))
        self._pay(call, payer, to, value, by_anyones_submission=True)
        self._spend_nonce(payer, nonce)

    def receive_with_authorization(
        self, call: Call, payer: Address, to: Address, value: int, after: int, before: int, nonce: bytes, by: Signature
    ) -> None:
        """Pay by the payer's authorization, submitted by the payee."""
        if call.sender != to:
            refuse(errors.AuthorizationCallerNotPayee, caller=call.sender, payee=to)
        message = ("ReceiveWithAuthorization", payer, to, value, after, before, nonce)
        self._require_authorization(call, payer, after, before, nonce, by, message)
        self._emit(AuthorizationUsed(payer, nonce))
        self._pay(call, payer, to, value)
        self._spend_nonce(payer, nonce)

    def cancel_authorization(self, call: Call, authorizer: Address, nonce: bytes, by: Signature) -> None:
        """Spend a nonce without a payment."""
        if by != Signature(authorizer, ("CancelAuthorization", authorizer, nonce)):
            refuse(errors.AuthorizationSignatureInvalid, authorizer=authorizer)
        self._require_fresh_nonce(authorizer, nonce)
        self._spend_nonce(authorizer, nonce)
        self._emit(AuthorizationCanceled(authorizer, nonce))

    def is_spent(self, authorizer: Address, nonce: bytes) -> bool:
        """Whether a nonce is spent, or one that agrees with it in its low 64 bits."""
        return (authorizer, _low_bits(nonce)) in self.spent_nonces

    def _approve(self, owner: Address, spender: Address, value: int) -> None:
        if spender == ZERO_ADDRESS:
            refuse(errors.ERC20InvalidSpender, spender=spender)
        self.allowances[owner, spender] = value
        self._emit(Approval(owner, spender, value))

    def _spend_nonce(self, authorizer: Address, nonce: bytes) -> None:
        """Spend a nonce, and with it all that agree with it in their low 64 bits."""
        self.spent_nonces.add((authorizer, _low_bits(nonce)))

    def _require_authorization(
        self,
        call: Call,
        payer: Address,
        after: int,
        before: int,
        nonce: bytes,
        signature: Signature,
        message: tuple[object, ...],
    ) -> None:
        if call.now <= after:
            refuse(errors.AuthorizationNotYetValid, validAfter=after, timestamp=call.now)
        if call.now >= before:
            refuse(errors.AuthorizationExpired, validBefore=before, timestamp=call.now)
        if signature != Signature(payer, message):
            refuse(errors.AuthorizationSignatureInvalid, authorizer=payer)
        self._require_fresh_nonce(payer, nonce)

    def _require_fresh_nonce(self, authorizer: Address, nonce: bytes) -> None:
        if self.is_spent(authorizer, nonce):
            refuse(errors.AuthorizationAlreadyUsed, authorizer=authorizer, nonce=nonce)


def _low_bits(nonce: bytes) -> int:
    return int.from_bytes(nonce[-8:], "big")
