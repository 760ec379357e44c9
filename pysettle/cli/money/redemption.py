"""`pysettle redemption`: tokens exchanged for reserve at an operating institution."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, amount_option, currency_command, currency_view
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Whole, wide_option
from pysettle.cli.output import instant, table
from pysettle.errors.money.issuance import RedemptionNotFound
from pysettle.errors.states import RedemptionStatus, Role
from pysettle.money import to_whole_minor

if TYPE_CHECKING:
    from pysettle.client.core.contract import Receipt, Transaction, TransactionSigner
    from pysettle.client.money.currency import CurrencyToken
    from pysettle.client.money.desk import IssuanceDesk, Redemption

    _Step = Callable[[IssuanceDesk, TransactionSigner], Transaction]

_ID = click.option("--id", "number", type=Whole(256, 1), required=True, help="Number of the redemption.")
_OPERATOR = click.option("--by", help="Operating institution that was asked.  [default: the one it was asked of]")


@click.group(cls=Noun)
def redemption() -> None:
    """Exchange tokens for reserve: ask for it, take, complete, reject or cancel it (simulated)."""


@redemption.command()
@click.option("--from", "holder", required=True, help="Account whose tokens are exchanged, by its name.")
@amount_option
@click.option("--operator", help="Operating institution asked.  [default: who got the role at deployment]")
@currency_command
def request(holder: str, amount: str, operator: str | None, command: Command) -> None:
    """Ask an operating institution to exchange tokens for reserve; its desk holds them meanwhile."""
    units, signer = to_whole_minor(amount), command.signer(holder)
    asked = operator or command.workspace.holder(Role.OPERATOR, command.currency)
    with command.token(write=True) as token:
        before = token.balance_of(signer.address)
        (receipt,) = token.send(token.desk.request_redemption(signer, command.address(asked), units))
        number, now = token.desk.redemption_id(receipt), token.balance_of(signer.address)
    document = {
        "id": str(number),
        "holder": holder,
        "operator": asked,
        "units": str(units),
        "balances": {holder: {"before": str(before), "now": str(now)}},
    }
    lines = [f"redemption {number}: {command.text(units)} of {holder} asked of {asked}"]
    lines += [f"{holder}: {command.change(before, now)}"]
    command.show_sent(receipt, document, lines, f"redemption take --id {number}")


@redemption.command()
@_ID
@_OPERATOR
@currency_command
def take(number: int, by: str | None, command: Command) -> None:
    """Take a request before the reserve is exchanged: for a day its holder cannot cancel it."""
    _proceed(
        "take",
        number,
        by,
        lambda desk, signer: desk.take_redemption(signer, number),
        f"redemption complete --id {number}",
        command,
    )


@redemption.command()
@_ID
@_OPERATOR
@currency_command
def complete(number: int, by: str | None, command: Command) -> None:
    """Say that the reserve is exchanged: the tokens are destroyed, and the institution's quota is restored."""
    _proceed(
        "complete",
        number,
        by,
        lambda desk, signer: desk.complete_redemption(signer, number),
        "reserve quota",
        command,
    )


@redemption.command()
@_ID
@_OPERATOR
@currency_command
def reject(number: int, by: str | None, command: Command) -> None:
    """Refuse a request: the tokens go back to the holder, or become its credit where they cannot."""
    _proceed(
        "reject",
        number,
        by,
        lambda desk, signer: desk.reject_redemption(signer, number),
        f"redemption show --id {number}",
        command,
    )


@redemption.command()
@_ID
@click.option("--by", help="Account that asked for it.  [default: the one that did]")
@currency_command
def cancel(number: int, by: str | None, command: Command) -> None:
    """Take a request back, unless the operating institution took it less than a day ago."""
    _proceed(
        "cancel",
        number,
        by,
        lambda desk, signer: desk.cancel_redemption(signer, number),
        f"redemption show --id {number}",
        command,
    )


@redemption.command()
@_ID
@currency_view
def show(number: int, command: Command) -> None:
    """Show where a redemption stands."""
    with command.token() as token:
        found = _find(token, number)
    document = {"id": str(number), **_document(found, command), "status": _word(found)}
    command.show(document, [f"redemption {number}: {_word(found)}", *_lines(found, command)])


@redemption.command("list")
@click.option("--account", help="Only those of this holder, or asked of this institution: a name or an address.")
@wide_option
@currency_view
def list_(account: str | None, command: Command) -> None:
    """List the redemptions in a currency, oldest first, with their states."""
    party = command.address(account) if account else None
    with command.token() as token:
        found = token.desk.redemptions(party)
    document = {
        "redemptions": [
            {"id": str(number), **_document(it, command), "status": _word(it)} for number, it in found.items()
        ]
    }
    rows = [
        (str(number), command.name(it.holder), command.name(it.operator), command.text(it.amount), _word(it))
        for number, it in found.items()
    ]
    header = ("redemption", "holder", "asked of", "amount", "stands")
    command.show(document, [table(header, rows)] if rows else ["no redemption"])


def _proceed(verb: str, number: int, by: str | None, step: _Step, useful_next: str, command: Command) -> None:
    """Do one step of a redemption, as the account that may do it unless another is named."""
    with command.token(write=True) as token:
        before = _find(token, number)
        signer = command.signer(by or command.name(before.holder if verb == "cancel" else before.operator))
        held = _held(token, before)
        (receipt,) = token.send(step(token.desk, signer))
        now = _find(token, number)
        changes = dict(zip(("balance", "credit"), zip(held, _held(token, before), strict=True), strict=True))
    _show_step(verb, number, (before, now), changes, receipt, useful_next, command)


def _show_step(
    verb: str,
    number: int,
    redemptions: tuple[Redemption, Redemption],
    changes: dict[str, tuple[int, int]],
    receipt: Receipt,
    useful_next: str,
    command: Command,
) -> None:
    before, now = redemptions
    document = {
        "id": str(number),
        **_document(now, command),
        "status": {"before": _word(before), "now": _word(now)},
        **{what: {"before": str(first), "now": str(then)} for what, (first, then) in changes.items()},
    }
    lines = [f"redemption {number}: {_word(before)} -> {_word(now)}", *_lines(now, command)]
    holder = command.name(now.holder)
    lines += [
        f"{holder}: {'credit ' if what == 'credit' else ''}{command.change(first, then)}"
        for what, (first, then) in changes.items()
        if first != then
    ]
    command.show_sent(receipt, document, lines, useful_next)


def _find(token: CurrencyToken, number: int) -> Redemption:

    found = token.desk.redemption(number)
    if found.status is RedemptionStatus.NONE:
        raise RedemptionNotFound(contract="IssuanceDesk", args_by_name={"id": number})
    return found


def _held(token: CurrencyToken, redemption: Redemption) -> tuple[int, int]:
    return token.balance_of(redemption.holder), token.credit_of(redemption.holder)


def _word(redemption: Redemption) -> str:
    return redemption.status.word


def _document(redemption: Redemption, command: Command) -> dict[str, object]:
    return {
        "holder": command.name(redemption.holder),
        "operator": command.name(redemption.operator),
        "units": str(redemption.amount),
        "cancellable_from": str(redemption.cancellable_from),
    }


def _lines(redemption: Redemption, command: Command) -> list[str]:

    holder, operator = command.name(redemption.holder), command.name(redemption.operator)
    lines = [f"{command.text(redemption.amount)} of {holder}, asked of {operator}"]
    if redemption.status is RedemptionStatus.TAKEN:
        lines += [f"{holder} can cancel it from {instant(redemption.cancellable_from)}"]
    return lines
