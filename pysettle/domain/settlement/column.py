"""Settlement in the catalogue."""

from __future__ import annotations

from pysettle.domain.core.column import Column
from pysettle.domain.settlement import (
    checks,
    clearing_checks,
    clearing_postings,
    clearing_questions,
    clearing_rule,
    corridor_checks,
    corridor_postings,
    corridor_questions,
    exchange_checks,
    exchange_postings,
    exchange_questions,
    homes,
    instructions,
    postings,
    questions,
    reserved_postings,
)
from pysettle.domain.settlement.contracts import (
    ATOMIC_SETTLEMENT,
    CLEARING_HOUSE,
    CORRIDORS,
    FOREIGN_EXCHANGE,
    LIQUIDITY_ACCOUNTS,
    PARTICIPANT_REGISTRY,
    PURCHASE_POLICY,
)

COLUMN = Column(
    stands_on=("channel", "jobs"),
    kinds=(
        PARTICIPANT_REGISTRY,
        LIQUIDITY_ACCOUNTS,
        CORRIDORS,
        ATOMIC_SETTLEMENT,
        FOREIGN_EXCHANGE,
        PURCHASE_POLICY,
        CLEARING_HOUSE,
    ),
    postings={
        **postings.HANDLERS,
        **homes.HANDLERS,
        **corridor_postings.HANDLERS,
        **instructions.HANDLERS,
        **exchange_postings.HANDLERS,
        **clearing_postings.HANDLERS,
        **reserved_postings.HANDLERS,
    },
    checks=(
        checks.positions,
        checks.links,
        corridor_checks.admissions,
        exchange_checks.purchases,
        exchange_checks.policies,
        clearing_checks.nets,
        clearing_checks.pairs,
        clearing_checks.crossings,
    ),
    questions=(
        questions.participants,
        questions.positions,
        homes.home_currencies,
        corridor_questions.corridors,
        questions.settlements,
        exchange_questions.purchases,
        clearing_questions.clearing,
    ),
    notices=(homes.unlisted_homes, exchange_checks.unlisted_policies, clearing_rule.notices),
)
"""The registry of participants, their positions and the corridors between them: above all other columns."""
