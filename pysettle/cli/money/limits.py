"""`pysettle wallet limits`: the limits of wallet classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, by_option, currency_command, refuse_by
from pysettle.cli.documents import NOT_SENT
from pysettle.cli.nouns import Verb
from pysettle.cli.options import wide_option
from pysettle.cli.output import table
from pysettle.errors import UsageError
from pysettle.errors.states import Role, WalletClass
from pysettle.money import to_text, to_units

if TYPE_CHECKING:
    from pysettle.domain.money.wallets import ClassLimits

CLASSES = {wallet_class.word: wallet_class for wallet_class in WalletClass}
"""Word -> wallet class."""

_NAMES = {"balance": "balance", "payment": "payment", "daily": "per day", "annual": "per year"}
_NONE = "none"


def class_word(wallet_class: WalletClass) -> str:
    """Return the word for a wallet class in commands and documents."""
    return wallet_class.word


def class_text(wallet_class: WalletClass) -> str:
    """Write a wallet class as text."""
    word = class_word(wallet_class)
    return word if wallet_class is WalletClass.CORPORATE else f"class {word}"


@click.command(cls=Verb)
@click.option(
    "--class", "class_", type=click.Choice(list(CLASSES)), help="Class of wallets.  [default: show all of them]"
)
@click.option("--balance", help='Highest balance, in whole hundreds, such as 10000; "none" removes the limit.')
@click.option("--payment", help="Highest single payment, likewise.")
@click.option("--daily", help="Highest sum of payments on one day of UTC+8, likewise.")
@click.option("--annual", help="Highest sum of payments in one year of UTC+8, likewise.")
@by_option(Role.CENTRAL_BANK)
@wide_option
@currency_command
def limits(class_: str | None, by: str | None, command: Command, **changes: str | None) -> None:
    """Show the limits of wallet classes, or set the given limits of one class."""
    changed = {name: _units(text) for name, text in changes.items() if text is not None}
    if not changed:
        refuse_by(by, "a limit")
        _show(class_, command)
        return
    if class_ is None:
        raise UsageError("give the --class of these limits")
    wallet_class = CLASSES[class_]
    central_bank = command.holder(by, Role.CENTRAL_BANK)
    with command.token(write=True) as token:
        before = token.class_limits(wallet_class)
        (receipt,) = token.send(token.set_class_limits(central_bank, wallet_class, _replaced(before, changed)))
        now = token.class_limits(wallet_class)
    document = {"classes": {class_: {"before": _document(before), "now": _document(now)}}}
    lines = [
        f"{class_text(wallet_class)}, {words}: {_text(getattr(before, name))} -> {_text(getattr(now, name))}"
        for name, words in _NAMES.items()
        if name in changed
    ]
    command.show_sent(receipt, document, lines, f"wallet limits --class {class_}")


def _show(class_: str | None, command: Command) -> None:
    words = CLASSES if class_ is None else (class_,)
    with command.token() as token:
        shown = {word: token.class_limits(CLASSES[word]) for word in words}
    rows = [(word, *(_text(getattr(limits, name)) for name in _NAMES)) for word, limits in shown.items()]
    heading = f"Limits of wallet classes in {command.currency.value}"
    lines = [heading, table(("class", *_NAMES.values()), rows)]
    classes = {word: {"before": None, "now": _document(limits)} for word, limits in shown.items()}
    command.show({"classes": classes, **NOT_SENT}, lines)


def _units(text: str) -> int:
    from pysettle.domain.money.wallets import NO_LIMIT

    return NO_LIMIT if text == _NONE else to_units(text)


def _replaced(limits: ClassLimits, changed: dict[str, int]) -> ClassLimits:
    from pysettle.domain.money.wallets import ClassLimits

    return ClassLimits(**{name: changed.get(name, getattr(limits, name)) for name in _NAMES})


def _text(limit: int) -> str:
    from pysettle.domain.money.wallets import NO_LIMIT

    return _NONE if limit == NO_LIMIT else to_text(limit)


def _document(limits: ClassLimits) -> dict[str, str | None]:
    """Return limits in units; None without a limit."""
    from pysettle.domain.money.wallets import NO_LIMIT

    values = {name: getattr(limits, name) for name in _NAMES}
    return {f"{name}_units": None if limit == NO_LIMIT else str(limit) for name, limit in values.items()}
