"""`pysettle liquidity`: positions in a currency."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    account_option,
    amount_option,
    currency_command,
    currency_view,
    dry_run_option,
    network_command,
)
from pysettle.cli.documents import change
from pysettle.cli.money.enforcement import freeze_document, freeze_words
from pysettle.cli.nouns import Noun
from pysettle.cli.settlement.measures import freeze, pause, seize, unfreeze, unpause
from pysettle.money import to_units

if TYPE_CHECKING:
    from pysettle.client.core.contract import Transaction
    from pysettle.client.money.currency import CurrencyToken
    from pysettle.client.settlement.liquidity import LiquidityAccounts
    from pysettle.values import Address


@click.group(cls=Noun)
def liquidity() -> None:
    """Hold positions in a currency, which settle across borders; freeze, seize and pause them (simulated)."""


@liquidity.command("open")
@network_command
def open_(command: Command) -> None:
    """Deploy the settlement layer for all currencies: the registry of participants and their positions."""
    from pysettle.client.settlement.opening import CONTRACTS
    from pysettle.workspace.deploying import open_settlement

    with command.workspace.chain(write=True) as chain:
        deployment = open_settlement(command.workspace, chain, password=command.password)
        block = chain.block().number
    places = {name: "0x" + deployment.address(name).hex() for name in CONTRACTS}
    currencies = [currency.value for currency in deployment.currencies()]
    lines = [f"{name} {place}" for name, place in places.items()]
    lines += [
        f"open from block {block} in {', '.join(currencies)}",
        f"Next: {command.next('participant admit --help')}",
    ]
    command.show({"contracts": places, "block": str(block), "currencies": currencies}, lines)


@liquidity.command("pay-in")
@account_option
@amount_option
@currency_command
def pay_in(account: str, amount: str, command: Command) -> None:
    """Pay currency into the own position of a participant."""
    units, signer = to_units(amount), command.signer(account)

    def make(positions: LiquidityAccounts, token: CurrencyToken) -> tuple[Transaction, ...]:
        approval = token.approve(signer, positions.address, units)
        return approval, positions.pay_in(signer, token.address, units)

    _move(account, make, f"liquidity show --account {account}", command)


@liquidity.command("pay-out")
@account_option
@amount_option
@currency_command
def pay_out(account: str, amount: str, command: Command) -> None:
    """Pay currency out of the own position of a participant."""
    units, signer = to_units(amount), command.signer(account)
    useful_next = f"token balance --account {account}"
    _move(account, lambda positions, token: (positions.pay_out(signer, token.address, units),), useful_next, command)


@liquidity.command()
@account_option
@amount_option
@dry_run_option
@currency_command
def reserve(account: str, amount: str, dry_run: bool, command: Command) -> None:
    """Keep available units of an own position for clearing cycles."""
    units, signer = to_units(amount), command.signer(account)
    _exchange(account, lambda it, token, _: it.reserve(signer, token, units), command, dry_run=dry_run)


@liquidity.command()
@account_option
@amount_option
@click.option("--by", help="Account that may seize.  [default: the account itself]")
@dry_run_option
@currency_command
def release(account: str, amount: str, by: str | None, dry_run: bool, command: Command) -> None:
    """Make reserved units of a position available again; in a closed cycle this waits, for an hour at most."""
    units, signer = to_units(amount), command.signer(by or account)
    _exchange(account, lambda it, token, holder: it.release(signer, token, holder, units), command, dry_run=dry_run)


@liquidity.command()
@account_option
@currency_view
def show(account: str, command: Command) -> None:
    """Show the position of an account in a currency, and its freezes."""
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    address = command.address(account)
    with command.workspace.chain() as chain:
        network, block = command.workspace.network(chain), chain.block().number
        positions, token = LiquidityAccounts.of(network), network.system(command.currency).token.address
        position, paused = positions.position(token, address), positions.is_paused(token)
    document = {
        "account": account,
        "block": str(block),
        "available_units": str(position.available),
        "reserved_units": str(position.reserved),
        "frozen": freeze_document(position.frozen),
        "positions_paused": paused,
    }
    frozen = freeze_words(position.frozen, command)
    lines = [f"{account}: {command.text(position.available)} available at block {block}; frozen: {frozen}"]
    lines += [f"kept for clearing cycles: {command.text(position.reserved)}"] * bool(position.reserved)
    lines += ["The positions in this currency are paused."] * paused
    command.show(document, lines)


for _measure in (freeze, unfreeze, seize, pause, unpause):
    liquidity.add_command(_measure)


@liquidity.command("copy-freeze")
@account_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@currency_command
def copy_freeze(account: str, by: str, command: Command) -> None:
    """Freeze a position as far as its account is frozen in the currency. It never lifts a freeze."""
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    address, signer = command.address(account), command.signer(by)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        positions, token = LiquidityAccounts.of(network), network.system(command.currency).token.address
        before = positions.position(token, address).frozen
        (receipt,) = positions.send(positions.copy_freeze(signer, token, address))
        now = positions.position(token, address).frozen
    document = {"account": account, "frozen": {"before": freeze_document(before), "now": freeze_document(now)}}
    lines = [f"position of {account}: frozen {freeze_words(before, command)} -> {freeze_words(now, command)}"]
    command.show_sent(receipt, document, lines, f"liquidity show --account {account}")


@liquidity.command("copy-pause")
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@currency_command
def copy_pause(by: str, command: Command) -> None:
    """Pause the positions in a currency that is paused."""
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    signer = command.signer(by)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        positions, token = LiquidityAccounts.of(network), network.system(command.currency).token.address
        (receipt,) = positions.send(positions.copy_pause(signer, token))
    lines = [f"positions in {command.currency.value}: not paused -> paused"]
    command.show_sent(receipt, {"positions_paused": {"before": False, "now": True}}, lines, "liquidity unpause")


def _exchange(
    account: str,
    make: Callable[[LiquidityAccounts, Address, Address], Transaction],
    command: Command,
    *,
    dry_run: bool,
) -> None:
    """Send a step between the two parts of a position, or only try it, and print how they change."""
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    holder = command.address(account)
    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        positions, token = LiquidityAccounts.of(network), network.system(command.currency).token.address
        before, step = positions.position(token, holder), make(positions, token, holder)
        if dry_run:
            positions.check(step)
        receipt = None if dry_run else positions.send(step)[0]
        now = positions.position(token, holder)
    parts = ("available", before.available, now.available), ("reserved", before.reserved, now.reserved)
    document = {f"{name}_units": change(*pair) for name, *pair in parts}
    lines = [f"position of {account}, {name}: {command.change(*pair)}" for name, *pair in parts]
    command.show_sent(receipt, {"account": account, **document}, lines, f"liquidity show --account {account}")


def _move(
    account: str,
    make: Callable[[LiquidityAccounts, CurrencyToken], tuple[Transaction, ...]],
    useful_next: str,
    command: Command,
) -> None:
    """Send steps on the position of an account, and print the changes of its position and its balance."""
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    holder = command.address(account)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        positions, token = LiquidityAccounts.of(network), network.system(command.currency).token
        before = positions.position(token.address, holder).available, token.balance_of(holder)
        *_, receipt = positions.send(*make(positions, token))
        now = positions.position(token.address, holder).available, token.balance_of(holder)
    names = ("available_units", "balance_units")
    document = {name: change(*pair) for name, pair in zip(names, zip(before, now, strict=True), strict=True)}
    lines = [f"position of {account}: {command.change(before[0], now[0])}"]
    lines += [f"{account}: {command.change(before[1], now[1])}"]
    command.show_sent(receipt, {"account": account, **document}, lines, useful_next)
