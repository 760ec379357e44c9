"""The questions of `pysettle audit` about deeds: powers and their uses, refused attempts, events of a party."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.audit_index import Question, question
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Named
from pysettle.cli.output import table
from pysettle.cli.records import (
    Times,
    named,
    out_option,
    period_options,
    rows_document,
    write_rows,
)
from pysettle.errors import UsageError
from pysettle.values import day_text

if TYPE_CHECKING:
    from pysettle.audit.powers import PowerRecord
    from pysettle.audit.records.powers import PowersAnswer, Use
    from pysettle.audit.records.reading import Records
    from pysettle.audit.records.refusals import Refusal
    from pysettle.audit.records.rows import EventRow


@click.command(cls=Verb)
@period_options
@question
def powers(times: Times, asked: Question) -> None:
    """Show the powers over each currency: who held which one when, each use, and what an auditor examines.

    The notices name an account with two powers at once, a function that everybody may call, and another authority.
    """
    from pysettle.audit.records.powers import powers as powers_in

    with asked.records() as records:
        found = powers_in(records, times.period(records))
        asked.show(records, _powers_document(found), _powers_lines(records, found))


def _powers_lines(records: Records, found: PowersAnswer) -> list[str]:
    from pysettle.audit.powers import role_word

    tenures = [
        (
            named(records, it.account),
            role_word(it.role or 0),
            named(records, it.contract),
            f"{it.block} {_day(it.timestamp)}",
            "" if it.until_block is None else f"{it.until_block} {_day(it.until_timestamp or 0)}",
        )
        for it in found.tenures
    ]
    uses = [
        (
            str(it.block),
            _day(it.timestamp),
            "" if it.account is None else named(records, it.account),
            role_word(it.role),
            it.function,
            named(records, it.contract),
        )
        for it in found.uses
    ]
    return [
        *["", "Powers", table(("holder", "power", "over", "from block", "until block"), tenures)],
        *["", "Uses", table(("block", "day", "by", "power", "function", "of"), uses)],
        *["", f"{len(found.notices)} notices", *(f"{subject}: {detail}" for _, subject, detail in found.notices)],
    ]


def _day(timestamp: int) -> str:
    return day_text(timestamp // 86_400)


def _powers_document(found: PowersAnswer) -> dict[str, object]:
    return {
        "tenures": [_fact_document(it) for it in found.tenures],
        "authorities": [_fact_document(it) for it in found.authorities],
        "functions": [_fact_document(it) for it in found.functions],
        "uses": [_use_document(it) for it in found.uses],
        "notices": [
            {"block": str(block), "subject": subject, "detail": detail} for block, subject, detail in found.notices
        ],
    }


def _fact_document(it: PowerRecord) -> dict[str, str | None]:
    from pysettle.audit.powers import role_word

    return {
        "contract": f"0x{it.contract.hex()}",
        "account": f"0x{it.account.hex()}",
        "power": None if it.role is None else role_word(it.role),
        "function": it.function or None,
        "block": str(it.block),
        "time_unix_s": str(it.timestamp),
        "sender": None if it.sender is None else f"0x{it.sender.hex()}",
        "until_block": None if it.until_block is None else str(it.until_block),
        "until_unix_s": None if it.until_timestamp is None else str(it.until_timestamp),
    }


def _use_document(it: Use) -> dict[str, str | None]:
    from pysettle.audit.powers import role_word

    return {
        "contract": f"0x{it.contract.hex()}",
        "account": None if it.account is None else f"0x{it.account.hex()}",
        "power": role_word(it.role),
        "function": it.function,
        "block": str(it.block),
        "time_unix_s": str(it.timestamp),
        "tx_hash": None if it.tx_hash is None else f"0x{it.tx_hash.hex()}",
    }


@click.command(cls=Verb)
@period_options
@question
def refusals(times: Times, asked: Question) -> None:
    """Show the attempts that contracts refused: each transaction that reverted, with its reason.

    A reason comes from re-execution; a receipt does not contain it.
    """
    from pysettle.audit.records.refusals import refusals as refusals_in
    from pysettle.audit.records.rows import TransactionRow

    with asked.records() as records:
        found = list(refusals_in(records, times.period(records)))
        documents = rows_document([it.row for it in found], TransactionRow)
        told = [{**row, "reason": it.reason} for row, it in zip(documents, found, strict=True)]
        lines = [line for it in found for line in _refusal_lines(records, it)]
        asked.show(records, {"refusals": told}, lines or ["No transaction reverted in this period."])


def _refusal_lines(records: Records, it: Refusal) -> list[str]:
    row = it.row
    sender = "an unknown account" if row.sender is None else named(records, row.sender)
    called = "a creation" if row.receiver is None else f"{row.function or 'a call'} of {named(records, row.receiver)}"
    return [
        "",
        f"block {row.block}, {_day(row.time_unix_s)}, transaction 0x{row.tx_hash.hex()}",
        f"  {sender}: {called}",
        f"  {f'{row.error}: ' if row.error else ''}{it.reason}",
    ]


@click.command(cls=Verb)
@click.option("--party", type=Named(), help="Account that the events name: a name of the bundle, or an address.")
@click.option("--order", type=Named(), help="Id of an order of batch compute, or how it begins.")
@click.option("--channel", type=Named(), help="Id of a channel, or how it begins.")
@click.option("--series", type=Named(), help="Symbol or address of a series.")
@out_option("the events")
@period_options
@question
def query(out: Path | None, times: Times, asked: Question, **wanted: str | None) -> None:
    """Show the events that name a party, an order, a channel or a series; with several options, all of them."""
    from pysettle.audit.records.query import events_of
    from pysettle.audit.records.rows import EventRow

    given = {kind: text for kind, text in wanted.items() if text is not None}
    if not given:
        raise UsageError("name what to look for: --party, --order, --channel or --series")
    with asked.records() as records:
        ids, events = events_of(records, given, times.period(records))
        if out is not None:
            count = write_rows(out, EventRow, events)
            lines, listed = [f"Wrote {count} events to {out}."], None
        else:
            found = list(events)
            count, listed = len(found), rows_document(found, EventRow)
            lines = ["", _events_table(records, found)] if found else ["No event names it in this period."]
        about: Mapping[str, object] = {kind: f"0x{ids[kind].hex()}" if kind in ids else None for kind in wanted}
        document = {**about, "file": None if out is None else str(out), "event_count": str(count), "events": listed}
        asked.show(records, document, lines)


def _events_table(records: Records, found: list[EventRow]) -> str:
    rows = [
        (
            str(it.block),
            _day(it.time_unix_s),
            f"0x{it.tx_hash.hex()}",
            named(records, it.contract),
            it.event,
            " ".join(f"{name} {value}" for name, value in it.fields.items() if isinstance(value, str)),
        )
        for it in found
    ]
    return table(("block", "day", "transaction", "contract", "event", "fields"), rows)
