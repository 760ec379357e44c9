"""`pysettle channel check|claim|settle`: claims of a receiver by the vouchers of payers, and receipts of usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.channel.asset import asset_of, asset_option, chosen_asset, token_of
from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.compute.compute import by_option
from pysettle.cli.documents import amounts, asset_part, change
from pysettle.cli.nouns import Verb
from pysettle.cli.options import wide_option
from pysettle.cli.output import instant, table
from pysettle.errors import AuditFailed, UsageError
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.client.channel.rows import Row
    from pysettle.client.network import SettlementNetwork

_file_option = click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    required=True,
    help="File with the rows; - for stdin.",
)


@click.command(cls=Verb)
@asset_option
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="File with the rows of a claim; - for stdin.",
)
@click.option(
    "--receipt",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="In place of --file, a file of usage receipts; - for stdin.",
)
@wide_option
@network_view
def check(series: str | None, currency: str | None, file: Path | None, receipt: Path | None, command: Command) -> None:
    """Check the rows of a claim, or the receipts of a provider; this signs and sends nothing.

    With --file: the amount that each row would claim. Rows of one channel follow each other, as in a claim: an amount
    that the first claims counts only once. With --receipt: the statements of each receipt that are false by the rate
    card, by earlier receipts or by the ceiling; exit code 7 if there is one.
    """
    if file and not receipt:
        _check_rows(series, currency, file, command)
    elif receipt and not file and series is None and currency is None:
        _check_receipts(receipt, command)
    else:
        raise UsageError("give --file with --series or --currency, or --receipt alone")


def _check_rows(series: str | None, currency: str | None, file: Path, command: Command) -> None:
    from pysettle.client.channel.rows import frozen_payers, would_claim

    with command.compute() as compute:
        asset = chosen_asset(command, compute, series, currency)
        rows = _rows(file, compute, asset)
        card = compute.market.at(SeriesId(asset.token)).rate_card if asset.series else None
        expected = would_claim(compute.hub, rows, card, frozen_payers(compute, asset, rows))
    document = {
        **asset_part(asset),
        "rows": [
            {
                "channel": "0x" + row.channel.id.hex(),
                "metered_tokens": str(card.tokens(row.usage)) if card else None,
                **amounts(asset, would_claim=str(amount)),
                "voucher": standing,
            }
            for row, (standing, amount) in zip(rows, expected, strict=True)
        ],
        "receipts": None,
    }
    shown = [
        (
            f"0x{row.channel.id.hex()}"[:10],
            asset.text(card.tokens(row.usage)) if card else "-",
            asset.text(amount),
            standing,
        )
        for row, (standing, amount) in zip(rows, expected, strict=True)
    ]
    lines = [table(("channel", "metered", "would claim", "voucher"), shown)]
    lines += [f"in all {asset.text(sum(amount for _, amount in expected))}"]
    command.show(document, lines)


def _check_receipts(file: Path, command: Command) -> None:
    """Show each receipt with its false statements.

    Raises:
        AuditFailed: there is one.
    """
    from pysettle.client.channel.receipts import receipt_terms
    from pysettle.domain.channel.receipts import ReceiptFile, refuted

    given = ReceiptFile.from_json(_content(file, "a file of receipts", "channel check"), str(file))
    with command.compute() as compute:
        terms = receipt_terms(compute, given)
        lists = compute.channel_lists
        assets = {it: asset_of(command, compute, lists.standing(it, lists.opened()[it])) for it in terms}
    false: dict[int, list[str]] = {}
    for refutation in refuted(given, terms):
        false.setdefault(refutation.place, []).append(refutation.detail)
    documents, cells, lines = list[dict[str, object]](), list[tuple[str, ...]](), list[str]()
    for place, signed in enumerate(given.receipts, start=1):
        it, found = signed.receipt, false.get(place, [])
        asset = assets[it.channel_id]
        documents.append(
            {
                "channel": "0x" + it.channel_id.hex(),
                **asset_part(asset),
                **amounts(asset, charged=str(it.charged), request_charged=str(it.request_charged)),
                "issued_at_unix_s": str(it.issued_at),
                "refutations": found,
            }
        )
        standing = "REFUTED" if found else "sound"
        cells.append((f"0x{it.channel_id.hex()}"[:10], instant(it.issued_at), asset.text(it.charged), standing))
        lines += [f"receipt {place}: {detail}" for detail in found]
    of_rows = dict.fromkeys(("token", "currency", "series", "rows"))
    command.show(
        {**of_rows, "receipts": documents}, [table(("channel", "issued", "charged in all", "receipt"), cells), *lines]
    )
    if false:
        count = sum(map(len, false.values()))
        raise AuditFailed(
            f"{file}: {count} statements are false, the first in receipt {min(false)}; sign nothing more on its "
            "channel",
            path=file,
            refuted_count=count,
        )


@click.command(cls=Verb)
@asset_option
@_file_option
@by_option("provider", "Provider, which attests the usage and submits the claim; in a currency, the receiver.")
@wide_option
@network_command
def claim(series: str | None, currency: str | None, file: Path, by: str, command: Command) -> None:
    """Attest the usage of channels and claim its cost, row by row; in a currency, claim the signed amounts.

    The file is a list of {"channel", "usage", "ceiling_tokens", "signature"}: the voucher as `sign --json` prints it,
    and the cumulative usage as a list of six counters, off-peak before peak. A row of a channel in a currency has
    "ceiling_units" in place of "ceiling_tokens", and no usage. Numbers are integers, or decimal digits in quotes.
    """
    from pysettle.client.channel.rows import metered_claim, plain_claim

    with command.compute(write=True) as compute:
        hub, asset = compute.hub, chosen_asset(command, compute, series, currency)
        rows = _rows(file, compute, asset)
        card = compute.market.at(SeriesId(asset.token)).rate_card if asset.series else None
        transaction = (
            metered_claim(compute, SeriesId(asset.token), rows, command.key(by))
            if card
            else plain_claim(compute, rows, command.signer(by))
        )
        (receipt,) = hub.send(transaction)
        outcomes = hub.outcomes(receipt, [(row.channel.id, row.wanted(card)) for row in rows])
    document = {
        **asset_part(asset),
        "rows": [
            {"channel": "0x" + row.channel.id.hex(), "result": outcome.result.text}
            | amounts(asset, amount=str(outcome.amount))
            for row, outcome in zip(rows, outcomes, strict=True)
        ],
    }
    cells = [
        (f"0x{row.channel.id.hex()}"[:10], asset.text(outcome.amount), outcome.result.text)
        for row, outcome in zip(rows, outcomes, strict=True)
    ]
    lines = [table(("channel", "claimed", "result"), cells)]
    useful_next = f"channel settle {asset.option}" + ("" if asset.series else f" --receiver {by}")
    command.show_sent(receipt, document, lines, useful_next)


@click.command(cls=Verb)
@asset_option
@click.option("--receiver", help="In a currency, the account that claimed: a name or an address.")
@by_option("provider", "Account that submits it; any account may.")
@network_command
def settle(series: str | None, currency: str | None, receiver: str | None, by: str, command: Command) -> None:
    """Deliver the claimed Tokens to their series; or pay the claimed amount of a currency to its receiver."""
    submitter = command.signer(by)
    if (series is None) != (receiver is not None):
        raise UsageError("give --currency and --receiver to settle claims in a currency, or --series alone for Tokens")
    with command.compute(write=True) as compute:
        asset = chosen_asset(command, compute, series, currency)
        to = command.address(receiver) if receiver else asset.token
        token = token_of(command, compute, asset)
        before = token.balance_of(to)
        (receipt,) = compute.hub.send(compute.hub.settle(submitter, to, asset.token))
        now = token.balance_of(to)
    document = {**asset_part(asset), "receiver": receiver, **amounts(asset, balance=change(before, now))}
    if receiver is None:
        lines = [f"delivered: {asset.change(before, now)}"]
        useful_next = f"market redeem {asset.option} --tokens {now}"
        command.show_sent(receipt, document, lines, useful_next)
        return
    lines = [f"{receiver}: {asset.change(before, now)}"]
    useful_next = f"token balance --account {receiver} {asset.option}"
    command.show_sent(receipt, document, lines, useful_next)


def _rows(file: Path, compute: SettlementNetwork, asset: Asset) -> list[Row]:
    """Read the rows of a file, or of stdin for a dash.

    Raises:
        UsageError: the file cannot be read, or as `read_rows`.
    """
    from pysettle.client.channel.rows import read_rows

    return read_rows(_content(file, "a list of rows", "channel claim"), str(file), compute, asset)


def _content(file: Path, kind: str, see: str) -> str:
    try:
        with click.open_file(str(file)) as stream:
            content: str = stream.read()
            return content
    except (OSError, UnicodeError) as problem:
        raise UsageError(f"{file} is not {kind} ({problem}): see `pysettle {see} --help`", path=file) from problem
