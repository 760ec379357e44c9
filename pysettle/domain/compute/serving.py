"""What one request uses, costs, and may cost at most: what a provider counts and a voucher's ceiling is made of."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.compute.usage import Meters, PeakHours, RateCard, Usage
from pysettle.values import Tokens


@dataclass(frozen=True, slots=True)
class Request:
    """One served API request."""

    timestamp: int
    """When it was made, unix seconds; fractions are dropped."""
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
        """Return what a request used, in the window of the second it was made in."""
        return Usage.of(request.meters, self.peak_hours.window(request.timestamp))

    def cost(self, request: Request) -> Tokens:
        """Return what a request costs."""
        return Tokens(self.rate_card.tokens(self.usage(request)))

    def ceiling(self, request: Request) -> Tokens:
        """Return the most a request may cost.

        Its buyer knows its input, but not what of that is cached, nor how long the answer gets.
        """
        meters = request.meters
        most = Meters(input=meters.cached_input + meters.input, output=max(self.output_limit, meters.output))
        return self.cost(Request(request.timestamp, most))
