"""Checks of every asset and every contract, and balances without a purpose."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding, Severity
from pysettle.values import Address


def contradictions(books: Books, scope: Scope) -> Iterator[Finding]:
    """Yield a finding for each event that contradicts earlier events, or states another figure than the books."""
    for code, at, detail in books.violations[scope.violations_from :]:
        yield Finding(code, f"block {at.block_number} transaction {at.transaction_index}", detail)


def supply(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-SUPPLY: units are created and destroyed as issuance, purchase, redemption and refund state."""
    for kind in books.contracts.assets:
        for asset in scope.of(kind):
            booked, stated = books.supply(asset), books.stated_supply[asset]
            if booked != stated:
                detail = f"supply is {booked}, business events state {stated}"
                yield Finding("INV-SUPPLY", f"asset 0x{asset.hex()}", detail)


def overdrawn(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-SUPPLY: no balance is negative; for the balances of its contracts a column may name its own invariant."""
    for account in scope.accounts:
        amount = books.balances.get(account, 0)
        if amount < 0 and account.purpose.short == "INV-SUPPLY":
            kind = books.contracts.kind_of(Address(account.owner))
            if kind is None or kind.code is None:
                subject = f"{account.purpose.value} 0x{account.owner.hex()}"
                yield Finding("INV-SUPPLY", subject, f"{-amount} units short")


def donations(books: Books) -> Iterator[Finding]:
    """Yield a notice of each donation: units that a contract holds without a purpose.

    Donations are allowed and back no claim. A plain transfer to a contract counts here until a later event gives it a
    purpose. A series' own Tokens are the delivered ones, and a currency's own units are credits: both are purposes.
    Units that a contract refuses, and holds all the same, are not a donation but a finding of its column.
    """
    for account, amount in books.balances.items():
        kind = books.contracts.kind_of(Address(account.owner))
        if kind and account.purpose is OWN and amount > 0 and account.owner != account.asset:
            if kind.refuses and kind.refuses(books, account.asset, Address(account.owner)):
                continue
            detail = f"{kind.name}: holds {amount} units of 0x{account.asset.hex()} for no purpose: a donation"
            yield Finding(kind.code or "INV-BACKING", f"contract 0x{account.owner.hex()}", detail, Severity.NOTICE)
