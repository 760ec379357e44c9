"""Checks of positions between two transactions."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding
from pysettle.domain.settlement.contracts import LIQUIDITY_ACCOUNTS, POSITION


def positions(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-LIQUIDITY: no position is below zero, and the liquidity accounts hold the units of all positions."""
    for account in scope.accounts:
        amount = books.balances.get(account, 0)
        if amount >= 0:
            continue
        is_holder = account.purpose is OWN and account.owner in books.contracts[LIQUIDITY_ACCOUNTS]
        if is_holder or account.purpose is POSITION:
            yield Finding("INV-LIQUIDITY", f"{account.purpose.value} 0x{account.owner.hex()}", f"{-amount} units short")
