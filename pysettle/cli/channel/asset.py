"""What a channel holds, as commands are told of it."""

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
    text = "In place of a series: a currency, all of them simulated.  [default: CNY]"
    function = click.option("--currency", type=choice, help=text)(function)
    return click.option("--series", help="A series, for its Tokens: its symbol, its address, or how that begins.")(
        function
    )


def chosen_asset(command: Command, compute: SettlementNetwork, series: str | None, currency: str | None) -> Asset:
    """Return what the options of a command say.

    Raises:
        UsageError: both are given; or there is no such series or currency. If neither is, it is e-CNY.
    """
    from pysettle.client.channel.asset import Asset

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
    from pysettle.client.channel.asset import Asset

    token, deployment = channel.config.token, command.workspace.deployment()
    if channel.is_metered:
        return Asset(token, series=compute.compute_lists.shortest_name(SeriesId(token)))
    return Asset(token, currency=next((it for it in deployment.currencies() if deployment.token(it) == token), None))
