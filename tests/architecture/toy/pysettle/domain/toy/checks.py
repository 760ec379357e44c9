"""What has to hold of lockers between two transactions."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.toy.books import LockerBooks
from pysettle.domain.toy.contracts import LOCKER, STORED

from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding


def stored(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-LOCKER: a locker holds for each account what it says it does."""
    for (locker, account), stated in books[LockerBooks].stated.items():
        if locker in scope.of(LOCKER):
            held = books.balance(books.contracts[LOCKER][locker].currency, STORED, account)
            if held != stated:
                detail = f"{stated} units stated for 0x{account.hex()}, {held} were stored"
                yield Finding("INV-LOCKER", f"locker 0x{locker.hex()}", detail)
