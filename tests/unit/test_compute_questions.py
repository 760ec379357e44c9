"""The questions of the compute column are about the contract that they are asked of."""

from __future__ import annotations

from pysettle.domain.compute.books import ComputeBooks
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.events import SeriesOpened
from pysettle.domain.compute.questions import markets
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.money.contracts import CurrencyTerms
from pysettle.values import Address, ComputeId, SeriesId, Tokens, Units

CURRENCY, MARKET, PROVIDER = (Address(bytes([number]) * 20) for number in (1, 2, 3))
EXPIRIES = {SeriesId(bytes([number]) * 20): 1_000 * number for number in (4, 5, 6)}


def test_each_series_is_asked_for_its_own_expiry() -> None:
    """Three series of one market, each with another expiry and capacity."""
    pricing = SeriesPricing(CURRENCY, 1, RateCard(Meters(1, 1, 1), Meters(1, 1, 1)))
    listed = {COMPUTE_MARKET: {MARKET: CurrencyTerms(CURRENCY)}, COMPUTE_TOKEN: dict.fromkeys(EXPIRIES, pricing)}
    books = Books(Contracts(listed))
    for series, expiry in EXPIRIES.items():
        books[ComputeBooks].opened[series] = SeriesOpened(
            series, PROVIDER, ComputeId(bytes(32)), bytes(32), Tokens(expiry + 1), expiry, Units(0)
        )
    asked = [(question.contract, question.function, question.expected) for question in markets(books, 1)]
    for series, expiry in EXPIRIES.items():
        assert (series, "expiry()", (expiry,)) in asked
        assert (series, "capacity()", (expiry + 1,)) in asked
