"""The result of a verification, as an object, as text and as a JSON document."""

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
    PROOFS = "P"
    EXECUTION = "S"
    INDEPENDENT = "X"
    CODE = "G"
    LEDGER = "L"


LADDER = (Check.FILES, Check.HEADERS, Check.ROOTS, Check.PROOFS, Check.EXECUTION, Check.INDEPENDENT)
"""The rungs, each standing on those before it; proofs are needed only where nothing is executed."""

_MEANING = {
    Check.FILES: "files are those of the manifest, in the form of an export",
    Check.HEADERS: "header chain and every block hash",
    Check.ROOTS: "roots of transactions, withdrawals and receipts recomputed",
    Check.PROOFS: "code, supplies and balances proven under the state root of the head",
    Check.EXECUTION: "re-executed: every field of every header equal",
    Check.INDEPENDENT: "re-executed by two independent engines or more: every hash equal",
    Check.CODE: "code of every listed contract is the published one of its name",
    Check.LEDGER: "ledger and invariants, and equal to the answers of the listed contracts",
}
_NOT_CHECKED = ("accounts and ids that no event of a listed contract names",)
"""Parts that L does not check, so that it may pass without them."""
_CODE_BELIEVED = "that the code of each listed contract is that of its name: the code is believed"
"""Part that L does not check if G did not."""
_OTHER_HISTORIES = "that there is no other history: only a hash of its head that somebody else keeps tells"
"""Part that no check of files covers."""
_PLANTED = "storage and nonces of block 0, which has no genesis.json here"
"""Part that G does not check without the genesis."""
_ON_RECEIPTS = "ledger and invariants, from the receipts"
"""Meaning of L without re-execution."""
_NOT_ASKED_CONTRACTS = "the answers of the listed contracts: without re-execution or proofs there is no state for calls"
_LEVELS = {check: check.value for check in LADDER[1:]}
_USUAL = "S"

LEVELS = tuple(_LEVELS.values())
"""Possible levels, from the least to the most; S by default."""


def asked_at(level: str) -> frozenset[Check]:
    """Return the checks of a level: H, R, P, S or X."""
    upmost = Check(level)
    rungs = {it for it in LADDER[: LADDER.index(upmost) + 1] if it is not Check.PROOFS or it is upmost}
    beside = {Check.LEDGER: Check.ROOTS, Check.CODE: Check.EXECUTION if Check.EXECUTION in rungs else Check.PROOFS}
    return frozenset({*rungs, *(check for check, rung in beside.items() if rung in rungs)})


class Outcome(Enum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_HAD = "could not be had"
    """It was requested, and an input is missing; the report names it."""
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Divergence:
    """A finding, the check that made it, and the block it belongs to."""

    check: Check
    """Check that failed."""
    block: int | None
    """Height of the block, None where no block can be named."""
    finding: Finding
    """The expected and the actual state."""


def at_block(check: Check, block: int, detail: str, *, code: str = "", about: str = "") -> Divergence:
    """Return a divergence at a block.

    Args:
        check: Check that failed.
        block: Height of the block.
        detail: The expected and the actual state.
        code: Code of the finding; that of the check if empty.
        about: Subject in the block; the block itself if empty.
    """
    subject = f"block {block} {about}".rstrip()
    return Divergence(check, block, Finding(code or f"AUDIT-{check.value}", subject, detail))


@dataclass(frozen=True)
class Report:
    """The outcome of one verification."""

    checks: Mapping[Check, Outcome]
    """Mapping check -> how it ended, all of them."""
    divergences: tuple[Divergence, ...]
    """Everything that failed, in the order of the checks; of H, R and S the first divergence each, of X one
    for each engine."""
    reasons: Mapping[Check, str] = field(default_factory=dict)
    """Mapping check -> why it could not run, or was not requested, for each such check."""
    asked: str = "S"
    """Requested level."""
    on_receipts: bool = False
    """Whether L was checked on the receipts of the bundle, without re-execution."""
    has_genesis: bool = True
    """Whether G could read the genesis."""
    notices: tuple[Finding, ...] = ()
    """Notices for an auditor."""
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
    pins: tuple[str, ...] = ()
    """Versions whose pins G compared code with; empty if it was not asked."""
    has_other_pins: bool = False
    """Whether the auditor gave these pins in place of those of this package."""
    recompiled: bool = False
    """Whether G compared the result of compiling the bundle's sources too."""
    accepted: tuple[bytes, ...] = ()
    """Hashes of code that the auditor accepted beside the pins."""
    engines: tuple[str, ...] = field(default=())
    """Engines that re-executed the blocks, with their versions."""
    beside: Mapping[Check, tuple[str, ...]] = field(default_factory=dict)
    """Mapping check -> parts that it leaves out of a chain file."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Mapping independent engine with its version -> how it ended, where X was asked for."""
    receipts: int | None = None
    """How many usage receipts of a payer L was given; None without a file of them."""

    @property
    def level(self) -> str:
        """Highest rung reached with all below it: `none`, `H`, `R`, `P`, `S` or `X`."""
        reached = "none"
        for check in LADDER:
            if (check is Check.FILES and self.beside) or (check is Check.PROOFS and self.asked != "P"):
                continue
            if self.checks[check] is not Outcome.PASSED:
                break
            reached = _LEVELS.get(check, reached)
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
        """Whether all requested checks ran, without a finding."""
        done = (Outcome.PASSED, Outcome.NOT_ASKED)
        return not self.divergences and all(outcome in done for outcome in self.checks.values())

    @property
    def not_checked(self) -> Mapping[Check, tuple[str, ...]]:
        """Parts that the checks did not cover, by the check."""
        ran = {check for check, outcome in self.checks.items() if outcome in (Outcome.PASSED, Outcome.FAILED)}
        parts = {Check.HEADERS: (_OTHER_HISTORIES,), **self.beside}
        if Check.LEDGER in ran:
            believed = [_CODE_BELIEVED] * (self.checks[Check.CODE] is not Outcome.PASSED)
            unanswered = [_NOT_ASKED_CONTRACTS] * (self.on_receipts and self.checks[Check.PROOFS] is not Outcome.PASSED)
            parts[Check.LEDGER] = (*unanswered, *_NOT_CHECKED, *believed)
        if not self.has_genesis:
            parts[Check.CODE] = (_PLANTED,)
        return {check: it for check, it in parts.items() if check in ran}

    @property
    def missing(self) -> tuple[str, ...]:
        """Requested checks that could not run, with the reason."""
        return tuple(f"{check.value}: {self.reasons[check]}" for check in Check if self._is(check, Outcome.NOT_HAD))

    def _is(self, check: Check, outcome: Outcome) -> bool:
        return self.checks[check] is outcome

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document; amounts that may exceed 2^53 are decimal strings."""
        first = self.first_divergence
        return {
            "schema": REPORT_SCHEMA,
            "simulation": True,
            "passed": self.passed,
            "level": self.level,
            "asked": self.asked,
            "checks": {check.value: outcome.value for check, outcome in self.checks.items()},
            "reasons": {check.value: reason for check, reason in self.reasons.items()},
            "not_checked": {check.value: list(parts) for check, parts in self.not_checked.items()},
            "chain_id": str(self.chain_id),
            "block_count": self.blocks,
            "transaction_count": self.transactions,
            "head_hash": "0x" + self.head_hash.hex(),
            "head_state_root": "0x" + self.head_state_root.hex(),
            "engines": list(self.engines),
            "independent_engines": dict(self.answers),
            "pin_versions": list(self.pins),
            "has_other_pins": self.has_other_pins,
            "recompiled": self.recompiled,
            "usage_receipt_count": None if self.receipts is None else str(self.receipts),
            "accepted_code": [f"0x{it.hex()}" for it in self.accepted],
            "first_divergence": _divergence_to_dict(first) if first else None,
            "findings": [_divergence_to_dict(divergence) for divergence in self.divergences],
            "notices": [_notice_to_dict(notice) for notice in self.notices],
        }

    @property
    def verdict(self) -> str:
        """The outcome in words: less than requested is no pass, and less than usual is stated."""
        outcome = "PASSED" if self.passed else "FAILED" if self.divergences else "NOT PASSED"
        asked = f"; asked for {self.asked}" if self.asked != _USUAL else ""
        pins = f"; by the pins of {', '.join(self.pins)}" if self.has_other_pins and self.pins else ""
        accepted = "".join(f"; code 0x{it.hex()} accepted" for it in self.accepted)
        return f"{outcome}, level {self.level}{asked}{pins}{accepted}"

    def to_text(self) -> str:
        """Return the report for a person, without a newline at the end."""
        lines = [
            f"Audit of a simulation: {self.verdict}",
            f"  chain {self.chain_id}, {self.blocks} blocks, {self.transactions} transactions",
            f"  head        0x{self.head_hash.hex()}",
            f"  state root  0x{self.head_state_root.hex()}",
        ]
        for check, meaning in _MEANING.items():
            if check is Check.LEDGER and self.on_receipts:
                is_proven = self.checks[Check.PROOFS] is Outcome.PASSED
                meaning = _ON_RECEIPTS + ", and equal to the proven answers of the listed contracts" * is_proven
            if check is Check.CODE and self.recompiled:
                meaning = f"{meaning}, and that of the sources"
            reason = f" ({self.reasons[check]})" if check in self.reasons else ""
            lines.append(f"  {check.value} {_SHOWN[self.checks[check]]:8}{meaning}{reason}")
            lines.extend(f"            not checked: {part}" for part in self.not_checked.get(check, ()))
            if check is Check.LEDGER and self.receipts is not None:
                lines.append(f"            compared with {self.receipts} usage receipts that a payer gave")
            if check is Check.INDEPENDENT:
                lines.extend(f"            {engine}: {answer}" for engine, answer in self.answers.items())
        if self.engines:
            lines.append(f"  re-executed by {', '.join(self.engines)}")
        if first := self.first_divergence:
            lines.append(f"First divergence: {first.finding}")
            lines.extend(f"Finding: {each.finding}" for each in self.divergences if each is not first)
        lines.extend(f"Notice: {notice}" for notice in self.notices)
        return "\n".join(lines)


_SHOWN = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.NOT_HAD: "NOT HAD",
    Outcome.NOT_ASKED: "-",
}


def _finding_to_dict(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "subject": finding.subject, "detail": finding.detail}


def _notice_to_dict(notice: Finding) -> dict[str, Any]:
    return {"block": notice.block, "at_unix_s": notice.timestamp, **_finding_to_dict(notice)}


def _divergence_to_dict(divergence: Divergence) -> dict[str, Any]:
    return {
        "check": divergence.check.value,
        "block": divergence.block,
        **_finding_to_dict(divergence.finding),
    }
