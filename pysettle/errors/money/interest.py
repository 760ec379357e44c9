"""What the payment of interest refuses."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class InterestReverted(ContractReverted):
    """An InterestPayments refused."""


class InterestInFullReserve(InterestReverted):
    """A currency in full reserve bears no interest."""

    template = "the reserve has to cover all of the supply"
    remedy = "have the central bank set a reserve ratio below 10000 basis points"


class InterestAccountUnmarked(InterestReverted):
    """The contract that pays is no settlement account."""

    template = "{account} is not marked"
    remedy = "have the registrar mark it as a settlement account"


class InterestPeriodInvalid(InterestReverted):
    """A period has a day at the least, and every day of it has ended."""

    template = "from day {firstDay} to before day {endDay}, today is day {today}"
    remedy = "name days that have ended in UTC+8, the first before the end"


class InterestPeriodOverlaps(InterestReverted):
    """A day bears interest once."""

    template = "begins with day {firstDay}, days before {earliest} are declared or passed over"
    remedy = "begin with the end of the period declared last, or later"


class InterestRateInvalid(InterestReverted):
    """A rate is a positive number of basis points, up to its value of a year."""

    template = "{rateBps} basis points, from 1 to {most} can be"
    remedy = "name such a rate"


class InterestTotalInvalid(InterestReverted):
    """A total is a positive number of whole fen."""

    template = "{total} is not a positive multiple of {minorUnit} units up to {most}"
    remedy = "declare the sum of the rows; where there is none, declare nothing"


class InterestPeriodNotFound(InterestReverted):
    """No such period."""

    template = "period {id}"
    remedy = "use the number that the declaration returned"


class InterestRowsInvalid(InterestReverted):
    """A batch has a row at the least, and is bounded."""

    template = "{rows} rows, from 1 to {most} can be paid at once"
    remedy = "pay the rest in further batches"
