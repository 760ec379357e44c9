"""Settlement in the catalogue."""

from __future__ import annotations

from pysettle.domain.core.column import Column
from pysettle.domain.settlement import (
    checks,
    corridor_checks,
    corridor_postings,
    corridor_questions,
    instructions,
    postings,
    questions,
)
from pysettle.domain.settlement.contracts import (
    ATOMIC_SETTLEMENT,
    CORRIDORS,
    LIQUIDITY_ACCOUNTS,
    PARTICIPANT_REGISTRY,
)

COLUMN = Column(
    stands_on=("channel", "jobs"),
    kinds=(PARTICIPANT_REGISTRY, LIQUIDITY_ACCOUNTS, CORRIDORS, ATOMIC_SETTLEMENT),
    postings={**postings.HANDLERS, **corridor_postings.HANDLERS, **instructions.HANDLERS},
    checks=(checks.positions, checks.links, corridor_checks.admissions),
    questions=(
        questions.participants,
        questions.positions,
        corridor_questions.corridors,
        questions.settlements,
    ),
    notices=(corridor_questions.unlisted_pairs,),
)
"""The registry of participants, their positions and the corridors between them: above all other columns."""
