"""Movements of a currency: whether each was announced, and whether it respects freezes and limits.

A `Transfer` states payer, payee and amount, but not the reason. The reason follows from the currency's event before it,
and from the kinds of the two accounts:

- a seizure, which an event announces: no freeze of its payer stops it, and it counts for no limit;
- a transfer from the zero address is an issuance, a transfer to it the end of a redemption;
- a transfer from a settlement account is a payout (also of the desk, which returns redemptions, and of the currency,
  which holds credits);
- a transfer of any other account to the desk is a redemption request: it respects freezes and counts for no limit;
- every other transfer is a payment: it respects freezes and counts for the limits of its payer's class.

A transfer to an account other than a settlement account respects its incoming freeze and the balance limit of its
class. An owed amount that does not becomes a credit.
"""

from __future__ import annotations

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted, Transfer
from pysettle.domain.money.books import AccountBooks, Announced
from pysettle.domain.money.contracts import currency_of, is_desk_of
from pysettle.values import Address


def announce(books: Books, emitted: Emitted, movement: Transfer, *, owed: bool = False, seized: bool = False) -> None:
    """Record an announced movement; an earlier announcement without its movement is a violation."""
    currency, accounts = currency_of(books, emitted), books[AccountBooks]
    if announced := accounts.announced.get(currency):
        books.violated(announced.code, emitted, f"{announced}, which did not move")
    accounts.announced[currency] = Announced(emitted.event, movement, owed, seized)


def check_movement(books: Books, emitted: Emitted, transfer: Transfer) -> None:
    """Record the violations of a transfer of a currency, before it is booked.

    Invariant:
        INV-FROZEN, INV-LIMIT; INV-REPLAY if another movement was announced.
    """
    announced = books[AccountBooks].announced.pop(emitted.emitter, None)
    if announced and announced.movement != transfer:
        books.violated(announced.code, emitted, f"{announced}, and other units moved")
    if not (announced and announced.seized):
        _check_payer(books, emitted, transfer)
    _check_payee(books, emitted, transfer)


def stopped(books: Books, emitted: Emitted, payee: Address, amount: int, held: int) -> tuple[str, str] | None:
    """Return the reason why a payee cannot receive an amount of the emitting currency, as (invariant, detail), or None.

    Args:
        books: The books before the event.
        emitted: The event that moves the amount.
        payee: Account that would receive it.
        amount: Units to receive.
        held: Balance of the payee without them.
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
        return  # it has no limit, and summing the balance of a hub takes long
    # A payment of an account to itself leaves the account first.
    held = books.held(currency, payee) - (amount if transfer.sender == payee else 0)
    if violation := stopped(books, emitted, payee, amount, held):
        books.violated(violation[0], emitted, violation[1])
