"""`pysettle cycle`: netting of many obligations at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.nouns import Noun
from pysettle.cli.options import json_option, show, wide_option
from pysettle.cli.output import table
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from pysettle.client.settlement.cycle_files import Cycle
    from pysettle.domain.settlement.netting.queue import Obligation
    from pysettle.domain.settlement.netting.solution import Solution, Waiting

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SHOWN = 20
"""Waiting obligations that the text shows; the document has all."""


@click.group(cls=Noun)
def cycle() -> None:
    """Net the obligations of a cycle, and settle the nets alone (simulated)."""


@cycle.command()
@click.option(
    "--obligations", type=_FILE, required=True, help="CSV file: debtor, creditor, currency, amount, and more."
)
@click.option("--positions", type=_FILE, required=True, help="CSV file: participant, currency, reserved.")
@click.option(
    "--rule",
    type=click.Choice(["strict", "best"]),
    default="strict",
    show_default=True,
    help="strict keeps the order of each debtor; best has the order free.",
)
@wide_option
@json_option
def solve(obligations: Path, positions: Path, rule: str, as_json: bool) -> None:
    """Compute which obligations settle, and the nets; this needs no key and no network.

    Obligations may have further columns: priority, index, and pair, which both halves of a PvP pair share. A lower
    priority comes first, then a lower index, then the order of the file.
    """
    from pysettle.client.settlement.cycle_files import read_cycle
    from pysettle.domain.settlement.netting.solution import Rule, solve

    read = read_cycle(obligations, positions)
    solution = solve(read.obligations, read.queue, read.accounts, Rule(rule))
    show({"rule": rule, **_document(read, solution)}, _lines(read, solution), as_json)


def _document(cycle: Cycle, solution: Solution) -> dict[str, object]:
    waits = len(solution.waiting)
    return {
        "settled_count": str(len(cycle.obligations) - waits),
        "waiting_count": str(waits),
        "total": {
            "currency": None,
            "settled_units": str(solution.value),
            "bound_units": str(solution.bound),
        },
        "currencies": [
            {
                "currency": _code(currency),
                "queued_units": str(part.queued),
                "settled_units": str(part.settled),
                "moved_units": str(part.moved),
                "saved_units": str(part.saved),
            }
            for currency, part in solution.currencies.items()
        ],
        "positions": [
            {
                "name": str(account.participant),
                "currency": _code(account.currency),
                "reserved_units": str(cycle.reserved.get(account, 0)),
                "net_units": str(net),
            }
            for account, net in zip(cycle.accounts, solution.nets.tolist(), strict=True)
        ],
        "waiting": [
            {
                "obligation": str(it.row + 1),
                "debtor": str(cycle.obligations[it.row].debtor),
                "creditor": str(cycle.obligations[it.row].creditor),
                "currency": _code(cycle.obligations[it.row].currency),
                "amount_units": str(cycle.obligations[it.row].amount),
                "lack_units": str(it.lack_units),
                "reason": it.reason.name.lower(),
            }
            for it in solution.waiting
        ],
    }


def _lines(cycle: Cycle, solution: Solution) -> list[str]:
    currencies = [
        (_code(currency), *map(to_text, (part.queued, part.settled, part.moved, part.saved)))
        for currency, part in solution.currencies.items()
    ]
    positions = [
        (str(account.participant), _code(account.currency), to_text(cycle.reserved.get(account, 0)), to_text(net))
        for account, net in zip(cycle.accounts, solution.nets.tolist(), strict=True)
    ]
    waiting = [_waiting(it, cycle.obligations[it.row]) for it in solution.waiting[:_SHOWN]]
    count, waits, more = len(cycle.obligations), len(solution.waiting), len(solution.waiting) - len(waiting)
    return [
        f"{count - waits} of {count} obligations settle",
        table(("currency", "queued", "settled", "moved", "saved"), currencies),
        f"settled {to_text(solution.value)} of at most {to_text(solution.bound)}, all currencies added",
        table(("participant", "currency", "reserved", "net"), positions),
        *[table(("obligation", "debtor", "creditor", "amount", "waiting for", "lack"), waiting)] * bool(waiting),
        *[f"and {more} more that wait; --json shows all"] * (more > 0),
    ]


def _waiting(it: Waiting, obligation: Obligation) -> tuple[str, ...]:
    amount = f"{to_text(obligation.amount)} {_code(obligation.currency)}"
    parties = str(obligation.debtor), str(obligation.creditor)
    return str(it.row + 1), *parties, amount, it.reason.value, to_text(it.lack_units)


def _code(currency: object) -> str:
    return Currency(currency).value
