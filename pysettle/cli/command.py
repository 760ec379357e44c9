"""Common parts of commands on a workspace: their options, their signers, and the output of a change."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.documents import NOT_SENT, change
from pysettle.cli.options import json_option, password_option, pasteable, show, workspace_option
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from pysettle.client.core.access import NetworkAccess
    from pysettle.client.core.contract import Receipt, Transaction, TransactionSigner
    from pysettle.client.money.currency import CurrencyToken
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.signing import Signer
    from pysettle.values import Address
    from pysettle.workspace.directory import Workspace

Function = Callable[..., Any]

account_option = click.option("--account", required=True, help="A name or an address.")
amount_option = click.option("--amount", required=True, help="Amount of the currency, such as 12.50.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Execute it on the present state without sending it.")
to_option = click.option("--to", required=True, help="Account that receives: a name or an address.")


def by_option(role: Role) -> Callable[[Function], Function]:
    """Add `--by`: another holder of a role than the account that got it at deployment."""
    holder = f"the {role.label} of the deployment"
    return click.option("--by", help=f"Account that holds the role {role.label}.  [default: {holder}]")


def refuse_by(by: str | None, change: str) -> None:
    """Refuse `--by` for a command that only reads because its change is missing.

    Raises:
        UsageError: an account is named, and the option with the change is not.
    """
    if by is not None:
        raise UsageError(
            f"--by names the account that makes a change: give {change} too, or leave --by out to read", option=change
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One command on a workspace, as it was called."""

    workspace: Workspace
    """The workspace."""
    password: str | None
    """Opens the encrypted accounts."""
    as_json: bool
    """Whether to print a document in place of text."""
    in_currency: Currency | None = None
    """The currency; None if the command is not about one currency."""

    @property
    def currency(self) -> Currency:
        """The currency of the command, e-CNY by default."""
        return self.in_currency or Currency.CNY

    def address(self, account: str) -> Address:
        """Return the address of an account."""
        return self.workspace.accounts.address(account)

    def name(self, address: Address) -> str:
        """Return the account of an address."""
        return self.workspace.accounts.name(address)

    def signer(self, account: str) -> TransactionSigner:
        """Return the signer of an account."""
        return self.workspace.accounts.signer(account, self.password)

    def key(self, account: str) -> Signer:
        """Return the key of an account, for signatures other than those of transactions."""
        return self.workspace.accounts.key(account, self.password)

    def holder(self, account: str | None, role: Role) -> TransactionSigner:
        """Return the signer of the account that acts by a role: the named one, or the holder since deployment."""
        return self.signer(account or self.workspace.holder(role, self.currency))

    @contextmanager
    def token(self, *, write: bool = False) -> Iterator[CurrencyToken]:
        """Open the chain, to read or to write, and yield the token of the currency."""
        with self.workspace.chain(write=write) as chain:
            yield self.workspace.network(chain).system(self.currency).token

    @contextmanager
    def access(self, *, write: bool = False) -> Iterator[NetworkAccess]:
        """Open the chain, to read or to write, and yield the roles of the currency."""
        with self.workspace.chain(write=write) as chain:
            yield self.workspace.network(chain).system(self.currency).access

    @contextmanager
    def compute(self, *, write: bool = False) -> Iterator[SettlementNetwork]:
        """Open the chain, to read or to write, and yield its network."""
        with self.workspace.chain(write=write) as chain:
            yield self.workspace.network(chain)

    def text(self, units: int) -> str:
        """Write units with the currency."""
        return self.currency.text(units)

    def change(self, before: int, now: int) -> str:
        """Write a change of units."""
        return f"{to_text(before)} -> {self.text(now)}"

    def next(self, command: str) -> str:
        """Write the next useful command, ready to paste."""
        return pasteable(command + ("" if self.currency is Currency.CNY else f" --currency {self.currency.value}"))

    def show(
        self, document: Mapping[str, object], lines: list[str], foreign: Mapping[str, object] | None = None
    ) -> None:
        """Print a result; the document of a command on one currency names it. Arguments are those of `options.show`."""
        of_currency = {"currency": self.in_currency.value} if self.in_currency else {}
        show({**of_currency, **document}, lines, self.as_json, foreign)

    def show_sent(
        self, receipt: Receipt | None, document: Mapping[str, object], lines: list[str], useful_next: str
    ) -> None:
        """Print the changes of a transaction, its hash and block, and the next useful command.

        Args:
            receipt: Its receipt; None after a dry run, which sent nothing.
            document: Further fields of the document.
            lines: The changes in words.
            useful_next: The next useful command.
        """
        if receipt is None:
            lines = ["it would be accepted now; nothing was sent", f"Next: {self.next(useful_next)}"]
            return self.show({**document, **NOT_SENT}, lines)
        sent = {"tx_hash": "0x" + receipt.transaction_hash.hex(), "block": str(receipt.block_number)}
        lines = [*lines, f"transaction {sent['tx_hash']} in block {receipt.block_number}"]
        return self.show({**document, **sent}, [*lines, f"Next: {self.next(useful_next)}"])

    def move(
        self,
        holders: Mapping[str, Address],
        make: Callable[[CurrencyToken], Transaction],
        document: Mapping[str, object],
        useful_next: str,
    ) -> None:
        """Send a transaction that moves units, and print the changes of the holders' balances and credits.

        Args:
            holders: Name -> address of each account with a balance that may change.
            make: Makes the transaction.
            document: Further fields of the document.
            useful_next: The next useful command.
        """
        with self.token(write=True) as token:
            before = {name: _holding(token, holder) for name, holder in holders.items()}
            (receipt,) = token.send(make(token))
            now = {name: _holding(token, holder) for name, holder in holders.items()}
        changes = {
            kind: {name: change(before[name][place], now[name][place]) for name in holders}
            for place, kind in enumerate(("balance_units", "credit_units"))
        }
        lines = [f"{name}: {self.change(before[name][0], now[name][0])}" for name in holders]
        lines += [
            f"{name}: credit, held because the account cannot receive: {self.change(before[name][1], now[name][1])}"
            for name in holders
            if before[name][1] != now[name][1]
        ]
        self.show_sent(receipt, {**document, **changes}, lines, useful_next)


def _holding(token: CurrencyToken, holder: Address) -> tuple[int, int]:
    return token.balance_of(holder), token.credit_of(holder)


def currency_command(function: Function) -> Function:
    """Give a command that changes a currency its `command`, with the common options."""
    return password_option(_currency_option(_command(function)))


def currency_view(function: Function) -> Function:
    """Give a command that only reads a currency its `command`; it needs no password."""
    return _currency_option(_command(function))


def network_command(function: Function) -> Function:
    """Give a command that signs a transaction or a message its `command`, with the common options."""
    return password_option(_command(function))


def network_view(function: Function) -> Function:
    """Give a command that only reads its `command`; it needs no password."""
    return _command(function)


def _command(function: Function) -> Function:
    @functools.wraps(function)
    def run(
        workspace: Workspace,
        as_json: bool,
        password: str | None = None,
        in_currency: str | None = None,
        **options: object,
    ) -> object:
        currency = Currency(in_currency) if in_currency else None
        return function(command=Command(workspace, password, as_json, currency), **options)

    return workspace_option(json_option(run))


_currency_option = click.option(
    "--currency",
    "in_currency",
    type=click.Choice([currency.value for currency in Currency]),
    default=Currency.CNY.value,
    show_default=True,
    help="Simulated currency.",
)
