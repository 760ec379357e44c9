"""`pysettle audit`: write a history as a bundle, and prove it from the bundle alone."""

from __future__ import annotations

import json
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pysettle.cli.audit_events import powers, query, refusals
from pysettle.cli.audit_index import failed
from pysettle.cli.audit_questions import roll_forward, rows, statement, trial_balance
from pysettle.cli.failures import plain
from pysettle.cli.nouns import Noun
from pysettle.cli.options import (
    Count,
    chain_named,
    deployment_option,
    json_option,
    pasteable,
    show,
    wide_option,
    workspace_option,
)
from pysettle.cli.output import done, progress, table, tell, write_text
from pysettle.documents import read_whole
from pysettle.errors import UsageError
from pysettle.reading import read_hex

if TYPE_CHECKING:
    from pysettle.audit.bundle import Manifest
    from pysettle.audit.verify import Report
    from pysettle.workspace.directory import Workspace


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
@deployment_option
@click.option(
    "--confirmations",
    type=Count(1, 1_000),
    default=1,
    show_default=True,
    help="Blocks until a block is final, with --deployment; a workspace has its own number.",
)
@click.option(
    "--patience",
    "patience_s",
    type=Count(1),
    default=30,
    show_default=True,
    help="Seconds without an answer after which the node is given up, with --deployment.",
)
@click.option(
    "--genesis",
    "genesis_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="genesis.json of a network whose node does not return it.",
)
@workspace_option
@json_option
def export(
    out: Path,
    deployment: Path | None,
    confirmations: int,
    patience_s: int,
    genesis_file: Path | None,
    workspace: Workspace | None,
    as_json: bool,
) -> None:
    """Export a chain as a bundle of files, which `audit verify` checks without the workspace and without a node.

    The chain is the workspace's, or that of a network with --chain URL and --deployment. The export changes nothing
    there, and other commands may write meanwhile: the bundle ends with the last final block at the beginning of the
    export. It needs no trust in a node: a block that does not match its hash is refused. Without a genesis.json an
    auditor cannot execute the blocks again; the bundle then has the node's proofs of the contracts' state.
    """
    from pysettle.audit.extract import export_bundle
    from pysettle.workspace.exporting import of_network, of_workspace

    genesis = _content(genesis_file) if genesis_file else None
    opened = of_workspace(workspace) if workspace else nullcontext()
    with opened as own, progress() as on_progress:
        source = own or of_network(chain_named(), cast(Path, deployment), confirmations, patience_s)
        bundle = export_bundle(
            source.chain,
            out,
            source.contracts,
            labels=source.labels,
            genesis=genesis,
            on_progress=lambda did, total: on_progress("exporting", did, total),
        )
    done(f"{out} is written")
    _show_exported(bundle.manifest, out, as_json)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return read_whole(stream, file.name)
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror or problem}", path=file) from None


def _show_exported(manifest: Manifest, out: Path, as_json: bool) -> None:
    last, listed = len(manifest.hashes) - 1, len(manifest.contracts.addresses())
    document = {
        "bundle": str(out),
        "chain_id": str(manifest.chain_id),
        "last_block": str(last),
        "head_hash": "0x" + manifest.hashes[-1].hex(),
        "head_state_root": "0x" + manifest.head_state_root.hex(),
        "contract_count": str(listed),
        "genesis": manifest.has_genesis,
        "proofs": manifest.has_proofs,
        "source": {"reading": manifest.source.reading.value, "producer": manifest.source.producer},
    }
    reach = "S" if manifest.has_genesis else "P" if manifest.has_proofs else "R"
    level = "" if reach == "S" else f" --level {reach}"
    lines = [
        f"Exported blocks 0 to {last} of chain {manifest.chain_id} to {out}; {listed} contracts are listed.",
        *[f"Without a genesis.json, which no node returned, an auditor can reach level {reach}."] * bool(level),
        f"Next: {pasteable(f'audit verify {shlex.quote(str(out))}{level}')}",
    ]
    show(document, lines, as_json)


@audit.command()
@click.argument("bundle", type=click.Path(path_type=Path), required=False)
@click.option(
    "--genesis",
    "genesis_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --blocks, in place of BUNDLE: the genesis.json of any Ethereum chain, as geth reads it.",
)
@click.option(
    "--blocks",
    "blocks_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --genesis: its blocks from 1 on, RLP one after the other, in forks up to Prague.",
)
@click.option(
    "--level",
    type=click.Choice(["H", "R", "P", "S", "X"]),
    default="S",
    show_default=True,
    help="How far to check: H headers, R also roots and the ledger from receipts, P also code and "
    "answers of contracts by proofs, S (without P) re-execution and code, X also execution by independent engines.",
)
@click.option(
    "--patience",
    "patience_s",
    type=Count(1),
    default=600,
    show_default=True,
    help="Seconds without an answer after which level X gives an engine up.",
)
@click.option(
    "--pins",
    "pins_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of `audit pins` to compare code with, in place of the pins of this pysettle.",
)
@click.option(
    "--accept-code",
    "accepted",
    multiple=True,
    callback=lambda _context, _parameter, texts: tuple(read_hex(it, 32) for it in texts),
    help="Hash of other code to accept, as a finding of G names it; the verdict states it.",
)
@click.option("--recompile", is_flag=True, help="Also compile the sources in BUNDLE and compare the result.")
@click.option(
    "--index",
    "index_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File outside BUNDLE for every transaction, event and posting, which the questions below read.",
)
@click.option(
    "--receipts",
    "receipts_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of usage receipts that a payer gave you, to compare with the usage that providers attested.",
)
@click.option(
    "--strict-cycles",
    is_flag=True,
    help="Fail if a clearing cycle settled less than the rule of order, which is only a notice otherwise.",
)
@json_option
def verify(
    bundle: Path | None,
    genesis_file: Path | None,
    blocks_file: Path | None,
    level: str,
    patience_s: int,
    pins_file: Path | None,
    accepted: tuple[bytes, ...],
    recompile: bool,
    index_file: Path | None,
    receipts_file: Path | None,
    strict_cycles: bool,
    as_json: bool,
) -> None:
    """Re-execute every block of BUNDLE in a new chain and check every root, hash, contract's code and invariant.

    Exit code 0 if everything asked for passed, 7 if not, 6 if the manifest cannot be read.
    """
    from pysettle.audit.chain_file import verify_chain_file
    from pysettle.audit.verify import CodeRules
    from pysettle.audit.verify import verify as verify_bundle
    from pysettle.domain.channel.receipts import ReceiptFile
    from pysettle.pins import Pins

    _check_source(
        bundle,
        genesis_file,
        blocks_file,
        bool(pins_file or accepted or recompile or index_file or receipts_file or strict_cycles),
    )
    if level == "P" and bundle is None:
        raise UsageError("a chain file has no proofs: name another --level")
    with progress() as on_progress:

        def on_block(did: int, total: int) -> None:
            on_progress("verifying", did, total)

        if genesis_file and blocks_file:
            report = verify_chain_file(genesis_file, blocks_file, on_block, level=level, patience_s=patience_s)
        else:
            assert bundle is not None
            rules = CodeRules(Pins.read(pins_file) if pins_file else None, accepted, recompile)
            given = ReceiptFile.from_json(_content(receipts_file), str(receipts_file)) if receipts_file else None
            report = verify_bundle(
                *(bundle, on_block),
                level=level,
                code=rules,
                patience_s=patience_s,
                index=index_file,
                receipts=given,
                strict_cycles=strict_cycles,
            )
            if index_file is not None and index_file.exists():
                done(f"{index_file} is written")
    document = {name: plain(value) for name, value in report.to_dict().items() if name != "schema"}
    show(document, [report.to_text()], as_json)
    if not report.passed:
        raise failed(report)


def _check_source(bundle: Path | None, genesis_file: Path | None, blocks_file: Path | None, has_code: bool) -> None:
    """Check that the options name one history.

    Raises:
        UsageError: they name none, or two, or ask for the code of a chain file, which lists no contract.
    """
    if bool(genesis_file) != bool(blocks_file) or (bundle is None) == (genesis_file is None):
        raise UsageError("name a BUNDLE, or --genesis and --blocks of a chain file")
    if has_code and bundle is None:
        raise UsageError("a chain file lists no contract: leave out --pins, --accept-code, --recompile and --index")


@audit.command(name="engines")
@click.option("--install", is_flag=True, help="Install the engines that are missing; this downloads packages.")
@click.option("--engine", "names", multiple=True, help="With --install: this engine alone; may be repeated.")
@wide_option
@json_option
def list_engines(install: bool, names: tuple[str, ...], as_json: bool) -> None:
    """List the independent engines, by which `audit verify --level X` executes a chain.

    An engine is installed once for all workspaces, in the folder of PYSETTLE_ENGINES_DIR or in the cache of the user.
    Go builds geth from its source, which takes some minutes; without Go the other engines are installed.
    """
    from pysettle.audit.independent.catalogue import engines

    known = [engine.name for engine in engines()]
    if names and not (install and set(names) <= set(known)):
        raise UsageError(f"--engine names {', '.join(known[:-1])} or {known[-1]}, and stands with --install")
    for engine in engines() if install else ():
        if engine.folder.is_dir() or (names and engine.name not in names):
            continue
        if engine.lacks and not names:
            tell(f"{engine.title} is {engine.lacks}")
            continue
        tell(f"{engine.title} is being installed")
        if engine.install():
            done(f"{engine.folder} is installed")
    listed = [(it.name, it.version, it.missing, str(it.folder)) for it in engines()]
    rows = [(name, version, missing or "yes", place) for name, version, missing, place in listed]
    document = {
        "engines": [
            {"name": name, "version": version, "ready": not missing, "missing": missing, "place": place}
            for name, version, missing, place in listed
        ]
    }
    show(document, [table(("engine", "version", "ready", "place"), rows)], as_json)


@audit.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-", help="File; - for stdout."
)
@json_option
def pins(out: Path, as_json: bool) -> None:
    """Write the pins of this build, which `audit verify --pins` compares code with, to stdout or a file.

    Pins are hashes of the contracts' code, with the places of their immutables, their functions and the hashes of their
    sources. With `--json` the document contains the pins as the file would.
    """
    from pysettle.pins import of_build

    built, in_file = of_build().to_document(), str(out) != "-"
    content = json.dumps(built, indent=2)
    if in_file:
        write_text(out, content + "\n")
    lines = [f"Wrote the pins of {len(built['contracts'])} contracts to {out}."] if in_file else [content]
    show({"file": str(out) if in_file else None}, lines, as_json, {"pins": built})


for _question in (statement, trial_balance, roll_forward, powers, refusals, query, rows):
    audit.add_command(_question)


def audit_document(report: Report, bundle: Path | None) -> dict[str, object]:
    """Return the audit's result of a scripted run, for a document; `bundle` is the bundle's directory or None."""
    return {
        "level": report.level,
        "findings": [str(finding) for finding in report.findings],
        "head_state_root": "0x" + report.head_state_root.hex(),
        "bundle": str(bundle) if bundle else None,
    }
