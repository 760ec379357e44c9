"""What holds for any asset and any contract, and what is held for no purpose."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding, Severity
from pysettle.values import Address


def contradictions(books: Books, scope: Scope) -> Iterator[Finding]:
    """Yield what events contradict: the history before them, or the books where they state a figure of those."""
    for code, at, detail in books.violations[scope.violations_from :]:
        yield Finding(code, f"block {at.block_number} transaction {at.transaction_index}", detail)


def supply(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-SUPPLY: what was created and destroyed is what issuance, purchase, redemption and refund say."""
    for kind in books.contracts.assets:
        for asset in scope.of(kind):
            told, stated = books.supply(asset), books.stated_supply[asset]
            if told != stated:
                detail = f"supply is {told}, business events state {stated}"
                yield Finding("INV-SUPPLY", f"asset 0x{asset.hex()}", detail)


def overdrawn(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-SUPPLY: nobody holds less than nothing; a column may have an invariant of its own for what it holds."""
    for account in scope.accounts:
        amount = books.balances.get(account, 0)
        if amount < 0 and account.purpose.short == "INV-SUPPLY":
            kind = books.contracts.kind_of(Address(account.owner))
            if kind is None or kind.code is None:
                subject = f"{account.purpose.value} 0x{account.owner.hex()}"
                yield Finding("INV-SUPPLY", subject, f"{-amount} units short")


def donations(books: Books) -> Iterator[Finding]:
    """Name what contracts hold for no purpose that the books know. Allowed, and none of anybody's backing.

    Whatever is sent to a contract by a plain transfer counts here until something gives it a purpose. A series' own
    Tokens are the delivered ones, and a currency's own units are credited: neither is left out. Units that a contract
    refuses, and holds all the same, are no donation but a finding of its column.
    """
    for account, amount in books.balances.items():
        kind = books.contracts.kind_of(Address(account.owner))
        if kind and account.purpose is OWN and amount > 0 and account.owner != account.asset:
            if kind.refuses and kind.refuses(books, account.asset, Address(account.owner)):
                continue
            detail = f"{kind.name}: holds {amount} units of 0x{account.asset.hex()} for no purpose: a donation"
            yield Finding(kind.code or "INV-BACKING", f"contract 0x{account.owner.hex()}", detail, Severity.NOTICE)
