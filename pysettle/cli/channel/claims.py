"""`pysettle channel check|claim|settle`: what the receiver of channels does with the vouchers of their payers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.channel.asset import asset_option, chosen_asset, token_of
from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.compute.compute import by_option
from pysettle.cli.nouns import Verb
from pysettle.cli.options import wide_option
from pysettle.cli.output import table
from pysettle.errors import UsageError
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.client.channel.rows import Row
    from pysettle.client.core.contract import Transaction, TransactionSigner
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.signing import Signer
    from pysettle.values import Address

_file_option = click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True, help="Rows."
)


@click.command(cls=Verb)
@asset_option
@_file_option
@wide_option
@network_view
def check(series: str | None, currency: str | None, file: Path, command: Command) -> None:
    """Check rows as `claim` reads them, and say what each would claim, before anything is signed or sent.

    Rows of one channel follow on each other, as in a claim: what the first would claim, the second does not.
    """
    from pysettle.client.channel.rows import would_claim

    with command.compute() as compute:
        asset = chosen_asset(command, compute, series, currency)
        rows = _rows(file, compute, asset)
        card = compute.market.at(SeriesId(asset.token)).rate_card if asset.series else None
        told = would_claim(compute.hub, rows, card, _frozen(compute, asset, rows, command))
    document = {
        "rows": [
            {
                "channel": "0x" + row.channel.id.hex(),
                "metered": str(card.tokens(row.usage)) if card else "-",
                "would_claim": str(amount),
                "voucher": standing,
            }
            for row, (standing, amount) in zip(rows, told, strict=True)
        ]
    }
    shown = [
        (
            f"0x{row.channel.id.hex()}"[:10],
            asset.text(card.tokens(row.usage)) if card else "-",
            asset.text(amount),
            standing,
        )
        for row, (standing, amount) in zip(rows, told, strict=True)
    ]
    lines = [table(("channel", "metered", "would claim", "voucher"), shown)]
    lines += [f"in all {asset.text(sum(amount for _, amount in told))}"]
    command.show(document, lines)


@click.command(cls=Verb)
@asset_option
@_file_option
@by_option("provider", "Provider, which attests the usage and submits the claim; in a currency, the receiver.")
@wide_option
@network_command
def claim(series: str | None, currency: str | None, file: Path, by: str, command: Command) -> None:
    """Attest the usage of channels and claim what it costs, row by row; in a currency, claim what was signed for.

    The file is a list of {"channel", "usage", "ceiling", "signature"}: the voucher as `sign --json` tells it, and the
    cumulative usage as a list of six counters, off-peak before peak, which a channel in a currency has not. Numbers are
    integers, or decimal digits in quotes.
    """
    with command.compute(write=True) as compute:
        hub, asset = compute.hub, chosen_asset(command, compute, series, currency)
        rows = _rows(file, compute, asset)
        card = compute.market.at(SeriesId(asset.token)).rate_card if asset.series else None
        made = (
            _metered(rows, asset, compute, command.key(by)) if card else _unmetered(rows, compute, command.signer(by))
        )
        (receipt,) = hub.send(made)
        outcomes = hub.outcomes(receipt, [(it.channel.id, it.wanted(card)) for it in rows])
    document = {
        "rows": [
            {"channel": "0x" + row.channel.id.hex(), "result": it.result.text, "amount": str(it.amount)}
            for row, it in zip(rows, outcomes, strict=True)
        ]
    }
    told = [
        (f"0x{row.channel.id.hex()}"[:10], asset.text(it.amount), it.result.text)
        for row, it in zip(rows, outcomes, strict=True)
    ]
    lines = [table(("channel", "claimed", "result"), told)]
    useful_next = f"channel settle {asset.option}" + ("" if asset.series else f" --receiver {by}")
    command.show_sent(receipt, document, lines, useful_next)


@click.command(cls=Verb)
@asset_option
@click.option("--receiver", help="Account that claimed, in a currency: a name or an address.")
@by_option("provider", "Account that submits it; anyone may.")
@network_command
def settle(series: str | None, currency: str | None, receiver: str | None, by: str, command: Command) -> None:
    """Bring the claimed Tokens of a series home: they are delivered then. Or pay what was claimed to its receiver."""
    submitter = command.signer(by)
    if (series is None) != (receiver is not None):
        raise UsageError(
            "claims in a currency are settled by --currency and --receiver, and in Tokens by --series alone"
        )
    with command.compute(write=True) as compute:
        asset = chosen_asset(command, compute, series, currency)
        to, token = command.address(receiver) if receiver else asset.token, token_of(command, compute, asset)
        before = token.balance_of(to)
        (receipt,) = compute.hub.send(compute.hub.settle(submitter, to, asset.token))
        now = token.balance_of(to)
    changed = {"before": str(before), "now": str(now)}
    if receiver is None:
        lines, useful_next = [f"delivered: {asset.change(before, now)}"], f"market redeem {asset.option} --tokens {now}"
        command.show_sent(receipt, {"delivered": changed}, lines, useful_next)
        return
    lines, useful_next = [f"{receiver}: {asset.change(before, now)}"], f"token balance --account {receiver}"
    command.show_sent(receipt, {"receiver": receiver, "units": changed}, lines, f"{useful_next} {asset.option}")


def _metered(rows: Sequence[Row], asset: Asset, compute: SettlementNetwork, provider: Signer) -> Transaction:
    """Return the transaction that claims what attested usage costs."""
    hub, metered = compute.hub, [it.metered for it in rows]
    series = SeriesId(asset.token)
    attestation = compute.meter.attest(provider, series, metered, hub)
    return hub.claim_metered(provider, compute.meter, series, metered, attestation)


def _unmetered(rows: Sequence[Row], compute: SettlementNetwork, receiver: TransactionSigner) -> Transaction:
    """Return the transaction that claims all that was signed for."""
    claims = [(it.channel.config, it.voucher, it.voucher.ceiling) for it in rows]
    return compute.hub.try_claim(receiver, claims)


def _rows(file: Path, compute: SettlementNetwork, asset: Asset) -> list[Row]:
    """Read the rows of a file, or of stdin for a dash.

    Raises:
        UsageError: it cannot be read, or as `read_rows`.
    """
    from pysettle.client.channel.rows import read_rows

    try:
        with click.open_file(str(file)) as stream:
            content = stream.read()
    except (OSError, UnicodeError) as problem:
        raise UsageError(f"{file} is no list of rows ({problem}): see `pysettle channel claim --help`") from problem
    return read_rows(content, str(file), compute, asset)


def _frozen(compute: SettlementNetwork, asset: Asset, rows: Sequence[Row], command: Command) -> set[Address]:
    """Return the payers of channels in a currency that nothing leaves; Tokens have left a payer's money already."""
    if asset.currency is None:
        return set()
    token = compute.system(asset.currency).token
    return {payer for payer in {it.channel.config.payer for it in rows} if token.frozen(payer).outgoing}
