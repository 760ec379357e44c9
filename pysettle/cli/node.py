"""`pysettle node`: a simulated chain for any Ethereum tool."""

from __future__ import annotations

import json

import click

from pysettle.client import genesis
from pysettle.errors import UsageError
from pysettle.evm.embedded import EmbeddedChain

_START = 1_767_225_600
"""Chain time of the genesis if none is given: 2026-01-01 00:00 UTC."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8545, show_default=True, help="Port; 0 for one that is free."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the blocks' randomness."
)
@click.option("--chain-id", type=click.IntRange(1, 2**53), default=31337, show_default=True, help="Chain id.")
@click.option(
    "--timestamp",
    type=click.IntRange(0, 2**40),
    default=_START,
    show_default=True,
    help="Time of block 0, unix seconds.",
)
@click.option(
    "--accounts", type=click.IntRange(1, 100), default=10, show_default=True, help="Development accounts with funds."
)
@click.option("--allow-origin", multiple=True, help="Web origin whose pages may use the node; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print where the node listens as one JSON document.")
def node(
    host: str,
    port: int,
    seed: int,
    chain_id: int,
    timestamp: int,
    accounts: int,
    allow_origin: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve a fresh embedded chain as JSON-RPC over HTTP and WebSocket until interrupted.

    The chain is in memory and gone with the process. Its accounts are those every Ethereum tool uses for development.
    """
    try:
        from pysettle.node.server import listen, serve
    except ImportError as problem:
        raise UsageError(f"the node needs {problem.name}: pip install 'pysettle[node]'") from problem
    from pysettle.node.accounts import development_accounts
    from pysettle.node.chain import NodeChain

    signers = development_accounts(accounts)
    listener = listen(host, port)
    addresses = [signer.address for signer in signers]
    chain = EmbeddedChain(genesis(timestamp, addresses, chain_id=chain_id, balance=10**22), seed=seed)
    click.echo(_banner([(f"0x{it.address.hex()}", f"0x{it.secret.hex()}") for it in signers]), err=True)
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{listener.getsockname()[1]}"
    document = {"schema": "pysettle.node/1", "url": url, "chain_id": str(chain_id)}
    click.echo(json.dumps(document) if as_json else url)
    serve(NodeChain(chain, signers), listener, allow_origin)


def _banner(accounts: list[tuple[str, str]]) -> str:
    lines = "\n".join(f"  {address}  {key}" for address, key in accounts)
    return (
        "SIMULATION, DEVELOPMENT KEYS: nothing here is money. These keys are published; whatever is sent to these\n"
        f"accounts on any other chain is lost. Each holds 10,000 ether of this chain.\n\n{lines}\n"
    )
