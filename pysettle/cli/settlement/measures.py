"""`pysettle liquidity freeze|unfreeze|seize|pause|unpause`: measures of the law on account and position at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, account_option, by_option, currency_command
from pysettle.cli.documents import change
from pysettle.cli.money.enforcement import freeze_document, freeze_of, freeze_words, seizure_options
from pysettle.cli.nouns import Verb
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.money import to_units
from pysettle.values import Units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pysettle.client.money.currency import CurrencyToken, Freeze
    from pysettle.client.settlement.liquidity import LiquidityAccounts


@click.command(cls=Verb)
@account_option
@click.option("--outgoing", is_flag=True, help="Nothing leaves account and position.")
@click.option("--incoming", is_flag=True, help="Nothing comes into account and position.")
@click.option("--amount", help="Frozen amount of the account and, as much again, of the position.")
@by_option(Role.FREEZER)
@currency_command
def freeze(account: str, outgoing: bool, incoming: bool, amount: str | None, by: str | None, command: Command) -> None:
    """Freeze further directions of an account and its position, or an amount of each."""
    _freeze(account, *freeze_of(outgoing=outgoing, incoming=incoming, amount=amount), by, command)


@click.command(cls=Verb)
@account_option
@by_option(Role.FREEZER)
@currency_command
def unfreeze(account: str, by: str | None, command: Command) -> None:
    """Lift every freeze of an account and its position."""
    _freeze(account, None, Units(0), by, command)


@click.command(cls=Verb)
@seizure_options
@currency_command
def seize(account: str, to: str, amount: str, legal_basis: bytes, by: str | None, command: Command) -> None:
    """Seize an amount of a position and, beyond it, of the account, frozen or not, on a legal basis."""
    holder, receiver, units = command.address(account), command.address(to), to_units(amount)
    signer = command.holder(by, Role.SEIZER)
    with _opened(command) as (positions, token):
        before = positions.position(token.address, holder).available, token.balance_of(holder)
        if units > sum(before):
            held = command.text(sum(before))
            raise UsageError(
                f"{account} has {held} in position and account together: seize at most this", account=account, held=held
            )
        first = Units(min(units, before[0]))
        steps = [positions.seize(signer, token.address, holder, receiver, first, legal_basis)] * bool(first)
        if units > first:
            steps.append(token.seize(signer, holder, receiver, Units(units - first), legal_basis))
        receipt = positions.send(*steps)[-1]
        now = positions.position(token.address, holder).available, token.balance_of(holder)
    document = {
        "account": account,
        "to": to,
        "amount_units": str(units),
        "legal_basis": "0x" + legal_basis.hex(),
        "available_units": change(before[0], now[0]),
        "balance_units": change(before[1], now[1]),
    }
    lines = [f"position of {account}: {command.change(before[0], now[0])}"]
    lines += [f"{account}: {command.change(before[1], now[1])}, {command.text(units)} seized for {to}"]
    lines += [f"legal basis {document['legal_basis']}"]
    command.show_sent(receipt, document, lines, f"wallet show --account {to}")


@click.command(cls=Verb)
@by_option(Role.PAUSER)
@currency_command
def pause(by: str | None, command: Command) -> None:
    """Pause a currency and the positions in it; payouts of positions to their own accounts go on."""
    _set_pause(True, by, command)


@click.command(cls=Verb)
@by_option(Role.PAUSER)
@currency_command
def unpause(by: str | None, command: Command) -> None:
    """End the pause of a currency and of the positions in it."""
    _set_pause(False, by, command)


@contextmanager
def _opened(command: Command) -> Iterator[tuple[LiquidityAccounts, CurrencyToken]]:
    """Open the chain to write, and yield the positions and the token of the currency."""
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        yield LiquidityAccounts.of(network), network.system(command.currency).token


def _freeze(account: str, more: Freeze | None, amount: Units | None, by: str | None, command: Command) -> None:
    """Freeze more directions of account and position, or none for `more` None; an amount of each, or as it is."""
    holder, signer = command.address(account), command.holder(by, Role.FREEZER)

    def directions(of: Freeze) -> dict[str, bool]:
        if more is None:
            return {"outgoing": False, "incoming": False}
        return {"outgoing": of.outgoing or more.outgoing, "incoming": of.incoming or more.incoming}

    with _opened(command) as (positions, token):
        place = token.address
        before = {"account": token.frozen(holder), "position": positions.position(place, holder).frozen}
        steps = [
            token.freeze(signer, holder, **directions(before["account"])),
            positions.freeze(signer, place, holder, **directions(before["position"])),
        ]
        if amount is not None:
            steps.append(token.freeze_amount(signer, holder, amount))
            steps.append(positions.freeze_amount(signer, place, holder, amount))
        receipt = positions.send(*steps)[-1]
        now = {"account": token.frozen(holder), "position": positions.position(place, holder).frozen}
    document: dict[str, object] = {"account": account}
    for name, was in before.items():
        document[f"{name}_frozen"] = {"before": freeze_document(was), "now": freeze_document(now[name])}
    lines = [
        f"{name} of {account}: frozen {freeze_words(was, command)} -> {freeze_words(now[name], command)}"
        for name, was in before.items()
    ]
    command.show_sent(receipt, document, lines, f"liquidity show --account {account}")


def _set_pause(paused: bool, by: str | None, command: Command) -> None:
    pauser = command.holder(by, Role.PAUSER)
    with _opened(command) as (positions, token):
        place = token.address
        before = token.is_paused, positions.is_paused(place)
        steps = (
            (token.pause(pauser), positions.pause(pauser, place))
            if paused
            else (token.unpause(pauser), positions.unpause(pauser, place))
        )
        receipt = positions.send(*steps)[-1]
    words, code = {True: "paused", False: "not paused"}, command.currency.value
    lines = [f"{code}: {words[before[0]]} -> {words[paused]}"]
    lines += [f"positions in {code}: {words[before[1]]} -> {words[paused]}"]
    document = {
        "paused": {"before": before[0], "now": paused},
        "positions_paused": {"before": before[1], "now": paused},
    }
    command.show_sent(receipt, document, lines, "liquidity unpause" if paused else "reserve show")
