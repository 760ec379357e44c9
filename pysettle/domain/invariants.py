"""The invariants of the network, each under its stable code, checked on the ledger.

They hold after every transaction; within one, the events of a contract may run ahead of the transfers they announce.
`Watch` checks the part of the books that a transaction changed, at a cost independent of the size of the books; `check`
checks all of them. The checks of a column's contracts are in its `checks`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.catalogue import COLUMNS
from pysettle.domain.core import checks
from pysettle.domain.core.accounts import Entry
from pysettle.domain.core.column import Check, Notices, Questions, Scope
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.questions import Question, balances
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.contracts import CurrencyTerms
from pysettle.values import Address

_CHECKS: tuple[Check, ...] = (
    checks.contradictions,
    checks.supply,
    *(check for column in COLUMNS.values() for check in column.checks),
    checks.overdrawn,
    *(check for column in COLUMNS.values() for check in column.last_checks),
)
_QUESTIONS: tuple[Questions, ...] = (
    *(claim for column in COLUMNS.values() for claim in column.claims),
    balances,
    *(question for column in COLUMNS.values() for question in column.questions),
)
_NOTICES: tuple[Notices, ...] = (
    checks.donations,
    *(notice for column in COLUMNS.values() for notice in column.notices),
)


class Watch:
    """Checks a ledger's invariants on the changes since the last check: the cost is that of the change.

    Balances change by postings alone. All other state that an invariant compares belongs to the contract that emitted
    the event, or to an account or id in the event.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Watch a ledger that nothing but `apply` changes from here on."""
        self._ledger = ledger
        self._changed = Scope(violations_from=len(ledger.violations))
        of_kinds = ledger.contracts.listed.values()
        self._currencies = {
            address: terms.currency
            for of_kind in of_kinds
            for address, terms in of_kind.items()
            if isinstance(terms, CurrencyTerms)
        }

    def apply(self, emitted: Emitted) -> Entry | None:
        """Apply an event to the ledger, as `Ledger.apply` does, and record the parts that it may have changed."""
        # Before it is applied, since it may fail on its way.
        self._note_contract(emitted.emitter)
        # A desk speaks of the supply of its currency.
        if (currency := self._currencies.get(emitted.emitter)) is not None:
            self._note_contract(currency)
        self._changed.events.append(emitted)
        entry = self._ledger.apply(emitted)
        for posting in entry.postings if entry else ():
            account = posting.account
            self._changed.accounts[account] = None
            self._note_contract(account.asset)
            self._note_contract(Address(account.owner))
        return entry

    def check(self) -> list[Finding]:
        """Return every finding on the changes since the last check; empty if the invariants hold."""
        changed = self._changed
        self._changed = Scope(violations_from=len(self._ledger.violations))
        return _findings(self._ledger, changed)

    def _note_contract(self, address: Address) -> None:
        if kind := self._ledger.contracts.kind_of(address):
            self._changed.contracts.setdefault(kind, {})[address] = None


def check(ledger: Ledger) -> list[Finding]:
    """Return every finding on a ledger between two transactions; empty if all invariants hold."""
    everything = {kind: dict.fromkeys(sorted(listed)) for kind, listed in ledger.contracts.listed.items()}
    return _findings(ledger, Scope(everything, dict.fromkeys(ledger.balances), is_whole=True))


def _findings(ledger: Ledger, scope: Scope) -> list[Finding]:
    return [finding for check in _CHECKS for finding in check(ledger, scope)]


def notices(ledger: Ledger) -> list[Finding]:
    """Return notices, facts that the rules allow and an auditor examines: donations first, then column by column."""
    return [finding for notice in _NOTICES for finding in notice(ledger)]


def questions(ledger: Ledger, chain_id: int) -> Iterator[Question | Finding]:
    """Yield questions to contracts at the head, and findings that need no answer (INV-REPLAY).

    Args:
        ledger: The books at the head.
        chain_id: Chain id, which is part of ids.
    """
    for ask in _QUESTIONS:
        yield from ask(ledger, chain_id)
