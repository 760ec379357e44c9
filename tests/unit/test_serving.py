"""What a request uses, costs, and may cost at most."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pysettle.domain.compute.serving import Request, ServiceTerms
from pysettle.domain.compute.usage import Meters, PeakHours, RateCard, Usage

CARD = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
TERMS = ServiceTerms(CARD, PeakHours(hours=((1, 4),)), output_limit=100)
COUNT = st.integers(0, 10_000)
REQUESTS = st.builds(Request, st.integers(0, 2_000_000_000), st.builds(Meters, COUNT, COUNT, COUNT))


@given(REQUESTS)
def test_a_ceiling_covers_whatever_is_cached(request_: Request) -> None:
    """However much of the same input was cached, and however short the answer, a request costs no more than that."""
    ceiling, meters = TERMS.ceiling(request_), request_.meters
    uncached = Meters(0, meters.cached_input + meters.input, meters.output)
    assert TERMS.cost(request_) <= TERMS.cost(Request(request_.timestamp, uncached)) <= ceiling
    assert TERMS.ceiling(Request(request_.timestamp, uncached)) == ceiling


def test_the_window_is_that_of_the_request() -> None:
    """A second before the peak begins, a request costs half."""
    meters, peak = Meters(1, 1, 1), 3_600
    assert TERMS.usage(Request(peak - 1, meters)) == Usage(off_peak=meters)
    assert TERMS.usage(Request(peak, meters)) == Usage(peak=meters)
    assert (TERMS.cost(Request(peak - 1, meters)), TERMS.cost(Request(peak, meters))) == (121, 242)


def test_a_longer_answer_raises_the_ceiling() -> None:
    """A request that generated more than the limit is covered all the same."""
    assert TERMS.ceiling(Request(0, Meters(output=101))) == 101 * 90
    assert TERMS.ceiling(Request(0, Meters())) == 100 * 90
