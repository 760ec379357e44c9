"""Checks of currencies between two transactions, and notices for an auditor."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.money.books import AccountBooks, IssuanceBooks, uncovered
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, currency_of
from pysettle.values import Address


def reserve(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-RESERVE: no institution is over its quota, positions sum to the supply, and the reserve covers it."""
    issuance = books[IssuanceBooks]
    for currency in _currencies(books, scope):
        if lacking := uncovered(books, currency):
            yield Finding("INV-RESERVE", f"reserve of 0x{currency.hex()}", lacking)
        supply = books.supply(currency)
        positions = issuance.total_positions.get(currency, 0)
        if positions != supply:
            detail = f"positions of operating institutions sum to {positions}, supply is {supply}"
            yield Finding("INV-RESERVE", f"positions in 0x{currency.hex()}", detail)
    for currency, operator in _institutions(books, scope):
        quota = issuance.quotas.get((currency, operator), 0)
        if quota < 0:
            detail = f"operator 0x{operator.hex()} is {-quota} over"
            yield Finding("INV-RESERVE", f"currency 0x{currency.hex()}", detail)


def _currencies(books: Books, scope: Scope) -> dict[Address, None]:
    """Return the currencies to look at, those of the desks to look at included."""
    desks = books.contracts[ISSUANCE_DESK]
    return scope.of(CURRENCY_TOKEN) | dict.fromkeys(desks[desk].currency for desk in scope.of(ISSUANCE_DESK))


def _institutions(books: Books, scope: Scope) -> dict[tuple[Address, Address], None]:
    """Return the operating institutions with a quota that may have changed: an event names each."""
    if scope.is_whole:
        return dict.fromkeys(books[IssuanceBooks].quotas)
    named = ((currency_of(books, emitted), getattr(emitted.event, "operator", None)) for emitted in scope.events)
    return {(currency, Address(operator)): None for currency, operator in named if isinstance(operator, bytes)}


def unallocated(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-SUPPLY: a currency holds credits alone and its desk redemptions alone, since both refuse donations."""
    for currency in scope.of(CURRENCY_TOKEN):
        if (amount := books.balance(currency, OWN, currency)) > 0:
            yield Finding("INV-SUPPLY", f"currency 0x{currency.hex()}", f"holds {amount} of its units for no purpose")
    for desk in scope.of(ISSUANCE_DESK):
        if (amount := books.balance(books.contracts[ISSUANCE_DESK][desk].currency, OWN, desk)) > 0:
            detail = f"holds {amount} units of its currency for no purpose"
            yield Finding("INV-SUPPLY", f"desk 0x{desk.hex()}", detail)


def announced(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-FROZEN, INV-REPLAY: every movement that a currency announced has happened, seizures included."""
    for currency in _currencies(books, scope):
        if announcement := books[AccountBooks].announced.get(currency):
            yield Finding(announcement.code, f"currency 0x{currency.hex()}", f"{announcement}, which did not move")


def unlisted_settlement_accounts(books: Books) -> Iterator[Finding]:
    """Yield a notice of the balance of each unlisted settlement account: its purpose is not known.

    Such an account may be a series that the manifest leaves out, with the payments of its buyers, or the deposit
    collector, which holds no units between two transactions.
    """
    freezing = books[AccountBooks].freezing
    for account, amount in books.balances.items():
        asset, owner = account.asset, Address(account.owner)
        if account.purpose is not OWN or amount <= 0 or asset not in freezing:
            continue
        if books.contracts.kind_of(owner) is None and owner in freezing[asset].settlement_accounts:
            detail = f"settlement account that is not listed: holds {amount} units of 0x{asset.hex()}, "
            detail += "for a purpose that is not known"
            yield Finding("INV-BACKING", f"contract 0x{owner.hex()}", detail, Severity.NOTICE)
