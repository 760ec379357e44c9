"""The events of home currencies."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event
from pysettle.values import Address


@event
@dataclass(frozen=True, slots=True)
class HomeCurrencyFounded(Event):
    """The deployer named a founding home currency."""

    SIGNATURE = "HomeCurrencyFounded(uint16 indexed jurisdiction,address indexed home)"
    jurisdiction: int
    home: Address


@event
@dataclass(frozen=True, slots=True)
class HomeCurrencyProposed(Event):
    """A central bank agreed to a home currency, which needs further consents."""

    SIGNATURE = (
        "HomeCurrencyProposed(uint16 indexed jurisdiction,address indexed home,address indexed currency,uint256 number)"
    )
    jurisdiction: int
    home: Address
    currency: Address
    number: int


@event
@dataclass(frozen=True, slots=True)
class HomeCurrencyAgreed(Event):
    """All central banks agreed to a home currency."""

    SIGNATURE = (
        "HomeCurrencyAgreed(uint16 indexed jurisdiction,address indexed home,address indexed currency,uint256 number)"
    )
    jurisdiction: int
    home: Address
    currency: Address
    number: int
