"""The common part of currency and series: ERC-20 transfers, EIP-2612 permits and EIP-3009 authorizations."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from pysettle.client.core.contract import Contract
from pysettle.errors.core.token import NonceSpent
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender

if TYPE_CHECKING:
    from pysettle.domain.core.messages import Authorization, Permit
    from pysettle.domain.core.signing import Signer
    from pysettle.domain.core.typed_data import Domain
    from pysettle.values import Address

Value = TypeVar("Value", bound=int)
"""Unit of a token: units of a currency, or Tokens."""

_TRANSFER_WITH_AUTHORIZATION = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
_RECEIVE_WITH_AUTHORIZATION = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
_PERMIT = "permit(address,address,uint256,uint256,bytes)"
_CANCEL_AUTHORIZATION = "cancelAuthorization(address,bytes32,bytes)"


class Token(Contract, Generic[Value]):
    """An ERC-20 token with EIP-2612 permits and EIP-3009 authorizations; its values are units, or Tokens."""

    GAS_TRANSFER = 150_000
    """Gas stated for one transfer, by allowance or authorization too."""

    def __init__(self, sender: TransactionSender, address: Address, contract_name: str) -> None:
        """Address one deployed token."""
        super().__init__(sender, address, contract_name)

    @cached_property
    def domain(self) -> Domain:
        """EIP-712 domain that authorizations are signed under."""
        from pysettle.domain.core.typed_data import Domain

        return Domain(self.name, "1", self.chain.chain_id, self.address)

    @cached_property
    def name(self) -> str:
        """Name, also of its EIP-712 domain."""
        return str(self._read("name"))

    def balance_of(self, holder: Address) -> Value:
        """Return the balance of a holder, in smallest units."""
        value: Value = self._read("balanceOf", holder)
        return value

    def total_supply(self) -> Value:
        """Return the supply, in smallest units."""
        value: Value = self._read("totalSupply")
        return value

    def allowance(self, owner: Address, spender: Address) -> Value:
        """Return the rest of a spender's allowance of an owner's units, in smallest units."""
        value: Value = self._read("allowance", owner, spender)
        return value

    def is_authorization_spent(self, authorizer: Address, nonce: bytes) -> bool:
        """Whether a nonce is spent: it, or one with the same low 64 bits, was used or cancelled.

        The token stores a nonce by its low 64 bits alone, the last 8 of its 32 bytes: the others are free for a
        commitment.
        """
        return bool(self._read("authorizationState", authorizer, nonce))

    def check_unspent(self, authorizer: Address, nonce: bytes) -> None:
        """Check that the token accepts a nonce, before a signature with it.

        Raises:
            NonceSpent: the nonce is spent, by `is_authorization_spent`.
        """
        if self.is_authorization_spent(authorizer, nonce):
            raise NonceSpent(authorizer, nonce)

    def transfer(self, holder: TransactionSigner, to: Address, value: Value) -> Transaction:
        """Transfer a holder's own value, in smallest units."""
        return self._transaction(holder, self.GAS_TRANSFER, "transfer", to, value)

    def approve(self, holder: TransactionSigner, spender: Address, value: Value) -> Transaction:
        """Allow a spender to transfer up to `value` smallest units."""
        return self._transaction(holder, self.GAS_TRANSFER, "approve", spender, value)

    def permit_nonce(self, owner: Address) -> int:
        """Return the nonce that an owner's next permit has to be signed with."""
        return int(self._read("nonces", owner))

    def sign_permit(self, owner: Signer, spender: Address, value: Value, deadline: int) -> tuple[Permit, bytes]:
        """Sign an owner's next permit; return it with its signature.

        Args:
            owner: Holder of the value.
            spender: Account that may transfer it.
            value: Smallest units, replacing the allowance before.
            deadline: Last unix second of its validity.
        """
        from pysettle.domain.core.messages import Permit

        permit = Permit(owner.address, spender, value, self.permit_nonce(owner.address), deadline)
        return permit, owner.sign(permit.digest(self.domain))

    def permit(self, submitter: TransactionSigner, permit: Permit, signature: bytes) -> Transaction:
        """Set an allowance by its owner's signature; anyone submits it."""
        p = permit
        arguments = (p.owner, p.spender, p.value, p.deadline, signature)
        return self._transaction(submitter, self.GAS_TRANSFER, _PERMIT, *arguments)

    def transfer_from(self, spender: TransactionSigner, holder: Address, to: Address, value: Value) -> Transaction:
        """Transfer within an allowance, in smallest units."""
        return self._transaction(spender, self.GAS_TRANSFER, "transferFrom", holder, to, value)

    def transfer_with_authorization(
        self, submitter: TransactionSigner, authorization: Authorization, signature: bytes
    ) -> Transaction:
        """Transfer by a payer's signed authorization; anyone submits it."""
        return self._with_authorization(_TRANSFER_WITH_AUTHORIZATION, submitter, authorization, signature)

    def receive_with_authorization(
        self, payee: TransactionSigner, authorization: Authorization, signature: bytes
    ) -> Transaction:
        """Transfer by a payer's signed authorization; the payee submits it."""
        return self._with_authorization(_RECEIVE_WITH_AUTHORIZATION, payee, authorization, signature)

    def cancel_authorization(self, submitter: TransactionSigner, authorizer: Signer, nonce: bytes) -> Transaction:
        """Spend a nonce without a transfer."""
        from pysettle.domain.core.messages import cancel_digest

        signature = authorizer.sign(cancel_digest(self.domain, authorizer.address, nonce))
        return self._transaction(
            submitter, self.GAS_TRANSFER, _CANCEL_AUTHORIZATION, authorizer.address, nonce, signature
        )

    def _with_authorization(
        self, function: str, submitter: TransactionSigner, authorization: Authorization, signature: bytes
    ) -> Transaction:
        a = authorization
        return self._transaction(
            submitter,
            self.GAS_TRANSFER,
            function,
            a.payer,
            a.payee,
            a.value,
            a.valid_after,
            a.valid_before,
            a.nonce,
            signature,
        )
