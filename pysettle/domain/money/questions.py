"""Questions to currencies at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.questions import Question, call_data, of_account, of_contract
from pysettle.domain.money.books import AccountBooks, IssuanceBooks, credit
from pysettle.domain.money.contracts import CREDIT, CURRENCY_TOKEN, ISSUANCE_DESK
from pysettle.domain.money.wallets import Spending, WalletClass
from pysettle.values import Address


def currencies(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask each currency for its general state, and for its accounts."""
    for currency in sorted(books.contracts[CURRENCY_TOKEN]):
        yield from _whole(books, currency)
        yield from _accounts(books, currency)


def desks_claimed(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask each currency and its desk for the stated other one."""
    for desk, terms in sorted(books.contracts[ISSUANCE_DESK].items()):
        currency = terms.currency
        yield of_contract(_about(currency), currency, "issuanceDesk()", int.from_bytes(desk, "big"), code="AUDIT-L")
        yield of_contract(_of_desk(desk), desk, "currency()", int.from_bytes(currency, "big"), code="AUDIT-L")


def desks(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask each desk for the reserve, for institutions and for redemptions."""
    for desk, terms in sorted(books.contracts[ISSUANCE_DESK].items()):
        yield from _reserve(books, desk, terms.currency)
        yield from _institutions(books, desk, terms.currency)


def _reserve(books: Books, desk: Address, currency: Address) -> Iterator[Question]:
    issuance = books[IssuanceBooks]
    if last := issuance.reserves.get(currency):
        stated = (last.amount_fen, last.as_of, last.sequence, last.valid_before)
        yield of_contract(_of_desk(desk), desk, "reserve()", *stated)
    yield of_contract(_of_desk(desk), desk, "reserveRatio()", issuance.reserve_ratios[currency])


def _whole(books: Books, currency: Address) -> Iterator[Question]:
    about = _about(currency)
    for each in WalletClass:
        limits = books[AccountBooks].wallets[currency].limits_of_class(each)
        words = (limits.balance, limits.payment, limits.daily, limits.annual)
        data = call_data("classLimits(uint8)", bytes([each]))
        yield Question(about, currency, f"classLimits({each.name})", data, words)


def _institutions(books: Books, desk: Address, currency: Address) -> Iterator[Question]:
    """Ask for the quotas and positions of operating institutions, and for redemptions."""
    about, issuance = _of_desk(desk), books[IssuanceBooks]
    for of, operator in sorted({*issuance.quotas, *issuance.positions}):
        if of == currency:
            yield of_account(about, desk, "issuanceQuota(address)", operator, issuance.quotas[currency, operator])
            position = issuance.positions[currency, operator]
            yield of_account(about, desk, "operatorPosition(address)", operator, position, signed=True)
    for (of, number), request in issuance.redemptions.items():
        if of == currency:
            words = (
                int.from_bytes(request.holder, "big"),
                request.amount,
                int.from_bytes(request.operator, "big"),
                int(request.status),
                request.cancellable_from,
            )
            data = call_data("redemption(uint256)", number.to_bytes(32, "big"))
            yield Question(about, desk, f"redemption({number})", data, words)


def _accounts(books: Books, currency: Address) -> Iterator[Question]:
    """Ask for the state of each account: freezes, marks, registration, counted payments and credit."""
    about, accounts = _about(currency), books[AccountBooks]
    freezing, wallets = accounts.freezing[currency], accounts.wallets[currency]
    for account in freezing.accounts():
        yield of_account(about, currency, "frozen(address)", account, *map(int, freezing.frozen(account)))
    for account in sorted(freezing.settlement_accounts):
        yield of_account(about, currency, "isSettlementAccount(address)", account, 1)
    # Every holder could have a counter or a class without an event.
    for account in sorted({*books.holders(currency), *wallets.registrations, *wallets.spending}):
        registered, spent = wallets.registration(account), wallets.spending.get(account, Spending())
        yield of_account(
            about,
            currency,
            "wallet(address)",
            account,
            registered.wallet_class,
            registered.identification_expiry,
            registered.jurisdiction,
            int(registered.real_name),
            spent.day,
            spent.on_day,
            spent.in_year,
        )
    for account in books.owners(currency, CREDIT):
        yield of_account(about, currency, "creditOf(address)", account, credit(books, currency, account))


def _about(currency: Address) -> str:
    return f"currency 0x{currency.hex()}"


def _of_desk(desk: Address) -> str:
    return f"desk 0x{desk.hex()}"
