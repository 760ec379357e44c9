"""Channels in the catalogue."""

from __future__ import annotations

from pysettle.domain.channel import checks, postings, questions
from pysettle.domain.channel.contracts import CHANNEL_HUB, DEPOSIT_COLLECTOR, USAGE_METER
from pysettle.domain.core.column import Column

COLUMN = Column(
    stands_on=("compute",),
    kinds=(CHANNEL_HUB, USAGE_METER, DEPOSIT_COLLECTOR),
    postings=postings.HANDLERS,
    checks=(checks.channels,),
    questions=(questions.payouts, questions.channels),
    notices=(checks.claims_of_frozen_payers,),
)
