"""The path of a payment through correspondent banks, computed from the calendars of the payment systems.

The payment system of a currency settles a payment between the two banks that keep accounts there: the bank of the
payer, or its correspondent, and the correspondent of the payee's bank. A payment that comes after the closing of that
system waits for the next opening. The payee's bank sees it on the statement of its account (camt.053) after the
closing, and books it when its own country opens next. At best an advice (camt.054) reports it within the day.

An exchange of two currencies has the usual value date of the spot market, the second day after the trade on which both
systems are open. Each currency settles in its own system on that day, so that the bank whose currency is settled first
waits for the other one without security. The closing of a system is its cut-off here; banks set earlier ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pysettle.domain.settlement.calendars import CLOSED, Calendar
from pysettle.values import DAY_S

SPOT_DAYS = 2
"""Days from a trade to its value date, as the spot market counts them."""
_SEARCHED_S = 64 * DAY_S


@dataclass(frozen=True, slots=True)
class TraditionalPath:
    """The times of a payment, or of an exchange, through correspondent banks."""

    at_best: int
    """Unix second at which the last payee's bank has it, if advices come within the day."""
    final: int
    """Unix second at which it has it by the statements of the day."""
    exposed_s: int
    """Seconds for which one side of an exchange or a purchase has paid and has nothing yet; 0 for a payment."""


def payment(handed_in: int, of_currency: Calendar, of_payee: Calendar) -> TraditionalPath:
    """Return the path of a payment: settled in the system of its currency, and booked by the payee's bank.

    Args:
        handed_in: Unix second at which the payer's bank has it.
        of_currency: Opening hours of the payment system of the currency.
        of_payee: Opening hours in the country of the payee's bank.
    """
    settled = _next(of_currency, handed_in)
    statement = _moment(of_currency, of_currency.local_s(settled) // DAY_S, closing=True)
    return TraditionalPath(_next(of_payee, settled), _next(of_payee, statement), 0)


def exchange(traded: int, calendars: Sequence[Calendar]) -> TraditionalPath:
    """Return the path of an exchange: each currency settles when its own system opens on the value date.

    Args:
        traded: Unix second of the trade.
        calendars: Opening hours of the payment system of each currency.
    """
    day = calendars[0].local_s(traded) // DAY_S
    left = SPOT_DAYS
    while left:
        day += 1
        if all(calendar.hours_of(day) != CLOSED for calendar in calendars):
            left -= 1
    openings = [_moment(calendar, day, closing=False) for calendar in calendars]
    return TraditionalPath(max(openings), max(openings), max(openings) - min(openings))


def purchase(handed_in: int, of_payer: Calendar, of_payee: Calendar) -> TraditionalPath:
    """Return the path of a purchase abroad: an exchange, then a payment to the provider in its own currency.

    Args:
        handed_in: Unix second at which the buyer's bank has the order.
        of_payer: Opening hours of the payment system of the currency that the buyer has.
        of_payee: Opening hours of the payment system of the currency that the provider is paid in.

    From the first leg of the exchange on the buyer has paid. It has nothing until the bank of the provider is paid.
    """
    exchanged = exchange(handed_in, [of_payer, of_payee])
    paid = payment(exchanged.final, of_payee, of_payee)
    return TraditionalPath(paid.at_best, paid.final, paid.final - exchanged.final + exchanged.exposed_s)


def _next(calendar: Calendar, time: int) -> int:
    opening = calendar.next_opening(time, time + _SEARCHED_S)
    assert opening is not None, "a calendar opens at least once in 64 days"
    return opening


def _moment(calendar: Calendar, day: int, *, closing: bool) -> int:
    """Return the unix second at which a day opens or closes."""
    hours = calendar.hours_of(day)
    return day * DAY_S + (hours.closes if closing else hours.opens) * 60 - calendar.local_s(0)
