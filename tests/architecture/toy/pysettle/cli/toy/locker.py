"""`pysettle locker`: e-CNY that the locker holds for accounts."""

from __future__ import annotations

from collections.abc import Callable

import click
from pysettle.client.toy.locker import Locker

from pysettle.cli.command import Command, account_option, amount_option, currency_command, currency_view
from pysettle.cli.nouns import Noun
from pysettle.client.core.contract import Transaction
from pysettle.client.money.currency import CurrencyToken
from pysettle.money import to_units


@click.group(cls=Noun)
def locker() -> None:
    """Keep e-CNY in the locker, and take it back (simulated)."""


@locker.command()
@account_option
@amount_option
@currency_command
def store(account: str, amount: str, command: Command) -> None:
    """Store e-CNY."""
    units, signer = to_units(amount), command.signer(account)
    _step(
        account,
        lambda it, token: (token.approve(signer, it.address, units), it.store(signer, units)),
        f"locker take --account {account} --amount {amount}",
        command,
    )


@locker.command()
@account_option
@amount_option
@currency_command
def take(account: str, amount: str, command: Command) -> None:
    """Take e-CNY back."""
    units, signer = to_units(amount), command.signer(account)
    _step(account, lambda it, _: (it.take_back(signer, units),), f"locker show --account {account}", command)


@locker.command()
@account_option
@currency_view
def show(account: str, command: Command) -> None:
    """Show what the locker holds for an account."""
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        stored = Locker(network.sender, network.address("Locker")).stored_of(command.address(account))
    command.show({"account": account, "stored": str(stored)}, [f"stored for {account}: {command.text(stored)}"])


def _step(
    account: str,
    make: Callable[[Locker, CurrencyToken], tuple[Transaction, ...]],
    useful_next: str,
    command: Command,
) -> None:
    holder = command.address(account)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        found = Locker(network.sender, network.address("Locker"))
        before = found.stored_of(holder)
        *_, receipt = found.send(*make(found, network.currency))
        now = found.stored_of(holder)
    document = {"account": account, "stored": {"before": str(before), "now": str(now)}}
    command.show_sent(receipt, document, [f"stored for {account}: {command.change(before, now)}"], useful_next)
