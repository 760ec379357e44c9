"""`pysettle account`: who signs for the accounts of a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from pysettle.cli.options import json_option, password_option, pasteable, show, workspace_option
from pysettle.cli.output import done
from pysettle.client.workspace import Workspace
from pysettle.errors import UsageError


@click.group()
def account() -> None:
    """List the accounts of a workspace, and add some whose keys come from elsewhere."""


@account.command("list")
@workspace_option
@json_option
def list_(workspace: Workspace, as_json: bool) -> None:
    """List names, addresses, and where each key is."""
    keys = workspace.accounts.keys()
    accounts = {
        name: {"address": "0x" + it.hex(), "key": keys[name]} for name, it in workspace.accounts.addresses().items()
    }
    width = max(map(len, accounts))
    lines = [f"{name:{width}}  {it['address']}  {it['key']}" for name, it in accounts.items()]
    show("pysettle.account-list/1", {"accounts": accounts}, lines, as_json)


@account.command()
@click.argument("name")
@click.option("--keystore", type=click.Path(path_type=Path, dir_okay=False), help="Keystore file with the key.")
@click.option("--signer", metavar="URL", help="Remote signer that has the key, and answers eth_signTransaction.")
@click.option("--address", help="Address of the account, for a remote signer.")
@click.option("--replace", is_flag=True, help="Replace the account of that name, before the network is deployed.")
@workspace_option
@password_option
@json_option
def add(
    name: str,
    keystore: Path | None,
    signer: str | None,
    address: str | None,
    replace: bool,
    password: str | None,
    workspace: Workspace,
    as_json: bool,
) -> None:
    """Add the account NAME, with a keystore file or a remote signer.

    A keystore (Web3 Secret Storage, version 3) is opened once, by the password in --password-file, to see that its key
    is that of its address. It may be of geth, of `cast wallet new`, or of any other tool.
    """
    if (keystore is None) == (signer is None) or (signer is None) != (address is None):
        raise UsageError("give the key either by --keystore, or by --signer and --address")
    if keystore is not None:
        added = workspace.accounts.import_keystore(name, keystore, password, replace=replace)
    else:
        added = workspace.accounts.address(str(address))
        workspace.accounts.add_remote_signer(name, str(signer), added, replace=replace)
    done(f"the account {name} is added")
    document = {"name": name, "address": "0x" + added.hex(), "key": workspace.accounts.keys()[name]}
    lines = [f"Added {name}: {document['address']}, {document['key']}.", f"Next: {pasteable('account list')}"]
    show("pysettle.account-add/1", document, lines, as_json)
