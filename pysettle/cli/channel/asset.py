"""What a channel holds, as commands are told of it, and how they print it."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.command import Command, Function
from pysettle.errors import UsageError
from pysettle.money import Currency, to_plain, to_text, to_units
from pysettle.reading import read_whole
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from pysettle.client.channel.lists import ChannelStanding
    from pysettle.client.core.token import Token
    from pysettle.client.network import SettlementNetwork
    from pysettle.values import Address


def asset_option(function: Function) -> Function:
    """Give a command the Tokens of a series, or else a currency."""
    choice = click.Choice([currency.value for currency in Currency])
    text = "In place of a series: a currency, all of them simulated.  [default: CNY]"
    function = click.option("--currency", type=choice, help=text)(function)
    return click.option("--series", help="A series, for its Tokens: its symbol or its address.")(function)


@dataclass(frozen=True, slots=True)
class Asset:
    """What a channel holds: Tokens of a series, a currency, or a token that is neither."""

    token: Address
    """The token."""
    series: str | None = None
    """What commands call the series; None where it is none."""
    currency: Currency | None = None
    """The currency, if it is one."""

    @property
    def option(self) -> str:
        """How a command is told of it."""
        return (
            f"--currency {self.currency.value}"
            if self.currency
            else f"--series {quote(self.series or '0x' + self.token.hex())}"
        )

    def read(self, text: str) -> int:
        """Read an amount as a person writes it: of a currency with its decimals, else in Tokens or smallest units.

        Raises:
            InvalidAmount, InvalidNumber: it is written otherwise, or too large.
            UsageError: it is nothing.
        """
        from pysettle.domain.channel.metering import CEILING_BITS

        amount = to_units(text) if self.currency else read_whole(text)
        if not 0 < amount < 1 << CEILING_BITS:
            raise UsageError(f"{text[:40]!r} is no amount in a channel; use more than nothing, and less than 2^128")
        return amount

    def plain(self, amount: int) -> str:
        """Write an amount of smallest units as `read` takes it."""
        return to_plain(amount) if self.currency else str(amount)

    def text(self, amount: int) -> str:
        """Write an amount of smallest units."""
        if self.currency:
            return self.currency.text(amount)
        return f"{amount:,} Tokens" if self.series else f"{amount:,} of 0x{self.token.hex()}"

    def change(self, before: int, now: int) -> str:
        """Write how an amount changed."""
        return f"{to_text(before) if self.currency else f'{before:,}'} -> {self.text(now)}"


def chosen_asset(command: Command, compute: SettlementNetwork, series: str | None, currency: str | None) -> Asset:
    """Return what the options of a command say.

    Raises:
        UsageError: both are given; or there is no such series or currency. If neither is, it is e-CNY.
    """
    if series is not None and currency is not None:
        raise UsageError("say what it is in: either --series or --currency")
    if series is not None:
        return Asset(compute.compute_lists.find(series).address, series=series)
    found = Currency(currency or Currency.CNY.value)
    return Asset(compute.system(found).token.address, currency=found)


def token_of(command: Command, compute: SettlementNetwork, asset: Asset) -> Token[Any]:
    """Return the token of a series or a currency."""
    if asset.currency:
        return compute.system(asset.currency).token
    return compute.market.at(SeriesId(asset.token))


def asset_of(command: Command, compute: SettlementNetwork, channel: ChannelStanding) -> Asset:
    """Return what a channel holds."""
    token, deployment = channel.config.token, command.workspace.deployment()
    if channel.is_metered:
        return Asset(token, series=compute.compute_lists.shortest_name(SeriesId(token)))
    return Asset(token, currency=next((it for it in deployment.currencies() if deployment.token(it) == token), None))
