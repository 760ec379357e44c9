"""`scripts/bench [CODE ...] [--json]`: measure the goals of performance, each beside its anchor in the same call.

Exit 0 says that everything was measured, whether or not the goals hold; 2 is an unknown code.
"""

from __future__ import annotations

import json

import click

from pysettle.cli.output import table
from tests.benchmarks.auditing import speed_decode, speed_replay
from tests.benchmarks.books import scale_books
from tests.benchmarks.gas import gas_auth, gas_auth_seq, gas_transfer
from tests.benchmarks.gas_clearing import gas_net
from tests.benchmarks.gas_compute import gas_claim, gas_purchase, gas_purchase_auth, gas_purchase_seq
from tests.benchmarks.gas_cycle import gas_cycle
from tests.benchmarks.gas_exchange import gas_exchange
from tests.benchmarks.gas_pvp import gas_pvp
from tests.benchmarks.lists import scale_lists
from tests.benchmarks.measure import Benchmark, Row
from tests.benchmarks.memory import memory
from tests.benchmarks.metering import speed_meter, speed_sign
from tests.benchmarks.netting import speed_best, speed_net, speed_strict
from tests.benchmarks.scale import scale_workspace
from tests.benchmarks.sending import speed_chain, speed_node
from tests.benchmarks.starting import speed_start

BENCHMARKS: dict[str, Benchmark] = {
    "SPEED-CHAIN": speed_chain,
    "SPEED-NODE": speed_node,
    "SPEED-SIGN": speed_sign,
    "SPEED-METER": speed_meter,
    "SPEED-START": speed_start,
    "SPEED-DECODE": speed_decode,
    "SPEED-REPLAY": speed_replay,
    "MEMORY": memory,
    "SPEED-NET": speed_net,
    "SPEED-STRICT": speed_strict,
    "SPEED-BEST": speed_best,
    "SCALE-WORKSPACE": scale_workspace,
    "SCALE-LISTS": scale_lists,
    "SCALE-BOOKS": scale_books,
    "GAS-TRANSFER": gas_transfer,
    "GAS-AUTH": gas_auth,
    "GAS-AUTH-SEQ": gas_auth_seq,
    "GAS-PURCHASE": gas_purchase,
    "GAS-PURCHASE-AUTH": gas_purchase_auth,
    "GAS-PURCHASE-SEQ": gas_purchase_seq,
    "GAS-CLAIM": gas_claim,
    "GAS-FX-PURCHASE": gas_exchange,
    "GAS-PVP": gas_pvp,
    "GAS-NET": gas_net,
    "GAS-CYCLE": gas_cycle,
}
"""Code -> what measures it, in the order they are run in."""
ONLY_NAMED = frozenset({"SPEED-REPLAY", "MEMORY", "SCALE-WORKSPACE", "SCALE-LISTS"})
"""Codes that take minutes, and are run only when they are named."""


@click.command(help="Measure performance goals, all quick ones or those named, each beside its anchor.")
@click.argument("codes", nargs=-1, metavar="[CODE ...]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array in place of a table.")
def main(codes: tuple[str, ...], as_json: bool) -> None:
    """Measure and print."""
    if unknown := [code for code in codes if code not in BENCHMARKS]:
        raise click.UsageError(f"unknown code {unknown[0]}; known are {', '.join(BENCHMARKS)}")
    named = codes or tuple(code for code in BENCHMARKS if code not in ONLY_NAMED)
    rows = [row for code in dict.fromkeys(named) for row in BENCHMARKS[code]()]
    click.echo(json.dumps([row.document() for row in rows], indent=2) if as_json else _table(rows))


def _table(rows: list[Row]) -> str:
    header = ("code", "goal", "figure", "unit", "anchor", "ratio", "holds")
    return table(header, [_cells(row) for row in rows])


def _cells(row: Row) -> tuple[str, ...]:
    holds = "yes" if row.holds else "NO"
    return (
        row.code,
        str(row.goal),
        f"{row.figure:,.1f}",
        row.unit,
        f"{row.anchor:,.1f}",
        f"{row.ratio:,.2f} x",
        holds,
    )


if __name__ == "__main__":
    main(prog_name="scripts/bench")
