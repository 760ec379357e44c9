"""`pysettle scenario`: scripted cases, each from deployment to proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.audit import audit_document
from pysettle.cli.audit_index import failed
from pysettle.cli.nouns import Noun
from pysettle.cli.options import SEED, json_option, show, wide_option
from pysettle.cli.output import done, instant, table
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from pysettle.scenarios import compute_export

_CASES = {"compute-export": "A chip maker sells compute abroad, priced in Tokens and paid in e-CNY (paper, 3.2)."}


@click.group(cls=Noun)
def scenario() -> None:
    """Run scripted cases of settlement and prove them (simulated)."""


@scenario.command("list")
@wide_option
@json_option
def list_(as_json: bool) -> None:
    """List the cases."""
    show({"scenarios": _CASES}, [table(("scenario", "case"), list(_CASES.items()))], as_json)


@scenario.command()
@click.argument("name", type=click.Choice(list(_CASES)))
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of keys and blocks.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Directory for the audit bundle.")
@wide_option
@json_option
def run(name: str, seed: int, out: Path | None, as_json: bool) -> None:
    """Run a case on a chain of its own, and verify its bundle by re-execution."""
    from pysettle.scenarios import compute_export

    result = compute_export.run(seed=seed, out=out)
    if out:
        done(f"the bundle is kept in {out}")
    show(document(name, result), [summary(result)], as_json)
    if not result.report.passed:
        raise failed(result.report)


def document(name: str, result: compute_export.ExportResult) -> dict[str, object]:
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
        "bought_tokens": str(result.tokens_bought),
        "delivered_tokens": str(result.tokens_delivered),
        "currency": Currency.CNY.value,
        "paid_units": str(result.cny_paid),
        "earned_units": str(result.cny_earned),
        "refunded_units": str(result.cny_refunded),
        "tampering_refused": result.tampering_refused,
        "audit": audit_document(result.report, result.bundle),
    }


def summary(result: compute_export.ExportResult) -> str:
    """Return the result as text."""
    steps = [
        (step.text, str(step.block), instant(step.timestamp).partition(" UTC")[0], f"{step.gas_used:,}")
        for step in result.steps
    ]
    money = [
        ("paid by the buyer", to_text(result.cny_paid)),
        ("earned by the maker", to_text(result.cny_earned)),
        ("refunded to the buyers", to_text(result.cny_refunded)),
    ]
    report = result.report
    proof = "verified" if not report.findings else f"{len(report.findings)} FINDINGS"
    bundle = f", kept in {result.bundle}" if result.bundle else ""
    return "\n\n".join(
        [
            f"Compute sold abroad for e-CNY (simulation, seed {result.seed})",
            table(("step", "block", "chain time (UTC)", "gas"), steps),
            table(("e-CNY (simulated)", "yuan"), money),
            f"{result.tokens_bought:,} Tokens bought, {result.tokens_delivered:,} delivered.\n"
            f"A relayer that named itself as beneficiary was refused: {result.tampering_refused}",
            f"Audit: level {report.level}, {proof} by re-execution{bundle}.\n"
            f"Head state root 0x{report.head_state_root.hex()}",
        ]
    )
