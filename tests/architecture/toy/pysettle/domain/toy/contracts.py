"""The contract of lockers, and the purpose for which it holds what is not its own."""

from __future__ import annotations

from eth_typing import Address

from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Kind
from pysettle.domain.money.contracts import CURRENCY_FORM, CurrencyTerms

STORED = Purpose("stored")
"""Held by a locker until it is returned. Owner: the account."""


def _held_by_locker(books: Books, asset: Address, _locker: Address) -> int:
    return books.total(asset, STORED)


LOCKER: Kind[CurrencyTerms] = Kind(
    "Locker", form=CURRENCY_FORM, held=_held_by_locker, uses={"currency": "CurrencyToken"}
)
