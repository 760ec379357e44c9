"""The job escrow, and the purposes for which it holds value of others."""

from __future__ import annotations

from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Kind
from pysettle.values import Address

JOB = Purpose("job")
"""Held by a job escrow until milestones end. Owner: the order's id."""
DUE = Purpose("due")
"""Held by a job escrow until it is paid out. Owner: the account."""


def _held_by_escrow(books: Books, asset: Address, _escrow: Address) -> int:
    return books.total(asset, JOB, DUE)


JOB_ESCROW: Kind[None] = Kind("JobEscrow", held=_held_by_escrow)
