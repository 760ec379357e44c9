"""Keccak-256, the hash of Ethereum."""

from __future__ import annotations

from sha3 import keccak_256


def keccak(content: bytes) -> bytes:
    """Return the hash, 32 bytes.

    eth-hash has the same function; it reads the metadata of installed packages first, which takes as long as importing
    click.
    """
    digest: bytes = keccak_256(content).digest()
    return digest
