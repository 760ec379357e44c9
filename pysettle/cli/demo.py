"""`pysettle demo`: one whole settlement, scripted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.audit import audit_document
from pysettle.cli.audit_index import failed
from pysettle.cli.documents import meters_document
from pysettle.cli.nouns import Verb
from pysettle.cli.options import SEED, json_option, show, wide_option
from pysettle.cli.output import done, progress, table
from pysettle.money import Currency, to_text

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
@json_option
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
    show(document(result, elapsed_s), [summary(result, elapsed_s)], as_json)
    if not result.report.passed:
        raise failed(result.report)


def document(result: scenario.DemoResult, elapsed_s: float) -> dict[str, object]:
    """Return the result as the document `pysettle.demo/1`: integers as decimal strings, money in units."""
    report = result.report
    return {
        "request_count": str(result.requests),
        "usage_llm_tokens": {
            **meters_document(result.usage.total),
            "peak": meters_document(result.usage.peak),
            "off_peak": meters_document(result.usage.off_peak),
        },
        "delivered_tokens": str(result.tokens_delivered),
        "currency": Currency.CNY.value,
        "paid_units": str(result.cny_paid),
        "transaction_count": str(result.transactions),
        "block_count": str(result.blocks),
        "gas_used": str(result.gas_used),
        "voucher_count": str(result.vouchers_signed),
        "audit": audit_document(report, result.bundle),
        "elapsed_s": str(elapsed_s),
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
