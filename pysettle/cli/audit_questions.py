"""The questions of `pysettle audit` about the books: statement, trial balance, roll-forward, and files of rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.audit_index import Question, question
from pysettle.cli.nouns import Verb
from pysettle.cli.output import instant, table
from pysettle.cli.records import (
    Times,
    amounts_of,
    asset_document,
    figure,
    named,
    out_option,
    period_options,
    statement_answer,
    title,
    unit_word,
    write_rows,
)

if TYPE_CHECKING:
    from pysettle.audit.records.reading import Records
    from pysettle.audit.records.roll_forward import RollForward
    from pysettle.audit.records.rows import Row
    from pysettle.audit.records.statement import Line

KINDS = ("transactions", "events", "postings")
"""Kinds of rows that are files of their own."""


@click.command(cls=Verb)
@click.argument("account")
@out_option("the movements")
@period_options
@question
def statement(account: str, out: Path | None, times: Times, asked: Question) -> None:
    """Show the statement of ACCOUNT: opening, each movement with counterparty and balance, and closing.

    ACCOUNT is a name of the bundle, an address, or the id of a channel or an order. There is a section for each asset,
    and for each purpose that it is held for.
    """
    with asked.records() as records:
        asked.show(records, *statement_answer(records, account, out, times))


@click.command("trial-balance", cls=Verb)
@click.option("--accounts", "each_account", is_flag=True, help="Show a line for each account, not for each purpose.")
@period_options
@question
def trial_balance(each_account: bool, times: Times, asked: Question) -> None:
    """Show the trial balance of every currency and series: debits equal credits.

    A debit adds to an account, a credit takes from it. Issuance is the counter account of all units: minus the supply.
    """
    from pysettle.audit.records.statement import trial_balance as trial_balance_of

    with asked.records() as records:
        found = trial_balance_of(records, times.period(records), each_account=each_account)
        lines = []
        for total in found.totals:
            of_asset = [it for it in found.lines if it.asset is total.asset]
            rows = [_balance_row(records, it) for it in [*of_asset, total]]
            header = ("purpose", "accounts", "opening", "debits", "credits", "closing")
            lines += ["", f"{title(total.asset)}, in {unit_word(total.asset)}", table(header, rows)]
        document = {
            "lines": [_line_document(it) for it in found.lines],
            "totals": [_line_document(it) for it in found.totals],
        }
        asked.show(records, document, lines)


def _balance_row(records: Records, it: Line) -> tuple[str, ...]:
    about = it.purpose if it.owner is None else f"{it.purpose} of {named(records, it.owner)}"
    amounts = (it.opening, it.debits, it.credits, it.closing)
    return about, str(it.accounts), *(figure(it.asset, amount) for amount in amounts)


def _line_document(it: Line) -> dict[str, object]:
    return {
        **asset_document(it.asset),
        "purpose": it.purpose,
        "owner": None if it.owner is None else f"0x{it.owner.hex()}",
        "account_count": str(it.accounts),
        **amounts_of(it.asset, opening=it.opening, debits=it.debits, credits=it.credits, closing=it.closing),
    }


@click.command("roll-forward", cls=Verb)
@period_options
@question
def roll_forward(times: Times, asked: Question) -> None:
    """Show how each supply follows from issuance and redemption, the reserve behind it, and the population.

    Opening + issued - redeemed = closing. The closing supply of a currency is the sum of the positions of its operating
    institutions. The count and the hash total of the postings show that a file of them is whole.
    """
    from pysettle.audit.records.roll_forward import roll_forward as roll_forward_of

    with asked.records() as records:
        found = roll_forward_of(records, times.period(records))
        lines = [line for it in found for line in _supply_lines(records, it)]
        asked.show(records, {"assets": [_supply_document(it) for it in found]}, lines)


def _supply_lines(records: Records, it: RollForward) -> list[str]:
    asset, word = it.asset, unit_word(it.asset)
    of_currency = asset.is_currency
    rows = [
        ("opening supply", it.opening),
        ("issued" if of_currency else "bought", it.issued),
        ("redeemed" if of_currency else "redeemed and refunded", -it.redeemed),
        ("closing supply", it.closing),
        *((f"position of {named(records, operator)}", units) for operator, units in it.positions.items()),
    ]
    lines = ["", title(asset), table(("", word), [(name, figure(asset, units)) for name, units in rows])]
    if of_currency:
        lines += _reserve_lines(it)
    counted = f"{it.postings} postings in {it.movements} movements, debits {figure(asset, it.debits)} {word}"
    return [*lines, f"population: {counted}", f"hash total 0x{it.hash_total:064x}"]


def _reserve_lines(it: RollForward) -> list[str]:
    asset, word = it.asset, unit_word(it.asset)
    if it.reserve is None:
        return ["no reserve is attested"]
    room = it.covered - it.closing
    over = f"{figure(asset, room)} {word} more than the supply" if room >= 0 else f"{figure(asset, -room)} {word} short"
    return [
        f"attested reserve {figure(asset, it.reserve.amount)} {word} as of {instant(it.reserve.as_of)}",
        f"at a ratio of {it.ratio_bps} basis points it covers {figure(asset, it.covered)} {word}: {over}",
    ]


def _supply_document(it: RollForward) -> dict[str, object]:
    asset, reserve = it.asset, it.reserve
    return {
        **asset_document(asset),
        **amounts_of(asset, opening=it.opening, issued=it.issued, redeemed=it.redeemed, closing=it.closing),
        "positions": [
            {"operator": f"0x{operator.hex()}", "position_units": str(units)}
            for operator, units in it.positions.items()
        ],
        "reserve": {
            "reserve_units": str(reserve.amount) if reserve else None,
            "as_of_unix_s": str(reserve.as_of) if reserve else None,
            "valid_before_unix_s": str(reserve.valid_before) if reserve else None,
            "block": str(reserve.block) if reserve else None,
            "ratio_bps": str(it.ratio_bps) if asset.is_currency else None,
            "covered_units": str(it.covered) if reserve else None,
        },
        "population": {
            "movement_count": str(it.movements),
            "posting_count": str(it.postings),
            **amounts_of(asset, debits=it.debits),
            "hash_total": f"0x{it.hash_total:064x}",
        },
    }


@click.command(cls=Verb)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@period_options
@question
def rows(kind: str, file: Path, times: Times, asked: Question) -> None:
    """Write all transactions, events or postings to a new FILE, which ends in .csv or .jsonl.

    The columns are in docs/reference/records.md. Integers are exact, ids and hashes whole.
    """
    from pysettle.audit.records.rows import EventRow, PostingRow, TransactionRow

    types: dict[str, type[Row]] = dict(zip(KINDS, (TransactionRow, EventRow, PostingRow), strict=True))
    with asked.records() as records:
        count = write_rows(file, types[kind], getattr(records, kind)(times.period(records)))
        document = {"kind": kind, "file": str(file), "row_count": str(count)}
        asked.show(records, document, [f"Wrote {count} {kind} to {file}."])
