"""A finding: the result of a failed check, with the stable code of the invariant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"
    """An invariant does not hold, or a figure cannot be confirmed."""
    NOTICE = "notice"
    """Allowed, but an auditor wants to know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One failed check."""

    code: str
    """Invariant (`INV-...`) or audit check that failed."""
    subject: str
    """Subject of the failure: a block, a transaction, a contract, a file."""
    detail: str
    """The expected and the actual state, with the values."""
    severity: Severity = Severity.ERROR
    """How much it matters."""
    block: int | None = None
    """Of a notice: height of its block, the last one if there are several; None without a block."""
    timestamp: int | None = None
    """Chain time of that block, unix seconds."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.code} {self.subject}: {self.detail}"
