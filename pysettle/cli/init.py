"""`pysettle init`: make a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from pysettle.cli.options import json_option, password_option, show
from pysettle.client.workspace import GENESIS_TIME, Config, Workspace


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--chain-id", type=click.IntRange(1, 2**53), default=31337, show_default=True, help="Chain id (EIP-155).")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of keys and blocks."
)
@click.option(
    "--genesis-time",
    type=click.IntRange(1, 2**40),
    default=GENESIS_TIME,
    show_default=True,
    help="Chain time of block 0, unix seconds.",
)
@click.option(
    "--block-interval", type=click.IntRange(1, 86_400), default=1, show_default=True, help="Seconds between blocks."
)
@click.option("--account", "extra", multiple=True, help="A further named account; may be repeated.")
@password_option
@json_option
def init(
    directory: Path,
    chain_id: int,
    seed: int,
    genesis_time: int,
    block_interval: int,
    extra: tuple[str, ...],
    password: str | None,
    as_json: bool,
) -> None:
    """Make a workspace in DIRECTORY: a chain in a file, and named accounts.

    With a password file every account gets a key of its own, encrypted; without, keys that everybody knows.
    """
    config = Config(chain_id, seed, genesis_time, block_interval)
    workspace = Workspace.create(directory, config, extra=extra, password=password)
    accounts = workspace.accounts()
    keys = "development" if password is None else "encrypted"
    document = {
        "directory": str(directory),
        "chain_id": str(chain_id),
        "keys": keys,
        "accounts": {name: "0x" + address.hex() for name, address in accounts.items()},
    }
    lines = [
        f"Made the workspace {directory} (simulation): chain {chain_id}, {len(accounts)} accounts with {keys} keys.",
        f"Next: pysettle network deploy --workspace {directory}",
    ]
    show("pysettle.init/1", document, lines, as_json)
