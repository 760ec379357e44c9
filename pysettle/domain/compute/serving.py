"""Usage, price and highest price of one request: for the provider's count and for a voucher's ceiling."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.compute.usage import Meters, PeakHours, RateCard, Usage
from pysettle.values import Tokens


@dataclass(frozen=True, slots=True)
class Request:
    """One served API request."""

    timestamp: int
    """Time of the request, unix seconds; fractions are dropped."""
    meters: Meters
    """LLM tokens it used."""


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """The terms by which a provider serves requests.

    Example:
        >>> card = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
        >>> terms = ServiceTerms(card, PeakHours(hours=((1, 4),)), output_limit=100)
        >>> request = Request(0, Meters(10, 20, 5))
        >>> terms.cost(request), terms.ceiling(request)
        (1060, 9900)
    """

    rate_card: RateCard
    """Tokens consumed for each LLM token."""
    peak_hours: PeakHours
    """Hours in which its peak rates apply."""
    output_limit: int
    """LLM tokens of output that a request may generate, unless it generated more."""

    def usage(self, request: Request) -> Usage:
        """Return the usage of a request, in the window of its second."""
        return Usage.of(request.meters, self.peak_hours.window(request.timestamp))

    def cost(self, request: Request) -> Tokens:
        """Return the price of a request."""
        return Tokens(self.rate_card.tokens(self.usage(request)))

    def ceiling(self, request: Request) -> Tokens:
        """Return the highest price of a request.

        The buyer knows the input, but not its cached part nor the length of the answer.
        """
        meters = request.meters
        most = Meters(input=meters.cached_input + meters.input, output=max(self.output_limit, meters.output))
        return self.cost(Request(request.timestamp, most))
