"""`pysettle wallet`: what an account may do with its e-CNY tokens, and what the law does to it."""

from __future__ import annotations

from pathlib import Path

import click
from eth_hash.auto import keccak

from pysettle.cli.options import CURRENCY, json_option, password_option, show, workspace_option
from pysettle.client.currency import Freeze
from pysettle.client.workspace import Workspace
from pysettle.errors import UsageError
from pysettle.evm.backend import Receipt
from pysettle.money import to_text, to_units

_ACCOUNT = click.option("--account", required=True, help="A name or an address.")


@click.group()
def wallet() -> None:
    """Show, freeze and seize accounts of the e-CNY token (simulated)."""


@wallet.command("show")
@_ACCOUNT
@workspace_option
@json_option
def show_(account: str, workspace: Workspace, as_json: bool) -> None:
    """Show what an account holds, and what of it is frozen."""
    address = workspace.accounts.address(account)
    with workspace.chain() as chain:
        currency, block = workspace.currency(chain), chain.block().number
        units, frozen = currency.balance_of(address), currency.frozen(address)
        settlement, paused = currency.is_settlement_account(address), currency.is_paused
    document = {
        "account": account,
        "address": "0x" + address.hex(),
        "block": str(block),
        "currency": CURRENCY,
        "units": str(units),
        "frozen": _document(frozen),
        "settlement_account": settlement,
        "currency_paused": paused,
    }
    kind = "settlement account, can be neither frozen nor seized" if settlement else f"frozen: {_words(frozen)}"
    lines = [f"{account}: {to_text(units)} yuan at block {block}; {kind}"]
    show("pysettle.wallet/1", document, lines + ["The currency is paused."] * paused, as_json)


@wallet.command()
@_ACCOUNT
@click.option("--outgoing", is_flag=True, help="Nothing leaves the account.")
@click.option("--incoming", is_flag=True, help="Nothing comes into the account.")
@click.option("--amount", help="Yuan of the balance that may not leave, replacing the amount before.")
@click.option("--by", default="freezer", show_default=True, help="Account with the freezer's role.")
@workspace_option
@password_option
@json_option
def freeze(
    account: str,
    outgoing: bool,
    incoming: bool,
    amount: str | None,
    by: str,
    workspace: Workspace,
    password: str | None,
    as_json: bool,
) -> None:
    """Freeze an account, in the directions named and beside what is frozen already, or an amount of its balance."""
    if not (outgoing or incoming or amount):
        raise UsageError("say what to freeze: --outgoing, --incoming or --amount")
    units = None if amount is None else to_units(amount)
    _freeze(account, Freeze(outgoing, incoming), units, by, workspace, password, as_json)


@wallet.command()
@_ACCOUNT
@click.option("--by", default="freezer", show_default=True, help="Account with the freezer's role.")
@workspace_option
@password_option
@json_option
def unfreeze(account: str, by: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """Lift all that is frozen of an account."""
    _freeze(account, None, 0, by, workspace, password, as_json)


@wallet.command()
@_ACCOUNT
@click.option("--to", required=True, help="Account that receives: a name or an address.")
@click.option("--amount", required=True, help="Yuan, such as 12.50.")
@click.option(
    "--legal-basis",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Document that orders it; its Keccak-256 hash goes on chain.",
)
@click.option("--by", default="seizer", show_default=True, help="Account with the seizer's role.")
@workspace_option
@password_option
@json_option
def seize(
    account: str,
    to: str,
    amount: str,
    legal_basis: Path,
    by: str,
    workspace: Workspace,
    password: str | None,
    as_json: bool,
) -> None:
    """Take e-CNY tokens from an account by authority of law, frozen or not."""
    units, basis = to_units(amount), keccak(_read(legal_basis))
    signer = workspace.accounts.signer(by, password)
    holder, receiver = workspace.accounts.address(account), workspace.accounts.address(to)
    with workspace.chain(write=True) as chain:
        currency = workspace.currency(chain)
        before = currency.balance_of(holder)
        (receipt,) = currency.send(currency.seize(signer, holder, receiver, units, basis))
        now = currency.balance_of(holder)
    document = {
        **_sent(account, receipt),
        "to": to,
        "units": str(units),
        "legal_basis": "0x" + basis.hex(),
        "balance": {"before": str(before), "now": str(now)},
    }
    lines = [f"{account}: {to_text(before)} -> {to_text(now)} yuan, {to_text(units)} seized for {to}"]
    lines += [f"legal basis {document['legal_basis']}", f"transaction {document['tx_hash']}"]
    show("pysettle.wallet-seize/1", document, lines, as_json)


def _freeze(
    account: str,
    more: Freeze | None,
    amount: int | None,
    by: str,
    workspace: Workspace,
    password: str | None,
    as_json: bool,
) -> None:
    """Freeze more directions of an account, or none any more, and so much of its balance, or as much as before."""
    signer, address = workspace.accounts.signer(by, password), workspace.accounts.address(account)
    with workspace.chain(write=True) as chain:
        currency = workspace.currency(chain)
        before = currency.frozen(address)
        outgoing = more is not None and (before.outgoing or more.outgoing)
        incoming = more is not None and (before.incoming or more.incoming)
        orders = []
        if (outgoing, incoming) != (before.outgoing, before.incoming) or amount is None:
            orders.append(currency.freeze(signer, address, outgoing=outgoing, incoming=incoming))
        if amount is not None:
            orders.append(currency.freeze_amount(signer, address, amount))
        receipt = currency.send(*orders)[-1]
        now = currency.frozen(address)
    document = {**_sent(account, receipt), "before": _document(before), "now": _document(now)}
    lines = [f"{account}: frozen {_words(before)} -> {_words(now)}", f"transaction {document['tx_hash']}"]
    lines += [f"Next: pysettle wallet show --account {account}"]
    show(f"pysettle.wallet-{'unfreeze' if more is None else 'freeze'}/1", document, lines, as_json)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise UsageError(f"the legal basis cannot be read from {file}: {problem}") from problem


def _sent(account: str, receipt: Receipt) -> dict[str, str]:
    return {
        "account": account,
        "tx_hash": "0x" + receipt.transaction_hash.hex(),
        "block": str(receipt.block_number),
        "currency": CURRENCY,
    }


def _document(frozen: Freeze) -> dict[str, object]:
    return {"outgoing": frozen.outgoing, "incoming": frozen.incoming, "units": str(frozen.amount)}


def _words(frozen: Freeze) -> str:
    words = ["outgoing"] * frozen.outgoing + ["incoming"] * frozen.incoming
    words += [f"{to_text(frozen.amount)} yuan"] if frozen.amount else []
    return ", ".join(words) or "nothing"
