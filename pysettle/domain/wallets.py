"""Wallet classes of the e-CNY and their limits.

Knows no balances: who keeps them says what an account holds and paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from pysettle.money import UNITS_PER_WHOLE

IDENTIFICATION_WITHOUT_END = 2**16 - 1
"""Expiry of an identification that never expires."""

NO_LIMIT = 2**256 - 1
"""Stated for a limit of a wallet class that there is not."""

LIMIT_STEP = 100 * UNITS_PER_WHOLE
"""Units in one step of a limit: 100 yuan."""

MOST_LIMIT = 0x7FFE * LIMIT_STEP
"""Most units a limit can be: 3,276,600 yuan."""


class WalletClass(IntEnum):
    """Classes of wallets by how well the holder is known, as the contract numbers them."""

    IV = 0
    III = 1
    II = 2
    I = 3  # noqa: E741 - the class is called so
    CORPORATE = 4


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
