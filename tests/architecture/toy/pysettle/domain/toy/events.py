"""The events of lockers."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.core.events import Event, event


@event
@dataclass(frozen=True, slots=True)
class Stored(Event):
    """An account stored units; `stored` is what it has in the locker then."""

    SIGNATURE = "Stored(address indexed account,uint256 amount,uint256 stored)"
    account: Address
    amount: int
    stored: int


@event
@dataclass(frozen=True, slots=True)
class Returned(Event):
    """Units were returned to an account; `stored` is what it has in the locker then."""

    SIGNATURE = "Returned(address indexed account,uint256 amount,uint256 stored)"
    account: Address
    amount: int
    stored: int
