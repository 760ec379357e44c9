"""What the payment of interest refuses."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address, Day, Units


class InterestReverted(ContractReverted):
    """An InterestPayments refused."""


class InterestInFullReserve(InterestReverted):
    """A currency in full reserve bears no interest."""

    template = "the reserve has to cover the whole supply"
    remedy = "have the central bank set a reserve ratio below 10000 basis points"


class InterestAccountUnmarked(InterestReverted):
    """The contract that pays is no settlement account."""

    template = "{account} is not marked as a settlement account"
    remedy = "have the registrar mark it as a settlement account"

    account: Address


class InterestPeriodInvalid(InterestReverted):
    """A period has a day at the least, and every day of it has ended."""

    template = "the period is from {first_day} to before {end_day}; today is {today} (UTC+8)"
    remedy = "name days that have ended in UTC+8, the first before the end"

    first_day: Day
    end_day: Day
    today: Day


class InterestPeriodOverlaps(InterestReverted):
    """A day bears interest once."""

    template = "the period begins on {first_day}; each day before {earliest} is declared or passed over"
    remedy = "begin with the end of the period declared last, or later"

    first_day: Day
    earliest: Day


class InterestRateInvalid(InterestReverted):
    """A rate is a positive number of basis points, up to its value of a year."""

    template = "{rate_bps} basis points; a rate from 1 to {most} is possible"
    remedy = "name such a rate"

    rate_bps: int
    most: int


class InterestTotalInvalid(InterestReverted):
    """A total is a positive number of whole fen."""

    template = "{total} is not a positive multiple of {minor_unit}, up to {most}"
    remedy = "declare the sum of the rows; where there is none, declare nothing"

    total: Units
    minor_unit: Units
    most: Units


class InterestPeriodNotFound(InterestReverted):
    """No such period."""

    template = "no period has the number {id}"
    remedy = "use the number that the declaration returned"

    id: int


class InterestRowsInvalid(InterestReverted):
    """A batch has a row at the least, and is bounded."""

    template = "{rows} rows; from 1 to {most} can be paid at once"
    remedy = "pay the rest in further batches"

    rows: int
    most: int
