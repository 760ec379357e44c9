"""`pysettle tx`: the transactions of a workspace's chain, with their events and postings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, network_view
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Named, wide_option
from pysettle.cli.output import instant, table
from pysettle.cli.records import (
    Times,
    figure,
    live_records,
    named,
    out_option,
    period_options,
    rows_document,
    write_rows,
)
from pysettle.values import day_text

if TYPE_CHECKING:
    from pysettle.audit.records.reading import Records
    from pysettle.audit.records.rows import EventRow, PostingRow, TransactionRow


@click.group(cls=Noun)
def tx() -> None:
    """List transactions, and show one with its events and postings."""


@tx.command("list")
@click.option("--account", type=Named(), help="Account that signed it, that it calls, or that an event names.")
@out_option("the transactions")
@period_options
@wide_option
@network_view
def list_(account: str | None, out: Path | None, times: Times, command: Command) -> None:
    """List the transactions of the chain, those that reverted included."""
    from pysettle.audit.records.rows import TransactionRow

    with live_records(command) as records:
        owner = None if account is None else records.owner(account)
        rows = records.transactions_of(owner, times.period(records))
        if out is not None:
            count = write_rows(out, TransactionRow, rows)
            lines, listed = [f"Wrote {count} transactions to {out}."], None
        else:
            found = list(rows)
            count, listed = len(found), rows_document(found, TransactionRow)
            lines = [_table(records, found)] if found else ["There is no transaction in this period."]
        document = {
            "account": None if owner is None else f"0x{owner.hex()}",
            "file": None if out is None else str(out),
            "transaction_count": str(count),
            "transactions": listed,
        }
        command.show(document, lines)


def _table(records: Records, found: list[TransactionRow]) -> str:
    rows = [
        (
            str(it.block),
            day_text(it.time_unix_s // 86_400),
            f"0x{it.tx_hash.hex()}",
            "" if it.sender is None else named(records, it.sender),
            _called(records, it),
            "succeeded" if it.succeeded else it.error or "failed",
        )
        for it in found
    ]
    return table(("block", "day", "transaction", "sender", "call", "outcome"), rows)


def _called(records: Records, it: TransactionRow) -> str:
    if it.receiver is None:
        return "creation"
    function = (it.function or "call").partition("(")[0]
    return f"{function} of {named(records, it.receiver)}"


@tx.command()
@click.argument("tx_hash")
@wide_option
@network_view
def show(tx_hash: str, command: Command) -> None:
    """Show the transaction TX_HASH, or the one whose hash begins so, with its events and postings."""
    from pysettle.audit.records.refusals import reason_of
    from pysettle.audit.records.rows import EventRow, PostingRow, TransactionRow

    with live_records(command) as records:
        row = records.transaction(tx_hash)
        events, postings = records.inside(row)
        reason = None if row.succeeded else reason_of(records, row)
        (document,) = rows_document([row], TransactionRow)
        parts = {"events": rows_document(events, EventRow), "postings": rows_document(postings, PostingRow)}
        command.show({**document, "reason": reason, **parts}, _lines(records, row, reason, events, postings))


def _lines(
    records: Records, row: TransactionRow, reason: str | None, events: list[EventRow], postings: list[PostingRow]
) -> list[str]:
    sender = "an unknown account" if row.sender is None else named(records, row.sender)
    lines = [
        f"transaction 0x{row.tx_hash.hex()}",
        f"block {row.block}, {instant(row.time_unix_s)}",
        f"{sender}: {_called(records, row)}, {row.gas_used} gas",
        "succeeded" if reason is None else f"{row.error or 'failed'}: {reason}",
    ]
    if events:
        told = [(str(it.log_index), named(records, it.contract), it.event) for it in events]
        lines += ["", table(("event", "contract", "name"), told)]
    if postings:
        booked = [
            (
                str(it.log_index),
                f"{it.purpose} of {named(records, it.owner)}",
                records.assets[it.asset].symbol or f"0x{it.asset.hex()}",
                figure(records.assets[it.asset], it.amount),
            )
            for it in postings
        ]
        lines += ["", table(("event", "account", "asset", "amount"), booked)]
    return lines
