"""Common parts of commands on compute: their options, their signers, and the output of a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, Function
from pysettle.cli.documents import change
from pysettle.cli.options import TOKENS
from pysettle.cli.output import printable
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from pysettle.client.compute.series import ComputeToken
    from pysettle.client.core.contract import Transaction
    from pysettle.client.network import SettlementNetwork


tokens_option = click.option("--tokens", type=TOKENS, required=True, help="Tokens of the series.")


def series_option(function: Function) -> Function:
    """Give a command a series."""
    return click.option("--series", required=True, help="Series: its symbol, or its address or the beginning of that.")(
        function
    )


def by_option(default: str, text: str) -> Callable[[Function], Function]:
    """Give a command the account that calls, by its name."""
    return click.option("--by", default=default, show_default=True, help=text)


def change_holding(
    command: Command,
    series: str,
    account: str,
    make: Callable[[SettlementNetwork, ComputeToken], tuple[Transaction, ...]],
    useful_next: str,
    further: Mapping[str, object] | None = None,
) -> None:
    """Send transactions on an account's Tokens of a series, and print the changes of its Tokens and its e-CNY.

    Args:
        command: The command.
        series: The series.
        account: The account.
        make: Makes the transactions; the output names the last one.
        useful_next: The next useful command.
        further: Further fields of the document.
    """
    holder = command.address(account)
    with command.compute(write=True) as compute:
        token = compute.compute_lists.find(series)
        before = token.balance_of(holder), compute.currency.balance_of(holder)
        *_, receipt = compute.market.send(*make(compute, token))
        now = token.balance_of(holder), compute.currency.balance_of(holder)
        symbol = printable(token.symbol)
    lines = [
        f"{account}: {before[0]:,} -> {now[0]:,} Tokens of {symbol}",
        f"{account}: {to_text(before[1])} -> {to_text(now[1])} yuan",
    ]
    document = {
        "series": "0x" + token.address.hex(),
        "account": account,
        "currency": Currency.CNY.value,
        "balance_tokens": change(before[0], now[0]),
        "balance_units": change(before[1], now[1]),
    }
    command.show_sent(receipt, {**document, **(further or {})}, lines, useful_next)
