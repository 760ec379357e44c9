"""Wallet classes of the e-CNY, their limits and counted payments, from events alone (INV-LIMIT).

Limits follow the days and years of the time in China, UTC+8. This module knows no balances: the caller gives the
balance of an account, and calls for no settlement account, since these have no class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from pysettle.errors.states import WalletClass as WalletClass
from pysettle.money import UNITS_PER_WHOLE
from pysettle.values import DAY_S, HOUR_S, Address

IDENTIFICATION_WITHOUT_END = 2**16 - 1
"""Expiry of an identification that never expires."""

NO_LIMIT = 2**256 - 1
"""Stated for a limit of a wallet class that there is not."""

LIMIT_STEP = 100 * UNITS_PER_WHOLE
"""Units in one step of a limit: 100 yuan."""

MOST_LIMIT = 0x7FFE * LIMIT_STEP
"""Most units a limit can be: 3,276,600 yuan."""


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """Limits of one wallet class, in units; `NO_LIMIT` for none, zero is a limit."""

    balance: int = NO_LIMIT
    """Most an account may hold."""
    payment: int = NO_LIMIT
    """Most one payment may be."""
    daily: int = NO_LIMIT
    """Most that may be paid on one day of UTC+8."""
    annual: int = NO_LIMIT
    """Most that may be paid in one year of UTC+8."""


def _yuan(balance: int, payment: int, daily: int, annual: int | None = None) -> ClassLimits:
    return ClassLimits(
        balance * UNITS_PER_WHOLE,
        payment * UNITS_PER_WHOLE,
        daily * UNITS_PER_WHOLE,
        NO_LIMIT if annual is None else annual * UNITS_PER_WHOLE,
    )


E_CNY_CLASS_LIMITS: Mapping[WalletClass, ClassLimits] = MappingProxyType(
    {
        WalletClass.IV: _yuan(10_000, 2_000, 5_000, 50_000),
        WalletClass.III: _yuan(20_000, 5_000, 10_000),
        WalletClass.II: _yuan(500_000, 50_000, 100_000),
        WalletClass.I: ClassLimits(),
    }
)
"""Limits of e-CNY wallets.

Source:
    Classes IV and II: Mu Changchun, 2021-06-11 (China Daily, 2021-06-16); the annual limit of class IV: notice of the
    Hong Kong government, 2025-10-08. Classes III and I: widely quoted, not verified from a primary source.
"""

_OFFSET_S = 8 * HOUR_S
_FIRST_DAY = date(1970, 1, 1)


def day_at(timestamp: int) -> int:
    """Return the day of UTC+8 at a unix second, counted from 1970-01-01 in that time.

    Example:
        >>> day_at(57_599), day_at(57_600)  # 1970-01-01 ends at 16:00 UTC
        (0, 1)
    """
    return (timestamp + _OFFSET_S) // DAY_S


def year_of(day: int) -> int:
    """Return the Gregorian year of a day of UTC+8.

    Raises:
        OverflowError: the day is after the year 9999. The contract's own days end in 2149.

    Example:
        >>> year_of(364), year_of(365)
        (1970, 1971)
    """
    return (_FIRST_DAY + timedelta(days=day)).year


@dataclass(frozen=True, slots=True)
class Registration:
    """Registration of an account; the defaults are those of an unregistered account."""

    wallet_class: WalletClass = WalletClass.IV
    """Class it was registered with."""
    identification_expiry: int = 0
    """Day of UTC+8 from which the identification is no longer valid."""
    jurisdiction: int = 0
    """ISO 3166-1 number of the holder's jurisdiction; zero where none is known."""
    real_name: bool = False
    """Whether the holder's real name is known."""

    def class_on(self, day: int) -> WalletClass:
        """Return the class that sets the limits on a day: class IV from the expiry of the identification on."""
        return self.wallet_class if day < self.identification_expiry else WalletClass.IV


@dataclass(frozen=True, slots=True)
class Spending:
    """Payments of an account that counted for a daily or annual limit; units."""

    day: int = 0
    """Day of UTC+8 of the last payment that was counted."""
    on_day: int = 0
    """Paid on that day."""
    in_year: int = 0
    """Paid in the year of that day."""

    def after(self, amount: int, day: int) -> Spending:
        """Return the spending after a payment on a day that is not before the last one's."""
        if day == self.day:
            return Spending(day, self.on_day + amount, self.in_year + amount)
        return Spending(day, amount, amount + (self.in_year if year_of(day) == year_of(self.day) else 0))


@dataclass
class Wallets:
    """The wallets of one currency: registrations, limits of classes and counted payments (INV-LIMIT).

    Settlement accounts have no class and do not occur here.
    """

    limits: dict[WalletClass, ClassLimits] = field(default_factory=dict)
    """Class -> its limits; a class that is left out has none."""
    registrations: dict[Address, Registration] = field(default_factory=dict)
    """Account -> its last registration."""
    spending: dict[Address, Spending] = field(default_factory=dict)
    """Account -> its counted payments, for accounts with any."""

    def limits_of_class(self, wallet_class: WalletClass) -> ClassLimits:
        """Return the limits of a class."""
        return self.limits.get(wallet_class, _UNLIMITED)

    def registration(self, account: Address) -> Registration:
        """Return the registration of an account."""
        return self.registrations.get(account, _UNREGISTERED)

    def limits_on(self, account: Address, day: int) -> ClassLimits:
        """Return the limits that hold for an account on a day of UTC+8."""
        return self.limits_of_class(self.registration(account).class_on(day))

    def register(self, account: Address, registration: Registration) -> str | None:
        """Register an account; its payments stay counted. Return the violation in words, or None."""
        self.registrations[account] = registration
        if registration.wallet_class is not WalletClass.IV and not registration.real_name:
            return f"0x{account.hex()} became a wallet of class {registration.wallet_class.name} without a real name"
        return None

    def count_payment(self, payer: Address, amount: int, timestamp: int) -> str | None:
        """Count a payment, and return the exceeded limit in words; None if it is within all limits.

        A payment counts only while the payer's class has a daily or annual limit. If it exceeds several limits, the
        first in the order of the contract is returned: that of one payment, of the day, of the year.

        Args:
            payer: Account that pays, not a settlement account.
            amount: Units, zero included: a payment of zero begins a day, and is refused if a limit was lowered below
                the counted payments.
            timestamp: Chain time of the payment, unix seconds.
        """
        day = day_at(timestamp)
        limits = self.limits_on(payer, day)
        used = [("at once", amount, limits.payment)]
        if limits.daily != NO_LIMIT or limits.annual != NO_LIMIT:
            spent = self.spending[payer] = self.spending.get(payer, _NOTHING_SPENT).after(amount, day)
            used += [
                (f"on day {day}", spent.on_day, limits.daily),
                (f"in {year_of(day)}", spent.in_year, limits.annual),
            ]
        for when, paid, most in used:
            if paid > most:
                return f"0x{payer.hex()} paid {paid} units {when}, its class allows {most}"
        return None

    def incoming_objection(self, payee: Address, amount: int, held: int, timestamp: int) -> str | None:
        """Return why an account may not receive an amount, in words; None if it may. Zero is always allowed.

        Args:
            payee: Account that would receive, not a settlement account.
            amount: Units to receive.
            held: Its balance without them.
            timestamp: Chain time, unix seconds.
        """
        most = self.limits_on(payee, day_at(timestamp)).balance
        if amount == 0 or held + amount <= most:
            return None
        return f"{amount} units came to 0x{payee.hex()}, which held {held}, its class allows {most}"


_UNLIMITED = ClassLimits()
_UNREGISTERED = Registration()
_NOTHING_SPENT = Spending()
