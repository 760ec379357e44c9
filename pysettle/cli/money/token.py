"""`pysettle token`: the stablecoins of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    account_option,
    amount_option,
    by_option,
    currency_command,
    currency_view,
    to_option,
)
from pysettle.cli.documents import change
from pysettle.cli.money.authorization import authorize, cancel_authorization, inspect, permit, submit
from pysettle.cli.nouns import Noun
from pysettle.errors.states import Role
from pysettle.money import to_units, to_whole_minor

if TYPE_CHECKING:
    from pysettle.client.core.contract import Transaction
    from pysettle.client.money.currency import CurrencyToken

_FROM = click.option("--from", "payer", required=True, help="Account that pays, by its name.")
_SPENDER = click.option("--spender", required=True, help="Account that may transfer: a name or an address.")


@click.group(cls=Noun)
def token() -> None:
    """Issue, transfer and show tokens of e-CNY and of other currencies (simulated)."""


for _signed in (authorize, submit, inspect, cancel_authorization, permit):
    token.add_command(_signed)


@token.command()
@to_option
@click.option("--amount", required=True, help="Amount of the currency, such as 12.50; whole hundredths (fen).")
@by_option(Role.OPERATOR)
@currency_command
def issue(to: str, amount: str, by: str | None, command: Command) -> None:
    """Issue tokens against reserve, within the operating institution's quota."""
    units, payee = to_whole_minor(amount), command.address(to)
    operator = command.holder(by, Role.OPERATOR)
    useful_next = f"token balance --account {to}"
    document = {"amount_units": str(units)}
    command.move({to: payee}, lambda token: token.desk.issue(operator, payee, units), document, useful_next)


@token.command()
@click.option("--from", "payer", required=True, help="Account that pays: a name, or with --by an address too.")
@to_option
@amount_option
@click.option("--by", help="Account that transfers within its allowance. Defaults to the payer.")
@currency_command
def transfer(payer: str, to: str, amount: str, by: str | None, command: Command) -> None:
    """Transfer tokens from one account to another."""
    units, source, payee = to_units(amount), command.address(payer), command.address(to)
    sender = command.signer(by or payer)

    def order(token: CurrencyToken) -> Transaction:
        return token.transfer_from(sender, source, payee, units) if by else token.transfer(sender, payee, units)

    command.move({payer: source, to: payee}, order, {"amount_units": str(units)}, f"token balance --account {to}")


@token.command()
@account_option
@currency_view
def balance(account: str, command: Command) -> None:
    """Show the balance of an account."""
    holder = command.address(account)
    with command.workspace.chain() as chain:
        units = command.workspace.network(chain).system(command.currency).token.balance_of(holder)
        block = chain.block().number
    document = {"account": account, "balance_units": str(units), "block": str(block)}
    command.show(document, [f"{account}: {command.text(units)} at block {block}"])


@token.command()
@_FROM
@_SPENDER
@amount_option
@currency_command
def approve(payer: str, spender: str, amount: str, command: Command) -> None:
    """Allow a spender to transfer up to an amount of an account's tokens; it replaces an earlier allowance."""
    units, to = to_units(amount), command.address(spender)
    holder = command.signer(payer)
    with command.token(write=True) as currency:
        before = currency.allowance(holder.address, to)
        (receipt,) = currency.send(currency.approve(holder, to, units))
    document = {"from": payer, "spender": spender, "allowance_units": change(before, units)}
    lines = [f"{spender} may transfer of {payer}: {command.change(before, units)}"]
    command.show_sent(receipt, document, lines, f"token allowance --from {payer} --spender {spender}")


@token.command()
@click.option("--from", "payer", required=True, help="Account that pays: a name or an address.")
@_SPENDER
@currency_view
def allowance(payer: str, spender: str, command: Command) -> None:
    """Show the rest of a spender's allowance of an account's tokens."""
    with command.token() as currency:
        units = currency.allowance(command.address(payer), command.address(spender))
    document = {"from": payer, "spender": spender, "allowance_units": str(units)}
    command.show(document, [f"{spender} may transfer {command.text(units)} of {payer}"])


@token.command()
@by_option(Role.PAUSER)
@currency_command
def pause(by: str | None, command: Command) -> None:
    """Stop issuance, redemption requests and payments; only settlement accounts can still pay."""
    _set_pause(True, by, command)


@token.command()
@by_option(Role.PAUSER)
@currency_command
def unpause(by: str | None, command: Command) -> None:
    """End the pause."""
    _set_pause(False, by, command)


def _set_pause(paused: bool, by: str | None, command: Command) -> None:
    pauser = command.holder(by, Role.PAUSER)
    with command.token(write=True) as currency:
        before = currency.is_paused
        (receipt,) = currency.send(currency.pause(pauser) if paused else currency.unpause(pauser))
    words = {True: "paused", False: "not paused"}
    lines = [f"{command.currency.value}: {words[before]} -> {words[paused]}"]
    useful_next = "token unpause" if paused else "reserve show"
    command.show_sent(receipt, {"paused": {"before": before, "now": paused}}, lines, useful_next)
