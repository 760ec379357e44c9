"""One currency of a network: its token, and its roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pysettle.client.core.access import NetworkAccess, Role
from pysettle.client.money.currency import CurrencyToken
from pysettle.money import Currency
from pysettle.values import Address


@dataclass(frozen=True, slots=True)
class CurrencySystem:
    """One currency of a network: its token, and the accounts that got its roles at deployment."""

    currency: Currency
    """Which it is."""
    token: CurrencyToken
    """Its stablecoin."""
    access: NetworkAccess
    """Its roles."""
    holders: Mapping[Role, tuple[Address, ...]]
    """Role -> account that got it at deployment."""
