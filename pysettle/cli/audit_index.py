"""The options and the index that the questions of `pysettle audit` share, and the head of their answers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.options import Count, Named, json_option, show, wide_option
from pysettle.cli.output import done, progress
from pysettle.errors import AuditFailed, UsageError
from pysettle.values import to_text

if TYPE_CHECKING:
    from pysettle.audit.records.period import Period
    from pysettle.audit.records.reading import AssetOf, Records
    from pysettle.audit.records.rows import Row
    from pysettle.audit.report import Report

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
    decorated = click.option(
        "--from", "begin", type=Named(), help=f"First day of the period: {form}. Defaults to the first block."
    )(run)
    decorated = click.option("--to", "end", type=Named(), help="Last day, or last moment. Defaults to the last block.")(
        decorated
    )
    return click.option("--block", type=Count(0), help="Last block, in place of --to.")(decorated)


def out_option(what: str) -> Callable[[Function], Function]:
    """Let a command write its rows to a file."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"New file for {what}, which ends in .csv or .jsonl.",
    )


@dataclass(frozen=True, slots=True)
class Question:
    """One question to an index, as it was asked."""

    bundle: Path
    """The bundle."""
    file: Path | None
    """The index; None for the one beside the bundle."""
    as_json: bool
    """Whether to print a document in place of text."""

    @contextmanager
    def records(self) -> Iterator[Records]:
        """Open the index, and fill it first if it is empty.

        Raises:
            BundleError: the manifest cannot be read.
            UsageError: the index is of another bundle, or lies in this one.
            AuditFailed: the verification did not reach the books, or found something; in that case an answer is printed
                all the same.
        """
        from pysettle.audit.bundle import Bundle
        from pysettle.audit.records.filling import check_identity, check_outside
        from pysettle.audit.records.index import Index
        from pysettle.audit.records.reading import Records

        bundle = Bundle.read(self.bundle)
        file = self.file or default_index(self.bundle)
        check_outside(file, self.bundle)
        with Index.open(file) as index:
            position = check_identity(index, bundle.manifest)
        if position is None:
            fill(self.bundle, file)
        with Index.open(file) as index:
            position = check_identity(index, bundle.manifest)
            if position is None:
                raise UsageError(f"{file} was emptied meanwhile: ask again", path=file)
            yield Records(index, position)
            if not position.verdict.startswith("PASSED"):
                raise AuditFailed(f"the audit of this bundle was: {position.verdict}; `audit verify` says more")

    def show(self, records: Records, document: Mapping[str, object], lines: Sequence[str]) -> None:
        """Print an answer, under the manifest's hash and the level of the verification."""
        position = records.position
        head = {
            "manifest_hash": f"0x{position.identity}",
            "level": position.level,
            "verdict": position.verdict,
            "last_block": str(position.block),
        }
        told = [f"Audit of a simulation: {position.verdict}", f"  manifest    0x{position.identity}"]
        show({**head, **document}, [*told, *lines], self.as_json)


def question(function: Function) -> Function:
    """Give a question its `asked`, with the common options."""

    @functools.wraps(function)
    def run(bundle: Path, index_file: Path | None, as_json: bool, **options: object) -> object:
        return function(asked=Question(bundle, index_file, as_json), **options)

    decorated = wide_option(json_option(run))
    decorated = click.option(
        "--index",
        "index_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File outside the bundle with its index; the first question fills it. Defaults to BUNDLE.index.sqlite.",
    )(decorated)
    return click.option(
        "--bundle",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        help="Directory of the bundle.",
    )(decorated)


def default_index(bundle: Path) -> Path:
    """Return the index beside a bundle."""
    place = bundle.resolve()
    return place.with_name(f"{place.name}.index.sqlite")


def fill(bundle: Path, file: Path) -> None:
    """Verify a bundle at the usual level, and fill an index.

    Raises:
        AuditFailed: the verification did not come to the books.
    """
    from pysettle.audit.report import Check, Outcome
    from pysettle.audit.verify import verify

    with progress() as on_progress:
        report = verify(bundle, lambda did, total: on_progress("verifying", did, total), index=file)
    if report.checks[Check.LEDGER] not in (Outcome.PASSED, Outcome.FAILED):
        raise failed(report)
    done(f"{file} is written")


def failed(report: Report) -> AuditFailed:
    """Return the failure of an audit, by the divergence at the lowest block."""
    first = report.first_divergence
    if first is None:
        return AuditFailed(f"the audit could not have all that was asked for: {'; '.join(report.missing)}")
    return AuditFailed(f"the audit failed with {len(report.findings)} findings; the first: {first.finding}")


def rows_document(rows: Sequence[Row], kind: type[Row]) -> list[dict[str, Any]]:
    """Return rows as a document has them."""
    from pysettle.audit.records.files import columns, document

    names = columns(kind)
    return [document(row, names) for row in rows]


def write_rows(out: Path, kind: type[Row], rows: Iterable[Row]) -> int:
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
