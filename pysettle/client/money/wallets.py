"""Wallets of a currency: registration, the class that sets the limits today, and the rest of the limits.

Days are those of UTC+8, counted from 1970-01-01, as the contracts count them (`Calendar`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pysettle.domain.money.wallets import ClassLimits, WalletClass

_FIRST = dt.date(1970, 1, 1)


def day_number(date: dt.date) -> int:
    """Return a date as a day.

    Example:
        >>> day_number(dt.date(1970, 1, 2)), date_of(20_454).isoformat()
        (1, '2026-01-01')
    """
    return (date - _FIRST).days


def date_of(day: int) -> dt.date:
    """Return a day as a date."""
    return _FIRST + dt.timedelta(days=day)


@dataclass(frozen=True, slots=True)
class Wallet:
    """Registration and counted payments of an account."""

    wallet_class: WalletClass
    """Class it was registered with; held to class IV from the expiry of its identification on."""
    identification_expiry: int
    """Day from which the identification is no longer valid; 65,535 is never."""
    jurisdiction: int
    """ISO 3166-1 number; zero where none is known."""
    real_name: bool
    """Whether the holder's real name is known to its operating institution."""
    day: int
    """Day of the last payment that was counted against a daily or annual limit."""
    spent_on_day: int
    """Units paid on that day, as far as they were counted."""
    spent_in_year: int
    """Units paid in the year of that day, as far as they were counted."""

    def class_on(self, day: int) -> WalletClass:
        """Return the class that sets the limits on a day."""
        from pysettle.domain.money.wallets import WalletClass

        return self.wallet_class if day < self.identification_expiry else WalletClass.IV


@dataclass(frozen=True, slots=True)
class WalletStanding:
    """State of a wallet on a day."""

    wallet: Wallet
    """Its registration and counted payments."""
    today: int
    """The day."""
    limits: ClassLimits
    """Limits that hold on that day."""

    @property
    def effective_class(self) -> WalletClass:
        """Class that sets the limits."""
        return self.wallet.class_on(self.today)

    @property
    def counts(self) -> bool:
        """Whether payments are counted: there is a limit for a day or a year."""
        from pysettle.domain.money.wallets import NO_LIMIT

        return self.limits.daily != NO_LIMIT or self.limits.annual != NO_LIMIT

    @property
    def spent_today(self) -> int:
        """Units paid today, as far as they were counted."""
        return self.wallet.spent_on_day if self.wallet.day == self.today else 0

    @property
    def spent_this_year(self) -> int:
        """Units paid this year, as far as they were counted."""
        from pysettle.domain.money.wallets import year_of

        same_year = year_of(self.wallet.day) == year_of(self.today)
        return self.wallet.spent_in_year if same_year else 0

    @property
    def left_today(self) -> int | None:
        """Units that may still be paid today by the daily limit; None without one."""
        return _left(self.limits.daily, self.spent_today)

    @property
    def left_this_year(self) -> int | None:
        """Units that may still be paid this year by the annual limit; None without one."""
        return _left(self.limits.annual, self.spent_this_year)


def _left(limit: int, spent: int) -> int | None:
    from pysettle.domain.money.wallets import NO_LIMIT

    return None if limit == NO_LIMIT else max(0, limit - spent)
