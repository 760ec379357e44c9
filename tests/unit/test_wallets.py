"""Wallet classes, the calendar of their limits, and what of the limits is used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from eth_typing import Address

from pysettle.domain.money.wallets import (
    E_CNY_CLASS_LIMITS,
    LIMIT_STEP,
    MOST_LIMIT,
    NO_LIMIT,
    ClassLimits,
    Registration,
    Spending,
    WalletClass,
    Wallets,
    day_at,
    year_of,
)

ALICE, BOB = Address(b"\x10" * 20), Address(b"\x11" * 20)
CHINA = timezone(timedelta(hours=8))
NOON = int(datetime(2026, 6, 1, 12, tzinfo=CHINA).timestamp())
TODAY = day_at(NOON)
DAY_S = 86_400


def second(*moment: int) -> int:
    """Return the unix second of a moment in UTC."""
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]  # six numbers


def contract_year_of(day: int) -> int:
    """Return the year as `Calendar.yearOf` works it out, line by line."""
    since_march = day + 135_080
    cycle, day_of_cycle = divmod(since_march, 146_097)
    year_of_cycle = (day_of_cycle - day_of_cycle // 1_460 + day_of_cycle // 36_524 - day_of_cycle // 146_096) // 365
    day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    return 1_600 + 400 * cycle + year_of_cycle + (1 if day_of_year >= 306 else 0)


# ---------------------------------------------------------------------------------------------- calendar


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ((1970, 1, 1, 0, 0, 0), date(1970, 1, 1)),
        ((2026, 12, 31, 15, 59, 59), date(2026, 12, 31)),
        ((2026, 12, 31, 16, 0, 0), date(2027, 1, 1)),
        ((2024, 2, 28, 16, 0, 0), date(2024, 2, 29)),
        ((2024, 2, 29, 16, 0, 0), date(2024, 3, 1)),
        ((2024, 12, 31, 15, 59, 59), date(2024, 12, 31)),
        ((2100, 2, 28, 16, 0, 0), date(2100, 3, 1)),
        ((2099, 12, 31, 16, 0, 0), date(2100, 1, 1)),
        ((2100, 12, 31, 15, 59, 59), date(2100, 12, 31)),
        ((2100, 12, 31, 16, 0, 0), date(2101, 1, 1)),
    ],
)
def test_a_day_begins_at_16_utc(moment: tuple[int, ...], expected: date) -> None:
    """Days and years are those of UTC+8, leap years and the year 2100, which is none, included (P-4)."""
    day = day_at(second(*moment))
    assert date(1970, 1, 1) + timedelta(days=day) == expected
    assert year_of(day) == contract_year_of(day) == expected.year


def test_years_are_those_of_the_contract() -> None:
    """The contract's arithmetic gives the same year on every day that its 16 bits can hold."""
    assert [year_of(day) for day in range(2**16)] == [contract_year_of(day) for day in range(2**16)]
    assert year_of(2**16 - 1) == 2149


# -------------------------------------------------------------------------------------------------- class


def test_the_class_is_held_until_the_identification_expires() -> None:
    """On the last day before the expiry the class holds; from the day of expiry on it is class IV."""
    corporate = Registration(WalletClass.CORPORATE, TODAY + 1, 156, True)
    assert corporate.class_on(TODAY) is WalletClass.CORPORATE
    assert corporate.class_on(TODAY + 1) is WalletClass.IV
    assert Registration().class_on(0) is WalletClass.IV


def test_limits_follow_the_class() -> None:
    """An account has the limits of its class, of class IV before it is registered, and none where none were set."""
    wallets = Wallets(dict(E_CNY_CLASS_LIMITS))
    assert wallets.limits_on(ALICE, TODAY) == E_CNY_CLASS_LIMITS[WalletClass.IV]
    assert wallets.register(ALICE, Registration(WalletClass.II, TODAY + 1, 344, True)) is None
    assert wallets.limits_on(ALICE, TODAY) == E_CNY_CLASS_LIMITS[WalletClass.II]
    assert wallets.limits_on(ALICE, TODAY + 1) == E_CNY_CLASS_LIMITS[WalletClass.IV]
    assert wallets.limits_of_class(WalletClass.CORPORATE) == ClassLimits(NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT)


def test_only_class_iv_is_without_a_name() -> None:
    """A higher class for a holder whose real name is not known is told, and held all the same: it is what happened."""
    wallets = Wallets()
    assert wallets.register(ALICE, Registration(WalletClass.IV, 0, 0, False)) is None
    nameless = Registration(WalletClass.III, TODAY + 1, 0, False)
    assert "class III without a real name" in (wallets.register(ALICE, nameless) or "")
    assert wallets.registration(ALICE) == nameless


def test_limits_can_be_set_in_the_contract() -> None:
    """Every limit of e-CNY wallets is a multiple of the contract's step, and one that fits its field."""
    for limits in E_CNY_CLASS_LIMITS.values():
        for limit in (limits.balance, limits.payment, limits.daily, limits.annual):
            assert limit == NO_LIMIT or (limit % LIMIT_STEP == 0 and limit <= MOST_LIMIT)


# ----------------------------------------------------------------------------------------------- spending


def test_spending_is_counted_by_day_and_year() -> None:
    """A day begins with nothing, and with what the year came to; a year begins with nothing."""
    eve = day_at(second(2026, 12, 30, 12, 0, 0))
    spent = Spending().after(5, eve)
    assert spent == Spending(eve, 5, 5)
    assert spent.after(2, eve) == Spending(eve, 7, 7)
    assert spent.after(2, eve + 1) == Spending(eve + 1, 2, 7)
    assert spent.after(2, eve + 2) == Spending(eve + 2, 2, 2)


def test_limits_are_told_in_their_order() -> None:
    """A payment at its limits passes; one unit above is told by the limit of a payment, a day, and a year, in order."""
    at_limit = ClassLimits(payment=5, daily=5, annual=5)
    for limits, told in (
        (at_limit, "6 units at once"),
        (ClassLimits(daily=5, annual=5), f"6 units on day {TODAY}"),
        (ClassLimits(annual=5), "6 units in 2026"),
    ):
        assert Wallets({WalletClass.IV: limits}).count_payment(ALICE, 5, NOON) is None
        assert told in (Wallets({WalletClass.IV: limits}).count_payment(ALICE, 6, NOON) or "")


def test_a_payment_is_counted_only_against_a_limit_of_a_day_or_a_year() -> None:
    """Without one the counters stay as they are, and what was paid meanwhile is not counted afterwards."""
    wallets = Wallets({WalletClass.IV: ClassLimits(daily=10)})
    assert wallets.count_payment(ALICE, 4, NOON) is None
    wallets.limits[WalletClass.IV] = ClassLimits(payment=10, balance=10)
    assert wallets.count_payment(ALICE, 9, NOON + DAY_S) is None
    assert wallets.spending == {ALICE: Spending(TODAY, 4, 4)}
    wallets.limits[WalletClass.IV] = ClassLimits(annual=10)
    assert wallets.count_payment(ALICE, 6, NOON + DAY_S) is None
    assert wallets.spending == {ALICE: Spending(TODAY + 1, 6, 10)}
    assert wallets.count_payment(BOB, 10, NOON + DAY_S) is None


def test_a_payment_of_nothing_counts_too() -> None:
    """It begins a day, and is refused while more is spent than a lowered limit allows, as the contract does."""
    wallets = Wallets({WalletClass.IV: ClassLimits(daily=10)})
    assert wallets.count_payment(ALICE, 8, NOON) is None
    wallets.limits[WalletClass.IV] = ClassLimits(daily=7)
    assert wallets.count_payment(ALICE, 0, NOON) is not None
    assert wallets.count_payment(ALICE, 0, NOON + DAY_S) is None
    assert wallets.spending[ALICE] == Spending(TODAY + 1, 0, 8)


def test_a_limit_of_zero_is_one() -> None:
    """Zero lets nothing but nothing pass, for a payment, a day, a year and a balance alike."""
    for limits in (ClassLimits(payment=0), ClassLimits(daily=0), ClassLimits(annual=0)):
        assert Wallets({WalletClass.IV: limits}).count_payment(ALICE, 0, NOON) is None
        assert Wallets({WalletClass.IV: limits}).count_payment(ALICE, 1, NOON) is not None


def test_a_cap_is_on_what_is_held_afterwards() -> None:
    """Up to the cap, not above; nothing at all fits even where more is held than a lowered cap allows."""
    wallets = Wallets({WalletClass.IV: ClassLimits(balance=10)})
    for amount, held, fits in ((4, 6, True), (5, 6, False), (0, 11, True), (1, 10, False), (10, 0, True)):
        assert (wallets.incoming_objection(ALICE, amount, held, NOON) is None) == fits
    assert Wallets().incoming_objection(ALICE, 2**96, 2**96, NOON) is None
    assert wallets.register(ALICE, Registration(WalletClass.CORPORATE, TODAY + 1, 156, True)) is None
    assert wallets.incoming_objection(ALICE, 11, 0, NOON) is None
    assert wallets.incoming_objection(ALICE, 11, 0, NOON + DAY_S) is not None
