"""Records of compute and series, and the terms of a series. How each may change is in `market` and `series`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import rlp
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from tests.spec.core.records import NOTHING

PRICE_BASIS = 1_000_000
"""Tokens that a unit price is stated for."""
MOST = 2**96 - 1
"""Most units of a currency, and most Tokens of compute, that there can be."""
RATE_BITS, LANES = 32, 6
"""Bits of one rate of a rate card, and its rates."""


def created_by(creator: Address, number: int) -> Address:
    """Return the address of the contract that another creates as its number-th, counted from 1 (EIP-161)."""
    return Address(keccak(rlp.encode([creator, number]))[12:])


def lanes(word: int, bits: int) -> list[int]:
    """Return the six numbers packed into a word, lowest first."""
    return [word >> (bits * place) & ((1 << bits) - 1) for place in range(LANES)]


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a series, as they are given to the market; none of them is known to be sensible."""

    NAME: ClassVar = "Tokens"
    """Name of every series, and of its EIP-712 domain."""
    SERVICE_CLASS: ClassVar = b"inference".ljust(32, b"\0")
    """Class of service of every series."""
    provider: Address
    unit_price: int
    """Units of currency for 1,000,000 Tokens."""
    capacity: int
    """Tokens ever to be sold."""
    expiry: int
    """Unix second from which it is over."""
    rate_card: int
    """Six rates in a word."""
    halter: Address = ZERO_ADDRESS
    ground: bytes = NOTHING
    compensation: int = 0
    """Basis points of its price that a Token is compensated with after a halt."""

    def fields(self) -> tuple[object, ...]:
        """Return the terms in the order of the contract's struct, all under one name."""
        first = (self.NAME, "TOK", self.provider, self.SERVICE_CLASS)
        prices = (self.unit_price, self.capacity, self.expiry, self.rate_card)
        return (*first, *prices, NOTHING, self.halter, self.ground, self.compensation)


@dataclass(slots=True)
class Compute:
    """Compute that series are opened on."""

    provider: Address
    capacity: int
    """Tokens it can deliver in all."""
    valid_before: int
    """Unix second from which it delivers no more."""
    allocated: int = 0
    """Tokens that series were opened for."""


@dataclass(slots=True)
class Stake:
    """The stake behind a series."""

    provider: Address
    locked: int
    """Units of currency; zero once released or halted."""
