"""The parts of a column: the kinds of its contracts, the postings of their events, its checks, and its questions."""

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
    """Kind -> contracts of this kind with books that may have changed."""
    accounts: dict[LedgerAccount, None] = field(default_factory=dict)
    """Accounts that changed."""
    events: list[Emitted] = field(default_factory=list)
    """Events that changed anything."""
    is_whole: bool = False
    """Whether it is the whole of the books, and not only the part that events named."""
    violations_from: int = 0
    """How many of the violations were looked at before."""

    def of(self, kind: Kind[Any]) -> dict[Address, None]:
        """Return the contracts of a kind to look at."""
        return self.contracts.get(kind, {})


Check = Callable[[Books, Scope], Iterator[Finding]]
"""Yields the violations in a part of the books between two transactions."""
Questions = Callable[[Books, int], Iterator[Question | Finding]]
"""Given the books and the chain's id, yields questions to contracts at the head, and findings that need no answer."""
Notices = Callable[[Books], Iterator[Finding]]
"""Yields notices: facts that the rules allow and that an auditor examines."""


@dataclass(frozen=True)
class Column:
    """One column of the network, as the catalogue lists it."""

    stands_on: tuple[str, ...]
    """Names of the columns that it may import, besides the core and the columns that those use."""
    kinds: tuple[Kind[Any], ...]
    """The kinds of its listed contracts."""
    postings: Handlers
    """Postings of each of its events."""
    checks: tuple[Check, ...] = ()
    """Checks of its contracts and their books."""
    last_checks: tuple[Check, ...] = ()
    """Checks that run after those of all columns."""
    claims: tuple[Questions, ...] = ()
    """Questions on the stated terms of its contracts; they come before all others."""
    questions: tuple[Questions, ...] = ()
    """Questions on the books at the head."""
    notices: tuple[Notices, ...] = ()
    """Notices for an auditor."""
