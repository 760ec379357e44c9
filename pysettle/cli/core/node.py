"""`pysettle node`: a simulated chain for any Ethereum tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.nouns import Verb
from pysettle.cli.options import CHAIN_ID, SEED, Count, schema
from pysettle.cli.output import done, progress, say, tell
from pysettle.errors import BundleError, UsageError
from pysettle.workspace.config import GENESIS_TIME, SIMULATION_CHAIN_ID

if TYPE_CHECKING:
    from pysettle.node.chain import NodeChain

_ACCOUNTS = 10


@click.command(cls=Verb)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option("--port", type=Count(0, 65_535), default=8545, show_default=True, help="Port; 0 for any free port.")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    help="Serve the chain in this workspace's file, in place of a new one in memory.",
)
@click.option(
    "--genesis",
    "genesis_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Begin a new chain from this genesis.json, such as one of `pysettle network genesis`.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False),
    help="Serve the history in this bundle of `audit export`; nothing can change it.",
)
@click.option(
    "--blocks",
    "blocks_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --genesis: serve the history of these blocks, RLP one after the other; nothing can change it.",
)
@click.option("--seed", type=SEED, help="Seed of the blocks' randomness.  [default: 0]")
@click.option("--chain-id", type=CHAIN_ID, help=f"Chain id.  [default: {SIMULATION_CHAIN_ID}]")
@click.option("--timestamp", type=Count(0, 2**40), help=f"Unix second of block 0.  [default: {GENESIS_TIME}]")
@click.option(
    "--clock",
    type=click.Choice(["scheduled", "real"]),
    help="Let chain time pass by the blocks alone, or follow this machine's clock.  [default: scheduled]",
)
@click.option("--accounts", type=Count(1, 100), help=f"Development accounts with funds.  [default: {_ACCOUNTS}]")
@click.option("--allow-origin", multiple=True, help="Web origin with pages that may use the node; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the node's URL as one JSON document.")
def node(
    host: str,
    port: int,
    workspace: Path | None,
    genesis_file: Path | None,
    bundle: Path | None,
    blocks_file: Path | None,
    seed: int | None,
    chain_id: int | None,
    timestamp: int | None,
    clock: str | None,
    accounts: int | None,
    allow_origin: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve an embedded chain as JSON-RPC over HTTP and WebSocket until interrupted.

    A new chain is in memory and lost with the process; its accounts are the usual development accounts of Ethereum
    tools. A workspace's chain stays in its file: every other command sees the blocks that the node seals, and no sealed
    block is reverted. While the node serves the chain it alone writes to the file, and the commands on the workspace
    send their transactions to the node.

    The history of a bundle or a chain file is executed again in memory, and each header has to come out as it is
    stated. The node then answers all questions about it, at any block, and refuses every write.
    """
    try:
        from pysettle.node.server import listen, serve
    except ImportError as problem:
        raise UsageError(
            f"the node needs {problem.name}: pip install 'pysettle[node]'", package=problem.name
        ) from problem
    from pysettle.workspace import Workspace
    from pysettle.workspace.directory import machine_time
    from pysettle.workspace.serving import chain_from_genesis, chain_of, fresh_chain

    _check_source(
        {"--bundle": bundle, "--workspace": workspace, "--genesis": genesis_file, "--blocks": blocks_file},
        {"--seed": seed, "--chain-id": chain_id, "--timestamp": timestamp, "--accounts": accounts, "--clock": clock},
    )
    real_time = machine_time if clock == "real" else None
    with ExitStack() as stack:
        if bundle:
            served = _of_bundle(bundle)
        elif genesis_file and blocks_file:
            served = _history(genesis_file, blocks_file)
        elif workspace:
            opened = Workspace.open(workspace)
            served = stack.enter_context(chain_of(opened))
        elif genesis_file:
            served = chain_from_genesis(genesis_file, seed=seed or 0, real_time=real_time)
        else:
            served = fresh_chain(
                seed=seed or 0,
                chain_id=chain_id or SIMULATION_CHAIN_ID,
                timestamp=GENESIS_TIME if timestamp is None else timestamp,
                accounts=accounts or _ACCOUNTS,
                real_time=real_time,
            )
        chain = served.embedded
        listener = listen(host, port)
        for line in _banner(served).split("\n"):
            tell(line)
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{listener.getsockname()[1]}"
        document = {"schema": schema(), "url": url, "chain_id": str(chain.chain_id)}
        if workspace:
            opened.announce(url)
        say(json.dumps(document) if as_json else url)
        before = chain.block().number
        try:
            serve(served, listener, allow_origin)
        finally:
            head = chain.block().number
            if workspace and head > before:
                done(f"the node sealed blocks {before + 1} to {head}, and {workspace} keeps them")


def _check_source(sources: Mapping[str, Path | None], choices: Mapping[str, int | str | None]) -> None:
    """Check that the options name one chain, and choose nothing that it has already.

    Raises:
        UsageError: they do not.
    """
    if sources["--bundle"]:
        _refuse({**sources, "--bundle": None, **choices}, "the bundle contains the history")
    elif sources["--workspace"]:
        _refuse({**sources, "--workspace": None, **choices}, "the workspace's chain has begun already")
    elif sources["--blocks"]:
        if not sources["--genesis"]:
            raise UsageError("name --genesis too: the blocks of a chain file follow from its genesis.json")
        _refuse(choices, "the blocks contain it")
    elif sources["--genesis"]:
        _refuse({**choices, "--seed": None, "--clock": None}, "the genesis file contains it")


def _of_bundle(directory: Path) -> NodeChain:
    """Execute the history of a bundle.

    Raises:
        BundleError: the manifest cannot be read, or the bundle has no genesis.
        ChainError: a block is refused, or the head is not that of the manifest.
    """
    from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle

    manifest = Bundle.read(directory).manifest
    if not manifest.has_genesis:
        raise BundleError("the bundle has no genesis.json: its blocks cannot be executed, so no state can be served")
    served = _history(directory / GENESIS_FILE, directory / CHAIN_FILE)
    if (head := served.embedded.block()).hash != manifest.hashes[-1]:
        raise BundleError(
            f"the manifest names 0x{manifest.hashes[-1].hex()} as the head, the blocks end with block {head.number}, "
            f"0x{head.hash.hex()}: see `audit verify`",
            stated=manifest.hashes[-1],
            block=head.number,
            actual=head.hash,
        )
    return served


def _history(genesis: Path, blocks: Path) -> NodeChain:
    from pysettle.workspace.serving import history

    with progress() as on_progress:
        return history(genesis, blocks, lambda did, total: on_progress("executing", did, total))


def _refuse(options: Mapping[str, object], why: str) -> None:
    if set_options := [name for name, value in options.items() if value is not None]:
        raise UsageError(f"leave {set_options[0]} out: {why}", option=set_options[0])


def _banner(served: NodeChain) -> str:
    if not served.accounts:
        return f"SIMULATION: nothing here is money. The chain's head is block {served.embedded.block().number}.\n"
    lines = "\n".join(f"  0x{signer.address.hex()}  0x{signer.secret.hex()}" for signer in served.accounts.values())
    return (
        "SIMULATION, DEVELOPMENT KEYS: nothing here is money. Everybody knows these keys; value sent to these\n"
        f"accounts on any other chain is lost.\n\n{lines}\n"
    )
