"""`pysettle role`: who holds which power over a currency, and how it passes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, by_option, currency_command, currency_view
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count
from pysettle.errors import UsageError
from pysettle.errors.states import Role

if TYPE_CHECKING:
    from pysettle.client.core.access import NetworkAccess, RoleStanding
    from pysettle.client.core.contract import Receipt, Transaction
    from pysettle.values import Address

_LABELS = click.Choice([role.label for role in Role])
_NAMED = ", ".join(_LABELS.choices)
_ROLE = click.option(
    "--role", "label", type=_LABELS, metavar="ROLE", required=True, help=f"The power, which is one of {_NAMED}."
)
_OFFERED_TO = click.option("--account", required=True, help="Account it is offered to: a name or an address.")


@click.group(cls=Noun)
def role() -> None:
    """Show, give, accept, pass on and take back the powers over a currency (simulated).

    A role is offered, and held by nobody new before it is accepted.
    """


@role.command()
@click.option(
    "--role", "label", type=_LABELS, metavar="ROLE", help=f"The power, one of {_NAMED}.  [default: all of them]"
)
@click.option(
    "--account", help="Say whether this account holds it, and what is offered to it alone: a name or an address."
)
@currency_view
def show(label: str | None, account: str | None, command: Command) -> None:
    """Show who holds a role, and to whom it is offered."""
    only = None if account is None else command.address(account)
    document: dict[str, dict[str, object]] = {}
    lines = []
    with command.access() as access:
        for it in Role if label is None else (Role.labelled(label),):
            holding = access.holders(it)
            holders = [command.name(holder) for holder in holding]
            offers = {
                command.name(to): None if standing.predecessor is None else command.name(standing.predecessor)
                for to, standing in access.offers(it).items()
                if only in (None, to)
            }
            document[it.label] = {"holders": holders, "offers": offers}
            if only is not None:
                document[it.label]["held_by_account"] = only in holding
            but_not = f", not {account}" if only is not None and only not in holding else ""
            lines += [f"{it.label}: {', '.join(holders) or 'nobody'}{but_not}"]
            lines += [f"  offered to {to}, {_from(predecessor)}" for to, predecessor in offers.items()]
    command.show({"account": account, "roles": document}, lines)


@role.command()
@_ROLE
@_OFFERED_TO
@click.option("--delay", type=Count(0, 2**32 - 1), default=0, help="Seconds between announcing and acting.")
@by_option(Role.ADMINISTRATOR)
@currency_command
def offer(label: str, account: str, delay: int, by: str | None, command: Command) -> None:
    """Offer a role to an account, which will hold it beside who holds it already."""
    to, power, signer = command.address(account), Role.labelled(label), command.holder(by, Role.ADMINISTRATOR)
    with command.access(write=True) as access:
        _change("offer", access, power, access.offer(signer, power, to, delay), {account: to}, command)


@role.command()
@_ROLE
@click.option("--account", required=True, help="Account that accepts, by its name.")
@currency_command
def accept(label: str, account: str, command: Command) -> None:
    """Accept a role that is offered; who handed it over holds it no longer."""
    power, signer = Role.labelled(label), command.signer(account)
    with command.access(write=True) as access:
        predecessor = access.standing(power, signer.address).predecessor
        concerned = {} if predecessor is None else {command.name(predecessor): predecessor}
        concerned[account] = signer.address
        _change("accept", access, power, access.accept(signer, power), concerned, command)


@role.command("hand-over")
@_ROLE
@click.option("--account", required=True, help="Account that holds it, by its name.")
@click.option("--to", required=True, help="Its successor: a name or an address.")
@currency_command
def hand_over(label: str, account: str, to: str, command: Command) -> None:
    """Offer a role that an account holds to its successor; the account keeps it until that accepts."""
    power, signer, successor = Role.labelled(label), command.signer(account), command.address(to)
    with command.access(write=True) as access:
        concerned = {account: signer.address, to: successor}
        _change("hand-over", access, power, access.hand_over(signer, power, successor), concerned, command)


@role.command()
@_ROLE
@_OFFERED_TO
@click.option("--by", help="Account that handed it over.  [default: the one that did]")
@currency_command
def withdraw(label: str, account: str, by: str | None, command: Command) -> None:
    """Take back an offer by who handed the role over; the administrator takes back its own by `role revoke`."""
    power, to = Role.labelled(label), command.address(account)
    with command.access(write=True) as access:
        predecessor = access.standing(power, to).predecessor
        if by is None and predecessor is None:
            raise UsageError(f"nobody hands {label} over to {account}: what the administrator offers, it revokes")
        signer = command.signer(by or command.name(predecessor or to))
        _change("withdraw", access, power, access.withdraw(signer, power, to), {account: to}, command)


@role.command()
@_ROLE
@click.option("--account", required=True, help="Account that holds it, or that it is offered to: a name or an address.")
@click.option("--last-administrator", "last", is_flag=True, help="Do it although nobody will be administrator then.")
@by_option(Role.ADMINISTRATOR)
@currency_command
def revoke(label: str, account: str, last: bool, by: str | None, command: Command) -> None:
    """Take a role from an account, and what is offered of it."""
    power, holder, signer = Role.labelled(label), command.address(account), command.holder(by, Role.ADMINISTRATOR)
    with command.access(write=True) as access:
        if power is Role.ADMINISTRATOR and not last and access.is_last_administrator(holder):
            raise UsageError(
                f"{account} is the last administrator of {command.currency.value}: without one nobody can ever give or "
                "take back a role again, not even that of a key that is lost or stolen; hand the role over, or say "
                "--last-administrator"
            )
        _change("revoke", access, power, access.revoke(signer, power, holder), {account: holder}, command)


def _change(
    verb: str,
    access: NetworkAccess,
    power: Role,
    transaction: Transaction,
    concerned: Mapping[str, Address],
    command: Command,
) -> None:
    """Send a change of a role, and print what it is to everybody concerned before and after."""
    before = {name: access.standing(power, it) for name, it in concerned.items()}
    (receipt,) = access.send(transaction)
    now = {name: access.standing(power, it) for name, it in concerned.items()}
    _show_change(verb, power, before, now, receipt, command)


def _show_change(
    verb: str,
    power: Role,
    before: Mapping[str, RoleStanding],
    now: Mapping[str, RoleStanding],
    receipt: Receipt,
    command: Command,
) -> None:
    *_, last = now
    document = {
        "role": power.label,
        "accounts": {name: {"before": _document(before[name]), "now": _document(now[name])} for name in now},
    }
    lines = [f"{power.label}, {name}: {_words(before[name])} -> {_words(now[name])}" for name in now]
    useful_next = f"role show --role {power.label}"
    if now[last].offered:
        useful_next = f"role accept --role {power.label} --account {last}"
    elif verb == "accept" and power is Role.OPERATOR:
        useful_next = f"reserve quota --operator {last} --amount 1000"
    command.show_sent(receipt, document, lines, useful_next)


def _document(standing: RoleStanding) -> dict[str, bool]:
    return {"held": standing.held, "offered": standing.offered}


def _words(standing: RoleStanding) -> str:
    return " and ".join(["held"] * standing.held + ["offered"] * standing.offered) or "not held"


def _from(predecessor: str | None) -> str:
    return "beside its holders" if predecessor is None else f"handed over by {predecessor}"
