"""The result of a scripted case, as a document and as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pysettle.cli.audit import audit_document
from pysettle.cli.output import instant, table
from pysettle.errors import AuditFailed
from pysettle.values import HOUR_S

if TYPE_CHECKING:
    from pysettle.scenarios.case import CaseResult, Figure, Refusal, Settled


def document(name: str, result: CaseResult) -> dict[str, object]:
    """Return the result as the document `pysettle.scenario-run/1`: integers as decimal strings, money in units."""
    return {
        "scenario": name,
        "seed": str(result.seed),
        "steps": [
            {
                "step": step.text,
                "tx_hash": "0x" + step.transaction.hex(),
                "block": str(step.block),
                "at_unix_s": str(step.timestamp),
                "gas_used": str(step.gas_used),
            }
            for step in result.steps
        ],
        "figures": [_figure(it) for it in result.figures],
        "settlements": [
            {
                "instruction": it.text,
                "kind": it.kind,
                "handed_in_unix_s": str(it.handed_in),
                "irrevocable_unix_s": _number(it.irrevocable),
                "final_unix_s": _number(it.final),
                "traditional_at_best_unix_s": str(it.traditional.at_best),
                "traditional_unix_s": str(it.traditional.final),
                "traditional_exposed_s": str(it.traditional.exposed_s),
                "tx_hash": "0x" + it.transaction.hex(),
            }
            for it in result.settled
        ],
        "refusals": [
            {"at_unix_s": str(it.at), "step": it.step, "error": it.error, "reason": it.reason} for it in result.refusals
        ],
        "expectations": [
            {"expectation": it.name, "expected": it.expected, "actual": it.actual, "met": it.met}
            for it in result.expectations
        ],
        "audit": audit_document(result.report, result.bundle),
    }


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "figure": figure.name,
        "origin": figure.origin.value,
        "source": figure.source,
        "text": figure.text,
        "count": _number(figure.count),
        "amount_tokens": _number(figure.tokens),
        "amount_units": _number(figure.units),
        "currency": figure.currency,
    }


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)


def check(result: CaseResult) -> None:
    """Check that a case has all figures that it has to have.

    Raises:
        AuditFailed: it lacks one; the message names each.
    """
    if failed := result.failed:
        differing = "; ".join(f"{it.name}: {it.actual}, expected {it.expected}" for it in failed)
        raise AuditFailed(
            f"{len(failed)} figures of the case differ from the expected ones: {differing}",
            figures=tuple(it.name for it in failed),
        )


def summary(result: CaseResult) -> str:
    """Return the result as text."""
    figures = [(it.name, it.text, it.origin.value) for it in result.figures]
    sources = dict.fromkeys(it.source for it in result.figures if it.source)
    told = [f"{result.title} (simulation, seed {result.seed})", table(("figure", "value", "origin"), figures)]
    if sources:
        told.append("\n".join(f"published: {source}" for source in sources))
    if result.settled:
        told += [_times(result), _traditional(result)]
    if result.refusals:
        told.append(_refusals(result))
    met = len(result.expectations) - len(result.failed)
    told.append(f"{met} of {len(result.expectations)} expected figures are met.")
    return "\n\n".join([*told, proof(result)])


def proof(result: CaseResult) -> str:
    """Return the outcome of the audit as text."""
    report = result.report
    verified = "verified" if not report.findings else f"{len(report.findings)} FINDINGS"
    bundle = f", kept in {result.bundle}" if result.bundle else ""
    return (
        f"Audit: level {report.level}, {verified} by re-execution{bundle}.\n"
        f"Head state root 0x{report.head_state_root.hex()}"
    )


def _times(result: CaseResult) -> str:
    """Return a table of the times to finality, by the time of the chain."""
    rows = []
    for kind, of_kind in _kinds(result):
        took = [it.took_s for it in of_kind if it.took_s is not None]
        home = len(of_kind) - len(took)
        rows.append((kind, str(len(took)), str(home), _span(_median(took)), _span(max(took, default=0))))
    return table(("time to finality here", "final", "sent home", "median", "longest"), rows)


def _traditional(result: CaseResult) -> str:
    """Return a table of the times through correspondent banks, by the same calendars."""
    rows = []
    for kind, of_kind in _kinds(result):
        best = [it.traditional.at_best - it.handed_in for it in of_kind]
        took = [it.traditional.final - it.handed_in for it in of_kind]
        exposed = max(it.traditional.exposed_s for it in of_kind)
        rows.append((kind, _span(_median(best)), _span(_median(took)), _span(max(took)), _span(exposed)))
    heads = ("correspondent banks", "by advice", "by statement", "longest", "one side paid")
    return table(heads, rows)


def _kinds(result: CaseResult) -> Iterator[tuple[str, list[Settled]]]:
    for kind in dict.fromkeys(it.kind for it in result.settled):
        yield kind, [it for it in result.settled if it.kind == kind]


def _refusals(result: CaseResult) -> str:
    """Return a table of the refusals, with the first reason of each error below it."""
    first: dict[str, Refusal] = {}
    for it in result.refusals:
        first.setdefault(it.error, it)
    rows = [
        (error, str(sum(it.error == error for it in result.refusals)), instant(it.at).partition(" UTC")[0])
        for error, it in first.items()
    ]
    reasons = [f"{it.step}: {it.reason}" for it in first.values()]
    return "\n".join([table(("refused", "times", "first at (UTC)"), rows), *reasons])


def _median(numbers: list[int]) -> int:
    """Return the lower median of some numbers; 0 of none."""
    return sorted(numbers)[(len(numbers) - 1) // 2] if numbers else 0


def _span(seconds: int) -> str:
    """Write a duration: seconds below a minute, else hours and minutes."""
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // HOUR_S} h {seconds % HOUR_S // 60:02} min"
