"""A payload of the Travel Rule encrypted for an auditor: a sealed box of libsodium, by way of PyNaCl.

Only the holder of the auditor's key opens it; the sender cannot. The box states the hash of its payload, which both
institutions signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from pysettle.documents import as_bytes, as_object, parse_json
from pysettle.errors import UsageError
from pysettle.hashing import keccak

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class AuditorKey:
    """The key of an auditor: public for those who seal, with its secret for the one who opens."""

    public: bytes
    """Public part (X25519)."""
    secret: bytes | None
    """Secret part; None in the file for those who seal."""
    SCHEMA: ClassVar[str] = "pysettle.auditor-key/1"
    """Schema of the document."""

    @classmethod
    def generate(cls) -> AuditorKey:
        """Return a new key."""
        return cls.derived(bytes(PrivateKey.generate()))

    @classmethod
    def derived(cls, secret: bytes) -> AuditorKey:
        """Return the key of a secret part of 32 bytes."""
        return cls(bytes(PrivateKey(secret).public_key), secret)

    @classmethod
    def from_bytes(cls, content: bytes) -> AuditorKey:
        """Read a key.

        Raises:
            UsageError: it is none.
        """
        try:
            document = as_object(parse_json(content), {"schema", "public", "secret"}, "the key of an auditor")
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}, not {cls.SCHEMA}")
            secret = None if document["secret"] is None else as_bytes(document["secret"], _KEY_BYTES)
            public = as_bytes(document["public"], _KEY_BYTES)
        except (ValueError, TypeError) as problem:
            raise UsageError(f"this is no key of an auditor: {problem}") from problem
        if secret is not None and bytes(PrivateKey(secret).public_key) != public:
            raise UsageError("this is no key of an auditor: its public part is not that of its secret part")
        return cls(public, secret)

    def document(self, *, with_secret: bool) -> dict[str, Any]:
        """Return the document, with the secret part or for those who seal."""
        secret = "0x" + self.secret.hex() if with_secret and self.secret else None
        return {"schema": self.SCHEMA, "public": "0x" + self.public.hex(), "secret": secret}


@dataclass(frozen=True, slots=True)
class SealedPayload:
    """A payload that an auditor alone can open."""

    payload: bytes
    """Hash of the payload."""
    auditor: bytes
    """Public key of the auditor."""
    box: bytes
    """The encrypted payload."""
    SCHEMA: ClassVar[str] = "pysettle.sealed-payload/1"
    """Schema of the document."""

    @classmethod
    def seal(cls, content: bytes, auditor: AuditorKey) -> SealedPayload:
        """Encrypt a payload for an auditor; each time the box differs."""
        box = bytes(SealedBox(PublicKey(auditor.public)).encrypt(content))
        return cls(keccak(content), auditor.public, box)

    @classmethod
    def from_bytes(cls, content: bytes) -> SealedPayload:
        """Read a sealed payload.

        Raises:
            UsageError: it is none.
        """
        try:
            fields = {"schema", "payload", "auditor", "box"}
            document = as_object(parse_json(content), fields, "a sealed payload")
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}, not {cls.SCHEMA}")
            hashed, auditor = (as_bytes(document[name], _KEY_BYTES) for name in ("payload", "auditor"))
            return cls(hashed, auditor, as_bytes(document["box"]))
        except (ValueError, TypeError) as problem:
            raise UsageError(f"this is no sealed payload: {problem}") from problem

    def document(self) -> dict[str, Any]:
        """Return the document."""
        parts = {"payload": self.payload, "auditor": self.auditor, "box": self.box}
        return {"schema": self.SCHEMA, **{name: "0x" + part.hex() for name, part in parts.items()}}

    def open(self, key: AuditorKey) -> bytes:
        """Return the payload.

        Raises:
            UsageError: the key is another one or has no secret part, the box was changed, or it holds another payload.
        """
        if key.public != self.auditor or key.secret is None:
            raise UsageError(
                f"this payload is sealed for the auditor 0x{self.auditor.hex()}: give the secret key of that one",
                auditor=self.auditor,
            )
        try:
            content = bytes(SealedBox(PrivateKey(key.secret)).decrypt(self.box))
        except CryptoError:
            raise UsageError("the sealed payload does not open: it was changed after it was sealed") from None
        if keccak(content) != self.payload:
            raise UsageError(
                f"the sealed payload has the hash 0x{keccak(content).hex()}, and states 0x{self.payload.hex()}",
                payload=self.payload,
                found=keccak(content),
            )
        return content
