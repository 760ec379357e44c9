"""`pysettle init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click
from click.core import ParameterSource

from pysettle.cli.nouns import Verb
from pysettle.cli.options import CHAIN_ID, SEED, Count, json_option, password_option, pasteable, show
from pysettle.cli.output import done, progress
from pysettle.errors import UsageError
from pysettle.workspace.config import GENESIS_TIME, SIMULATION_CHAIN_ID

_OF_NETWORKS = ("confirmations", "legacy_fees")
_OF_EMBEDDED_CHAINS = ("genesis_time", "block_interval", "clock")


@click.command(cls=Verb)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--chain",
    "url",
    metavar="embedded|URL",
    envvar="PYSETTLE_CHAIN",
    default="embedded",
    show_default=True,
    help="A chain in the workspace, or the JSON-RPC node of a network.",
)
@click.option("--chain-id", type=CHAIN_ID, help="Chain id (EIP-155).  [default: 31337, or the network's]")
@click.option(
    "--confirmations", type=Count(1, 1_000), default=1, show_default=True, help="Blocks until a transaction is final."
)
@click.option("--legacy-fees", is_flag=True, help="Pay by gas price although the network has a base fee.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of keys and blocks.")
@click.option(
    "--genesis-time",
    type=Count(1, 2**40),
    default=GENESIS_TIME,
    show_default=True,
    help="Chain time of block 0, unix seconds.",
)
@click.option("--block-interval", type=Count(1, 86_400), default=1, show_default=True, help="Seconds between blocks.")
@click.option(
    "--clock",
    type=click.Choice(["scheduled", "real"]),
    default="scheduled",
    show_default=True,
    help="Chain time passes with blocks alone (scheduled), or is never behind the machine's clock (real).",
)
@click.option("--account", "extra", multiple=True, help="A further named account; may be repeated.")
@password_option
@json_option
def init(
    directory: Path,
    url: str,
    chain_id: int | None,
    confirmations: int,
    legacy_fees: bool,
    seed: int,
    genesis_time: int,
    block_interval: int,
    clock: str,
    extra: tuple[str, ...],
    password: str | None,
    as_json: bool,
) -> None:
    """Create a workspace in DIRECTORY: a chain in a file, or the URL of a network's node, and named accounts.

    With a password file every account gets a secret key, which is stored encrypted. Without one the accounts get keys
    that everybody knows; these work only on an embedded chain or a development node. A user and a password in the URL
    are not stored: give the whole URL in PYSETTLE_CHAIN to the commands that follow.
    """
    from pysettle.workspace.config import Config
    from pysettle.workspace.directory import Workspace

    _refuse_options_of(_OF_NETWORKS if url == "embedded" else _OF_EMBEDDED_CHAINS)
    if url == "embedded":
        chain_id = SIMULATION_CHAIN_ID if chain_id is None else chain_id
        config = Config(chain_id, seed, genesis_time, block_interval, real_time=clock == "real")
    else:
        config = Config.of_network(url, chain_id, confirmations=confirmations, legacy_fees=legacy_fees, seed=seed)
    with progress() as on_progress:
        workspace = Workspace.create(
            directory,
            config,
            extra=extra,
            password=password,
            on_progress=lambda created, total: on_progress("creating accounts", created, total),
        )
    done(f"the workspace {directory} is made")
    accounts = workspace.accounts.addresses()
    keys = "development" if password is None else "encrypted"
    document = {
        "directory": str(directory),
        "chain_id": str(config.chain_id),
        "keys": keys,
        "accounts": {name: "0x" + address.hex() for name, address in accounts.items()},
    }
    lines = [
        f"Made the workspace {directory} (simulation): chain {document['chain_id']}, {len(accounts)} accounts with "
        f"{keys} keys.",
        f"Next: {pasteable(f'network deploy --workspace {quote(str(directory))}')}",
    ]
    show(document, lines, as_json)


def _refuse_options_of(names: tuple[str, ...]) -> None:
    """Refuse options without an effect on this kind of chain."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            kind = "a network" if name in _OF_NETWORKS else "an embedded chain"
            raise UsageError(f"--{name.replace('_', '-')} is for {kind}: leave it out, or change --chain", option=name)
