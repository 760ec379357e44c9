"""`pysettle redemption`: tokens exchanged for reserve at an operating institution."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, amount_option, currency_command, currency_view
from pysettle.cli.documents import change, whole
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
_OPERATOR = click.option(
    "--by", help="Operating institution of the redemption.  [default: the one that the request names]"
)


@click.group(cls=Noun)
def redemption() -> None:
    """Exchange tokens for reserve: request, take, complete, reject or cancel a redemption (simulated)."""


@redemption.command()
@click.option("--from", "holder", required=True, help="Holder of the tokens, by its name.")
@amount_option
@click.option("--operator", help="Operating institution.  [default: the operator of the deployment]")
@currency_command
def request(holder: str, amount: str, operator: str | None, command: Command) -> None:
    """Request an exchange of tokens for reserve; the desk holds the tokens meanwhile."""
    units = to_whole_minor(amount)
    signer = command.signer(holder)
    institution = operator or command.workspace.holder(Role.OPERATOR, command.currency)
    with command.token(write=True) as token:
        before = token.balance_of(signer.address)
        (receipt,) = token.send(token.desk.request_redemption(signer, command.address(institution), units))
        number, now = token.desk.redemption_id(receipt), token.balance_of(signer.address)
    document = {
        "id": str(number),
        "holder": holder,
        "operator": institution,
        "amount_units": str(units),
        "balance_units": change(before, now),
    }
    lines = [f"redemption {number}: {holder} requests {command.text(units)} from {institution}"]
    lines += [f"{holder}: {command.change(before, now)}"]
    command.show_sent(receipt, document, lines, f"redemption take --id {number}")


@redemption.command()
@_ID
@_OPERATOR
@currency_command
def take(number: int, by: str | None, command: Command) -> None:
    """Take a request before exchanging the reserve: its holder cannot cancel it for a day."""
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
    """Report that the reserve is exchanged: destroys the tokens and restores the institution's quota."""
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
    """Refuse a request: the tokens go back to the holder, or become its credit if it cannot receive."""
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
@click.option("--by", help="Holder of the tokens.  [default: the account that made the request]")
@currency_command
def cancel(number: int, by: str | None, command: Command) -> None:
    """Cancel a request, unless the operating institution took it less than a day ago."""
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
    """Show the state of a redemption."""
    with command.token() as token:
        redemption = _find(token, number)
    document = {"id": str(number), **_document(redemption, command), "status": _word(redemption)}
    command.show(document, [f"redemption {number}: {_word(redemption)}", *_lines(redemption, command)])


@redemption.command("list")
@click.option("--account", help="Only redemptions of this holder or this institution: a name or an address.")
@wide_option
@currency_view
def list_(account: str | None, command: Command) -> None:
    """List the redemptions in a currency with their states, oldest first."""
    party = command.address(account) if account else None
    with command.token() as token:
        redemptions = token.desk.redemptions(party)
    document = {
        "redemptions": [
            {"id": str(number), **_document(redemption, command), "status": _word(redemption)}
            for number, redemption in redemptions.items()
        ]
    }
    rows = [
        (
            str(number),
            command.name(redemption.holder),
            command.name(redemption.operator),
            command.text(redemption.amount),
            _word(redemption),
        )
        for number, redemption in redemptions.items()
    ]
    header = ("redemption", "holder", "operator", "amount", "state")
    command.show(document, [table(header, rows)] if rows else ["no redemption"])


def _proceed(verb: str, number: int, by: str | None, step: _Step, useful_next: str, command: Command) -> None:
    """Do one step of a redemption, by default as the account that may do it."""
    with command.token(write=True) as token:
        before = _find(token, number)
        signer = command.signer(by or command.name(before.holder if verb == "cancel" else before.operator))
        held = _held(token, before)
        (receipt,) = token.send(step(token.desk, signer))
        now = _find(token, number)
        changes = dict(zip(("balance", "credit"), zip(held, _held(token, before), strict=True), strict=True))
    _show_step(number, (before, now), changes, receipt, useful_next, command)


def _show_step(
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
        **{f"{kind}_units": change(first, then) for kind, (first, then) in changes.items()},
    }
    lines = [f"redemption {number}: {_word(before)} -> {_word(now)}", *_lines(now, command)]
    holder = command.name(now.holder)
    lines += [
        f"{holder}: {'credit ' if kind == 'credit' else ''}{command.change(first, then)}"
        for kind, (first, then) in changes.items()
        if first != then
    ]
    command.show_sent(receipt, document, lines, useful_next)


def _find(token: CurrencyToken, number: int) -> Redemption:

    redemption = token.desk.redemption(number)
    if redemption.status is RedemptionStatus.NONE:
        raise RedemptionNotFound(contract="IssuanceDesk", args_by_name={"id": number})
    return redemption


def _held(token: CurrencyToken, redemption: Redemption) -> tuple[int, int]:
    return token.balance_of(redemption.holder), token.credit_of(redemption.holder)


def _word(redemption: Redemption) -> str:
    return redemption.status.word


def _document(redemption: Redemption, command: Command) -> dict[str, object]:
    return {
        "holder": command.name(redemption.holder),
        "operator": command.name(redemption.operator),
        "amount_units": str(redemption.amount),
        "cancellable_from_unix_s": whole(redemption.cancellable_from or None),
    }


def _lines(redemption: Redemption, command: Command) -> list[str]:

    holder, operator = command.name(redemption.holder), command.name(redemption.operator)
    lines = [f"{command.text(redemption.amount)} of {holder}, requested from {operator}"]
    if redemption.status is RedemptionStatus.TAKEN:
        lines += [f"{holder} can cancel the redemption from {instant(redemption.cancellable_from)}"]
    return lines
