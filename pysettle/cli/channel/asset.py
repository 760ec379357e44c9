"""The asset of a channel, from the options of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.command import Command, Function
from pysettle.errors import UsageError
from pysettle.money import Currency
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.client.channel.lists import ChannelStanding
    from pysettle.client.core.token import Token
    from pysettle.client.network import SettlementNetwork


def asset_option(function: Function) -> Function:
    """Give a command the Tokens of a series, or else a currency."""
    choice = click.Choice([currency.value for currency in Currency])
    text = "Simulated currency, in place of a series.  [default: CNY]"
    function = click.option("--currency", type=choice, help=text)(function)
    return click.option("--series", help="Series of the Tokens: its symbol, or its address or the beginning of that.")(
        function
    )


def chosen_asset(command: Command, compute: SettlementNetwork, series: str | None, currency: str | None) -> Asset:
    """Return the asset that the options of a command name; e-CNY without them.

    Raises:
        UsageError: both are given; or there is no such series or currency.
    """
    from pysettle.client.channel.asset import Asset

    if series is not None and currency is not None:
        raise UsageError("give either --series or --currency")
    if series is not None:
        return Asset(compute.compute_lists.find(series).address, series=series)
    chosen = Currency(currency or Currency.CNY.value)
    return Asset(compute.system(chosen).token.address, currency=chosen)


def token_of(command: Command, compute: SettlementNetwork, asset: Asset) -> Token[Any]:
    """Return the token of a series or a currency."""
    if asset.currency:
        return compute.system(asset.currency).token
    return compute.market.at(SeriesId(asset.token))


def asset_of(command: Command, compute: SettlementNetwork, channel: ChannelStanding) -> Asset:
    """Return the asset of a channel."""
    from pysettle.client.channel.asset import Asset

    token, deployment = channel.config.token, command.workspace.deployment()
    if channel.is_metered:
        return Asset(token, series=compute.compute_lists.shortest_name(SeriesId(token)))
    currencies = (currency for currency in deployment.currencies() if deployment.token(currency) == token)
    return Asset(token, currency=next(currencies, None))
