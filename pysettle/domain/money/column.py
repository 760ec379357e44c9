"""Money in the catalogue."""

from __future__ import annotations

from pysettle.domain.core.column import Column
from pysettle.domain.money import checks, issuance, postings, questions, transfers
from pysettle.domain.money.contracts import CURRENCY_TOKEN, INTEREST_PAYMENTS, ISSUANCE_DESK, NETWORK_ACCESS

COLUMN = Column(
    stands_on=(),
    kinds=(CURRENCY_TOKEN, ISSUANCE_DESK, INTEREST_PAYMENTS, NETWORK_ACCESS),
    postings={**transfers.HANDLERS, **issuance.HANDLERS, **postings.HANDLERS},
    checks=(checks.reserve,),
    last_checks=(checks.unallocated, checks.announced),
    claims=(questions.desks_claimed,),
    questions=(questions.currencies, questions.desks),
    notices=(checks.unlisted_settlement_accounts,),
)
