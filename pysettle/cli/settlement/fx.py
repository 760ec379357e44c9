"""`pysettle fx`: quotes of liquidity providers, reference rates, and the limits of purchases in other currencies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from shlex import quote as shell_quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, Function, by_option, network_command, network_view, refuse_by
from pysettle.cli.compute.compute import series_option
from pysettle.cli.nouns import Noun
from pysettle.cli.options import BASIS_POINTS, Count, OneOf, Whole
from pysettle.cli.output import instant, write_text
from pysettle.cli.settlement.order import sign, submit
from pysettle.errors import UsageError
from pysettle.errors.states import Role, WalletClass
from pysettle.money import Currency, to_units
from pysettle.values import HOUR_S, Timestamp

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.exchange import ForeignExchange
    from pysettle.client.settlement.quotes import QuoteDocument
    from pysettle.domain.settlement.quotes import Quote

_ABROAD = [currency.value for currency in Currency if currency is not Currency.CNY]
_FILE = click.option(
    "--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True, help="File of the quote."
)


def pay_in_option(function: Function) -> Function:
    """Give a command the currency that buyers pay with."""
    return click.option(
        "--pay-in", "pay_in", type=click.Choice(_ABROAD), required=True, help="Currency that buyers pay with."
    )(function)


@click.group(cls=Noun)
def fx() -> None:
    """Sign, check and cancel quotes; attest reference rates; limit purchases in other currencies (simulated)."""


@fx.command()
@pay_in_option
@click.option("--pays", required=True, help="Amount that the buyer pays, such as 20.")
@click.option("--sells", required=True, help="Amount of e-CNY that the series receives for it.")
@click.option("--taker", help="Account that may take the quote.  [default: any]")
@click.option(
    "--id", "quote_id", type=Whole(256), help="Number of the provider for this quote.  [default: its next one]"
)
@click.option("--seconds", type=Count(1, 60), default=60, show_default=True, help="Time in which it can be taken.")
@click.option("--by", required=True, help="Participant that sells, and signs.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the quote.")
@network_command
def quote(
    pay_in: str,
    pays: str,
    sells: str,
    taker: str | None,
    quote_id: int | None,
    seconds: int,
    by: str,
    out: Path,
    command: Command,
) -> None:
    """Sign a quote: two exact amounts, once, for at most a minute; this sends no transaction."""
    from pysettle.client.settlement.quotes import QuoteDocument
    from pysettle.domain.core.messages import ZERO_ADDRESS
    from pysettle.domain.settlement.quotes import Quote

    key, amounts = command.key(by), (to_units(pays), to_units(sells))
    with _opened(command) as (network, exchange):
        number = exchange.next_id(key.address) if quote_id is None else quote_id
        until = Timestamp(exchange.chain.clock.now() + seconds)
        places = [network.system(currency).token.address for currency in (Currency(pay_in), Currency.CNY)]
        account = ZERO_ADDRESS if taker is None else command.address(taker)
        offered = Quote(key.address, account, places[0], places[1], *amounts, number, until)
        signed = exchange.sign_quote(key, offered)
        document = QuoteDocument(exchange.chain.chain_id, exchange.address, signed)
    write_text(out, json.dumps(document.document(), indent=2) + "\n", QuoteDocument.FORM.schema)
    lines = [*_words(offered, Currency(pay_in), command), f"take it before {instant(until)}"]
    useful_next = f"market buy --pay-in {pay_in} --quote {shell_quote(str(out))} --series DSV4 --tokens 1"
    command.show(
        {"file": str(out), **_document(offered, Currency(pay_in), command)},
        [*lines, f"Next: {command.next(useful_next)}"],
    )


@fx.command()
@_FILE
@network_view
def check(file: Path, command: Command) -> None:
    """Check the form and the signature of a quote, without a chain."""
    found = read_quote(file)
    offered = found.signed.quote
    document = {
        "file": str(file),
        "chain_id": str(found.chain_id),
        "exchange": "0x" + found.exchange.hex(),
        "provider": command.name(offered.provider),
        "id": str(offered.id),
        "valid_before_unix_s": str(offered.valid_before),
    }
    signer = f"{command.name(offered.provider)} signed quote {offered.id} as it stands"
    if len(found.signed.signature) != 65:
        signer = f"only the chain can check the signature of the contract {command.name(offered.provider)}"
    command.show(document, [signer, f"take it before {instant(offered.valid_before)}"])


@fx.command()
@_FILE
@network_view
def show(file: Path, command: Command) -> None:
    """Show a quote: its amounts, the reference rate beside it, and whether it can still be taken."""
    found = read_quote(file)
    offered = found.signed.quote
    with _opened(command) as (network, exchange):
        found.check_place(exchange)
        paid = currency_of(network, offered)
        rate, now = exchange.reference_rate(offered.paid), exchange.chain.clock.now()
        is_used = exchange.is_used(offered.provider, offered.id)
    state = "used or cancelled" if is_used else "expired" if now >= offered.valid_before else "open"
    expected = rate.expected(offered.paid_amount)
    document = {
        **_document(offered, paid, command),
        "state": state,
        "expected": {"currency": Currency.CNY.value, "amount_units": str(expected)},
        "is_within_tolerance": rate.admits(offered.paid_amount, offered.sold_amount),
    }
    lines = [*_words(offered, paid, command), f"state: {state}; take it before {instant(offered.valid_before)}"]
    lines += [f"by the reference rate {Currency.CNY.text(expected)}, {rate.tolerance_bps} basis points more or less"]
    command.show(document, lines)


for _command in (sign, submit):
    fx.add_command(_command)


@fx.command()
@click.option("--id", "quote_id", type=Whole(256), required=True, help="Number of the quote.")
@click.option("--by", required=True, help="Participant that signed it.")
@network_command
def cancel(quote_id: int, by: str, command: Command) -> None:
    """Cancel every quote of a provider with a number, before anybody takes one."""
    signer = command.signer(by)
    with _opened(command, write=True) as (_, exchange):
        (receipt,) = exchange.send(exchange.cancel(signer, quote_id))
    document = {"by": by, "id": str(quote_id)}
    command.show_sent(receipt, document, [f"quote {quote_id} of {by} is cancelled"], "fx quote --help")


@fx.command()
@pay_in_option
@network_view
def rate(pay_in: str, command: Command) -> None:
    """Show the reference rate of a currency, and until when it holds."""
    with _opened(command) as (network, exchange):
        found = exchange.reference_rate(network.system(Currency(pay_in)).token.address)
        now = exchange.chain.clock.now()
    state = "none" if not found.observed_at else "too old" if now >= found.valid_before else "valid"
    document = {
        "pay_in": pay_in,
        "state": state,
        "rate_e12": str(found.rate),
        "tolerance_bps": str(found.tolerance_bps),
        "observed_at_unix_s": str(found.observed_at),
        "valid_before_unix_s": str(found.valid_before),
    }
    lines = [f"1 {pay_in} = {_rate_text(found.rate)} CNY, {found.tolerance_bps} basis points more or less ({state})"]
    lines += [f"of {instant(found.observed_at)}, valid before {instant(found.valid_before)}"] * bool(found.observed_at)
    command.show(document, lines)


@fx.command()
@pay_in_option
@click.option("--reference", "text", required=True, help="e-CNY for one unit of the currency, such as 0.9069.")
@click.option("--tolerance-bps", type=BASIS_POINTS, default=100, show_default=True, help="Most difference of a quote.")
@click.option("--hours", type=Count(1, 24 * 7), default=24, show_default=True, help="Time for which it holds.")
@by_option(Role.CENTRAL_BANK)
@network_command
def attest(pay_in: str, text: str, tolerance_bps: int, hours: int, by: str | None, command: Command) -> None:
    """Attest the reference rate of a currency as the central bank of e-CNY."""
    from pysettle.domain.settlement.quotes import ReferenceRate

    value = _rate_of(text)
    bank = command.key(by or command.workspace.holder(Role.CENTRAL_BANK, Currency.CNY))
    submitter = command.holder(by, Role.CENTRAL_BANK)
    with _opened(command, write=True) as (network, exchange):
        places = [network.system(currency).token.address for currency in (Currency(pay_in), Currency.CNY)]
        before, now = exchange.reference_rate(places[0]), exchange.chain.clock.now()
        until = Timestamp(now + hours * HOUR_S)
        stated = ReferenceRate(places[0], places[1], value, tolerance_bps, Timestamp(now), until)
        signature = bank.sign(stated.digest(exchange.domain))
        (receipt,) = exchange.send(exchange.attest_rate(submitter, stated, bank.address, signature))
    document = {
        "pay_in": pay_in,
        "rate_e12": {"before": str(before.rate), "now": str(value)},
        "tolerance_bps": str(tolerance_bps),
        "valid_before_unix_s": str(until),
    }
    lines = [f"1 {pay_in}: {_rate_text(before.rate)} -> {_rate_text(value)} CNY, valid before {instant(until)}"]
    command.show_sent(receipt, document, lines, f"fx rate --pay-in {pay_in}")


@fx.command()
@click.option("--from-jurisdiction", "from_", type=Count(1, 999), required=True, help="ISO 3166-1 number of buyers.")
@click.option("--to-jurisdiction", "to", type=Count(1, 999), required=True, help="ISO 3166-1 number of sellers.")
@click.option(
    "--class",
    "wallet_class",
    type=OneOf("CLASS", lambda: [it.word for it in WalletClass]),
    required=True,
    help="Wallet class: IV, III, II, I or corporate.",
)
@click.option("--purchase", required=True, help="Most e-CNY of one purchase.")
@click.option("--window-limit", "window", required=True, help="Most e-CNY of one buyer in a window of the corridor.")
@by_option(Role.CENTRAL_BANK)
@network_command
def limit(from_: int, to: int, wallet_class: str, purchase: str, window: str, by: str | None, command: Command) -> None:
    """Set the limits of a wallet class in a corridor, as the central bank of e-CNY; without them it buys nothing."""
    from pysettle.cli.documents import change
    from pysettle.domain.settlement.corridors import corridor_id

    class_ = next(it for it in WalletClass if it.word == wallet_class)
    limits, bank = (to_units(purchase), to_units(window)), command.holder(by, Role.CENTRAL_BANK)
    with _opened(command, write=True) as (network, exchange):
        identifier = corridor_id(from_, to, network.currency.address)
        before = exchange.class_limit(identifier, class_)
        (receipt,) = exchange.send(exchange.set_class_limit(bank, from_, to, class_, *limits))
    names = ("purchase_units", "window_units")
    document = {"from_jurisdiction": f"{from_:03}", "to_jurisdiction": f"{to:03}", "class": wallet_class}
    document |= {"currency": Currency.CNY.value}
    changes = {name: change(a, b) for name, a, b in zip(names, before, limits, strict=True)}
    lines = [
        f"{name} of class {wallet_class}, {from_:03} to {to:03}: {Currency.CNY.text(a)} -> {Currency.CNY.text(b)}"
        for name, a, b in zip(("one purchase", "a window"), before, limits, strict=True)
    ]
    command.show_sent(
        receipt,
        {**document, **changes},
        lines,
        f"corridor show --from-jurisdiction {from_:03} --to-jurisdiction {to:03}",
    )


@fx.command()
@series_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@network_command
def admit(series: str, by: str, command: Command) -> None:
    """Let a series of the market be bought in other currencies; the market confirms that it opened it."""
    signer = command.signer(by)
    with _opened(command, write=True) as (network, exchange):
        address = network.compute_lists.find(series).address
        (receipt,) = exchange.send(exchange.admit_series(signer, address))
    lines = [f"series {series} can be bought in other currencies: no -> yes"]
    command.show_sent(receipt, {"series": "0x" + address.hex()}, lines, "fx quote --help")


@fx.command()
@click.option("--on/--off", "enabled", default=None, help="Whether series opened from now on have the policy.")
@click.option("--admit", "admitted", type=Count(1, 999), multiple=True, help="Jurisdiction whose providers to admit.")
@click.option("--refuse", "refused", type=Count(1, 999), multiple=True, help="Jurisdiction not to admit any more.")
@by_option(Role.CENTRAL_BANK)
@network_command
def policy(
    enabled: bool | None, admitted: tuple[int, ...], refused: tuple[int, ...], by: str | None, command: Command
) -> None:
    """Have series sell to known jurisdictions alone, domestic or with an open corridor, or show whether they do.

    The market of e-CNY then opens series for providers of the admitted jurisdictions, such as 156.
    """
    from pysettle.cli.documents import NOT_SENT
    from pysettle.client.settlement.opening import address_of
    from pysettle.domain.core.messages import ZERO_ADDRESS

    is_change = enabled is not None or bool(admitted or refused)
    if not is_change:
        refuse_by(by, "--on, --off, --admit or --refuse")
    bank = command.holder(by, Role.CENTRAL_BANK) if is_change else None
    with command.workspace.chain(write=is_change) as chain:
        network = command.workspace.network(chain)
        place, market, receipt = address_of(network, "PurchasePolicy"), network.market, None
        before = market.purchase_policy()
        if bank:
            steps = [market.set_purchase_policy(bank, place if enabled else ZERO_ADDRESS)] * (enabled is not None)
            steps += [market.set_provider_jurisdiction(bank, it, admitted=True) for it in admitted]
            steps += [market.set_provider_jurisdiction(bank, it, admitted=False) for it in refused]
            *_, receipt = market.send(*steps)
        now = market.purchase_policy()
    words = {ZERO_ADDRESS: "none", place: "on"}
    states = [words.get(it, f"another one, 0x{it.hex()}") for it in (before, now)]
    document = {
        "policy": {"before": states[0], "now": states[1]},
        "admitted": [f"{it:03}" for it in admitted],
        "refused": [f"{it:03}" for it in refused],
    }
    lines = [f"policy of new series: {states[0]} -> {states[1]}" if is_change else f"policy of new series: {states[1]}"]
    lines += [f"providers of {it:03}: admitted" for it in admitted]
    lines += [f"providers of {it:03}: no longer admitted" for it in refused]
    if receipt is None:
        return command.show({**document, **NOT_SENT}, lines)
    command.show_sent(receipt, document, lines, "market list")
    return None


def read_quote(file: Path) -> QuoteDocument:
    """Read the quote in a file.

    Raises:
        UsageError: it has none; the message names the line.
    """
    from pysettle.client.settlement.quotes import QuoteDocument

    return QuoteDocument.from_bytes(file.read_bytes(), str(file))


@contextmanager
def _opened(command: Command, *, write: bool = False) -> Iterator[tuple[SettlementNetwork, ForeignExchange]]:
    """Open the chain, and yield the network with its foreign exchange."""
    from pysettle.client.settlement.exchange import ForeignExchange

    with command.workspace.chain(write=write) as chain:
        network = command.workspace.network(chain)
        yield network, ForeignExchange.of(network)


def currency_of(network: SettlementNetwork, offered: Quote) -> Currency:
    """Return the currency that a quote is paid in.

    Raises:
        UsageError: the network does not have it.
    """
    for currency, system in network.currencies.items():
        if system.token.address == offered.paid:
            return currency
    raise UsageError(f"0x{offered.paid.hex()} is no currency of this network", token=offered.paid)


def _document(offered: Quote, paid: Currency, command: Command) -> dict[str, object]:
    return {
        "provider": command.name(offered.provider),
        "taker": None if offered.is_open else command.name(offered.taker),
        "id": str(offered.id),
        "paid": {"currency": paid.value, "amount_units": str(offered.paid_amount)},
        "sold": {"currency": Currency.CNY.value, "amount_units": str(offered.sold_amount)},
        "valid_before_unix_s": str(offered.valid_before),
    }


def _words(offered: Quote, paid: Currency, command: Command) -> list[str]:
    taker = "anybody" if offered.is_open else command.name(offered.taker)
    amounts = f"{Currency.CNY.text(offered.sold_amount)} for {paid.text(offered.paid_amount)}"
    return [f"quote {offered.id} of {command.name(offered.provider)} for {taker}: {amounts}"]


def _rate_of(text: str) -> int:
    """Return a rate in units of e-CNY for 10**12 units of the other currency.

    Raises:
        UsageError: it is no decimal number, is not above zero, or has more than 12 decimals.
    """
    from pysettle.domain.settlement.quotes import RATE_BASIS

    whole, _, decimals = text.partition(".")
    is_number = all(part.isascii() and part.isdigit() for part in (whole, decimals or "0"))
    if not is_number or len(whole) > 12 or len(decimals) > 12 or not int(whole + decimals):
        raise UsageError(f"{text!r} is no rate: write a number such as 0.9069 with at most 12 decimals", text=text)
    return int(Decimal(text) * RATE_BASIS)


def _rate_text(value: int) -> str:
    from pysettle.domain.settlement.quotes import RATE_BASIS

    return format(Decimal(value) / RATE_BASIS, "f")
