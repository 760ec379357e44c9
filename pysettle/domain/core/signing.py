"""Keys and 65-byte recoverable signatures over EIP-712 digests, by libsecp256k1 through coincurve.

Signatures are r, s, v with a low s and v of 27 or 28, the form every contract here checks. Nonces are deterministic
(RFC 6979), so that equal messages have equal signatures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from coincurve import PrivateKey, PublicKey

from pysettle.hashing import keccak
from pysettle.values import Address

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class HasDigest(Protocol):
    """What is signed by its digest."""

    def digest(self) -> bytes:
        """Return the 32 bytes that are signed."""


class Signer:
    """A private key with the address it controls. The key is never shown."""

    def __init__(self, secret: bytes) -> None:
        """Take a 32-byte secret.

        Raises:
            ValueError: the secret is not a key of the curve.
        """
        self._key = PrivateKey(secret)
        self.address = _address(self._key.public_key)

    @classmethod
    def derived(cls, *path: object) -> Signer:
        """Derive a key for simulation from a path such as ("seed", 0, "buyer", 3): same path, same key.

        Anyone who knows the path knows the key: it guards nothing but simulated money.
        """
        return cls(keccak("/".join(["pysettle simulation key", *map(str, path)]).encode()))

    @property
    def secret(self) -> bytes:
        """The 32-byte secret, for handing to a wallet."""
        return self._key.secret

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest; return r, s, v as 65 bytes."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + 27])

    def sign_transaction(self, transaction: HasDigest) -> bytes:
        """Sign a transaction as `sign` does its digest."""
        return self.sign(transaction.digest())

    def __repr__(self) -> str:
        """Show the address alone."""
        return f"Signer(0x{self.address.hex()})"


def recover(digest: bytes, signature: bytes) -> Address | None:
    """Return the address that signed a digest; None when the signature is malformed or recovers nobody.

    Args:
        digest: 32 bytes.
        signature: r, s, v as 65 bytes; v is 27 or 28, s in the lower half of the curve's order.
    """
    if len(signature) != 65 or signature[64] not in (27, 28) or signature[32:64] > _HALF_ORDER:
        return None
    try:
        public_key = PublicKey.from_signature_and_message(
            signature[:64] + bytes([signature[64] - 27]), digest, hasher=None
        )
    except Exception:  # noqa: BLE001 - coincurve raises bare Exception for an unrecoverable signature
        return None
    return _address(public_key)


def in_bulk(act: Callable[[Item], Outcome], items: Iterable[Item]) -> list[Outcome]:
    """Sign or recover for each of many items, on every core: libsecp256k1 runs without holding Python's lock.

    Args:
        act: What is done with one; mostly a signature or a recovery, since all else runs on one core at a time.
        items: The many.

    Returns:
        The outcomes, in the order of the items.
    """
    waiting = list(items)
    cores = os.cpu_count() or 1
    share = max(_LEAST_SHARE, -(-len(waiting) // cores))
    shares = [waiting[first : first + share] for first in range(0, len(waiting), share)]
    if len(shares) < 2:
        return [act(item) for item in waiting]
    with ThreadPoolExecutor(cores) as pool:
        return [outcome for done in pool.map(lambda some: [act(item) for item in some], shares) for outcome in done]


_LEAST_SHARE = 32
"""Items that are worth a thread: two milliseconds of signing."""
_HALF_ORDER = bytes.fromhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")


def _address(public_key: PublicKey) -> Address:
    return Address(keccak(public_key.format(compressed=False)[1:])[12:])
