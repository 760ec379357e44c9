"""Keys and 65-byte recoverable signatures over EIP-712 digests, by libsecp256k1 through coincurve.

Signatures are r, s, v with a low s and v of 27 or 28, the form every contract here checks. Nonces are deterministic
(RFC 6979), so that equal messages have equal signatures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from coincurve import PrivateKey, PublicKey
from coincurve import ecdsa as curve

from pysettle.hashing import keccak
from pysettle.values import Address

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class HasDigest(Protocol):
    """A message that is signed by its digest."""

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
        self.address = _address(self._key.public_key.format(compressed=False))

    @classmethod
    def derived(cls, *path: object) -> Signer:
        """Derive a key for simulation from a path such as ("seed", 0, "buyer", 3): same path, same key.

        Anyone with the path can derive the key, so it protects simulated money only.
        """
        return cls(keccak("/".join(["pysettle simulation key", *map(str, path)]).encode()))

    @property
    def secret(self) -> bytes:
        """The 32-byte secret, for handing to a wallet."""
        return self._key.secret

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest; return r, s, v as 65 bytes."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + _V[signature[64]]

    def sign_all(self, digests: Sequence[bytes]) -> list[bytes]:
        """Sign many digests as `sign` does each, on every core."""
        return _on_every_core(self.sign, digests)

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
    return _address_of(_recovered((digest, _parsed(signature))))


def recover_all(signed: Iterable[tuple[bytes, bytes]]) -> list[Address | None]:
    """Return the result of `recover` for each of many (digest, signature), computed on all cores.

    The work of Python is done before and after: a thread that waits for Python's lock costs more than the work itself.
    """
    parsed = [(digest, _parsed(signature)) for digest, signature in signed]
    return [_address_of(key) for key in _on_every_core(_recovered, parsed)]


def _parsed(signature: bytes) -> Any:
    """Return a signature as libsecp256k1 has it; None when it is malformed."""
    if len(signature) != 65 or signature[64] not in (27, 28) or signature[32:64] > _HALF_ORDER:
        return None
    try:
        return curve.deserialize_recoverable(signature[:64] + _PARITY[signature[64]])
    except ValueError:
        return None


def _recovered(signed: tuple[bytes, Any]) -> Any:
    """Return the public key behind a digest and a parsed signature, in the form of libsecp256k1; None without one."""
    digest, signature = signed
    if signature is None:
        return None
    try:
        return curve.recover(digest, signature, None)
    except ValueError:
        return None


def _address_of(key: Any) -> Address | None:
    return None if key is None else _address(PublicKey(key).format(compressed=False))


def _on_every_core(act: Callable[[Item], Outcome], items: Sequence[Item]) -> list[Outcome]:
    """Act on many items, on every core: libsecp256k1 runs without holding Python's lock.

    Args:
        act: Acts on one item, mainly by a call of libsecp256k1; all other work runs on one core at a time.
        items: The items.

    Returns:
        The outcomes, in the order of the items.
    """
    cores = os.cpu_count() or 1
    share = max(_LEAST_SHARE, -(-len(items) // cores))
    shares = [items[first : first + share] for first in range(0, len(items), share)]
    if len(shares) < 2:
        return [act(item) for item in items]
    with ThreadPoolExecutor(cores) as pool:
        return [outcome for done in pool.map(lambda some: [act(item) for item in some], shares) for outcome in done]


_LEAST_SHARE = 32
"""Items that are worth a thread: a millisecond of signing."""
_HALF_ORDER = bytes.fromhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")
_V = (b"\x1b", b"\x1c")
"""The last byte of a signature, by the parity that libsecp256k1 gives."""
_PARITY = {27: b"\0", 28: b"\1"}


@lru_cache(maxsize=1_024)
def _address(public_key: bytes) -> Address:
    """Return the address of a key of 65 bytes; the same few sign again and again."""
    return Address(keccak(public_key[1:])[12:])
