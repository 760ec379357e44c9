"""A request as it came, and the reply to it; no framework of HTTP is known here."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.sdk.wire import ExactPayment, Malformed, Received, read_payment

KEY_SHORTEST, KEY_LONGEST = 16, 255
"""Characters of an Idempotency-Key, which is a secret: whoever knows it reads the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    """Method."""
    path: str
    """Path."""
    url: str
    """Public URL of its resource."""
    body: bytes
    """Body."""
    payment: Received | None
    """Payment that came with it."""
    header_key: str | None
    """Its Idempotency-Key."""

    @classmethod
    def of(cls, method: str, path: str, url: str, body: bytes, headers: Mapping[str, str]) -> Asked:
        """Read the headers of a request.

        Raises:
            ApiError: the payment is malformed, or the key too short or too long.
        """
        signature, key = headers.get("payment-signature"), headers.get("idempotency-key")
        if key is not None and not KEY_SHORTEST <= len(key) <= KEY_LONGEST:
            raise ApiError(
                400,
                f"Idempotency-Key: give {KEY_SHORTEST} to {KEY_LONGEST} characters that nobody can guess",
                code="invalid_idempotency_key",
            )
        try:
            payment = None if signature is None else read_payment(signature)
        except Malformed as problem:
            raise ApiError(400, str(problem), code="invalid_payload") from problem
        return cls(method, path, url, body, payment, key)

    @property
    def hash(self) -> bytes:
        """SHA-256 of method, path and body: a key is bound to it."""
        return hashlib.sha256(b"\n".join([self.method.encode(), self.path.encode(), self.body])).digest()

    @property
    def key(self) -> bytes | None:
        """Hash of the key of this request: the header, else the client's identifier, else the payload itself."""
        if self.header_key is not None:
            return _key("header", self.header_key.encode())
        if self.payment is None:
            return None
        identifier = self.payment.identifier
        return _key("payload", self.paid_by) if identifier is None else _key("identifier", identifier.encode())

    @property
    def is_unique(self) -> bool:
        """Whether requests of the same key are one request.

        A key that the client has chosen says so, and the nonce of an exact payment. Equal requests that a client sends
        together with one voucher are several.
        """
        if self.header_key is not None or self.payment is None:
            return True
        return self.payment.identifier is not None or isinstance(self.payment.content, ExactPayment)

    @property
    def paid_by(self) -> bytes:
        """Hash of the payment as a key: requests that a client sends together may carry one and the same voucher."""
        assert self.payment is not None
        if isinstance(self.payment.content, ExactPayment):
            return self.payment.hash
        return hashlib.sha256(self.payment.hash + self.hash).digest()


def key_of_header(key: str) -> bytes:
    """Return the hash of an Idempotency-Key, as the ledger stores it."""
    return _key("header", key.encode())


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a request."""

    status: int
    """HTTP status."""
    body: bytes
    """Body."""
    media_type: str = "application/json"
    """Its media type."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers."""
    events: AsyncIterator[bytes] | None = None
    """Body of a stream, in place of `body`."""


def _key(kind: str, content: bytes) -> bytes:
    return hashlib.sha256(kind.encode() + b"\n" + content).digest()
