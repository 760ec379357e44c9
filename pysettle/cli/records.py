"""The parts that commands on records share: periods, files of rows, amounts and statements as text and documents."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.options import Count, Named
from pysettle.cli.output import done, table
from pysettle.errors import UsageError
from pysettle.values import day_text, to_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pysettle.audit.records.period import Period
    from pysettle.audit.records.reading import AssetOf, Records
    from pysettle.audit.records.rows import StatementRow
    from pysettle.audit.records.statement import Section
    from pysettle.cli.command import Command

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Times:
    """The period of an answer, as it was written."""

    begin: str | None
    """Day or moment that it begins with."""
    end: str | None
    """Day or moment that it ends with."""
    block: int | None
    """Last block."""

    def period(self, records: Records) -> Period:
        """Return its blocks; errors as `Period.of`."""
        from pysettle.audit.records.period import Period

        return Period.of(records.index, begin=self.begin, end=self.end, block=self.block)


def period_options(function: Function) -> Function:
    """Give a command its `times`."""

    @functools.wraps(function)
    def run(begin: str | None, end: str | None, block: int | None, **options: object) -> object:
        if end is not None and block is not None:
            raise UsageError("--to and --block both end the period: give one of them")
        return function(times=Times(begin, end, block), **options)

    form = "2026-01-31 of UTC, 2026-01-31+08:00 of UTC+8, or a moment such as 2026-01-31T08:00:00+08:00"
    first, last = f"First day of the period: {form}. Defaults to the first block.", "Last day, or last moment."
    for option in (
        click.option("--block", type=Count(0), help="Last block, in place of --to."),
        click.option("--to", "end", type=Named(), help=f"{last} Defaults to the last block."),
        click.option("--from", "begin", type=Named(), help=first),
    ):
        run = option(run)
    return run


def out_option(what: str) -> Callable[[Function], Function]:
    """Let a command write its rows to a file."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"New file for {what}, which ends in .csv or .jsonl.",
    )


@contextmanager
def live_records(command: Command) -> Iterator[Records]:
    """Yield the records of a workspace's chain up to its head; errors as `Workspace.chain` and `followed`."""
    from pysettle.audit.records.following import followed
    from pysettle.domain.core.contracts import Contracts
    from pysettle.workspace.exporting import of_workspace
    from pysettle.workspace.names import RECORDS_FILE

    workspace = command.workspace
    network = workspace.deployment().to_bytes() if workspace.is_deployed else b""
    with of_workspace(workspace) as source:

        def contracts() -> Contracts:
            return workspace.network(source.chain).contracts() if network else Contracts()

        file = workspace.directory / RECORDS_FILE
        with followed(source.chain, network, contracts, source.labels, file) as records:
            yield records


def rows_document(rows: Sequence[DataclassInstance], kind: type[DataclassInstance]) -> list[dict[str, Any]]:
    """Return rows as a document has them."""
    from pysettle.audit.records.files import columns, document

    names = columns(kind)
    return [document(row, names) for row in rows]


def write_rows(out: Path, kind: type[DataclassInstance], rows: Iterable[DataclassInstance]) -> int:
    """Write a file of rows; return their number. Errors as `write_file`."""
    from pysettle.audit.records.files import write_file

    count = write_file(out, kind, rows)
    done(f"{out} is written")
    return count


def asset_document(asset: AssetOf) -> dict[str, str | None]:
    """Return an asset as a document has it."""
    code = asset.currency.value if asset.currency else None
    return {"asset": "0x" + asset.address.hex(), "symbol": asset.symbol, "currency": code}


def amounts_of(asset: AssetOf, **named: int | None) -> dict[str, str | None]:
    """Return amounts under names that end with their unit; the key of the other unit has null."""
    return {
        f"{name}_{unit}": str(number) if unit == asset.unit and number is not None else None
        for name, number in named.items()
        for unit in ("units", "tokens")
    }


def figure(asset: AssetOf, amount: int) -> str:
    """Write an amount of an asset for a table."""
    return to_text(amount) if asset.is_currency else f"{amount:,}"


def title(asset: AssetOf) -> str:
    """Write an asset: its symbol, and its whole address."""
    return f"{asset.symbol or ('currency' if asset.is_currency else 'series')} 0x{asset.address.hex()}"


def unit_word(asset: AssetOf) -> str:
    """Write the word behind an amount of an asset."""
    if not asset.is_currency:
        return "Tokens"
    return asset.currency.word if asset.currency else asset.symbol or "units of a million"


def named(records: Records, account: bytes) -> str:
    """Write an account by the name that the manifest claims, or as hex."""
    return records.labels.get(account) or f"0x{account.hex()}"


def section_document(section: Section, rows: list[StatementRow]) -> dict[str, object]:
    """Return one section of a statement as a document has it."""
    from pysettle.audit.records.rows import StatementRow

    return {
        **asset_document(section.asset),
        "purpose": section.purpose,
        **amounts_of(section.asset, opening=section.opening, closing=section.closing),
        "movements": rows_document(rows, StatementRow),
    }


def section_lines(records: Records, section: Section, rows: list[StatementRow]) -> list[str]:
    """Return one section of a statement as lines; none for an account without balance and movement."""
    asset, word = section.asset, unit_word(section.asset)
    if not rows and not section.opening:
        return []
    lines = ["", f"{section.purpose}, {title(asset)}", f"opening {figure(asset, section.opening)} {word}"]
    if rows:
        header = ("block", "day", "transaction", "counterparty", "amount", "balance")
        lines.append(table(header, [_movement(records, section, row) for row in rows]))
    return [*lines, f"closing {figure(asset, section.closing)} {word}"]


def _movement(records: Records, section: Section, row: StatementRow) -> tuple[str, ...]:
    asset, counterparty = section.asset, "net of a cycle"
    if row.counterparty is not None:
        counterparty = named(records, row.counterparty)
        if row.counter_purpose != "own":
            counterparty = f"{row.counter_purpose} of {counterparty}"
    units = (row.amount_units, row.balance_units) if asset.is_currency else (row.amount_tokens, row.balance_tokens)
    return (
        str(row.block),
        day_text(row.time_unix_s // 86_400),
        f"0x{row.tx_hash.hex()}",
        counterparty,
        *(figure(asset, it or 0) for it in units),
    )


def statement_answer(
    records: Records, account: str, out: Path | None, times: Times
) -> tuple[dict[str, object], list[str]]:
    """Return the statement of an account as a document and as lines; with a file, write its movements there.

    Raises:
        UsageError: no account is called so, or the file cannot be written.
        AuditFailed: the statement does not arrive at the balance by the books.
    """
    from pysettle.audit.records.rows import StatementRow
    from pysettle.audit.records.statement import statement

    owner, period = records.owner(account), times.period(records)
    sections = statement(records, owner, period)
    if out is not None:
        count = write_rows(out, StatementRow, (row for section in sections for row in section.rows))
        lines, listed = [f"Wrote {count} movements to {out}."], None
    else:
        found = [(section, list(section.rows)) for section in sections]
        lines = [line for section, rows in found for line in section_lines(records, section, rows)]
        count, listed = sum(len(rows) for _, rows in found), [section_document(*it) for it in found]
    document: dict[str, object] = {
        "account": f"0x{owner.hex()}",
        "label": records.labels.get(owner),
        "file": None if out is None else str(out),
        "movement_count": str(count),
        "sections": listed,
    }
    return document, lines or [f"Nothing moved on 0x{owner.hex()} in this period."]
