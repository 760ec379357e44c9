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
from pysettle.cli.output import done, say, tell
from pysettle.errors import UsageError
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
@click.option("--seed", type=SEED, help="Seed of the blocks' randomness.  [default: 0]")
@click.option("--chain-id", type=CHAIN_ID, help=f"Chain id.  [default: {SIMULATION_CHAIN_ID}]")
@click.option("--timestamp", type=Count(0, 2**40), help=f"Unix second of block 0.  [default: {GENESIS_TIME}]")
@click.option("--accounts", type=Count(1, 100), help=f"Development accounts with funds.  [default: {_ACCOUNTS}]")
@click.option("--allow-origin", multiple=True, help="Web origin with pages that may use the node; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the node's URL as one JSON document.")
def node(
    host: str,
    port: int,
    workspace: Path | None,
    genesis_file: Path | None,
    seed: int | None,
    chain_id: int | None,
    timestamp: int | None,
    accounts: int | None,
    allow_origin: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve an embedded chain as JSON-RPC over HTTP and WebSocket until interrupted.

    A new chain is in memory and lost with the process; its accounts are the usual development accounts of Ethereum
    tools. A workspace's chain stays in its file: every other command sees the blocks that the node seals, and no sealed
    block is reverted. While the node serves the chain it alone writes to the file, and the commands on the workspace
    send their transactions to the node.
    """
    try:
        from pysettle.node.server import listen, serve
    except ImportError as problem:
        raise UsageError(f"the node needs {problem.name}: pip install 'pysettle[node]'") from problem
    from pysettle.workspace import Workspace
    from pysettle.workspace.serving import chain_from_genesis, chain_of, fresh_chain

    of_genesis: dict[str, object] = {"--chain-id": chain_id, "--timestamp": timestamp, "--accounts": accounts}
    if workspace:
        _refuse({"--genesis": genesis_file, "--seed": seed} | of_genesis, "the workspace's chain has begun already")
    elif genesis_file:
        _refuse(of_genesis, "the genesis file contains it")
    with ExitStack() as stack:
        if workspace:
            opened = Workspace.open(workspace)
            served = stack.enter_context(chain_of(opened))
        elif genesis_file:
            served = chain_from_genesis(genesis_file, seed=seed or 0)
        else:
            served = fresh_chain(
                seed=seed or 0,
                chain_id=chain_id or SIMULATION_CHAIN_ID,
                timestamp=GENESIS_TIME if timestamp is None else timestamp,
                accounts=accounts or _ACCOUNTS,
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


def _refuse(options: Mapping[str, object], why: str) -> None:
    if set_options := [name for name, value in options.items() if value is not None]:
        raise UsageError(f"leave {set_options[0]} out: {why}")


def _banner(served: NodeChain) -> str:
    if not served.accounts:
        return f"SIMULATION: nothing here is money. The chain's head is block {served.embedded.block().number}.\n"
    lines = "\n".join(f"  0x{signer.address.hex()}  0x{signer.secret.hex()}" for signer in served.accounts.values())
    return (
        "SIMULATION, DEVELOPMENT KEYS: nothing here is money. Everybody knows these keys; value sent to these\n"
        f"accounts on any other chain is lost.\n\n{lines}\n"
    )
