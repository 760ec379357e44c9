"""Settlement in the catalogue."""

from __future__ import annotations

from pysettle.domain.core.column import Column
from pysettle.domain.settlement import checks, postings, questions
from pysettle.domain.settlement.contracts import LIQUIDITY_ACCOUNTS, PARTICIPANT_REGISTRY

COLUMN = Column(
    stands_on=("channel", "jobs"),
    kinds=(PARTICIPANT_REGISTRY, LIQUIDITY_ACCOUNTS),
    postings=postings.HANDLERS,
    checks=(checks.positions,),
    questions=(questions.participants, questions.positions),
)
"""The registry of participants and their positions: above all other columns."""
