"""`pysettle wallet freeze|unfreeze|seize|seize-credit`: measures of the law on an account."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    Function,
    account_option,
    amount_option,
    by_option,
    currency_command,
    to_option,
)
from pysettle.cli.documents import change
from pysettle.cli.nouns import Verb
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.money import to_units
from pysettle.values import Units

if TYPE_CHECKING:
    from pysettle.client.core.contract import Transaction
    from pysettle.client.money.currency import CurrencyToken, Freeze
    from pysettle.values import Address


def _legal_basis(_: click.Context, __: click.Parameter, file: Path) -> bytes:
    from pysettle.hashing import keccak

    try:
        return keccak(file.read_bytes())
    except OSError as problem:
        raise UsageError(f"the legal basis cannot be read from {file}: {problem}", path=file) from problem


def seizure_options(command: Function) -> Function:
    """Give a command an account, a receiver, an amount and the legal basis of a seizure."""
    basis = click.option(
        "--legal-basis",
        required=True,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        callback=_legal_basis,
        help="Document that orders the seizure; the chain stores its Keccak-256 hash.",
    )
    return account_option(to_option(amount_option(basis(by_option(Role.SEIZER)(command)))))


def freeze_of(*, outgoing: bool, incoming: bool, amount: str | None) -> tuple[Freeze, Units | None]:
    """Return the directions and the frozen amount, in units, that the options of a freeze ask for.

    Args:
        outgoing: Whether nothing may leave.
        incoming: Whether nothing may come in.
        amount: Amount in whole currency; None to leave the amount as it is.

    Raises:
        UsageError: they ask for nothing, or the amount is none.
    """
    from pysettle.client.money.currency import Freeze

    if not (outgoing or incoming or amount):
        raise UsageError("give at least one of --outgoing, --incoming and --amount")
    return Freeze(outgoing, incoming), None if amount is None else to_units(amount)


@click.command(cls=Verb)
@account_option
@click.option("--outgoing", is_flag=True, help="The account cannot pay.")
@click.option("--incoming", is_flag=True, help="The account cannot receive.")
@click.option("--amount", help="Frozen amount of the balance; it replaces an earlier amount.")
@by_option(Role.FREEZER)
@currency_command
def freeze(account: str, outgoing: bool, incoming: bool, amount: str | None, by: str | None, command: Command) -> None:
    """Freeze further directions of an account, or an amount of its balance."""
    _freeze(account, *freeze_of(outgoing=outgoing, incoming=incoming, amount=amount), by, command)


@click.command(cls=Verb)
@account_option
@by_option(Role.FREEZER)
@currency_command
def unfreeze(account: str, by: str | None, command: Command) -> None:
    """Lift every freeze of an account."""
    _freeze(account, None, Units(0), by, command)


@click.command(cls=Verb)
@seizure_options
@currency_command
def seize(account: str, to: str, amount: str, legal_basis: bytes, by: str | None, command: Command) -> None:
    """Seize tokens of an account, frozen or not, on a legal basis."""
    from pysettle.client.money.currency import CurrencyToken

    holder, units = command.address(account), to_units(amount)
    signer = command.holder(by, Role.SEIZER)

    def order(token: CurrencyToken, receiver: Address) -> Transaction:
        return token.seize(signer, holder, receiver, units, legal_basis)

    _seize("balance", CurrencyToken.balance_of, order, (account, to, units, legal_basis), command)


@click.command("seize-credit", cls=Verb)
@seizure_options
@currency_command
def seize_credit(account: str, to: str, amount: str, legal_basis: bytes, by: str | None, command: Command) -> None:
    """Seize the credit of an account on a legal basis."""
    from pysettle.client.money.currency import CurrencyToken

    holder, units = command.address(account), to_units(amount)
    signer = command.holder(by, Role.SEIZER)

    def order(token: CurrencyToken, receiver: Address) -> Transaction:
        return token.seize_credit(signer, holder, receiver, units, legal_basis)

    _seize("credit", CurrencyToken.credit_of, order, (account, to, units, legal_basis), command)


def freeze_document(frozen: Freeze) -> dict[str, object]:
    """Return the freeze of an account for a document."""
    return {"outgoing": frozen.outgoing, "incoming": frozen.incoming, "amount_units": str(frozen.amount)}


def freeze_words(frozen: Freeze, command: Command) -> str:
    """Write the freeze of an account."""
    words = ["outgoing"] * frozen.outgoing + ["incoming"] * frozen.incoming
    words += [command.text(frozen.amount)] if frozen.amount else []
    return ", ".join(words) or "nothing"


def _seize(
    kind: str,
    held_by: Callable[[CurrencyToken, Address], int],
    order: Callable[[CurrencyToken, Address], Transaction],
    seizure: tuple[str, str, int, bytes],
    command: Command,
) -> None:
    """Seize a balance or a credit, by `kind`; `seizure` is the account, the receiver, the units and the basis."""
    account, to, units, basis = seizure
    holder, receiver = command.address(account), command.address(to)
    with command.token(write=True) as token:
        before, credit_before = held_by(token, holder), token.credit_of(receiver)
        (receipt,) = token.send(order(token, receiver))
        now, credit = held_by(token, holder), token.credit_of(receiver)
    document = {
        "account": account,
        "to": to,
        "amount_units": str(units),
        "legal_basis": "0x" + basis.hex(),
        f"{kind}_units": change(before, now),
        "receiver_credit_units": change(credit_before, credit),
    }
    label = "credit " if kind == "credit" else ""
    lines = [f"{account}: {label}{command.change(before, now)}, {command.text(units)} seized for {to}"]
    if credit > credit_before:
        lines += [f"{to}: credit, held because the account cannot receive: {command.change(credit_before, credit)}"]
    lines += [f"legal basis {document['legal_basis']}"]
    command.show_sent(receipt, document, lines, f"wallet show --account {to}")


def _freeze(account: str, more: Freeze | None, amount: Units | None, by: str | None, command: Command) -> None:
    """Freeze more directions of an account, or none for `more` None; and an amount, or the present one for None."""
    address = command.address(account)
    signer = command.holder(by, Role.FREEZER)
    with command.token(write=True) as token:
        before = token.frozen(address)
        outgoing = more is not None and (before.outgoing or more.outgoing)
        incoming = more is not None and (before.incoming or more.incoming)
        orders = []
        if (outgoing, incoming) != (before.outgoing, before.incoming) or amount is None:
            orders.append(token.freeze(signer, address, outgoing=outgoing, incoming=incoming))
        if amount is not None:
            orders.append(token.freeze_amount(signer, address, amount))
        receipt = token.send(*orders)[-1]
        now = token.frozen(address)
    document = {"account": account, "frozen": {"before": freeze_document(before), "now": freeze_document(now)}}
    lines = [f"{account}: frozen {freeze_words(before, command)} -> {freeze_words(now, command)}"]
    command.show_sent(receipt, document, lines, f"wallet show --account {account}")
