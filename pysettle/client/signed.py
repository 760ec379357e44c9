"""Signed authorizations (EIP-3009), permits (EIP-2612) and orders as documents from a signer to a submitter.

A document names the token and the chain of its signature, so that it is refused elsewhere before a transaction is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from pysettle.client.core.signatures import is_signed
from pysettle.client.jobs.escrow import JobEscrow
from pysettle.client.money.currency import CurrencyToken
from pysettle.documents import parse_json
from pysettle.domain.core.messages import Authorization, Permit
from pysettle.domain.core.signing import Signer
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.errors import UsageError
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.reading import read_address, read_hex, read_whole
from pysettle.values import Address, OrderId, Units


class Form(Enum):
    """Form of the signed message."""

    TRANSFER = "pysettle.transfer-authorization/1"
    """An authorization that anyone may submit."""
    RECEIVE = "pysettle.receive-authorization/1"
    """An authorization that the payee submits."""
    PERMIT = "pysettle.permit/1"
    """A permit that anyone may submit."""


_FIELDS: dict[type, tuple[tuple[str, str, str], ...]] = {
    Authorization: (
        ("from", "payer", "address"),
        ("to", "payee", "address"),
        ("amount_units", "value", "uint256"),
        ("valid_after_unix_s", "valid_after", "uint256"),
        ("valid_before_unix_s", "valid_before", "uint256"),
        ("nonce", "nonce", "bytes32"),
    ),
    Permit: (
        ("owner", "owner", "address"),
        ("spender", "spender", "address"),
        ("amount_units", "value", "uint256"),
        ("nonce", "nonce", "uint256"),
        ("deadline_unix_s", "deadline", "uint256"),
    ),
}
"""Message -> (name in the document, name in the message, type) of each field."""


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """An authorization or a permit with its signature, token and chain."""

    form: Form
    """Form of the signed message."""
    currency: Currency
    """Currency of the token."""
    chain_id: int
    """Chain it was signed for."""
    token: Address
    """Token it was signed for."""
    message: Authorization | Permit
    """The signed message."""
    signature: bytes
    """The payer's signature."""

    @classmethod
    def authorization(
        cls, token: CurrencyToken, currency: Currency, payer: Signer, authorization: Authorization, *, receive: bool
    ) -> SignedMessage:
        """Sign an authorization; with `receive` only the payee can submit it.

        Raises:
            UsageError: its nonce is spent already, by `Token.check_unspent`.
        """
        token.check_unspent(payer.address, authorization.nonce)
        digest = authorization.receive_digest if receive else authorization.transfer_digest
        form = Form.RECEIVE if receive else Form.TRANSFER
        return cls(form, currency, *_signed_for(token), authorization, payer.sign(digest(token.domain)))

    @classmethod
    def permit(
        cls, token: CurrencyToken, currency: Currency, owner: Signer, spender: Address, value: Units, deadline: int
    ) -> SignedMessage:
        """Sign an owner's next permit; arguments are as for `Token.sign_permit`."""
        return cls(Form.PERMIT, currency, *_signed_for(token), *token.sign_permit(owner, spender, value, deadline))

    @classmethod
    def from_bytes(cls, content: bytes) -> SignedMessage:
        """Read a document.

        Raises:
            UsageError: it is none, or a field is missing or of another form.
        """
        try:
            document = parse_json(content)
            form = Form(document["schema"])
            kind = Permit if form is Form.PERMIT else Authorization
            values = {field: _READ[solidity](document[name]) for name, field, solidity in _FIELDS[kind]}
            return cls(
                form,
                Currency(document["currency"]),
                _whole(document["chain_id"]),
                _address(document["token"]),
                kind(**values),
                _hex(document["signature"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise UsageError(f"this is no signed authorization or permit: {problem}") from problem

    def document(self) -> dict[str, str]:
        """Return the document: integers as decimal strings, bytes as hex."""
        fields = {name: _shown(getattr(self.message, field)) for name, field, _ in _FIELDS[type(self.message)]}
        return {
            "schema": self.form.value,
            "currency": self.currency.value,
            "chain_id": str(self.chain_id),
            "token": _shown(self.token),
            **fields,
            "signature": _shown(self.signature),
        }

    @property
    def signer(self) -> Address:
        """Required signer: the holder of the value."""
        return self.message.owner if isinstance(self.message, Permit) else self.message.payer

    @property
    def beneficiary(self) -> Address:
        """Account that is paid, or may spend."""
        return self.message.spender if isinstance(self.message, Permit) else self.message.payee

    def check_token(self, token: CurrencyToken, chain_id: int) -> None:
        """Refuse a token it was not signed for.

        Raises:
            UsageError: the token, or the chain, is another one.
        """
        if (self.chain_id, self.token) != (chain_id, token.address):
            raise UsageError(
                f"this was signed for the token 0x{self.token.hex()} on chain {self.chain_id}, not for "
                f"0x{token.address.hex()} on chain {chain_id}: name the right --currency and --workspace",
                token=self.token,
                chain_id=self.chain_id,
            )

    def is_signed(self, token: CurrencyToken) -> bool:
        """Whether the holder of the value signed, a key or a contract (ERC-1271), as the token decides."""
        return is_signed(token.chain, self.signer, self._digest(token), self.signature)

    def is_spent(self, token: CurrencyToken) -> bool:
        """Whether it was used or cancelled; a permit's nonce is used by any later one too."""
        if isinstance(self.message, Permit):
            return token.permit_nonce(self.message.owner) > self.message.nonce
        return token.is_authorization_spent(self.message.payer, self.message.nonce)

    def submit(self, token: CurrencyToken, submitter: TransactionSigner) -> Transaction:
        """Return the transaction that submits it."""
        if isinstance(self.message, Permit):
            return token.permit(submitter, self.message, self.signature)
        submit = token.receive_with_authorization if self.form is Form.RECEIVE else token.transfer_with_authorization
        return submit(submitter, self.message, self.signature)

    def _digest(self, token: CurrencyToken) -> bytes:
        if isinstance(self.message, Permit):
            return self.message.digest(token.domain)
        receive = self.form is Form.RECEIVE
        return (self.message.receive_digest if receive else self.message.transfer_digest)(token.domain)


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An order of batch compute with its payer's signature, escrow and chain."""

    SCHEMA: ClassVar[str] = "pysettle.signed-order/1"

    currency: Currency
    """Currency of its amounts."""
    chain_id: int
    """Chain it was signed for."""
    escrow: Address
    """JobEscrow it was signed for."""
    payer: Address
    """Payer, the required signer."""
    terms: OrderTerms
    """Its terms."""
    valid_before: int
    """Unix second before which it can be submitted."""
    signature: bytes
    """The payer's signature of the payment; its nonce is the order's id."""

    @classmethod
    def of(
        cls, jobs: JobEscrow, token: CurrencyToken, currency: Currency, payer: Signer, terms: OrderTerms, until: int
    ) -> SignedOrder:
        """Sign the payment of an order, which any account may submit before a unix second.

        Raises:
            UsageError: the payment's nonce, the order's id, is spent already, by `Token.check_unspent`.
        """
        token.check_unspent(payer.address, jobs.order_id(payer.address, terms))
        signature = jobs.sign_order(payer, token, terms, until)
        return cls(currency, jobs.chain.chain_id, jobs.address, payer.address, terms, until, signature)

    @classmethod
    def from_bytes(cls, content: bytes) -> SignedOrder:
        """Read a document.

        Raises:
            UsageError: it is none, or a field is missing or of another form.
        """
        try:
            document = parse_json(content)
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}")
            stages = (
                (Units(_whole(stage["amount_units"])), _whole(stage["deliver_before_unix_s"]))
                for stage in document["milestones"]
            )
            terms = OrderTerms(
                currency=_address(document["token"]),
                buyer=_address(document["buyer"]),
                provider=_address(document["provider"]),
                arbiter=_address(document["arbiter"]),
                description=_word(document["description"]),
                accept_before=_whole(document["accept_before_unix_s"]),
                review_s=_whole(document["review_s"]),
                arbitration_s=_whole(document["arbitration_s"]),
                milestones=tuple(stages),
                default_bps=_whole(document["default_bps"]),
                bond=Units(_whole(document["bond_units"])),
                salt=_word(document["salt"]),
            )
            return cls(
                Currency(document["currency"]),
                _whole(document["chain_id"]),
                _address(document["escrow"]),
                _address(document["payer"]),
                terms,
                _whole(document["valid_before_unix_s"]),
                _hex(document["signature"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise UsageError(f"this is no signed order: {problem}") from problem

    def document(self) -> dict[str, Any]:
        """Return the document: integers as decimal strings, bytes as hex."""
        terms = self.terms
        shown = {
            "currency": self.currency.value,
            "chain_id": self.chain_id,
            "escrow": self.escrow,
            "token": terms.currency,
            "payer": self.payer,
            "buyer": terms.buyer,
            "provider": terms.provider,
            "arbiter": terms.arbiter,
            "description": terms.description,
            "accept_before_unix_s": terms.accept_before,
            "review_s": terms.review_s,
            "arbitration_s": terms.arbitration_s,
            "default_bps": terms.default_bps,
            "bond_units": terms.bond,
            "salt": terms.salt,
            "valid_before_unix_s": self.valid_before,
            "signature": self.signature,
        }
        stages = [
            {"amount_units": str(units), "deliver_before_unix_s": str(before)} for units, before in terms.milestones
        ]
        return {"schema": self.SCHEMA, **{name: _shown(value) for name, value in shown.items()}, "milestones": stages}

    @property
    def order_id(self) -> OrderId:
        """Id of the order that it places."""
        return self.terms.order_id(self.chain_id, self.escrow, self.payer)

    def submit(self, jobs: JobEscrow, submitter: TransactionSigner) -> Transaction:
        """Return the transaction that places the order.

        Raises:
            UsageError: the escrow, or the chain, is another one than it was signed for.
        """
        if (self.chain_id, self.escrow) != (jobs.chain.chain_id, jobs.address):
            raise UsageError(
                f"this was signed for the escrow 0x{self.escrow.hex()} on chain {self.chain_id}, not for "
                f"0x{jobs.address.hex()} on chain {jobs.chain.chain_id}: name the right --workspace",
                escrow=self.escrow,
                chain_id=self.chain_id,
            )
        return jobs.place_with_authorization(submitter, self.payer, self.terms, self.valid_before, self.signature)


def _signed_for(token: CurrencyToken) -> tuple[int, Address]:
    return token.domain.chain_id, token.address


def _hex(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError(f"{text!r} is not written as 0x and hex digits")
    return read_hex(text)


def _address(text: str) -> Address:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no address")
    return read_address(text)


def _word(text: str) -> bytes:
    return _sized(text, 32)


def _sized(text: str, size: int) -> bytes:
    content = _hex(text)
    if len(content) != size:
        raise ValueError(f"{text} has {len(content)} bytes, not {size}")
    return content


def _whole(text: str) -> int:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no string of decimal digits")
    return read_whole(text)


_READ: dict[str, Callable[[str], Any]] = {"address": _address, "bytes32": _word, "uint256": _whole}


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
