"""What the books expect a locker to answer at the head."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.toy.contracts import LOCKER, STORED

from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, of_account


def lockers(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask each locker what it holds for each account."""
    for locker, terms in books.contracts[LOCKER].items():
        for account in books.owners(terms.currency, STORED):
            held = books.balance(terms.currency, STORED, account)
            yield of_account(f"locker 0x{locker.hex()}", locker, "storedOf(address)", account, held)
