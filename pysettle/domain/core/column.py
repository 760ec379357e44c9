"""What a column gives: the kinds of its contracts, what their events do, what has to hold, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pysettle.domain.core.accounts import LedgerAccount
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Kind
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.postings import Handlers
from pysettle.domain.core.questions import Question
from pysettle.values import Address


@dataclass
class Scope:
    """The part of the books that a check looks at. Dictionaries in place of sets: the order of findings is one."""

    contracts: dict[Kind[Any], dict[Address, None]] = field(default_factory=dict)
    """Kind -> contracts of it whose books may have changed."""
    accounts: dict[LedgerAccount, None] = field(default_factory=dict)
    """Accounts that changed."""
    events: list[Emitted] = field(default_factory=list)
    """Events that changed anything."""
    is_whole: bool = False
    """Whether it is everything there is, whatever the events named."""
    violations_from: int = 0
    """How many of the violations were looked at before."""

    def of(self, kind: Kind[Any]) -> dict[Address, None]:
        """Return the contracts of a kind to look at."""
        return self.contracts.get(kind, {})


Check = Callable[[Books, Scope], Iterator[Finding]]
"""Yields what does not hold between two transactions, in a part of the books."""
Questions = Callable[[Books, int], Iterator[Question | Finding]]
"""Given the books and the chain's id, yields what contracts are asked at the head, and what need not be asked."""
Notices = Callable[[Books], Iterator[Finding]]
"""Yields what the rules allow and an auditor looks at."""


@dataclass(frozen=True)
class Column:
    """One column of the network, as the catalogue lists it."""

    stands_on: tuple[str, ...]
    """Names of the columns that it may import, beside the core and what those stand on."""
    kinds: tuple[Kind[Any], ...]
    """Its contracts whose books are kept."""
    postings: Handlers
    """What each of its events does to the books."""
    checks: tuple[Check, ...] = ()
    """What holds for its contracts, and for what they keep."""
    last_checks: tuple[Check, ...] = ()
    """What is looked at after the checks of every column."""
    claims: tuple[Questions, ...] = ()
    """Questions on what is claimed of its contracts; they are asked before all others."""
    questions: tuple[Questions, ...] = ()
    """Questions on what the books say at the head."""
    notices: tuple[Notices, ...] = ()
    """What an auditor looks at."""
