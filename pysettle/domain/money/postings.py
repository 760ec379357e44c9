"""Postings of the events of a currency, other than its transfers and issuance, and of interest."""

from __future__ import annotations

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted, Transfer
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.money import events
from pysettle.domain.money.books import AccountBooks, InterestBooks, credit
from pysettle.domain.money.contracts import CREDIT, is_desk_of
from pysettle.domain.money.movements import announce, stopped
from pysettle.domain.money.wallets import ClassLimits, Registration, WalletClass
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


# ----------------------------------------------------------------------------------------------- wallets


@_handles(events.ClassLimitsSet)
def _class_limits(books: Books, emitted: Emitted, event: events.ClassLimitsSet) -> Postings:
    limits = ClassLimits(event.balance, event.payment, event.daily, event.annual)
    books[AccountBooks].wallets[emitted.emitter].limits[WalletClass(event.wallet_class)] = limits
    return ()


@_handles(events.WalletRegistered)
def _registered(books: Books, emitted: Emitted, event: events.WalletRegistered) -> Postings:
    registration = Registration(
        WalletClass(event.wallet_class), event.identification_expiry, event.jurisdiction, event.real_name
    )
    _check_own(books, emitted, event.account, "INV-LIMIT", "registered")
    if objection := books[AccountBooks].wallets[emitted.emitter].register(event.account, registration):
        books.violated("INV-LIMIT", emitted, objection)
    return ()


@_handles(events.SettlementAccountMarked)
def _marked(books: Books, emitted: Emitted, event: events.SettlementAccountMarked) -> Postings:
    books[AccountBooks].freezing[emitted.emitter].settlement_accounts.add(event.account)
    return ()


@_handles(events.FreezeSet)
def _freeze(books: Books, emitted: Emitted, event: events.FreezeSet) -> Postings:
    _check_own(books, emitted, event.account, "INV-FROZEN", "frozen")
    books[AccountBooks].freezing[emitted.emitter].set(event)
    return ()


@_handles(events.FrozenAmountSet)
def _frozen_amount(books: Books, emitted: Emitted, event: events.FrozenAmountSet) -> Postings:
    _check_own(books, emitted, event.account, "INV-FROZEN", "frozen")
    books[AccountBooks].freezing[emitted.emitter].set_amount(event.account, event.frozen)
    return ()


@_handles(events.Seized)
def _seized(books: Books, emitted: Emitted, event: events.Seized) -> Postings:
    _check_own(books, emitted, event.holder, "INV-FROZEN", "seized")
    _check_legal_basis(books, emitted, event)
    announce(books, emitted, Transfer(event.holder, event.receiver, event.amount), owed=True, seized=True)
    return ()


def _check_own(books: Books, emitted: Emitted, account: Address, code: str, verb: str) -> None:
    if books[AccountBooks].is_settlement_account(emitted.emitter, account):
        detail = f"the settlement account 0x{account.hex()}, which holds value of others, was {verb}"
        books.violated(code, emitted, detail)


def _check_legal_basis(books: Books, emitted: Emitted, event: events.Seized | events.CreditSeized) -> None:
    if not any(event.legal_basis):
        books.violated("INV-FROZEN", emitted, f"{event.amount} units were seized without a legal basis")


# ----------------------------------------------------------------------------------------------- credits


@_handles(events.Credited)
def _credited(books: Books, emitted: Emitted, event: events.Credited) -> Postings:
    """Book an amount that the payee could not receive; the transfer of units new to the currency comes next."""
    currency, (payer, account, amount) = emitted.emitter, (event.payer, event.account, event.amount)
    announced = books[AccountBooks].announced.pop(currency, None)
    if announced and not (announced.owed and announced.movement == Transfer(payer, account, amount)):
        books.violated(announced.code, emitted, f"{announced}, and something else became a credit")
    elif not announced and not _may_owe(books, currency, payer, amount):
        detail = f"{amount} units of 0x{payer.hex()} became a credit of 0x{account.hex()}, which was not owed them"
        books.violated("INV-REPLAY", emitted, detail)
    if not stopped(books, emitted, account, amount, books.held(currency, account)):
        detail = f"{amount} units became a credit of 0x{account.hex()}, which could have received them"
        books.violated("INV-LIMIT", emitted, detail)
    _check_credit(books, emitted, account, amount, event.credit)
    if payer != currency:
        seized = announced is not None and announced.seized
        announce(books, emitted, Transfer(payer, currency, amount), seized=seized)
    return move(currency, amount, (OWN, currency), (CREDIT, account))


def _may_owe(books: Books, currency: Address, payer: Address, amount: int) -> bool:
    """Whether a payer that announced nothing may owe: settlement accounts, but currency and desk nothing at all.

    ERC-20 has anybody transfer zero units out of any account, these two included.
    """
    if payer == currency or is_desk_of(books, payer, currency):
        return amount == 0
    return books[AccountBooks].is_settlement_account(currency, payer)


@_handles(events.CreditClaimed)
def _credit_claimed(books: Books, emitted: Emitted, event: events.CreditClaimed) -> Postings:
    currency = emitted.emitter
    _check_credit(books, emitted, event.account, -event.amount, event.credit)
    announce(books, emitted, Transfer(currency, event.account, event.amount))
    return move(currency, event.amount, (CREDIT, event.account), (OWN, currency))


@_handles(events.CreditSeized)
def _credit_seized(books: Books, emitted: Emitted, event: events.CreditSeized) -> Postings:
    currency = emitted.emitter
    _check_credit(books, emitted, event.account, -event.amount, event.credit)
    _check_legal_basis(books, emitted, event)
    announce(books, emitted, Transfer(currency, event.receiver, event.amount), owed=True, seized=True)
    return move(currency, event.amount, (CREDIT, event.account), (OWN, currency))


def _check_credit(books: Books, emitted: Emitted, account: Address, change: int, stated: int) -> None:
    left = credit(books, emitted.emitter, account) + change
    if left != stated:
        detail = f"the credit of 0x{account.hex()} is {left} after a change by {change}, stated {stated}"
        books.violated("INV-REPLAY", emitted, detail)


# ---------------------------------------------------------------------------------------------- interest
# No value moves by these, but no row and no day may come twice. Issuance and payment are the currency's own events.


@_handles(events.InterestDeclared)
def _interest_declared(books: Books, emitted: Emitted, event: events.InterestDeclared) -> Postings:
    earliest = books[InterestBooks].declared_to[emitted.emitter]
    if event.first_day < earliest:
        books.violated("INV-ONCE", emitted, f"interest from day {event.first_day}, days to {earliest} were declared")
    books[InterestBooks].declared_to[emitted.emitter] = max(earliest, event.end_day)
    return ()


@_handles(events.InterestPaid)
def _interest_paid(books: Books, emitted: Emitted, event: events.InterestPaid) -> Postings:
    key = (emitted.emitter, event.period_id, event.index)
    if key in books[InterestBooks].paid:
        books.violated("INV-ONCE", emitted, f"row {event.index} of period {event.period_id} was paid before")
    books[InterestBooks].paid.add(key)
    return ()
