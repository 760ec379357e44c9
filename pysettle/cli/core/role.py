"""`pysettle role`: the roles of a currency, their holders and their hand-over."""

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
_ROLE = click.option("--role", "label", type=_LABELS, metavar="ROLE", required=True, help=f"The role: one of {_NAMED}.")
_OFFERED_TO = click.option(
    "--account", required=True, help="Account to which the role is offered: a name or an address."
)


@click.group(cls=Noun)
def role() -> None:
    """Show, offer, accept, hand over and revoke the roles of a currency (simulated).

    An account holds an offered role only after it accepts the role.
    """


@role.command()
@click.option(
    "--role", "label", type=_LABELS, metavar="ROLE", help=f"The role: one of {_NAMED}.  [default: all of them]"
)
@click.option("--account", help="Report on this account alone, as a holder and for its offers: a name or an address.")
@currency_view
def show(label: str | None, account: str | None, command: Command) -> None:
    """Show the holders of a role, and the accounts to which the role is offered."""
    only = None if account is None else command.address(account)
    document: dict[str, object] = {}
    lines = []
    with command.access() as access:
        for power in Role if label is None else (Role.labelled(label),):
            holding = access.holders(power)
            holders = [command.name(holder) for holder in holding]
            offers = {
                command.name(to): None if standing.predecessor is None else command.name(standing.predecessor)
                for to, standing in access.offers(power).items()
                if only in (None, to)
            }
            document[power.label] = {
                "holders": holders,
                "offers": [{"to": to, "handed_over_by": predecessor} for to, predecessor in offers.items()],
                "held_by_account": None if only is None else only in holding,
            }
            but_not = f", not {account}" if only is not None and only not in holding else ""
            lines += [f"{power.label}: {', '.join(holders) or 'nobody'}{but_not}"]
            lines += [f"  offered to {to}, {_from(predecessor)}" for to, predecessor in offers.items()]
    command.show({"account": account, "roles": document}, lines)


@role.command()
@_ROLE
@_OFFERED_TO
@click.option("--delay", type=Count(0, 2**32 - 1), default=0, help="Seconds between announcing and acting.")
@by_option(Role.ADMINISTRATOR)
@currency_command
def offer(label: str, account: str, delay: int, by: str | None, command: Command) -> None:
    """Offer a role to an account, which will hold it beside its present holders."""
    to, power = command.address(account), Role.labelled(label)
    signer = command.holder(by, Role.ADMINISTRATOR)
    with command.access(write=True) as access:
        _change("offer", access, power, access.offer(signer, power, to, delay), {account: to}, command)


@role.command()
@_ROLE
@click.option("--account", required=True, help="Account that accepts, by its name.")
@currency_command
def accept(label: str, account: str, command: Command) -> None:
    """Accept an offered role; an account that handed it over then no longer holds it."""
    power, signer = Role.labelled(label), command.signer(account)
    with command.access(write=True) as access:
        predecessor = access.standing(power, signer.address).predecessor
        concerned = {} if predecessor is None else {command.name(predecessor): predecessor}
        concerned[account] = signer.address
        _change("accept", access, power, access.accept(signer, power), concerned, command)


@role.command("hand-over")
@_ROLE
@click.option("--account", required=True, help="Account that holds the role, by its name.")
@click.option("--to", required=True, help="The successor: a name or an address.")
@currency_command
def hand_over(label: str, account: str, to: str, command: Command) -> None:
    """Offer a role to a successor; the holder keeps the role until the successor accepts it."""
    power, successor = Role.labelled(label), command.address(to)
    signer = command.signer(account)
    with command.access(write=True) as access:
        concerned = {account: signer.address, to: successor}
        _change("hand-over", access, power, access.hand_over(signer, power, successor), concerned, command)


@role.command()
@_ROLE
@_OFFERED_TO
@click.option("--by", help="Account that handed the role over.  [default: the maker of the offer]")
@currency_command
def withdraw(label: str, account: str, by: str | None, command: Command) -> None:
    """Withdraw a hand-over, as the account that made it; `role revoke` withdraws an offer of the administrator."""
    power, to = Role.labelled(label), command.address(account)
    with command.access(write=True) as access:
        predecessor = access.standing(power, to).predecessor
        if by is None and predecessor is None:
            raise UsageError(
                f"no holder hands {label} over to {account}: use `pysettle role revoke` for the administrator's offer",
                role=label,
                account=account,
            )
        signer = command.signer(by or command.name(predecessor or to))
        _change("withdraw", access, power, access.withdraw(signer, power, to), {account: to}, command)


@role.command()
@_ROLE
@click.option("--account", required=True, help="Holder of the role, or of an offer: a name or an address.")
@click.option("--last-administrator", "last", is_flag=True, help="Revoke the role of the last administrator.")
@by_option(Role.ADMINISTRATOR)
@currency_command
def revoke(label: str, account: str, last: bool, by: str | None, command: Command) -> None:
    """Take a role from an account, and withdraw every offer of the role to it."""
    power, holder = Role.labelled(label), command.address(account)
    signer = command.holder(by, Role.ADMINISTRATOR)
    with command.access(write=True) as access:
        if power is Role.ADMINISTRATOR and not last and access.is_last_administrator(holder):
            raise UsageError(
                f"{account} is the last administrator of {command.currency.value}: without one nobody can ever grant "
                "or revoke a role again, not even the role of a key that is lost or stolen; hand it over, or give "
                "--last-administrator",
                account=account,
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
    """Send a change of a role, and print the state of each concerned account before and after."""
    before = {name: access.standing(power, address) for name, address in concerned.items()}
    (receipt,) = access.send(transaction)
    now = {name: access.standing(power, address) for name, address in concerned.items()}
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
