"""The state of lockers in the books."""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_typing import Address


@dataclass
class LockerBooks:
    """What events say of lockers, beside their balances."""

    stated: dict[tuple[Address, Address], int] = field(default_factory=dict)
    """(locker, account) -> units that the locker said last that it holds for the account."""
