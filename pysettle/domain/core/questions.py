"""Questions to contracts at the head, with the answers that the books expect.

A question is a call of a function by its signature; the answer is words of 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pysettle.domain.core.books import Books
from pysettle.hashing import keccak
from pysettle.values import Address


@dataclass(frozen=True, slots=True)
class Question:
    """A read-only call of a contract, and its answer by the books."""

    subject: str
    """Subject of a finding."""
    contract: Address
    """Contract to call."""
    function: str
    """The call in words."""
    data: bytes
    """Call data."""
    expected: tuple[int, ...]
    """Words of the expected answer."""
    code: str = "INV-REPLAY"
    """Code of a finding."""
    signed: bool = False
    """Whether the words are of signed integers (two's complement)."""


def call_data(signature: str, *arguments: bytes) -> bytes:
    """Return the call of a function with arguments that are words or fit one."""
    return keccak(signature.encode())[:4] + b"".join(argument.rjust(32, b"\0") for argument in arguments)


def of_contract(about: str, contract: Address, signature: str, *expected: int, code: str = "INV-REPLAY") -> Question:
    """Return a question without arguments."""
    return Question(about, contract, signature, call_data(signature), expected, code)


def of_account(
    about: str, contract: Address, signature: str, account: Address, *expected: int, signed: bool = False
) -> Question:
    """Return a question about one account."""
    call = f"{signature.partition('(')[0]}(0x{account.hex()})"
    return Question(about, contract, call, call_data(signature, account), expected, signed=signed)


def balances(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask each asset for its supply, and for the balance of every present and earlier holder."""
    for kind in books.contracts.assets:
        for asset in sorted(books.contracts[kind]):
            about = f"asset 0x{asset.hex()}"
            yield of_contract(about, asset, "totalSupply()", books.supply(asset))
            for holder in books.holders(asset):
                yield of_account(about, asset, "balanceOf(address)", holder, books.held(asset, holder))
