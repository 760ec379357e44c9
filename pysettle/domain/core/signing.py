"""Keys and 65-byte recoverable signatures over EIP-712 digests, by libsecp256k1 through coincurve.

Signatures are r, s, v with a low s and v of 27 or 28, the form every contract here checks. Nonces are deterministic
(RFC 6979), so that equal messages have equal signatures.

Messages are signed, and signers recovered, by the thousand: the functions of the library are called on arrays, since
coincurve makes several Python objects for each call. One message is an array of one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Protocol

from coincurve import PrivateKey, PublicKey
from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]  # made by cffi
from coincurve.context import GLOBAL_CONTEXT

from pysettle.hashing import keccak
from pysettle.values import Address


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
        self.address = _address(ffi.buffer(self._key.public_key.public_key)[:])

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
        return self.sign_all([digest])[0]

    def sign_all(self, digests: Sequence[bytes]) -> list[bytes]:
        """Sign many digests as `sign` does each, on every core.

        Raises:
            ValueError: a digest has not 32 bytes.
        """
        _check_lengths(digests)
        signed = ffi.new("secp256k1_ecdsa_recoverable_signature[]", len(digests))
        secret = self._key.secret
        done = _on_every_core(
            lambda place: lib.secp256k1_ecdsa_sign_recoverable(
                _CONTEXT, signed + place, digests[place], secret, ffi.NULL, ffi.NULL
            ),
            len(digests),
        )
        assert all(done), "a key of the curve signs everything"
        signature, parity = ffi.new("unsigned char[64]"), ffi.new("int *")
        signatures = []
        for place in range(len(digests)):
            lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(_CONTEXT, signature, parity, signed + place)
            signatures.append(ffi.buffer(signature)[:] + _V[parity[0]])
        return signatures

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
    return recover_all([(digest, signature)])[0]


def recover_all(signed: Iterable[tuple[bytes, bytes]]) -> list[Address | None]:
    """Return the result of `recover` for each of many (digest, signature), computed on all cores.

    Raises:
        ValueError: a digest has not 32 bytes.
    """
    pairs = list(signed)
    digests = [digest for digest, _ in pairs]
    _check_lengths(digests)
    # The library finds nobody behind a signature of zeros, and each is one until it is parsed.
    parsed = ffi.new("secp256k1_ecdsa_recoverable_signature[]", len(pairs))
    keys = ffi.new("secp256k1_pubkey[]", len(pairs))
    for place, (_, signature) in enumerate(pairs):
        if len(signature) == 65 and signature[64] in (27, 28) and signature[32:64] <= _HALF_ORDER:
            lib.secp256k1_ecdsa_recoverable_signature_parse_compact(
                _CONTEXT, parsed + place, signature, signature[64] - 27
            )
    found = _on_every_core(
        lambda place: lib.secp256k1_ecdsa_recover(_CONTEXT, keys + place, parsed + place, digests[place]), len(pairs)
    )
    return [_address(ffi.buffer(keys + place)[:]) if is_found else None for place, is_found in enumerate(found)]


def _check_lengths(digests: Sequence[bytes]) -> None:
    """Check what the library does not: it reads 32 bytes of each."""
    for digest in digests:
        if len(digest) != 32:
            raise ValueError(f"a digest has 32 bytes, got {len(digest)}")


def _on_every_core(act: Callable[[int], int], count: int) -> list[int]:
    """Act on each place below a count, on every core; return the results in order.

    The library runs without holding Python's lock, and a thread that waits for the lock is woken late. So the threads
    only call the library, and all other work is done before and after.

    Args:
        act: Calls the library for one place.
        count: How many places there are.
    """
    share = max(_LEAST_SHARE, -(-count // _CORES))
    shares = [range(first, min(first + share, count)) for first in range(0, count, share)]
    if len(shares) < 2:
        return [act(place) for place in range(count)]
    with ThreadPoolExecutor(_CORES) as pool:
        return [result for done in pool.map(lambda places: list(map(act, places)), shares) for result in done]


_CONTEXT = GLOBAL_CONTEXT.ctx
_CORES = os.cpu_count() or 1
_LEAST_SHARE = 32
"""Places that are worth a thread: a millisecond of signing."""
_HALF_ORDER = bytes.fromhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")
_V = (b"\x1b", b"\x1c")
"""The last byte of a signature, by the parity that libsecp256k1 gives."""


@lru_cache(maxsize=1_024)
def _address(public_key: bytes) -> Address:
    """Return the address of a public key in the library's own form; the same few sign again and again."""
    key = ffi.new("secp256k1_pubkey *")
    ffi.buffer(key)[:] = public_key
    return Address(keccak(PublicKey(key).format(compressed=False)[1:])[12:])
