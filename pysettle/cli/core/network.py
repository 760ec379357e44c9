"""`pysettle network`: deploy the contracts, and compare them with the deployment and the build."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, Function, network_command, network_view
from pysettle.cli.documents import change
from pysettle.cli.nouns import Noun
from pysettle.cli.options import pasteable, wide_option
from pysettle.cli.output import progress, say, table, tell, write_text
from pysettle.errors import ChainError
from pysettle.errors.states import Role
from pysettle.money import UNITS_PER_MINOR, Currency, to_minor, to_units

if TYPE_CHECKING:
    from pysettle.client.core.contract import ChainBackend
    from pysettle.client.deployment import Deployment


@click.group(cls=Noun)
def network() -> None:
    """Deploy the settlement network, and check it."""


@network.command()
@click.option("--quota", default="1000000", show_default=True, help="Issuance quota of the bank, in yuan.")
@click.option("--reserve", help="Reserve that the central bank attests for a year, in yuan. Defaults to the quota.")
@wide_option
@network_command
def deploy(quota: str, reserve: str | None, command: Command) -> None:
    """Deploy the network to the workspace's chain, attest the reserve, and give the bank an issuance quota.

    The command refuses a chain, with exit code 4, if the code of hub, collector or Multicall3 at their canonical
    addresses is not that of this build, or if the workspace's genesis.json has storage in a contract of the network.
    """
    from pysettle.workspace import deploying

    units, reserve_fen = to_units(quota), to_minor(reserve or quota)
    with command.workspace.chain(write=True) as chain:
        before = chain.block().number
        with progress() as on_progress:
            deployment = deploying.deploy(
                command.workspace,
                chain,
                quota=units,
                reserve_fen=reserve_fen,
                password=command.password,
                on_progress=on_progress,
            )
        blocks = before, chain.block().number
    contracts = {name: contract["address"] for name, contract in deployment.document["contracts"].items()}
    useful_next = "token issue --to alice --amount 100"
    _show_deployed(Currency.CNY, blocks, contracts, (units, reserve_fen), useful_next, command)


def _role_options(command: Function) -> Function:
    from pysettle.workspace.accounts import default_account

    for role in reversed(Role):
        default = default_account(role, Currency.HKD).replace("hkd", "CURRENCY")
        text = f"Account that becomes {role.label}.  [default: {default}, created if missing]"
        command = click.option(f"--{role.label}", help=text)(command)
    return command


@network.command("add-currency")
@click.option(
    "--currency",
    "code",
    type=click.Choice([currency.value for currency in Currency if currency is not Currency.CNY]),
    required=True,
    help="Simulated currency.",
)
@click.option("--quota", default="1000000", show_default=True, help="Issuance quota of the operator.")
@click.option("--reserve", help="Reserve that the central bank attests for a year. Defaults to the quota.")
@_role_options
@wide_option
@network_command
def add_currency(
    code: str,
    quota: str,
    reserve: str | None,
    command: Command,
    **accounts: str | None,
) -> None:
    """Deploy a further currency with its own roles, attest its reserve, and give its operator a quota.

    Missing accounts are created, with development keys or encrypted keys as by `init`.
    """
    from pysettle.workspace import deploying

    units, reserve_minor, currency = to_units(quota), to_minor(reserve or quota), Currency(code)
    named = {role: name for role in Role if (name := accounts[role.name.lower()]) is not None}
    with command.workspace.chain(write=True) as chain:
        before = chain.block().number
        with progress() as on_progress:
            deployment = deploying.add_currency(
                command.workspace,
                chain,
                currency,
                named,
                quota=units,
                reserve_fen=reserve_minor,
                password=command.password,
                on_progress=on_progress,
            )
        blocks = before, chain.block().number
    suffix = f"-{code}"
    contracts = {
        name: contract["address"]
        for name, contract in deployment.document["contracts"].items()
        if name.endswith(suffix)
    }
    holders = {role.label: command.workspace.holder(role, currency) for role in Role}
    useful_next = f"token issue --to alice --amount 100 --currency {code}"
    amounts = units, reserve_minor
    _show_deployed(currency, blocks, contracts, amounts, useful_next, command, holders)


def _show_deployed(
    currency: Currency,
    blocks: tuple[int, int],
    contracts: dict[str, str],
    amounts: tuple[int, int],
    useful_next: str,
    command: Command,
    holders: dict[str, str] | None = None,
) -> None:
    """Print a deployment; `amounts` are the quota in units and the reserve in minor units."""
    (before, head), (units, reserve_minor) = blocks, amounts
    document: dict[str, object] = {
        "currency": currency.value,
        "block": change(before, head),
        "contracts": contracts,
        "quota_units": str(units),
        "reserve_fen": str(reserve_minor),
    }
    lines = [
        f"Deployed in blocks {before + 1} to {head}; {(holders or {}).get('operator', 'the bank')} may issue "
        f"{currency.text(units)}, the attested reserve is {currency.text(reserve_minor * UNITS_PER_MINOR)}.",
        table(("contract", "address"), list(contracts.items())),
    ]
    if holders is not None:
        document["accounts"] = holders
        lines.append(table(("role", "account"), list(holders.items())))
    command.show(document, [*lines, f"Next: {command.next(useful_next)}"])


@network.command()
@wide_option
@network_view
def status(command: Command) -> None:
    """Compare the code of every contract on the chain with the deployed code. Exit code 4 if one differs.

    A contract with roles must also name the access manager of its currency as its authority.
    """
    from pysettle.client.deployment import Deployment

    _compare(command, Deployment.differing, "as deployed", "the deployed code")


@network.command()
@wide_option
@network_view
def verify(command: Command) -> None:
    """Compare the code of every contract on the chain with this build. Exit code 4 if one differs.

    Immutables are compared too, so that each contract refers to the other contracts of this deployment. A contract
    with roles must also name the access manager of its currency as its authority.
    """
    from pysettle.client.deployment import Deployment

    _compare(command, Deployment.not_as_built, "as built", "that of this build")


@network.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-", help="File; - for stdout."
)
@network_view
def genesis(out: Path, command: Command) -> None:
    """Write a genesis.json for a private network of geth or Besu, to stdout or a file.

    In its block 0 the workspace's accounts can pay for gas, and the canonical contracts stand at their addresses.
    With `--json` the document contains the genesis as the file would.
    """
    content, in_file = command.workspace.genesis().to_bytes().decode(), str(out) != "-"
    if in_file:
        write_text(out, content)
    if command.as_json:
        command.show({"file": str(out) if in_file else None}, [], {"genesis": json.loads(content)})
    elif not in_file:
        say(content.rstrip("\n"))
    tell(f"Next: begin the network with this file, then {pasteable('network deploy')}")


def _compare(
    command: Command,
    compare: Callable[[Deployment, ChainBackend], tuple[str, ...]],
    equal: str,
    expected: str,
) -> None:
    deployment = command.workspace.deployment()
    with command.workspace.chain() as chain:
        deployment.check_chain(chain)
        head, differing, strangers = chain.block(), compare(deployment, chain), deployment.of_other_authority(chain)
    states = dict.fromkeys(deployment.document["contracts"], equal)
    states |= dict.fromkeys(strangers, "other authority") | dict.fromkeys(differing, "differs")
    document = {"block": str(head.number), "state_root": "0x" + head.state_root.hex(), "contracts": states}
    lines = [f"Head: block {head.number}", table(("contract", "code"), list(states.items()))]
    command.show(document, lines)
    problems = []
    if differing:
        problems.append(f"the code of {', '.join(differing)} is not {expected}")
    if strangers:
        problems.append(f"the authority of {', '.join(strangers)} is not that of this network")
    if problems:
        raise ChainError("; ".join(problems), differing=differing, of_other_authority=strangers)
