"""`pysettle demo`: one whole settlement, scripted."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.audit import failed
from pysettle.cli.nouns import Verb
from pysettle.cli.options import SEED, schema, wide_option
from pysettle.cli.output import done, progress, say, table
from pysettle.money import to_text

if TYPE_CHECKING:
    from pysettle.domain.compute.usage import Meters
    from pysettle.scenarios import demo as scenario


@click.command(cls=Verb)
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    help="CSV of real requests: TIMESTAMP, ContextTokens, GeneratedTokens. By default the command generates one.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of keys and blocks.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Directory for the audit bundle.")
@wide_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the summary.")
def demo(trace: Path | None, seed: int, out: Path | None, as_json: bool) -> None:
    """Run one whole settlement: issue e-CNY, sell Tokens, deliver metered usage, pay, refund, and prove it."""
    from pysettle.scenarios import demo as scenario
    from pysettle.scenarios.workload import generate, read_trace

    started = time.monotonic()
    requests = read_trace(trace) if trace else generate(seed)
    with progress() as on_progress:
        result = scenario.run(requests, seed=seed, out=out, on_progress=on_progress)
    elapsed_s = round(time.monotonic() - started, 3)
    if out:
        done(f"the bundle is kept in {out}")
    say(json.dumps(document(result, elapsed_s), indent=2) if as_json else summary(result, elapsed_s))
    if not result.report.passed:
        raise failed(result.report)


def document(result: scenario.DemoResult, elapsed_s: float) -> dict[str, object]:
    """Return the result as the document `pysettle.demo/1`: integers as decimal strings, money in micro-yuan."""
    report = result.report
    return {
        "schema": schema(),
        "requests": str(result.requests),
        "usage": {
            **_meters(result.usage.total),
            "peak": _meters(result.usage.peak),
            "off_peak": _meters(result.usage.off_peak),
        },
        "tokens_delivered": str(result.tokens_delivered),
        "cny_paid": str(result.cny_paid),
        "cny_unit": "micro-yuan",
        "onchain_transactions": str(result.transactions),
        "blocks": str(result.blocks),
        "gas_used": str(result.gas_used),
        "vouchers_signed": str(result.vouchers_signed),
        "audit": {
            "level": report.level,
            "findings": [str(finding) for finding in report.findings],
            "head_state_root": "0x" + report.head_state_root.hex(),
            "bundle": str(result.bundle) if result.bundle else None,
        },
        "elapsed_s": elapsed_s,
    }


def _meters(meters: Meters) -> dict[str, str]:
    return {
        "cached_input": str(meters.cached_input),
        "input": str(meters.input),
        "output": str(meters.output),
    }


def summary(result: scenario.DemoResult, elapsed_s: float) -> str:
    """Return the result as text."""
    from pysettle.scenarios import demo as scenario

    usage, report = result.usage, result.report

    def row(name: str, meters: Meters) -> tuple[str, ...]:
        return (name, *(f"{count:,}" for count in meters.lanes()))

    delivered = table(
        ("LLM tokens", "cached input", "input", "output"),
        [row("off-peak", usage.off_peak), row("peak", usage.peak), row("all", usage.total)],
    )
    money = table(
        ("e-CNY (simulated)", "yuan"),
        [
            (f"issued to {scenario.BUYERS} buyers in {', '.join(scenario.JURISDICTIONS)}", to_text(result.cny_issued)),
            ("paid to the provider", to_text(result.cny_paid)),
            ("exchanged back for reserve", to_text(result.cny_redeemed)),
            ("kept below one fen", to_text(result.cny_held)),
            ("rounding, left in the series", to_text(result.cny_remainder)),
        ],
    )
    bundle = f", kept in {result.bundle}" if result.bundle else ""
    proof = "verified" if not report.findings else f"{len(report.findings)} FINDINGS"
    return "\n\n".join(
        [
            f"Settlement of {result.requests:,} API requests (simulation, seed {result.seed})",
            delivered,
            money,
            f"{result.tokens_delivered:,} Tokens delivered against {result.vouchers_signed:,} vouchers, "
            f"{result.tokens_outstanding:,} outstanding.\n"
            f"{result.transactions:,} transactions in {result.blocks:,} blocks used {result.gas_used:,} gas.",
            f"Audit: level {report.level}, {proof} by re-execution{bundle}.\n"
            f"Head state root 0x{report.head_state_root.hex()}\n"
            f"Done in {elapsed_s:.1f} s.",
        ]
    )
