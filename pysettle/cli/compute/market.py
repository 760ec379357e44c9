"""`pysettle market`: compute, stake, series and their prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.compute.compute import by_option, change_holding, series_option, tokens_option
from pysettle.cli.compute.purchase import sign, submit
from pysettle.cli.compute.supply import compute_, register, release, stake, unstake
from pysettle.cli.compute.terms import NO_HASH, applying_window, rates, rates_text, series_terms, until_option
from pysettle.cli.documents import ABROAD, change, meters_document, whole
from pysettle.cli.nouns import Noun
from pysettle.cli.options import BASIS_POINTS, TOKENS, OneOf, Utf8, Whole, wide_option
from pysettle.cli.output import instant, printable, table
from pysettle.money import Currency, to_text
from pysettle.values import HOUR_S, Tokens

if TYPE_CHECKING:
    from pysettle.client.compute.lists import Offer
    from pysettle.client.compute.series import ComputeToken
    from pysettle.client.core.contract import Transaction
    from pysettle.client.network import SettlementNetwork

_DAY_0 = dt.date(1970, 1, 1).toordinal()


def _service_classes() -> Iterable[str]:
    from pysettle.domain.compute.prices import SERVICE_CLASSES

    return SERVICE_CLASSES


_class_option = click.option(
    "--class",
    "service_class",
    type=OneOf("CLASS", _service_classes),
    help="Service class: inference, gpu-time or data-access.",
)


@click.group(cls=Noun)
def market() -> None:
    """Register compute, open series, buy, transfer and refund Tokens, and compare prices (simulated)."""


for _supplied in (register, stake, unstake):
    market.add_command(_supplied)


@market.command("open")
@click.option(
    "--compute",
    "compute_id",
    help="Compute of the series: its id or the beginning of it.  [default: the provider's newest compute]",
)
@click.option("--name", type=Utf8(31), required=True, help="Name of the Token, at most 31 bytes.")
@click.option("--symbol", type=Utf8(31), required=True, help="Symbol, at most 31 bytes.")
@click.option(
    "--class",
    "service_class",
    type=OneOf("CLASS", _service_classes),
    default="inference",
    show_default=True,
    help="Service class: inference, gpu-time or data-access.",
)
@click.option("--unit-price", type=Whole(64, 1), required=True, help="Micro-yuan per 1,000,000 Tokens.")
@click.option(
    "--rates",
    "rate_card",
    callback=rates,
    required=True,
    help="Tokens a unit of each meter, off-peak / in peak hours, such as 1,30,90/2,60,180.",
)
@click.option("--windows", type=click.Path(path_type=Path, dir_okay=False), help="File of peak hours.")
@click.option("--capacity", type=TOKENS, required=True, help="Most Tokens that the series sells.")
@until_option
@click.option("--halter", help="Account that may halt the series: a name or an address.  [default: no account]")
@click.option("--ground", type=Utf8(), help="Agreed ground for a halt; the series contains the hash of this text.")
@click.option(
    "--compensation-bps",
    type=BASIS_POINTS,
    default=0,
    show_default=True,
    help="Compensation after a halt, in basis points.",
)
@by_option("provider", "Provider that opens the series.")
@network_command
def open_(command: Command, by: str, compute_id: str | None, **terms: Any) -> None:
    """Open a series. Its terms never change. The stake for its compensation has to be free.

    A file of peak hours looks like {"hours":[[1,4],[6,10]],"holidays":["2026-10-01"],"working_days":[]}, with hours and
    days in UTC; the series contains its hash.
    """
    stated = series_terms(command, **terms)
    provider = command.signer(by)
    with command.compute(write=True) as compute:
        lists = compute.compute_lists
        on = lists.find_compute(compute_id) if compute_id else lists.newest_compute(provider.address)
        (receipt,) = compute.market.send(compute.market.open_series(provider, stated, on))
        series = compute.market.opened(receipt)
        locked, name = compute.market.locked_stake(series.address), lists.shortest_name(series.address)
    address = "0x" + series.address.hex()
    lines = [f"series {stated.symbol} at {address}", f"stake locked: 0.00 -> {to_text(locked)} yuan"]
    document = {"series": address, "symbol": stated.symbol}
    document |= {"currency": Currency.CNY.value, "stake_units": str(locked)}
    command.show_sent(receipt, document, lines, f"market buy --series {quote(name)} --tokens 1000000")


@market.command("list")
@_class_option
@wide_option
@network_view
def list_(service_class: str | None, command: Command) -> None:
    """List the series, the cheapest first, by the price of the reference basket of their class.

    Series of a class without a published basket come last.
    """
    with command.compute() as compute:
        offers = compute.compute_lists.offers(service_class)
        symbols = [series.symbol for series in compute.compute_lists.series()]

    def name(offer: Offer) -> str:
        """Return the symbol of a series; with its provider and address if other series have the same symbol."""
        provider = f" of {command.name(offer.series.provider)} at 0x{offer.series.address.hex()}"
        return offer.symbol + (provider if symbols.count(offer.symbol) > 1 else "")

    rows = [
        (name(offer), offer.series.service_class, _cost(offer), f"{offer.left:,}", "open" if offer.open else "closed")
        for offer in offers
    ]
    document: dict[str, object] = {
        "currency": Currency.CNY.value,
        "series": [
            {
                "symbol": offer.symbol,
                "address": "0x" + offer.series.address.hex(),
                "provider": command.name(offer.series.provider),
                "class": offer.series.service_class,
                "basket_units": whole(offer.cost),
                "left_tokens": str(offer.left),
                "open": offer.open,
            }
            for offer in offers
        ],
    }
    lines = [table(("series", "class", "yuan a basket", "Tokens left", "sells"), rows)] if rows else ["no series"]
    command.show(document, lines)


market.add_command(compute_)


@market.command()
@series_option
@click.option(
    "--windows",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of peak hours: check its hash, and show the rates that apply now.",
)
@wide_option
@network_view
def show(series: str, windows: Path | None, command: Command) -> None:
    """Show the terms and the state of a series."""
    from pysettle.domain.core.messages import ZERO_ADDRESS

    with command.compute() as compute:
        token = compute.compute_lists.find(series)
        window = applying_window(token, windows, compute.chain.clock.now()) if windows else None
        held, halted_at = compute.currency.balance_of(token.address), token.halted_at()
        sold, outstanding, delivered = token.sold(), token.total_supply(), token.delivered()
        stake = compute.market.locked_stake(token.address)
        halter = None if token.halter == ZERO_ADDRESS else command.name(token.halter)
        document = {
            "series": "0x" + token.address.hex(),
            "symbol": token.symbol,
            "name": token.name,
            "provider": command.name(token.provider),
            "class": token.service_class,
            "currency": Currency.CNY.value,
            "unit_price_micro_yuan": str(token.unit_price),
            "rates_tokens": {
                "off_peak": meters_document(token.rate_card.off_peak),
                "peak": meters_document(token.rate_card.peak),
            },
            "windows_hash": None if token.windows_hash == NO_HASH else "0x" + token.windows_hash.hex(),
            "capacity_tokens": str(token.capacity),
            "sold_tokens": str(sold),
            "outstanding_tokens": str(outstanding),
            "delivered_tokens": str(delivered),
            "held_units": str(held),
            "stake_units": str(stake),
            "expiry_unix_s": str(token.expiry),
            "halter": halter,
            "halt_ground": None if halter is None else "0x" + token.halt_ground.hex(),
            "compensation_bps": str(token.compensation_bps),
            "halted_at_unix_s": whole(halted_at or None),
            "window": window,
        }
    terms = [
        ("series", f"{printable(token.symbol)} at {document['series']}"),
        ("name", printable(token.name)),
        ("provider", command.name(token.provider)),
        ("class", token.service_class),
        ("price of 1,000,000 Tokens", f"{to_text(token.unit_price)} yuan"),
        ("Tokens a unit, off-peak / peak", rates_text(token.rate_card)),
        ("Tokens ever to be sold", f"{token.capacity:,}"),
        ("Tokens sold", f"{sold:,}"),
        ("Tokens outstanding", f"{outstanding:,}"),
        ("Tokens delivered", f"{delivered:,}"),
        ("held", f"{to_text(held)} yuan"),
        ("stake", f"{to_text(stake)} yuan"),
        ("ends", instant(token.expiry)),
        ("may be halted by", halter or "nobody"),
        ("compensation after a halt", f"{token.compensation_bps} basis points"),
        ("halted", instant(halted_at) if halted_at else "no"),
    ]
    terms += [("rates now", window)] if window else []
    command.show(document, [table(("term", "value"), terms)])


@market.command()
@series_option
@tokens_option
@click.option("--to", help="Account that receives the Tokens.  [default: the buyer]")
@click.option("--permit", is_flag=True, help="Approve the price by a signature (EIP-2612) in place of a transaction.")
@by_option("alice", "Account that pays.")
@network_command
def buy(series: str, tokens: Tokens, to: str | None, permit: bool, by: str, command: Command) -> None:
    """Buy Tokens for e-CNY in one transaction."""
    beneficiary = command.address(to or by)
    buyer = command.signer(by)
    key = command.key(by) if permit else None

    def purchase(compute: SettlementNetwork, token: ComputeToken) -> tuple[Transaction, ...]:
        price, deadline = token.price_rounded_up(tokens), compute.chain.clock.now() + HOUR_S
        if key:
            signed = compute.currency.sign_permit(key, token.address, price, deadline)
            return (token.purchase_with_permit(buyer, beneficiary, tokens, deadline, *signed),)
        approval = compute.currency.approve(buyer, token.address, price)
        return approval, token.purchase(buyer, beneficiary, tokens, deadline)

    useful_next = f"channel open --series {quote(series)} --tokens {tokens} --by {by}"
    change_holding(command, series, by, purchase, useful_next, ABROAD)


for _signed in (sign, submit):
    market.add_command(_signed)


@market.command()
@series_option
@tokens_option
@click.option("--to", required=True, help="Account that receives the Tokens: a name or an address.")
@by_option("alice", "Holder.")
@network_command
def transfer(series: str, tokens: Tokens, to: str, by: str, command: Command) -> None:
    """Transfer Tokens to another account, until the series expires or is halted."""
    receiver = command.address(to)
    holder = command.signer(by)
    parties = {by: holder.address, to: receiver}
    with command.compute(write=True) as compute:
        token = compute.compute_lists.find(series)
        before = {name: token.balance_of(party) for name, party in parties.items()}
        (receipt,) = token.send(token.transfer(holder, receiver, tokens))
        now = {name: token.balance_of(party) for name, party in parties.items()}
        symbol = printable(token.symbol)
    document = {
        "series": "0x" + token.address.hex(),
        "balance_tokens": {name: change(before[name], now[name]) for name in parties},
    }
    lines = [f"{name}: {before[name]:,} -> {now[name]:,} Tokens of {symbol}" for name in parties]
    useful_next = f"channel open --series {quote(series)} --tokens {tokens} --by {to}"
    command.show_sent(receipt, document, lines, useful_next)


@market.command()
@series_option
@tokens_option
@by_option("alice", "Holder.")
@network_command
def consume(series: str, tokens: Tokens, by: str, command: Command) -> None:
    """Give Tokens back for service outside a channel; they count as delivered."""
    holder = command.signer(by)
    useful_next = f"market redeem --series {quote(series)} --tokens {tokens}"
    change_holding(command, series, by, lambda _, token: (token.consume(holder, tokens),), useful_next)


@market.command()
@series_option
@tokens_option
@by_option("alice", "Holder.")
@network_command
def refund(series: str, tokens: Tokens, by: str, command: Command) -> None:
    """After expiry or halt, exchange Tokens for their backing in e-CNY and the compensation."""
    useful_next = f"token balance --account {by}"
    holder = command.signer(by)
    change_holding(command, series, by, lambda _, token: (token.refund(holder, tokens),), useful_next)


@market.command()
@series_option
@tokens_option
@by_option("provider", "Provider of the series.")
@network_command
def redeem(series: str, tokens: Tokens, by: str, command: Command) -> None:
    """Exchange delivered Tokens for their backing in e-CNY."""
    useful_next = f"token balance --account {by}"
    provider = command.signer(by)
    change_holding(command, series, by, lambda _, token: (token.redeem(provider, tokens),), useful_next)


@market.command()
@series_option
@by_option("provider", "Provider of the series.")
@network_command
def sweep(series: str, by: str, command: Command) -> None:
    """After expiry or halt, withdraw the surplus of rounding and donations over the claims of outstanding Tokens."""
    useful_next = f"market release --series {quote(series)}"
    provider = command.signer(by)
    change_holding(command, series, by, lambda _, token: (token.sweep(provider),), useful_next)


market.add_command(release)


@market.command()
@series_option
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Evidence; the chain stores its hash.",
)
@click.option("--by", required=True, help="Halter that the terms of the series name.")
@network_command
def halt(series: str, evidence: Path, by: str, command: Command) -> None:
    """Halt a series on the ground in its terms: holders get refunds, and compensation from the stake."""
    from pysettle.hashing import keccak

    evidence_hash = keccak(evidence.read_bytes())
    halter = command.signer(by)
    with command.compute(write=True) as compute:
        token = compute.compute_lists.find(series)
        before = compute.currency.balance_of(token.address)
        (receipt,) = compute.market.send(compute.market.halt(halter, token.address, evidence_hash))
        compensation = compute.currency.balance_of(token.address) - before
    document = {"series": "0x" + token.address.hex(), "evidence": "0x" + evidence_hash.hex()}
    document |= {"currency": Currency.CNY.value, "compensation_units": str(compensation)}
    lines = [f"{series} is halted: open -> halted", f"{to_text(compensation)} yuan of the stake compensate its holders"]
    command.show_sent(receipt, document, lines, f"market refund --series {quote(series)} --tokens 1")


@market.command()
@_class_option
@wide_option
@network_view
def index(service_class: str | None, command: Command) -> None:
    """Show the compute price index: the price of a reference basket by day, paid for delivered usage."""
    with command.compute() as compute:
        points = [
            point for point in compute.channel_lists.price_index() if service_class in (None, point.service_class)
        ]
    rows = [(point.service_class, _date(point.day), to_text(point.cost), to_text(point.paid)) for point in points]
    document = {
        "currency": Currency.CNY.value,
        "points": [
            {
                "class": point.service_class,
                "day": _date(point.day),
                "basket_units": str(point.cost),
                "paid_units": str(point.paid),
            }
            for point in points
        ],
    }
    lines = [table(("class", "day (UTC+8)", "yuan a basket", "yuan paid"), rows)] if rows else ["nothing delivered"]
    command.show(document, lines)


def _cost(offer: Offer) -> str:
    return "-" if offer.cost is None else to_text(offer.cost)


def _date(day: int) -> str:
    return dt.date.fromordinal(_DAY_0 + day).isoformat()
