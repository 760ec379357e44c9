"""Job orders in the catalogue."""

from __future__ import annotations

from pysettle.domain.core.column import Column
from pysettle.domain.jobs import checks, postings, questions
from pysettle.domain.jobs.contracts import JOB_ESCROW

COLUMN = Column(
    stands_on=("money",),
    kinds=(JOB_ESCROW,),
    postings=postings.HANDLERS,
    checks=(checks.orders,),
    questions=(questions.dues, questions.orders),
)
