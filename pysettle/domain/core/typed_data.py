"""EIP-712 typed data: domains, struct hashes and digests.

A struct type is declared once by its signature text, and hashing it is a handful of `keccak` calls on 32-byte words:
vouchers are signed and checked by the thousand. Only the atomic types that settlement messages use exist here.
Source: EIP-712.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pysettle.hashing import keccak
from pysettle.values import Address

_FIELD = re.compile(r"^(uint\d+|address|bytes32|bool|string) (\w+)$")


def word(value: int) -> bytes:
    """Encode an unsigned integer as one 32-byte word."""
    return value.to_bytes(32, "big")


def _bounded(bits: int) -> Callable[[Any], bytes]:
    def encode(value: int) -> bytes:
        if value >> bits:
            raise OverflowError(f"{value} does not fit uint{bits}")
        return value.to_bytes(32, "big")

    return encode


def _exactly_32(value: bytes) -> bytes:
    if len(value) != 32:
        raise ValueError(f"bytes32 needs 32 bytes, got {len(value)}")
    return value


def _address(value: bytes) -> bytes:
    if len(value) != 20:
        raise ValueError(f"an address has 20 bytes, got {len(value)}")
    return value.rjust(32, b"\0")


def _encoder(kind: str) -> Callable[[Any], bytes]:
    if kind.startswith("uint"):
        return _bounded(int(kind[4:]))
    return {
        "address": _address,
        "bytes32": _exactly_32,
        "bool": _bounded(1),
        "string": lambda text: keccak(text.encode()),
    }[kind]


class StructType:
    """One EIP-712 struct type, defined by its signature such as `Voucher(bytes32 channelId,uint128 ceiling)`.

    Example:
        >>> StructType("Mail(address to,uint256 value)").type_hash.hex()[:8]
        'f885ee46'
    """

    def __init__(self, signature: str) -> None:
        """Parse the signature.

        Raises:
            ValueError: a field's type is not one of uintN, address, bytes32, bool, string.
        """
        self.signature = signature
        self.type_hash: bytes = keccak(signature.encode())
        fields = signature[signature.index("(") + 1 : -1]
        self._encoders: list[Callable[[Any], bytes]] = []
        for field in fields.split(","):
            matched = _FIELD.match(field)
            if matched is None:
                raise ValueError(f"cannot encode the field {field!r} of {signature}")
            self._encoders.append(_encoder(matched[1]))

    def hash(self, *values: Any) -> bytes:
        """Return the struct hash of one value a field, in order.

        Args:
            values: ints for uintN, 20 bytes for address, 32 bytes for bytes32, bool, str.

        Raises:
            OverflowError: an integer is negative or does not fit its type.
            ValueError: bytes of the wrong length, or another number of values than fields.
        """
        encoded = [encode(value) for encode, value in zip(self._encoders, values, strict=True)]
        return keccak(self.type_hash + b"".join(encoded))


def hash_array(hashes: Sequence[bytes]) -> bytes:
    """Return the encoding of an array of structs: the hash of their hashes, one after the other."""
    return keccak(b"".join(hashes))


_DOMAIN = StructType("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


@dataclass(frozen=True)
class Domain:
    """Binds a signature to one contract on one chain."""

    name: str
    """Name in the contract's domain; for tokens their ERC-20 name."""
    version: str
    """Version in the contract's domain."""
    chain_id: int
    """Chain id (EIP-155)."""
    contract: Address
    """Contract that checks the signature."""

    def __post_init__(self) -> None:
        """Compute the separator once: it is part of every digest."""
        separator = _DOMAIN.hash(self.name, self.version, self.chain_id, self.contract)
        object.__setattr__(self, "_prefix", b"\x19\x01" + separator)

    @property
    def separator(self) -> bytes:
        """The 32 bytes that stand for the domain in every digest."""
        prefix: bytes = self._prefix  # type: ignore[attr-defined]  # set in __post_init__ of a frozen dataclass
        return prefix[2:]

    def digest(self, struct_hash: bytes) -> bytes:
        """Return the 32 bytes that are signed."""
        prefix: bytes = self._prefix  # type: ignore[attr-defined]  # set in __post_init__ of a frozen dataclass
        return keccak(prefix + struct_hash)
