"""`pysettle audit`: write a history as a bundle, and prove it from the bundle alone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, network_view
from pysettle.cli.failures import plain
from pysettle.cli.nouns import Noun
from pysettle.cli.options import json_option, pasteable, show
from pysettle.cli.output import done, progress
from pysettle.errors import AuditFailed

if TYPE_CHECKING:
    from pysettle.audit.verify import Report


@click.group(cls=Noun)
def audit() -> None:
    """Export a transaction history as a bundle, and verify it from the bundle alone."""


@audit.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory of the bundle; the command replaces an older bundle there.",
)
@network_view
def export(out: Path, command: Command) -> None:
    """Export the workspace's chain as a bundle of files, which `audit verify` checks without the workspace.

    The export does not change the workspace, and other commands may write to it meanwhile: the bundle ends with the
    head at the beginning of the export.
    """
    from pysettle.audit.extract import export_bundle

    with command.workspace.embedded_chain() as chain, progress() as on_progress:
        contracts = command.workspace.listed_contracts(chain)
        labels = {address: name for name, address in command.workspace.accounts.addresses().items()}
        bundle = export_bundle(
            chain, out, contracts, labels=labels, on_progress=lambda did, total: on_progress("exporting", did, total)
        )
    done(f"{out} is written")
    manifest = bundle.manifest
    last, listed = len(manifest.hashes) - 1, len(manifest.contracts.addresses())
    document = {
        "bundle": str(out),
        "chain_id": str(manifest.chain_id),
        "last_block": str(last),
        "head_hash": "0x" + manifest.hashes[-1].hex(),
        "head_state_root": "0x" + manifest.head_state_root.hex(),
        "contract_count": str(listed),
    }
    lines = [
        f"Exported blocks 0 to {last} of chain {manifest.chain_id} to {out}; {listed} contracts are listed.",
        f"Next: {pasteable(f'audit verify {shlex.quote(str(out))}')}",
    ]
    command.show(document, lines)


@audit.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--level",
    type=click.Choice(["H", "R", "S"]),
    default="S",
    show_default=True,
    help="How far to check: H headers, R also roots and the ledger from receipts, S also re-execution.",
)
@json_option
def verify(bundle: Path, level: str, as_json: bool) -> None:
    """Re-execute every block of BUNDLE in a new chain and check every root, hash and invariant.

    Exit code 0 if everything asked for passed, 7 if not, 6 if the manifest cannot be read.
    """
    from pysettle.audit.verify import verify as verify_bundle

    with progress() as on_progress:
        report = verify_bundle(bundle, lambda did, total: on_progress("verifying", did, total), level=level)
    document = {name: plain(value) for name, value in report.to_dict().items() if name != "schema"}
    show(document, [report.to_text()], as_json)
    if not report.passed:
        raise failed(report)


def audit_document(report: Report, bundle: Path | None) -> dict[str, object]:
    """Return the audit's result of a scripted run, for a document; `bundle` is the bundle's directory or None."""
    return {
        "level": report.level,
        "findings": [str(finding) for finding in report.findings],
        "head_state_root": "0x" + report.head_state_root.hex(),
        "bundle": str(bundle) if bundle else None,
    }


def failed(report: Report) -> AuditFailed:
    """Return the failure of an audit, by the divergence at the lowest block."""
    first = report.first_divergence
    if first is None:
        return AuditFailed(f"the audit could not have all that was asked for: {'; '.join(report.missing)}")
    return AuditFailed(f"the audit failed with {len(report.findings)} findings; the first: {first.finding}")
