"""Lockers in the catalogue."""

from __future__ import annotations

from pysettle.domain.toy import checks, postings, questions
from pysettle.domain.toy.contracts import LOCKER

from pysettle.domain.core.column import Column

COLUMN = Column(
    stands_on=("money",),
    kinds=(LOCKER,),
    postings=postings.HANDLERS,
    checks=(checks.stored,),
    questions=(questions.lockers,),
)
