"""Errors of InterestPayments."""

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
    """The contract that pays interest is not a settlement account."""

    template = "{account} is not marked as a settlement account"
    remedy = "have the registrar mark it as a settlement account"

    account: Address


class InterestPeriodInvalid(InterestReverted):
    """The period has no day, or a day that has not ended."""

    template = "the period is from {first_day} to before {end_day}; today is {today} (UTC+8)"
    remedy = "name days that have ended in UTC+8, the first before the end"

    first_day: Day
    end_day: Day
    today: Day


class InterestPeriodOverlaps(InterestReverted):
    """The period contains a day that bears interest already, or that an earlier declaration passed over."""

    template = "the period begins on {first_day}; each day before {earliest} is declared or passed over"
    remedy = "begin at the end of the last declared period, or later"

    first_day: Day
    earliest: Day


class InterestRateInvalid(InterestReverted):
    """The rate is zero, or above the highest rate."""

    template = "{rate_bps} basis points; a rate from 1 to {most} is possible"
    remedy = "name a rate in this range"

    rate_bps: int
    most: int


class InterestTotalInvalid(InterestReverted):
    """The total is not a positive number of whole fen, or is above the largest total."""

    template = "{total} is not a positive multiple of {minor_unit}, up to {most}"
    remedy = "declare the sum of the rows; without rows, declare nothing"

    total: Units
    minor_unit: Units
    most: Units


class InterestPeriodNotFound(InterestReverted):
    """No period has this number."""

    template = "no period has the number {id}"
    remedy = "use the number that the declaration returned"

    id: int


class InterestRowsInvalid(InterestReverted):
    """The batch has no row, or more rows than the limit."""

    template = "{rows} rows; from 1 to {most} can be paid at once"
    remedy = "pay the rest in further batches"

    rows: int
    most: int
