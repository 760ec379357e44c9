"""`pysettle cycle`: netting of many obligations at once, from files or on the chain."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, currency_view
from pysettle.cli.nouns import Noun
from pysettle.cli.options import elsewhere, show, wide_option
from pysettle.cli.output import instant, write_text
from pysettle.cli.settlement.cycle_steps import close, end, most_gas_option, operator, settle
from pysettle.cli.settlement.solved import Solved, chain_row
from pysettle.errors import UsageError
from pysettle.money import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.proposal_files import ProposedSet

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=Noun)
def cycle() -> None:
    """Net the obligations of a cycle, and settle the nets alone (simulated)."""


cycle.add_command(operator)
cycle.add_command(close)


@cycle.command()
@click.option(
    "--obligations",
    type=_FILE,
    callback=elsewhere,
    is_eager=True,
    help="CSV file: debtor, creditor, currency, amount, and more.  [default: what is due on the chain]",
)
@click.option("--positions", type=_FILE, help="CSV file: participant, currency, reserved; with --obligations.")
@click.option(
    "--rule",
    type=click.Choice(["strict", "best"]),
    default="strict",
    show_default=True,
    help="strict keeps the order of each debtor; best has the order free.",
)
@most_gas_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the sets that `settle` settles.")
@wide_option
@currency_view
def solve(
    obligations: Path | None, positions: Path | None, rule: str, most_gas: int, out: Path | None, command: Command
) -> None:
    """Compute which obligations settle, and the nets; this needs no key, and with files no network.

    Obligations in a file may have further columns: priority, index, and pair, which both halves of a PvP pair share. A
    lower priority comes first, then a lower index, then the order of the file. On the chain, a solution that is too
    large for one transaction is cut into sets that settle one after the other.
    """
    from pysettle.client.settlement.cycle_files import read_cycle
    from pysettle.domain.settlement.netting.solution import Rule, solve

    if (obligations is None) != (positions is None) or (obligations is not None and out is not None):
        raise UsageError("give --obligations and --positions, or neither for the chain, which --out needs")
    if obligations is not None and positions is not None:
        read = read_cycle(obligations, positions)
        solved = Solved.of_files(read, solve(read.obligations, read.queue, read.accounts, Rule(rule)))
        document = {"currency": None, "rule": rule, **solved.document(None), "file": None, "sets": [], "too_large": []}
        show(document, solved.lines(None), command.as_json)
        return
    if rule != Rule.STRICT.value:
        raise UsageError(
            "the contract keeps the order of each debtor, so that --rule best is for files alone", rule=rule
        )
    with command.workspace.chain() as chain:
        _solve_chain(command.workspace.network(chain), most_gas, out, command)


def _solve_chain(network: SettlementNetwork, most_gas: int, out: Path | None, command: Command) -> None:
    """Solve what is due on the chain, and write the sets."""
    from pysettle.client.settlement.proposal_files import ProposalFile
    from pysettle.client.settlement.proposals import due
    from pysettle.domain.settlement.netting.solution import Rule, solve

    token = network.system(command.currency).token.address
    known = due(network, token)
    solution = solve(known.obligations, known.queue, known.accounts, Rule.STRICT)
    sets, whole = known.proposals(solution.settled, most_gas)
    solved, code = Solved.of_chain(known, solution, command), command.currency.value
    lines = [*solved.lines(code), *_set_lines(sets, command)]
    too_large = [chain_row(known, known.rows[row], command).place for row in whole]
    words = (
        f"these {len(too_large)} settle only together, which needs more than {most_gas:,} gas: {', '.join(too_large)}"
    )
    lines += [words] * bool(too_large)
    if out is not None:
        file = ProposalFile.of(network, token, known.last, sets)
        write_text(out, json.dumps(file.document(), indent=2) + "\n", file.SCHEMA)
        lines += [f"Next: {command.next(f'cycle settle --file {quote(str(out))}')}"] * bool(sets)
    documents = {"file": None if out is None else str(out), "sets": _set_documents(sets), "too_large": too_large}
    command.show({"rule": "strict", **solved.document(code), **documents}, lines)


cycle.add_command(settle)
cycle.add_command(end)


@cycle.command("show")
@wide_option
@currency_view
def show_(command: Command) -> None:
    """Show the cycle of a currency: gross, net, liquidity saved, the bound, and who waits for which reason."""
    from pysettle.client.settlement.proposals import due
    from pysettle.domain.settlement.netting.solution import Rule, solve

    with command.workspace.chain() as chain:
        network, block = command.workspace.network(chain), chain.block().number
        known = due(network, network.system(command.currency).token.address)
    solution = solve(known.obligations, known.queue, known.accounts, Rule.STRICT)
    solved, code, standing = Solved.of_chain(known, solution, command), command.currency.value, known.cycle
    has_operator = any(standing.operator)
    document = {
        "block": str(block),
        "cycle": str(standing.number) if standing.number else None,
        "state": standing.state.word,
        "since_unix_s": str(standing.since) if standing.number else None,
        "operator": command.name(standing.operator) if has_operator else None,
        "set_count": str(standing.sets),
        **solved.document(code),
    }
    lines = [f"{code} has no clearing cycles yet", f"Next: {command.next('cycle operator --help')}"]
    if standing.number:
        lines = [f"cycle {standing.number} of {code}: {standing.state.word} since {instant(standing.since)}"]
        lines += [
            f"operator {command.name(standing.operator)}" if has_operator else "no operator: anybody may act, later"
        ]
        lines += [f"{standing.sets} sets have settled in it"] * bool(standing.sets)
        lines += solved.lines(code)
    command.show(document, lines)


def _set_documents(sets: Sequence[ProposedSet]) -> list[dict[str, str]]:
    return [
        {"obligation_count": str(it.count), "value_units": str(it.value), "moved_units": str(it.moved)} for it in sets
    ]


def _set_lines(sets: Sequence[ProposedSet], command: Command) -> list[str]:
    return [
        f"set {number}: {it.count} obligations of {to_text(it.value)} by a movement of {command.text(it.moved)}"
        for number, it in enumerate(sets, 1)
    ]
