"""`pysettle market sign|submit`: a purchase of Tokens that its buyer signs and another account submits."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, network_command
from pysettle.cli.compute.compute import by_option, series_option, tokens_option
from pysettle.cli.documents import change
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Count, Whole, pasteable
from pysettle.cli.output import instant, write_text
from pysettle.money import Currency, to_text
from pysettle.values import HOUR_S, Tokens

if TYPE_CHECKING:
    from pysettle.client.compute.series import ComputeToken
    from pysettle.client.network import SettlementNetwork
    from pysettle.values import Address


@click.command(cls=Verb)
@series_option
@tokens_option
@click.option("--to", help="Account that receives the Tokens: a name or an address.  [default: the buyer]")
@click.option("--hours", type=Count(1, 10**6), default=24, show_default=True, help="Validity in hours of chain time.")
@click.option(
    "--number",
    type=Whole(64),
    help="64 bits of a nonce that the buyer uses once.  [default: from the terms, one purchase of each]",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the purchase.")
@by_option("alice", "Account that pays and signs.")
@network_command
def sign(
    series: str,
    tokens: Tokens,
    to: str | None,
    hours: int,
    number: int | None,
    out: Path,
    by: str,
    command: Command,
) -> None:
    """Sign a purchase that another account submits without any change; this sends no transaction."""
    from pysettle.client.compute.purchase import SignedPurchase
    from pysettle.client.signed import Form, SignedMessage
    from pysettle.domain.compute.messages import PurchaseTerms

    beneficiary = command.address(to or by)
    buyer = command.key(by)
    with command.compute() as compute:
        token = compute.compute_lists.find(series)
        deadline = compute.chain.clock.now() + hours * HOUR_S
        terms, price = PurchaseTerms(token.address, beneficiary, tokens, deadline), token.price_rounded_up(tokens)
        compute.currency.check_unspent(buyer.address, terms.nonce(number))
        paid, signature = token.sign_purchase(buyer, compute.currency.domain, price, terms, number)
        signed_for = compute.chain.chain_id, compute.currency.address
    signed = SignedPurchase(SignedMessage(Form.RECEIVE, Currency.CNY, *signed_for, paid, signature), terms)
    write_text(out, json.dumps(signed.document(), indent=2) + "\n", SignedPurchase.SCHEMA)
    document = {"series": "0x" + token.address.hex(), "amount_tokens": str(tokens)}
    document |= {"currency": Currency.CNY.value, "price_units": str(price), "deadline_unix_s": str(deadline)}
    line = f"{by} pays {to_text(price)} yuan for {tokens:,} Tokens; submit the purchase before {instant(deadline)}"
    command.show(document, [line, f"Next: {pasteable(f'market submit --file {quote(str(out))}')}"])


@click.command(cls=Verb)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The signed purchase, or a payment to the series from `token authorize`.",
)
@by_option("bob", "Account that submits it; any account may.")
@network_command
def submit(file: Path, by: str, command: Command) -> None:
    """Submit a purchase that its buyer signed; the buyer pays the e-CNY."""
    from pysettle.client.compute.purchase import SignedPurchase

    signed = SignedPurchase.from_bytes(file.read_bytes())
    submitter = command.signer(by)
    payer, receiver = signed.payment.signer, signed.beneficiary
    with command.compute(write=True) as compute:
        signed.payment.check_token(compute.currency, compute.chain.chain_id)
        token = compute.compute_lists.find("0x" + signed.payment.beneficiary.hex())
        before = _holdings(compute, token, payer, receiver)
        (receipt,) = token.send(signed.submit(token, submitter))
        now = _holdings(compute, token, payer, receiver)
        series = compute.compute_lists.shortest_name(token.address)
    buyer, holder = command.name(payer), command.name(receiver)
    document = {
        "series": "0x" + token.address.hex(),
        "buyer": buyer,
        "beneficiary": holder,
        "currency": Currency.CNY.value,
        "buyer_units": change(before[0], now[0]),
        "beneficiary_tokens": change(before[1], now[1]),
    }
    lines = [
        f"{buyer}: {to_text(before[0])} -> {to_text(now[0])} yuan",
        f"{holder}: {before[1]:,} -> {now[1]:,} Tokens of {series}",
    ]
    useful_next = f"channel open --series {quote(series)} --tokens {now[1] - before[1]} --by {holder}"
    command.show_sent(receipt, document, lines, useful_next)


def _holdings(compute: SettlementNetwork, token: ComputeToken, payer: Address, receiver: Address) -> tuple[int, int]:
    """Return (units of e-CNY of the payer, Tokens of the receiver)."""
    return compute.currency.balance_of(payer), token.balance_of(receiver)
