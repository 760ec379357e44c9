"""`pysettle gateway status`, `drain` and `statement`: what the owner of a gateway asks of its ledger and its chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Count, Named, wide_option
from pysettle.cli.output import done, table
from pysettle.cli.records import out_option, rows_document, write_rows
from pysettle.money import to_text

if TYPE_CHECKING:
    from pysettle.serve.gateway.config import Config
    from pysettle.serve.gateway.draining import Standing
    from pysettle.serve.gateway.ledger import Ledger
    from pysettle.serve.gateway.statement import Totals

config_option = click.option(
    "--config", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="TOML file."
)


@contextmanager
def _owned(file: Path) -> Iterator[tuple[Config, Ledger]]:
    """Open the ledger of a configuration."""
    from pysettle.cli.gateway import check_installed

    check_installed()
    from pysettle.serve.gateway.config import read_config
    from pysettle.serve.gateway.ledger import Ledger

    config = read_config(file)
    ledger = Ledger(config.ledger)
    try:
        yield config, ledger
    finally:
        ledger.close()


@click.command(cls=Verb)
@config_option
@wide_option
@network_view
def status(file: Path, command: Command) -> None:
    """Show the payments of a gateway, and its channels as its ledger and the chain have them."""
    with _owned(file) as (_, ledger), command.compute() as network:
        from pysettle.serve.gateway.draining import standings

        found = standings(network, ledger)
        totals, is_drained = dict(ledger.totals()), ledger.is_drained()
    document = {
        "is_drained": is_drained,
        "payments": {state: str(number) for state, number in sorted(totals.items())},
        "channels": _documents(found),
    }
    counted = ", ".join(f"{number:,} {state}" for state, number in sorted(totals.items())) or "none"
    lines = ["drained: nothing new is served" if is_drained else "serves when it runs", f"payments: {counted}"]
    command.show(document, [*lines, *_lines(command, found)])


@click.command(cls=Verb)
@config_option
@click.option(
    "--patience",
    type=Count(1, 86_400),
    default=600,
    show_default=True,
    help="Longest wait for what is being served, in seconds.",
)
@click.option("--undo", is_flag=True, help="Serve again, in place of draining.")
@wide_option
@network_command
def drain(file: Path, patience: int, undo: bool, command: Command) -> None:
    """Serve nothing new, then claim and settle everything; the rest of each channel is its payer's.

    A running gateway stops at once, whichever process it is. It still gives back what payers ask for. The command waits
    for the calls that are being served. It ends with exit code 0 when every charge is claimed and settled. The gateway
    stays drained, over a restart too, until `--undo`.
    """
    with _owned(file) as (config, ledger):
        if undo:
            ledger.reopen()
            done("the gateway serves again")
            command.show({"is_drained": False, "channels": None}, ["the gateway serves again"])
            return
        from pysettle.cli.gateway import network_of
        from pysettle.serve.gateway.claims import Claims
        from pysettle.serve.gateway.draining import drain

        network = network_of(command)
        claims = Claims(network, command.key(config.provider), command.key(config.relayer))
        done("the gateway serves nothing new")
        found = drain(network, ledger, claims, patience)
    lines = ["drained: nothing new is served, everything is claimed and settled", *_lines(command, found)]
    command.show({"is_drained": True, "channels": _documents(found)}, lines)


@click.command(cls=Verb)
@config_option
@click.option("--payer", type=Named(), required=True, help="Account that has paid: a name or an address.")
@click.option("--month", "named_month", type=Named(), required=True, help="Month of UTC, such as 2026-03.")
@out_option("the payments")
@wide_option
@network_view
def statement(file: Path, payer: str, named_month: str, out: Path | None, command: Command) -> None:
    """State what an account has paid a gateway in a month: calls, counts, Tokens, yuan, transactions.

    The statement is the ledger's: each settled payment is a row, at the chain's time of its acceptance.
    """
    with _owned(file) as (_, ledger):
        from pysettle.serve.gateway.statement import PaymentRow, month, rows_of, totals_of

        address, period = command.address(payer), month(named_month)
        rows = rows_of(ledger, address, period)
    totals = totals_of(rows)
    count = None if out is None else write_rows(out, PaymentRow, rows)
    document = {
        "payer": "0x" + address.hex(),
        "month": named_month,
        "file": None if out is None else str(out),
        "totals": _totals_document(totals),
        "payments": rows_document(rows, PaymentRow) if out is None else None,
    }
    title = f"{payer}, {named_month} (UTC), a simulation"
    lines = [title, _totals_table(totals)]
    command.show(document, lines if count is None else [*lines, f"Wrote {count} payments to {out}."])


def _documents(found: list[Standing]) -> list[dict[str, object]]:
    names = ("charged", "claimed", "settled", "refundable")
    return [
        {
            "token": "0x" + it.token.hex(),
            "unit": "tokens" if it.is_in_tokens else "micro_yuan",
            "channel_count": str(it.channel_count),
            **{name: str(getattr(it, name)) for name in names},
        }
        for it in found
    ]


def _lines(command: Command, found: list[Standing]) -> list[str]:
    if not found:
        return ["no channel has paid yet"]
    rows = []
    for it in found:
        amounts = (it.charged, it.claimed, it.settled, it.refundable)
        written = [f"{amount:,}" if it.is_in_tokens else to_text(amount) for amount in amounts]
        unit = "Tokens" if it.is_in_tokens else "yuan"
        rows.append((f"0x{it.token.hex()}", unit, f"{it.channel_count:,}", *written))
    return [table(("paid in", "unit", "channels", "charged", "claimed", "settled", "refundable"), rows)]


def _totals_document(totals: Totals) -> dict[str, str]:
    return {
        "call_count": str(totals.calls),
        "cached_input": str(totals.meters.cached_input),
        "input": str(totals.meters.input),
        "output": str(totals.meters.output),
        "charged_tokens": str(totals.charged_tokens),
        "paid_micro_yuan": str(totals.paid_micro_yuan),
        "bought_tokens": str(totals.bought_tokens),
        "transaction_count": str(totals.transactions),
    }


def _totals_table(totals: Totals) -> str:
    rows = [
        ("calls", f"{totals.calls:,}"),
        ("LLM tokens of cached input", f"{totals.meters.cached_input:,}"),
        ("LLM tokens of other input", f"{totals.meters.input:,}"),
        ("LLM tokens of output", f"{totals.meters.output:,}"),
        ("Tokens charged", f"{totals.charged_tokens:,}"),
        ("Tokens bought", f"{totals.bought_tokens:,}"),
        ("yuan paid", to_text(totals.paid_micro_yuan)),
        ("transactions", f"{totals.transactions:,}"),
    ]
    return table(("total", "number"), rows)
