"""`pysettle market buy --pay-in`: a purchase of Tokens for another currency, by the quotes in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.command import Command, network_command
from pysettle.cli.documents import NOT_SENT, change
from pysettle.cli.output import printable
from pysettle.errors import UsageError
from pysettle.money import Currency, to_text
from pysettle.values import HOUR_S, Tokens

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.quotes import Answer, RefundPlace
    from pysettle.values import Address


def extend(market: click.Group) -> None:
    """Let `market buy` pay in other currencies: the options of a purchase abroad are added to it."""
    plain = market.commands["buy"]
    assert plain.callback is not None
    at_home = plain.callback.__wrapped__  # type: ignore[attr-defined]  # set by functools.wraps

    @click.option(
        "--pay-in",
        type=click.Choice([currency.value for currency in Currency if currency is not Currency.CNY]),
        help="Pay in another currency, by a quote; --tokens is then the fewest that you accept.",
    )
    @click.option(
        "--quote",
        "quotes",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        multiple=True,
        help="File of a quote, with --pay-in; the first one that works is taken.",
    )
    @click.option("--dry-run", is_flag=True, help="With --pay-in: show for each quote whether it works; send nothing.")
    @network_command
    def buy(
        pay_in: str | None, quotes: tuple[Path, ...], dry_run: bool, command: Command, permit: bool, **options: Any
    ) -> None:
        if pay_in is None:
            if quotes or dry_run:
                raise UsageError("--quote and --dry-run are for a purchase in another currency: give --pay-in too")
            return at_home(command=command, permit=permit, **options)  # type: ignore[no-any-return]  # prints
        if permit:
            raise UsageError("--permit approves e-CNY: leave it out with --pay-in")
        abroad = replace(command, in_currency=Currency(pay_in))
        return _buy_abroad(abroad, files=quotes, dry_run=dry_run, **options)

    known = {parameter.name for parameter in plain.params}
    plain.callback = buy
    added = [it for it in reversed(getattr(buy, "__click_params__", [])) if it.name not in known]
    plain.params[-1:-1] = added


def _buy_abroad(
    command: Command, series: str, tokens: Tokens, to: str | None, by: str, files: Sequence[Path], *, dry_run: bool
) -> None:
    """Buy Tokens by the first quote that works, or say for each quote whether it does.

    Args:
        command: The command, in the currency that the buyer pays with.
        series: The series.
        tokens: Fewest Tokens that the buyer accepts.
        to: Account that receives the Tokens; None for the buyer.
        by: Account that pays.
        files: Files of the quotes, in the order of preference.
        dry_run: Whether to send nothing.
    """
    from pysettle.cli.settlement.fx import read_quote
    from pysettle.client.settlement.exchange import ForeignExchange
    from pysettle.client.settlement.quotes import preflight, refund_place
    from pysettle.domain.settlement.quotes import Order

    if not files:
        raise UsageError("a purchase in another currency needs a quote: give --quote FILE, from `pysettle fx quote`")
    documents, beneficiary = [read_quote(file) for file in files], command.address(to or by)
    signer = command.signer(by)
    buyer = command.key(by) if dry_run else None
    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        exchange, token = ForeignExchange.of(network), network.compute_lists.find(series)
        paid = network.system(command.currency).token
        for it in documents:
            it.check_place(exchange)
        quotes = [it.signed for it in documents]
        if any(signed.quote.paid != paid.address for signed in quotes):
            raise UsageError(
                f"a quote is for another currency than {command.currency.value}", currency=command.currency
            )
        order = Order(signer.address, token.address, beneficiary, tokens, chain.clock.now() + HOUR_S)
        place = refund_place(network, beneficiary, max(signed.quote.sold_amount for signed in quotes))
        if buyer:
            parties = _parties(command, token.address, by, to or by)
            return _show_answers(command, files, preflight(network, buyer, quotes, order), place, parties)
        before = _holdings(network, order.buyer, beneficiary, command.currency, token.address)
        most = max(signed.quote.paid_amount for signed in quotes)
        approval = paid.approve(signer, exchange.address, most)
        *_, receipt = exchange.send(approval, exchange.purchase(signer, quotes, order))
        now = _holdings(network, order.buyer, beneficiary, command.currency, token.address)
        taken = exchange.bought(receipt).quote
        symbol = printable(token.symbol)
    holder = to or by
    document = {
        **_parties(command, token.address, by, holder),
        "balance_tokens": change(before[1], now[1]),
        "balance_units": change(before[0], now[0]),
        "provider": command.name(taken.provider),
        "quote_id": str(taken.id),
        "sold": {"currency": Currency.CNY.value, "amount_units": str(taken.sold_amount)},
        "quotes": None,
    }
    lines = [
        f"{by}: {command.change(before[0], now[0])}",
        f"{holder}: {before[1]:,} -> {now[1]:,} Tokens of {symbol}",
        f"{command.name(taken.provider)} paid {Currency.CNY.text(taken.sold_amount)} to the series",
        _refund_words(place, holder),
    ]
    useful_next = f"channel open --series {quote(series)} --tokens {now[1] - before[1]} --by {holder}"
    shown = {"tx_hash": "0x" + receipt.transaction_hash.hex(), "block": str(receipt.block_number)}
    lines += [f"transaction {shown['tx_hash']} in block {receipt.block_number}", f"Next: pysettle {useful_next}"]
    command.show({**document, **_refund_document(place), **shown}, lines)
    return None


def _parties(command: Command, series: Address, buyer: str, beneficiary: str) -> dict[str, str]:
    return {
        "series": "0x" + series.hex(),
        "account": buyer,
        "beneficiary": beneficiary,
        "currency": command.currency.value,
    }


def _show_answers(
    command: Command,
    files: Sequence[Path],
    answers: Sequence[Answer],
    place: RefundPlace,
    parties: Mapping[str, str],
) -> None:
    """Show which quote would be taken now, the reason against each other one, and where a refund would land."""
    rows = [
        {
            "file": str(file),
            "works": answer.refusal is None,
            "refusal": None if answer.refusal is None else type(answer.refusal).__name__,
            "words": None if answer.refusal is None else str(answer.refusal),
        }
        for file, answer in zip(files, answers, strict=True)
    ]
    lines = [f"{row['file']}: {'works' if row['works'] else row['words']}" for row in rows]
    lines += [_refund_words(place, parties["beneficiary"]), "nothing was sent"]
    unsent = dict.fromkeys(("balance_tokens", "balance_units", "provider", "quote_id", "sold"))
    command.show({**parties, **unsent, "quotes": rows, **_refund_document(place), **NOT_SENT}, lines)


def _refund_words(place: RefundPlace, holder: str) -> str:
    if place.is_credit:
        return f"a refund in e-CNY would become a credit of {holder}: its wallet has no room for it"
    if place.room is None:
        return f"a refund in e-CNY would reach the wallet of {holder}, which has no limit"
    return (
        f"a refund in e-CNY would reach the wallet of {holder}, class {place.wallet_class} there: it has room for "
        f"{to_text(place.room)} yuan"
    )


def _refund_document(place: RefundPlace) -> dict[str, object]:
    room = None if place.room is None else str(place.room)
    return {"refund": {"class": place.wallet_class, "room_units": room, "currency": "CNY", "credit": place.is_credit}}


def _holdings(
    network: SettlementNetwork, buyer: Address, beneficiary: Address, currency: Currency, series: Address
) -> tuple[int, int]:
    """Return (units of the buyer in the currency that it pays with, Tokens of the beneficiary)."""
    from pysettle.client.compute.series import ComputeToken
    from pysettle.values import SeriesId

    tokens = ComputeToken(network.sender, SeriesId(series)).balance_of(beneficiary)
    return network.system(currency).token.balance_of(buyer), tokens
