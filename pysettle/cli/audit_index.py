"""The index that the questions of `pysettle audit` share, and the head of their answers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.options import json_option, show, wide_option
from pysettle.cli.output import done, progress
from pysettle.errors import AuditFailed

if TYPE_CHECKING:
    from pysettle.audit.records.reading import Records
    from pysettle.audit.report import Report

Function = Callable[..., Any]


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
        from pysettle.audit.records.filling import check_identity, check_outside, is_filled
        from pysettle.audit.records.index import Index
        from pysettle.audit.records.reading import Records

        bundle = Bundle.read(self.bundle)
        file = self.file or default_index(self.bundle)
        check_outside(file, self.bundle)
        if not is_filled(file, bundle.manifest):
            report = fill(self.bundle, file)
            if not is_filled(file, bundle.manifest):
                raise failed(report)
        with Index.open(file) as index:
            position = check_identity(index, bundle.manifest)
            assert position is not None, "an index is filled in one transaction"
            yield Records(index, position)
            if not position.verdict.startswith("PASSED"):
                raise AuditFailed(
                    f"the audit of this bundle was: {position.verdict}; `audit verify` says more",
                    verdict=position.verdict,
                )

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


def fill(bundle: Path, file: Path) -> Report:
    """Verify a bundle at the usual level and fill an index, if the books come to the head; return the report."""
    from pysettle.audit.verify import verify

    with progress() as on_progress:
        report = verify(bundle, lambda did, total: on_progress("verifying", did, total), index=file)
    done(f"{file} is written")
    return report


def failed(report: Report) -> AuditFailed:
    """Return the failure of an audit, by the divergence at the lowest block."""
    first = report.first_divergence
    if first is None:
        return AuditFailed(f"the audit could not have all that was asked for: {'; '.join(report.missing)}")
    return AuditFailed(f"the audit failed with {len(report.findings)} findings; the first: {first.finding}")
