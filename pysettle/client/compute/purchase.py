"""A purchase of Tokens as a document that its buyer signs and another account submits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pysettle.client.signed import Form, SignedMessage
from pysettle.documents import parse_json
from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.core.messages import Authorization
from pysettle.errors import UsageError
from pysettle.reading import read_address, read_number
from pysettle.values import Address, Tokens

if TYPE_CHECKING:
    from pysettle.client.compute.series import ComputeToken
    from pysettle.client.core.contract import Transaction, TransactionSigner


@dataclass(frozen=True, slots=True)
class SignedPurchase:
    """A payment to a series with its buyer's signature, and the terms of the purchase."""

    SCHEMA: ClassVar[str] = "pysettle.signed-purchase/1"

    payment: SignedMessage
    """Authorization of the payment, which the series receives."""
    terms: PurchaseTerms | None
    """Terms in the nonce; None for a stock x402 `exact` payment, by which the payer receives the Tokens."""

    @classmethod
    def from_bytes(cls, content: bytes) -> SignedPurchase:
        """Read a document, or an authorization that anybody may submit, as `pysettle token authorize` writes it.

        Raises:
            UsageError: it is none, a field is missing or of another form, or the payment is for other terms.
        """
        try:
            document = parse_json(content)
            if document["schema"] == Form.TRANSFER.value:
                return cls(SignedMessage.from_bytes(content), None)
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}")
            payment = SignedMessage.from_bytes(json.dumps(document["payment"]).encode())
            series, beneficiary = read_address(document["series"]), read_address(document["beneficiary"])
            terms = PurchaseTerms(
                series,
                beneficiary,
                Tokens(read_number(document["least_tokens"], 256)),
                read_number(document["deadline_unix_s"], 256),
            )
            paid = payment.message
            committed = isinstance(paid, Authorization) and paid.nonce[:24] == terms.hash()[:24]
            if payment.form is not Form.RECEIVE or not committed or payment.beneficiary != series:
                raise ValueError("its payment is for other terms: have the buyer sign again")
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise UsageError(f"this is no signed purchase: {problem}") from problem
        return cls(payment, terms)

    def document(self) -> dict[str, Any]:
        """Return the document of a purchase with terms: integers as decimal strings, bytes as hex."""
        assert self.terms is not None
        return {
            "schema": self.SCHEMA,
            "series": "0x" + self.terms.series.hex(),
            "beneficiary": "0x" + self.terms.beneficiary.hex(),
            "least_tokens": str(self.terms.least_tokens),
            "deadline_unix_s": str(self.terms.deadline),
            "payment": self.payment.document(),
        }

    @property
    def beneficiary(self) -> Address:
        """Account that receives the Tokens."""
        return self.terms.beneficiary if self.terms else self.payment.signer

    def submit(self, series: ComputeToken, submitter: TransactionSigner) -> Transaction:
        """Return the transaction that submits it."""
        paid = self.payment.message
        assert isinstance(paid, Authorization)
        if self.terms is None:
            return series.purchase_with_transfer_authorization(submitter, paid, self.payment.signature)
        return series.purchase_with_authorization(submitter, paid, self.terms, self.payment.signature)
