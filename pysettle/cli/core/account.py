"""`pysettle account`: who signs for the accounts of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.nouns import Noun
from pysettle.cli.options import json_option, password_option, pasteable, show, workspace_option
from pysettle.cli.output import done
from pysettle.errors import UsageError

if TYPE_CHECKING:
    from pysettle.workspace.directory import Workspace


@click.group(cls=Noun)
def account() -> None:
    """List the accounts of a workspace, and add some."""


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
    show({"accounts": accounts}, lines, as_json)


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
    """Add the account NAME: with a key of its own, or with a keystore file or a remote signer.

    Without either, an account gets a development key, which everybody knows, or under a password a fresh one. On an
    embedded chain or a development node it is given a balance for gas.

    A keystore (Web3 Secret Storage, version 3) is opened once, by the password in --password-file, to see that its key
    is that of its address. It may be of geth, of `cast wallet new`, or of any other tool.
    """
    if (keystore and signer) or (signer is None) != (address is None):
        raise UsageError(
            "give the key either by --keystore, or by --signer and --address; leave all out to have one made"
        )
    from pysettle.workspace.funding import check_development_keys, fund

    accounts = workspace.accounts
    # Blocks of a network are not ours to write; its accounts' nonces are not used here.
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
    lines += [] if funded else ["It has nothing to pay gas with yet: send it some of the network's own coin."]
    lines += [f"Next: {pasteable('account list')}"]
    show(document, lines, as_json)
