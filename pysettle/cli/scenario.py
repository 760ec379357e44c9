"""`pysettle scenario`: scripted cases, each from deployment to proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.cases import check, document, proof, summary
from pysettle.cli.nouns import Noun
from pysettle.cli.options import SEED, json_option, show, wide_option
from pysettle.cli.output import done, instant, table
from pysettle.money import to_text

if TYPE_CHECKING:
    from pysettle.scenarios.case import CaseResult

_CASES = {
    "compute-export": "A chip maker sells compute abroad for e-CNY (paper, 3.2).",
    "compute-export-hkd": "The same sale, paid in e-HKD by the quotes of a bank.",
    "gridlock": "A queue that gross settlement cannot move, and a cycle can.",
    "holiday": "Golden Week against Dubai: value times move to an opening.",
    "mbridge-2022": "20 banks settle 164 payments and PvP, as the pilot did.",
    "mbridge-2022-netted": "The same payments and PvP, netted in cycles of a day.",
    "outage": "The operator of cycles is silent: banks settle without it.",
    "ring": "Banks owe each other in a circle, and settle without money.",
    "stop": "A sanctions hit before value time sends every leg home.",
    "stop-in-cycle": "A bank is stopped between closing and settlement.",
}


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
    result = _run(name, seed, out)
    if out:
        done(f"the bundle is kept in {out}")
    text = summary(result) if result.settled or not result.steps else _story(result)
    show(document(name, result), [text], as_json)
    check(result)


def _run(name: str, seed: int, out: Path | None) -> CaseResult:
    """Run a case by its name."""
    from pysettle.scenarios import compute_export
    from pysettle.scenarios.case import Case, run_case
    from pysettle.scenarios.cycles import Gridlock, Outage, Ring, StopInCycle
    from pysettle.scenarios.export_abroad import ExportAbroad
    from pysettle.scenarios.holiday import Holiday
    from pysettle.scenarios.mbridge import Pilot
    from pysettle.scenarios.mbridge_netted import NettedPilot
    from pysettle.scenarios.stop import Stop

    if name == "compute-export":
        return compute_export.run(seed=seed, out=out).case()
    cases: dict[str, Callable[[int], Case]] = {
        "compute-export-hkd": ExportAbroad,
        "gridlock": Gridlock,
        "holiday": Holiday,
        "mbridge-2022": Pilot,
        "mbridge-2022-netted": NettedPilot,
        "outage": Outage,
        "ring": Ring,
        "stop": Stop,
        "stop-in-cycle": StopInCycle,
    }
    return run_case(cases[name], seed=seed, out=out)


def _story(result: CaseResult) -> str:
    """Return a case that is told by its steps as text."""
    steps = [
        (step.text, str(step.block), instant(step.timestamp).partition(" UTC")[0], f"{step.gas_used:,}")
        for step in result.steps
    ]
    money = [(it.name, to_text(it.units)) for it in result.figures if it.units is not None]
    bought, delivered = (it.text for it in result.figures if it.tokens is not None)
    return "\n\n".join(
        [
            f"{result.title} (simulation, seed {result.seed})",
            table(("step", "block", "chain time (UTC)", "gas"), steps),
            table(("e-CNY (simulated)", "yuan"), money),
            f"{bought} Tokens bought, {delivered} delivered.\n"
            f"A relayer that named itself as beneficiary was refused: {result.refusals[0].reason}",
            proof(result),
        ]
    )
