"""Compute in the catalogue."""

from __future__ import annotations

from pysettle.domain.compute import checks, postings, questions
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SERIES_FACTORY
from pysettle.domain.core.column import Column

COLUMN = Column(
    stands_on=("money",),
    kinds=(COMPUTE_TOKEN, COMPUTE_MARKET, SERIES_FACTORY),
    postings=postings.HANDLERS,
    checks=(checks.backing,),
    claims=(questions.terms,),
    questions=(questions.markets,),
    notices=(checks.halts, checks.unlisted_series),
)
