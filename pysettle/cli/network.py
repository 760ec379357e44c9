"""`pysettle network`: deploy the contracts, and see that they are what was deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from pysettle.cli.options import CURRENCY, json_option, password_option, show, workspace_option
from pysettle.cli.output import table
from pysettle.client.deployment import Deployment
from pysettle.client.workspace import Workspace
from pysettle.errors import ChainError, UsageError
from pysettle.evm.backend import ChainBackend
from pysettle.money import UNITS_PER_MINOR, to_minor, to_text, to_units


@click.group()
def network() -> None:
    """Deploy the settlement network, and check it."""


@network.command()
@click.option("--quota", default="1000000", show_default=True, help="Issuance quota of the bank, in yuan.")
@click.option("--reserve", help="Reserve that the central bank attests for a year, in yuan. The quota if left out.")
@workspace_option
@password_option
@json_option
def deploy(quota: str, reserve: str | None, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """Deploy the network to the workspace's chain, attest the reserve, and give the bank an issuance quota."""
    units, reserve_fen = to_units(quota), to_minor(reserve or quota)
    with workspace.chain(write=True) as chain:
        before = chain.block().number
        deployment = workspace.deploy(chain, quota=units, reserve_fen=reserve_fen, password=password)
        head = chain.block().number
    contracts = {name: contract["address"] for name, contract in deployment.document["contracts"].items()}
    document = {"blocks": {"before": str(before), "now": str(head)}, "contracts": contracts}
    document["quota"] = {"currency": CURRENCY, "units": str(units)}
    document["reserve"] = {"currency": CURRENCY, "fen": str(reserve_fen)}
    lines = [
        f"Deployed in blocks {before + 1} to {head}; the bank may issue {to_text(units)} yuan, the attested reserve is "
        f"{to_text(reserve_fen * UNITS_PER_MINOR)} yuan.",
        table(("contract", "address"), list(contracts.items())),
        "Next: pysettle token issue --to alice --amount 100",
    ]
    show("pysettle.network-deploy/1", document, lines, as_json)


@network.command()
@workspace_option
@json_option
def status(workspace: Workspace, as_json: bool) -> None:
    """Compare the code of every contract on the chain with what was deployed. Exit code 4 when one differs."""
    _compare(workspace, Deployment.differing, "network-status", "as deployed", "what was deployed", as_json)


@network.command()
@workspace_option
@json_option
def verify(workspace: Workspace, as_json: bool) -> None:
    """Compare the code of every contract on the chain with this build. Exit code 4 when one differs.

    The values of immutables are masked, since a build has none; `network status` compares them too.
    """
    _compare(workspace, Deployment.not_as_built, "network-verify", "as built", "that of this build", as_json)


@network.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-", help="File.")
@workspace_option
def genesis(out: Path, workspace: Workspace) -> None:
    """Write a genesis.json for a private network of geth or Besu, to stdout or a file.

    In it the workspace's accounts can pay for gas, and the canonical contracts stand at their addresses.
    """
    content = workspace.genesis().to_bytes()
    try:
        with click.open_file(str(out), "wb") as stream:
            stream.write(content)
    except OSError as problem:
        raise UsageError(f"{out} cannot be written: {problem}") from problem
    click.echo("Next: begin the network with it, then pysettle network deploy", err=True)


def _compare(
    workspace: Workspace,
    compare: Callable[[Deployment, ChainBackend], tuple[str, ...]],
    schema: str,
    equal: str,
    expected: str,
    as_json: bool,
) -> None:
    deployment = workspace.deployment()
    with workspace.chain() as chain:
        deployment.check_chain(chain)
        head, differing = chain.block(), compare(deployment, chain)
    states = {name: "differs" if name in differing else equal for name in deployment.document["contracts"]}
    document = {"block": str(head.number), "state_root": "0x" + head.state_root.hex(), "contracts": states}
    lines = [f"Head: block {head.number}", table(("contract", "code"), list(states.items()))]
    show(f"pysettle.{schema}/1", document, lines, as_json)
    if differing:
        raise ChainError(f"the code of {', '.join(differing)} is not {expected}")
