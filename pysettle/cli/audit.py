"""`pysettle audit`: prove a history from its bundle alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.failures import plain
from pysettle.cli.nouns import Noun
from pysettle.cli.options import json_option, show
from pysettle.cli.output import progress
from pysettle.errors import AuditFailed

if TYPE_CHECKING:
    from pysettle.audit.verify import Report


@click.group(cls=Noun)
def audit() -> None:
    """Prove a transaction history from its bundle alone."""


@audit.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@json_option
def verify(bundle: Path, as_json: bool) -> None:
    """Re-execute every block of BUNDLE in a fresh chain and check every root, hash and invariant.

    Exit code 0 when everything holds, 7 when something does not, 6 when the manifest cannot be read.
    """
    from pysettle.audit.verify import verify as verify_bundle

    with progress() as on_progress:
        report = verify_bundle(bundle, on_progress=lambda done, total: on_progress("verifying", done, total))
    document = {name: plain(value) for name, value in report.to_dict().items() if name != "schema"}
    show(document, [report.to_text()], as_json)
    if not report.passed:
        raise failed(report)


def failed(report: Report) -> AuditFailed:
    """Return the failure of an audit, by the divergence at the lowest block."""
    first = report.first_divergence
    return AuditFailed(f"the audit failed with {len(report.findings)} findings; the first: {first and first.finding}")
