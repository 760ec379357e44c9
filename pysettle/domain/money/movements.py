"""What a currency's units may do: whether a movement was announced, and whether freezes and limits let it pass.

A `Transfer` says who, to whom and how much, but not why. It is told by what the currency said before it, and by whose
the accounts are:

- what was announced as seized leaves its payer whatever is frozen of it, and counts against no limit;
- what comes from nobody is an issuance, what goes to nobody the end of a redemption;
- what a settlement account pays out (the desk too, which gives redemptions back, and the currency, which holds
  credits) belongs to who gets it;
- what any other account sends to the desk is a redemption request: it respects freezes, and is no spending;
- all else is a payment: it respects freezes, and counts against the limits of its payer's class.

Whatever comes into an account that is no settlement account respects its incoming freeze and its class's cap: what is
owed and does not, becomes a credit.
"""

from __future__ import annotations

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted, Transfer
from pysettle.domain.money.books import AccountBooks, Announced
from pysettle.domain.money.contracts import currency_of, is_desk_of
from pysettle.values import Address


def announce(books: Books, emitted: Emitted, movement: Transfer, *, owed: bool = False, seized: bool = False) -> None:
    """Note a movement that an event says comes next; what was announced before it and did not come is a violation."""
    currency, accounts = currency_of(books, emitted), books[AccountBooks]
    if announced := accounts.announced.get(currency):
        books.violated(announced.code, emitted, f"{announced}, which did not move")
    accounts.announced[currency] = Announced(emitted.event, movement, owed, seized)


def check_movement(books: Books, emitted: Emitted, transfer: Transfer) -> None:
    """Note what is wrong with a transfer of a currency, before it is booked.

    Invariant:
        INV-FROZEN, INV-LIMIT; INV-REPLAY where another movement was announced.
    """
    announced = books[AccountBooks].announced.pop(emitted.emitter, None)
    if announced and announced.movement != transfer:
        books.violated(announced.code, emitted, f"{announced}, and other units moved")
    if not (announced and announced.seized):
        _check_payer(books, emitted, transfer)
    _check_payee(books, emitted, transfer)


def stopped(books: Books, emitted: Emitted, payee: Address, amount: int, held: int) -> tuple[str, str] | None:
    """Return what keeps an amount of the emitting currency from its payee, as (invariant, detail); None if nothing.

    Args:
        books: The books before it.
        emitted: The event that moves it.
        payee: Who would receive it.
        amount: Units that would come in.
        held: Units that the payee holds without them.
    """
    currency, accounts = emitted.emitter, books[AccountBooks]
    if accounts.is_settlement_account(currency, payee):
        return None
    if objection := accounts.freezing[currency].incoming_objection(payee, amount):
        return "INV-FROZEN", objection
    if objection := accounts.wallets[currency].incoming_objection(payee, amount, held, emitted.timestamp):
        return "INV-LIMIT", objection
    return None


def _check_payer(books: Books, emitted: Emitted, transfer: Transfer) -> None:
    currency, payer, amount = emitted.emitter, transfer.sender, transfer.value
    accounts = books[AccountBooks]
    if accounts.is_settlement_account(currency, payer):
        return
    held = books.held(currency, payer)
    if objection := accounts.freezing[currency].outgoing_objection(payer, amount, held):
        books.violated("INV-FROZEN", emitted, objection)
    # Units that go to the desk are under redemption from now on, and no spending.
    if not is_desk_of(books, transfer.receiver, currency):
        objection = accounts.wallets[currency].count_payment(payer, amount, emitted.timestamp)
        if objection:
            books.violated("INV-LIMIT", emitted, objection)


def _check_payee(books: Books, emitted: Emitted, transfer: Transfer) -> None:
    currency, payee, amount = emitted.emitter, transfer.receiver, transfer.value
    if books[AccountBooks].is_settlement_account(currency, payee):
        return  # it has no cap, and to add up what a hub holds takes long
    # What an account pays itself leaves it first.
    held = books.held(currency, payee) - (amount if transfer.sender == payee else 0)
    if violation := stopped(books, emitted, payee, amount, held):
        books.violated(violation[0], emitted, violation[1])
