"""`pysettle token`: the e-CNY token of a workspace."""

from __future__ import annotations

import click

from pysettle.cli.options import CURRENCY, json_option, password_option, show, workspace_option
from pysettle.client.workspace import Workspace
from pysettle.money import to_text, to_units


@click.group()
def token() -> None:
    """Issue, transfer and look at e-CNY tokens (simulated)."""


@token.command()
@click.option("--to", required=True, help="Account that receives: a name or an address.")
@click.option("--amount", required=True, help="Yuan, such as 12.50; whole fen.")
@click.option("--by", default="bank", show_default=True, help="Operating institution that issues.")
@workspace_option
@password_option
@json_option
def issue(to: str, amount: str, by: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """Issue e-CNY tokens against reserve, within the institution's quota."""
    _move("issue", by, to, amount, workspace, password, as_json)


@token.command()
@click.option("--from", "by", required=True, help="Account that pays, by its name.")
@click.option("--to", required=True, help="Account that receives: a name or an address.")
@click.option("--amount", required=True, help="Yuan, such as 12.50.")
@workspace_option
@password_option
@json_option
def transfer(by: str, to: str, amount: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """Transfer e-CNY tokens from one account to another."""
    _move("transfer", by, to, amount, workspace, password, as_json)


@token.command()
@click.option("--account", required=True, help="A name or an address.")
@workspace_option
@json_option
def balance(account: str, workspace: Workspace, as_json: bool) -> None:
    """Show what an account holds."""
    with workspace.chain() as chain:
        units, block = workspace.currency(chain).balance_of(workspace.accounts.address(account)), chain.block().number
    document = {"account": account, "currency": CURRENCY, "units": str(units), "block": str(block)}
    show("pysettle.token-balance/1", document, [f"{account}: {to_text(units)} yuan at block {block}"], as_json)


@token.command()
@click.option("--by", default="pauser", show_default=True, help="Account with the pauser's role.")
@workspace_option
@password_option
@json_option
def pause(by: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """Stop issuance, redemption requests, and payments by all but settlement accounts."""
    _set_pause(True, by, workspace, password, as_json)


@token.command()
@click.option("--by", default="pauser", show_default=True, help="Account with the pauser's role.")
@workspace_option
@password_option
@json_option
def unpause(by: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """End the pause."""
    _set_pause(False, by, workspace, password, as_json)


def _set_pause(paused: bool, by: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    signer = workspace.accounts.signer(by, password)
    with workspace.chain(write=True) as chain:
        currency = workspace.currency(chain)
        (receipt,) = currency.send(currency.pause(signer) if paused else currency.unpause(signer))
    document = {
        "tx_hash": "0x" + receipt.transaction_hash.hex(),
        "block": str(receipt.block_number),
        "currency": CURRENCY,
        "paused": paused,
    }
    lines = [f"{CURRENCY} is {'paused' if paused else 'not paused'} from block {receipt.block_number}"]
    lines += [f"transaction {document['tx_hash']}"]
    show(f"pysettle.token-{'pause' if paused else 'unpause'}/1", document, lines, as_json)


def _move(verb: str, by: str, to: str, amount: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    units, payee, signer = to_units(amount), workspace.accounts.address(to), workspace.accounts.signer(by, password)
    with workspace.chain(write=True) as chain:
        currency = workspace.currency(chain)
        holders = {to: payee} if verb == "issue" else {by: signer.address, to: payee}
        before = {name: currency.balance_of(address) for name, address in holders.items()}
        make = currency.issue if verb == "issue" else currency.transfer
        (receipt,) = currency.send(make(signer, payee, units))
        after = {name: currency.balance_of(address) for name, address in holders.items()}
    document = {
        "tx_hash": "0x" + receipt.transaction_hash.hex(),
        "block": str(receipt.block_number),
        "currency": CURRENCY,
        "units": str(units),
        "balances": {name: {"before": str(before[name]), "now": str(after[name])} for name in holders},
    }
    lines = [f"{name}: {to_text(before[name])} -> {to_text(after[name])} yuan" for name in holders]
    lines += [f"transaction {document['tx_hash']} in block {receipt.block_number}"]
    lines += [f"Next: pysettle token balance --account {to}"]
    show(f"pysettle.token-{verb}/1", document, lines, as_json)
