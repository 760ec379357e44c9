"""What a verification found, as an object, as text and as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pysettle.domain.core.findings import Finding

REPORT_SCHEMA = "pysettle.audit/1"
"""Name and version of the JSON document."""


class Check(Enum):
    """One check of the ladder, or beside it."""

    FILES = "F"
    HEADERS = "H"
    ROOTS = "R"
    EXECUTION = "S"
    LEDGER = "L"
    CHECKPOINTS = "C"


LADDER = (Check.FILES, Check.HEADERS, Check.ROOTS, Check.EXECUTION)
"""The rungs, each standing on those before it."""

_MEANING = {
    Check.FILES: "files are those of the manifest, in the form of an export",
    Check.HEADERS: "header chain and every block hash",
    Check.ROOTS: "roots of transactions, withdrawals and receipts recomputed",
    Check.EXECUTION: "re-executed: every field of every header equal",
    Check.LEDGER: "ledger and invariants, and equal to what the listed contracts answer",
    Check.CHECKPOINTS: "signed checkpoints (not in this form of the bundle)",
}
_NOT_CHECKED = {
    Check.LEDGER: (
        "accounts and ids that no event of a listed contract names",
        "that the code of each listed contract is that of its name: the code is believed",
    )
}
"""What a check does not look at, so that it may pass all the same."""


class Outcome(Enum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Divergence:
    """A finding, the check that made it, and the block it belongs to."""

    check: Check
    """Check that failed."""
    block: int | None
    """Height of the block, None where no block can be named."""
    finding: Finding
    """What was expected and what was found."""


def at_block(check: Check, block: int, detail: str, *, code: str = "", about: str = "") -> Divergence:
    """Return a divergence at a block.

    Args:
        check: Check that failed.
        block: Height of the block.
        detail: What was expected and what was found.
        code: Code of the finding; that of the check if empty.
        about: What in the block it is about; the block itself if empty.
    """
    subject = f"block {block} {about}".rstrip()
    return Divergence(check, block, Finding(code or f"AUDIT-{check.value}", subject, detail))


@dataclass(frozen=True)
class Report:
    """The outcome of one verification."""

    checks: Mapping[Check, Outcome]
    """Mapping check -> how it ended, all six."""
    divergences: tuple[Divergence, ...]
    """Everything that failed, in the order of the checks; of H, R and S the first divergence each."""
    notices: tuple[Finding, ...] = ()
    """What is allowed and an auditor wants to know."""
    chain_id: int = 0
    """Chain id by the manifest."""
    blocks: int = 0
    """Blocks read after the genesis."""
    transactions: int = 0
    """Transactions in them."""
    head_hash: bytes = b""
    """Recomputed hash of the last block read; empty when none was."""
    head_state_root: bytes = b""
    """State root that block states; recomputed when S passed."""
    engines: tuple[str, ...] = field(default=())
    """Engines that re-executed the blocks, with their versions."""

    @property
    def level(self) -> str:
        """Highest rung reached with all below it: `none`, `H`, `R` or `S`."""
        reached = "none"
        for check in LADDER:
            if self.checks[check] is not Outcome.PASSED:
                break
            if check is not Check.FILES:
                reached = check.value
        return reached

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that failed."""
        return tuple(divergence.finding for divergence in self.divergences)

    @property
    def first_divergence(self) -> Divergence | None:
        """The divergence at the lowest block, None when there is none."""
        ordered = sorted(self.divergences, key=lambda each: (each.block is None, each.block or 0))
        return ordered[0] if ordered else None

    @property
    def passed(self) -> bool:
        """Whether every block was re-executed and nothing failed."""
        return self.level == "S" and not self.divergences

    @property
    def not_checked(self) -> Mapping[Check, tuple[str, ...]]:
        """What the checks that ran did not look at, by the check."""
        return {check: told for check, told in _NOT_CHECKED.items() if self.checks[check] is not Outcome.NOT_RUN}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document; amounts that may exceed 2^53 are decimal strings."""
        first = self.first_divergence
        return {
            "schema": REPORT_SCHEMA,
            "simulation": True,
            "passed": self.passed,
            "level": self.level,
            "checks": {check.value: outcome.value for check, outcome in self.checks.items()},
            "not_checked": {check.value: list(told) for check, told in self.not_checked.items()},
            "chain_id": str(self.chain_id),
            "blocks": self.blocks,
            "transactions": self.transactions,
            "head_hash": "0x" + self.head_hash.hex(),
            "head_state_root": "0x" + self.head_state_root.hex(),
            "engines": list(self.engines),
            "first_divergence": _divergence_to_dict(first) if first else None,
            "findings": [_divergence_to_dict(divergence) for divergence in self.divergences],
            "notices": [_notice_to_dict(notice) for notice in self.notices],
        }

    def to_text(self) -> str:
        """Return the report for a person, without a newline at the end."""
        lines = [
            f"Audit of a simulation: {'PASSED' if self.passed else 'FAILED'}, level {self.level}",
            f"  chain {self.chain_id}, {self.blocks} blocks, {self.transactions} transactions",
            f"  head        0x{self.head_hash.hex()}",
            f"  state root  0x{self.head_state_root.hex()}",
        ]
        for check, meaning in _MEANING.items():
            lines.append(f"  {check.value} {self.checks[check].value:8}{meaning}")
            lines.extend(f"            not checked: {told}" for told in self.not_checked.get(check, ()))
        if self.engines:
            lines.append(f"  re-executed by {', '.join(self.engines)}")
        if first := self.first_divergence:
            lines.append(f"First divergence: {first.finding}")
            lines.extend(f"Finding: {each.finding}" for each in self.divergences if each is not first)
        lines.extend(f"Notice: {notice}" for notice in self.notices)
        return "\n".join(lines)


def _finding_to_dict(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "subject": finding.subject, "detail": finding.detail}


def _notice_to_dict(notice: Finding) -> dict[str, Any]:
    return {"block": notice.block, "timestamp": notice.timestamp, **_finding_to_dict(notice)}


def _divergence_to_dict(divergence: Divergence) -> dict[str, Any]:
    return {
        "check": divergence.check.value,
        "block": divergence.block,
        **_finding_to_dict(divergence.finding),
    }
