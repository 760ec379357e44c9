"""Prices: the ceiling of a call before it is paid, and the charge for its usage afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.compute.serving import Request, ServiceTerms
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.serve.gateway.requests import Call
from pysettle.values import Tokens

EDGE_S = 600
"""Seconds before a change of the price window in which the dearer of both is offered, and after it accepted."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a call at a moment, at most."""

    offered: Tokens
    """Ceiling that an offer asks for."""
    accepted: frozenset[Tokens]
    """Ceilings that a payment may have been offered shortly before; each covers the call now."""


def quote(terms: ServiceTerms, call: Call, now: int) -> Quote:
    """Return the price of a call, at most.

    A client pays some time after it was told the price. Near the edge of a window the dearer one is therefore offered,
    and offers of the other side of the edge are accepted if they cover the price of the present window.

    Args:
        terms: Terms of the service.
        call: The call.
        now: Chain time, unix seconds.
    """
    before, present, after = (_ceiling(terms, call, now + shift) for shift in (-EDGE_S, 0, EDGE_S))
    covering = {price for price in (before, present, after) if price >= present}
    return Quote(max(present, after), frozenset(covering))


def _ceiling(terms: ServiceTerms, call: Call, moment: int) -> Tokens:
    # Cached input is cheaper or as dear as other input in every card that a provider publishes, but no rule says so.
    meters = (
        Meters(input=call.prompt_tokens, output=call.output_limit),
        Meters(cached_input=call.prompt_tokens, output=call.output_limit),
    )
    return Tokens(max(terms.cost(Request(moment, most)) for most in meters))


@dataclass(frozen=True, slots=True)
class Counts:
    """LLM tokens of an answer, as its provider counts them."""

    prompt: int
    """Input, its cached part included."""
    cached: int
    """Cached part of the input."""
    completion: int
    """Output."""
    is_estimated: bool = False
    """Whether the provider has reported nothing, and the counts are those of this gateway."""

    def within(self, call: Call) -> Counts:
        """Return the counts that a call is charged for: never more input or output than its price covers."""
        prompt = max(0, min(self.prompt, call.prompt_tokens))
        output = max(0, min(self.completion, call.output_limit))
        return Counts(prompt, max(0, min(self.cached, prompt)), output, self.is_estimated)

    def usage(self, terms: ServiceTerms, moment: int) -> Usage:
        """Return the usage, in the window of a moment."""
        meters = Meters(self.cached, self.prompt - self.cached, self.completion)
        return Usage.of(meters, terms.peak_hours.window(moment))
