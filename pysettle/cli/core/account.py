"""`pysettle account`: the accounts of a workspace and their signers."""

from __future__ import annotations

from pathlib import Path

import click

from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.nouns import Noun
from pysettle.cli.options import wide_option
from pysettle.cli.output import done
from pysettle.cli.records import Times, live_records, out_option, period_options, statement_answer
from pysettle.errors import UsageError


@click.group(cls=Noun)
def account() -> None:
    """List the accounts of a workspace, add some, and show their statements."""


@account.command("list")
@network_view
def list_(command: Command) -> None:
    """List names, addresses and the place of each key."""
    accounts = command.workspace.accounts
    keys, addresses = accounts.keys(), accounts.addresses()
    listed = {name: {"address": "0x" + address.hex(), "key": keys[name]} for name, address in addresses.items()}
    width = max(map(len, listed))
    lines = [f"{name:{width}}  {fields['address']}  {fields['key']}" for name, fields in listed.items()]
    command.show({"accounts": listed}, lines)


@account.command()
@click.argument("name")
@click.option("--keystore", type=click.Path(path_type=Path, dir_okay=False), help="Keystore file with the key.")
@click.option("--signer", metavar="URL", help="Remote signer that has the key and supports eth_signTransaction.")
@click.option("--address", help="Address of the account, for a remote signer.")
@click.option("--replace", is_flag=True, help="Replace the account of that name, before the network is deployed.")
@network_command
def add(
    name: str,
    keystore: Path | None,
    signer: str | None,
    address: str | None,
    replace: bool,
    command: Command,
) -> None:
    """Add the account NAME with a new key, a keystore file or a remote signer.

    By default the account gets a development key, which everybody knows. With --password-file it gets a new secret key.
    On an embedded chain or a development node the account also gets a balance for gas.

    The command opens a keystore (Web3 Secret Storage, version 3) once, with the password in --password-file, to check
    that its key belongs to its address. Keystores of geth, of `cast wallet new` and of other tools work.
    """
    if (keystore and signer) or (signer is None) != (address is None):
        raise UsageError("give the key either by --keystore, or by --signer and --address; leave all out for a new key")
    from pysettle.workspace.funding import check_development_keys, fund

    workspace, password = command.workspace, command.password
    accounts = workspace.accounts
    # The lock of an embedded chain's file is needed; a network has none, and no nonce is used here.
    with workspace.chain(write=workspace.config.network is None) as chain:
        if keystore is not None:
            added = accounts.import_keystore(name, keystore, password, replace=replace)
        elif signer is not None:
            added = accounts.address(str(address))
            accounts.add_remote_signer(name, signer, added, replace=replace)
        else:
            check_development_keys(workspace, chain, password)
            added = accounts.add_key(name, password, replace=replace)
        done(f"the account {name} is added")
        funded = fund(workspace, chain, added, password)
    document = {"name": name, "address": "0x" + added.hex(), "key": accounts.keys()[name], "can_pay_gas": funded}
    lines = [f"Added {name}: {document['address']}, {document['key']}."]
    lines += [] if funded else ["The account cannot pay for gas yet: send it some native coin of the network."]
    lines += [f"Next: {command.next('account list')}"]
    command.show(document, lines)


@account.command()
@click.argument("account")
@out_option("the movements")
@period_options
@wide_option
@network_view
def statement(account: str, out: Path | None, times: Times, command: Command) -> None:
    """Show the statement of ACCOUNT: opening, each movement with counterparty and balance, and closing.

    ACCOUNT is a name, an address, or the id of a channel or an order. The figures come from the workspace's own chain:
    `audit statement` shows them from a verified bundle.
    """
    with live_records(command) as records:
        command.show(*statement_answer(records, account, out, times))
