"""Orders of purchases in other currencies: signed by the buyer, and submitted by anybody."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote as shell_quote

import click

from pysettle.cli.command import Command, dry_run_option, network_command
from pysettle.cli.compute.compute import series_option
from pysettle.cli.documents import change
from pysettle.cli.nouns import Verb
from pysettle.cli.options import TOKENS, Count
from pysettle.cli.output import instant, write_text
from pysettle.values import HOUR_S, Tokens

_EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(cls=Verb)
@series_option
@click.option("--tokens", type=TOKENS, required=True, help="Fewest Tokens that you accept.")
@click.option("--to", help="Account that receives the Tokens.  [default: the buyer]")
@click.option(
    "--quote", "quote_file", type=_EXISTING, required=True, help="File of a quote: the order pays its amount."
)
@click.option("--hours", type=Count(1, 24), default=1, show_default=True, help="Time in which it can be submitted.")
@click.option("--by", required=True, help="Account that pays, and signs.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the order.")
@network_command
def sign(
    series: str, tokens: Tokens, to: str | None, quote_file: Path, hours: int, by: str, out: Path, command: Command
) -> None:
    """Sign an order with its payment; any account may submit it, and none can change it. This sends no transaction."""
    from pysettle.cli.settlement.fx import currency_of, read_quote
    from pysettle.client.settlement.exchange import ForeignExchange
    from pysettle.client.settlement.orders import OrderDocument
    from pysettle.domain.settlement.quotes import Order

    read, key, beneficiary = read_quote(quote_file), command.key(by), command.address(to or by)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        exchange = ForeignExchange.of(network)
        read.check_place(exchange)
        offered = read.signed.quote
        paid = currency_of(network, offered)
        until = chain.clock.now() + hours * HOUR_S
        order = Order(key.address, network.compute_lists.find(series).address, beneficiary, tokens, until)
        domain = network.system(paid).token.domain
        signed = OrderDocument.signed(exchange, key, paid, domain, offered.paid_amount, order)
    write_text(out, json.dumps(signed.document(), indent=2) + "\n", signed.FORM.schema)
    document = {
        "file": str(out),
        "by": by,
        "beneficiary": to or by,
        "paid": {"currency": paid.value, "amount_units": str(signed.paid_amount)},
        "least_tokens": str(tokens),
        "deadline_unix_s": str(until),
    }
    lines = [f"{by} pays {paid.text(signed.paid_amount)} for {tokens:,} Tokens or more, before {instant(until)}"]
    useful_next = f"fx submit --file {shell_quote(str(out))} --quote {shell_quote(str(quote_file))}"
    command.show(document, [*lines, f"Next: {command.next(useful_next)}"])


@click.command(cls=Verb)
@click.option("--file", type=_EXISTING, required=True, help="File of the order.")
@click.option(
    "--quote",
    "files",
    type=_EXISTING,
    multiple=True,
    required=True,
    help="File of a quote; the first that works is taken.",
)
@click.option("--by", default="bob", show_default=True, help="Account that submits it; any account may.")
@dry_run_option
@network_command
def submit(file: Path, files: tuple[Path, ...], by: str, dry_run: bool, command: Command) -> None:
    """Submit an order that its buyer signed, with quotes of the amount that it pays."""
    from pysettle.cli.settlement.fx import read_quote
    from pysettle.client.compute.series import ComputeToken
    from pysettle.client.settlement.exchange import ForeignExchange
    from pysettle.client.settlement.orders import OrderDocument
    from pysettle.values import SeriesId

    read, quotes = OrderDocument.from_bytes(file.read_bytes(), str(file)), [read_quote(it) for it in files]
    submitter, beneficiary = command.signer(by), read.order.beneficiary
    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        exchange = ForeignExchange.of(network)
        for it in quotes:
            it.check_place(exchange)
        token = ComputeToken(network.sender, SeriesId(read.order.series))
        before, step = token.balance_of(beneficiary), read.submit(exchange, submitter, [it.signed for it in quotes])
        if dry_run:
            exchange.check(step)
        receipt = None if dry_run else exchange.send(step)[0]
        now = token.balance_of(beneficiary)
    document = {
        "series": "0x" + read.order.series.hex(),
        "buyer": command.name(read.order.buyer),
        "beneficiary": command.name(beneficiary),
        "balance_tokens": change(before, now),
    }
    lines = [f"{document['beneficiary']}: {before:,} -> {now:,} Tokens"]
    command.show_sent(receipt, document, lines, "market list")
