"""Records of a currency: accounts, operating institutions, redemptions, the reserve, and the policy.

Integers and dates, one field for one fact. How each may change is in `currency`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import Enum

from eth_typing import Address

from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import ClassLimits, WalletClass
from pysettle.errors.states import RedemptionStatus as Status

MINOR_UNIT = 10_000
"""Units in the smallest amount the reserve can hold: one fen."""
FULL_RESERVE = 10_000
"""Basis points of the supply that a full reserve covers."""
MOST_UNITS = 2**96 - 1
"""Most units there can be."""
MOST_SEQUENCE_STEP = 2**32
"""Most that the sequence of an attestation may be above the last one's."""
EPOCH = date(1970, 1, 1)
"""Day 0 of the contract's calendar; also stands for the day of what never happened."""
CHINA_TIME = timezone(timedelta(hours=8))
"""By which days and years are counted; there is no daylight saving."""


def day_at(timestamp: int) -> date:
    """Return the day in China at a unix second."""
    return datetime.fromtimestamp(timestamp, CHINA_TIME).date()


def day_number(day: date) -> int:
    """Return a day as the contract numbers it, from 1970-01-01."""
    return (day - EPOCH).days


class Role(Enum):
    """Powers over a currency."""

    CENTRAL_BANK = "central bank"
    OPERATOR = "operating institution"
    REGISTRAR = "registrar"
    FREEZER = "freezer"
    SEIZER = "seizer"
    PAUSER = "pauser"
    SETTLEMENT_REGISTRAR = "settlement registrar"
    ATTESTER = "attester"


@dataclass(slots=True)
class Account:
    """All that is known of an account of the currency. Amounts are units."""

    balance: int = 0
    """Held by it."""
    credit: int = 0
    """Held for it by the currency, since it could not come in."""
    payee_only: bool = False
    """Whether authorizations to it are submitted by itself only."""
    settlement: bool = False
    """Whether it holds what belongs to others."""
    frozen_outgoing: bool = False
    """Whether nothing may leave it."""
    frozen_incoming: bool = False
    """Whether nothing may come in."""
    frozen_amount: int = 0
    """Of the balance, what may not leave; may be above it."""
    wallet_class: WalletClass = WalletClass.IV
    """Class it was registered with."""
    identification_expiry: date = EPOCH
    """Day from which its identification is no longer valid."""
    jurisdiction: int = 0
    """ISO 3166-1 number; zero where none is known."""
    real_name: bool = False
    """Whether the holder's real name is known."""
    last_counted: date = EPOCH
    """Day of the last payment that was counted."""
    spent_on_day: int = 0
    """Counted on that day."""
    spent_in_year: int = 0
    """Counted in the year of that day."""

    @property
    def free(self) -> int:
        """Units that no frozen amount holds back."""
        return max(self.balance - self.frozen_amount, 0)

    @property
    def frozen(self) -> bool:
        """Whether anything of it is."""
        return self.frozen_outgoing or self.frozen_incoming or self.frozen_amount > 0

    def class_on(self, day: date) -> WalletClass:
        """Return the class whose limits hold on a day: class IV without a valid identification."""
        return self.wallet_class if day < self.identification_expiry else WalletClass.IV


@dataclass(slots=True)
class Institution:
    """An operating institution, in units."""

    quota: int = 0
    """Units that it may still issue."""
    position: int = 0
    """Units that it issued, less those redeemed at it."""


@dataclass(slots=True)
class Redemption:
    """A holder's request to have units exchanged for reserve."""

    holder: Address
    operator: Address
    amount: int
    status: Status = Status.REQUESTED
    cancellable_from: int = 0
    """Unix second from which the holder may cancel it."""


@dataclass(slots=True)
class Policy:
    """The rules for every account."""

    paused: bool = False
    reserve_ratio: int = FULL_RESERVE
    """Basis points of the supply that the reserve has to cover."""
    limits: dict[WalletClass, ClassLimits] = field(
        default_factory=lambda: {wallet_class: ClassLimits() for wallet_class in WalletClass}
    )


NO_ATTESTATION = ReserveAttestation(0, 0, 0, 0)
"""The reserve before its first attestation."""
