"""`pysettle channel`: deposits, vouchers, metered claims, settlement and the ways out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.channel.asset import asset_of, asset_option, chosen_asset, token_of
from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.compute.compute import by_option
from pysettle.cli.nouns import Noun
from pysettle.cli.options import NUMBER, TOKENS, Count, pasteable, wide_option
from pysettle.cli.output import instant, table, write_text
from pysettle.errors import UsageError
from pysettle.money import to_units
from pysettle.values import HOUR_S, SeriesId

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.client.channel.lists import ChannelStanding
    from pysettle.client.channel.rows import Row
    from pysettle.client.core.contract import Receipt, Transaction, TransactionSigner
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.signing import Signer
    from pysettle.values import Address

_file_option = click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True, help="Rows."
)
_id_option = click.option("--channel", "text", required=True, help="Id of the channel, or how it begins.")
_amount_option = click.option(
    "--amount", "wanted", required=True, help="Amount of its currency, such as 12.50; or Tokens of its series."
)


@click.group(cls=Noun)
def channel() -> None:
    """Open payment channels in Tokens or a currency, sign vouchers, claim, and get back what is left (simulated)."""


@channel.command("open")
@asset_option
@click.option("--tokens", type=TOKENS, help="Tokens to deposit, of the series.")
@click.option("--amount", help="Amount to deposit, of the currency, such as 12.50.")
@click.option("--receiver", help="Account that claims, in a currency: a name or an address.  [in Tokens: their series]")
@click.option("--delay-hours", type=Count(1, 720), default=24, show_default=True, help="Notice of a withdrawal.")
@click.option("--number", type=NUMBER, default=0, show_default=True, help="Tells channels of one payer apart.")
@by_option("alice", "Account that pays, and signs vouchers.")
@network_command
def open_(
    series: str | None,
    currency: str | None,
    tokens: int | None,
    amount: str | None,
    receiver: str | None,
    delay_hours: int,
    number: int,
    by: str,
    command: Command,
) -> None:
    """Deposit Tokens in a channel of their series, or a currency for its receiver; the first deposit opens it."""
    from pysettle.domain.core.messages import ChannelConfig

    payer, units = command.key(by), _deposit(series, tokens, amount, receiver)
    with command.compute(write=True) as compute:
        hub, asset = compute.hub, chosen_asset(command, compute, series, currency)
        to = command.address(receiver) if receiver else asset.token
        config = ChannelConfig(
            payer=payer.address,
            payer_authorizer=payer.address,
            receiver=to,
            receiver_authorizer=to if receiver else compute.meter.address,
            token=asset.token,
            withdraw_delay_s=delay_hours * HOUR_S,
            salt=number.to_bytes(32, "big"),
        )
        channel_id = config.channel_id(hub.domain)
        before, _ = hub.channel(channel_id)
        deadline = compute.chain.clock.now() + HOUR_S
        # Deposits into one channel are told apart by the block they come after.
        token, salt = token_of(command, compute, asset), compute.chain.block().number
        data = hub.sign_deposit(payer, token, config, units, deadline, salt)
        (receipt,) = hub.send(hub.deposit(payer, config, units, data))
    shown = "0x" + channel_id.hex()
    document = {"channel": shown, "balance": {"before": str(before), "now": str(before + units)}}
    lines = [f"channel {shown}", f"balance: {asset.change(before, before + units)}"]
    useful_next = f"channel sign --channel {shown[:10]} --ceiling {asset.plain(units)} --by {by}"
    command.show_sent(receipt, document, lines, useful_next)


def _deposit(series: str | None, tokens: int | None, amount: str | None, receiver: str | None) -> int:
    """Return what is deposited, in smallest units, by the options that go together."""
    if series is not None:
        if tokens is None or amount is not None or receiver is not None:
            raise UsageError("a channel in Tokens is opened by --series and --tokens: its receiver is the series")
        return tokens
    if tokens is not None or amount is None or receiver is None:
        raise UsageError("a channel in a currency is opened by --currency, --amount and --receiver")
    return to_units(amount)


@channel.command()
@_id_option
@click.option(
    "--ceiling",
    "most",
    required=True,
    help="Most that may ever be claimed, cumulative: of its currency, such as 12.50; or Tokens of its series.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the row of a claim, its usage still zero."
)
@by_option("alice", "Account that signs vouchers of the channel.")
@network_command
def sign(text: str, most: str, out: Path | None, by: str, command: Command) -> None:
    """Sign a voucher: a cumulative ceiling, which the newest one raises."""
    from pysettle.domain.channel.metering import Voucher

    signer = command.key(by)
    with command.compute() as compute:
        found = compute.channel_lists.channel(text)
        if signer.address != found.config.voucher_signer:
            who = command.name(found.config.voucher_signer)
            raise UsageError(
                f"{by} does not sign vouchers of channel 0x{found.id.hex()}, which would be worthless: --by {who} does"
            )
        asset = asset_of(command, compute, found)
        ceiling = asset.read(most)
        signature = Voucher.signed(signer, compute.hub.domain, found.id, ceiling).signature
    document = {"channel": "0x" + found.id.hex(), "ceiling": str(ceiling), "signature": "0x" + signature.hex()}
    lines = [f"channel {document['channel']}", f"ceiling {asset.text(ceiling)}", f"signature {document['signature']}"]
    with_usage = ", with its usage," if found.is_metered else ""
    lines += [f"it is{with_usage} a row of the file that its receiver claims by"]
    if out is not None:
        write_text(out, json.dumps([document | ({"usage": [0] * 6} if found.is_metered else {})], indent=2) + "\n")
        lines += [f"{out} has it as a row" + (", whose usage is still zero" if found.is_metered else "")]
    useful_next = f"channel show --channel {quote(text)}"
    if out is not None:
        useful_next = f"channel check {asset.option} --file {quote(str(out))}"
    command.show(document, [*lines, f"Next: {pasteable(useful_next)}"])


@channel.command()
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


@channel.command()
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


@channel.command()
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


@channel.command()
@_id_option
@_amount_option
@by_option("alice", "Payer of the channel.")
@network_command
def withdraw(text: str, wanted: str, by: str, command: Command) -> None:
    """Give notice of a withdrawal; until its delay has passed the provider can claim what it is owed."""
    payer = command.signer(by)
    with command.compute(write=True) as compute:
        found = compute.channel_lists.channel(text)
        asset = asset_of(command, compute, found)
        amount = asset.read(wanted)
        (receipt,) = compute.hub.send(compute.hub.initiate_withdraw(payer, found.config, amount))
        at = compute.chain.block(receipt.block_number).timestamp + found.config.withdraw_delay_s
    document = {"channel": "0x" + found.id.hex(), "amount": str(amount), "finalizable_at": str(at)}
    lines = [f"notice of {asset.text(amount)}, to be completed from {instant(at)}"]
    command.show_sent(receipt, document, lines, f"channel finalize --channel {quote(text)}")


@channel.command()
@_id_option
@by_option("alice", "Payer of the channel.")
@network_command
def finalize(text: str, by: str, command: Command) -> None:
    """Complete a withdrawal whose delay has passed."""
    payer = command.signer(by)
    with command.compute(write=True) as compute:
        before = compute.channel_lists.channel(text)
        (receipt,) = compute.hub.send(compute.hub.finalize_withdraw(payer, before.config))
        now, asset = compute.channel_lists.channel(text), asset_of(command, compute, before)
    _show_balance("finalize", (before, now), asset, receipt, command)


@channel.command()
@_id_option
@_amount_option
@click.option(
    "--provider",
    default="provider",
    show_default=True,
    help="Provider of the series, which approves; in a currency the receiver, which submits it itself.",
)
@by_option("alice", "Account that submits what the provider approved; anyone may.")
@network_command
def refund(text: str, wanted: str, provider: str, by: str, command: Command) -> None:
    """Return what is unclaimed to the payer at once, with the provider's approval, or by the receiver."""
    with command.compute(write=True) as compute:
        hub, before = compute.hub, compute.channel_lists.channel(text)
        asset = asset_of(command, compute, before)
        amount = asset.read(wanted)
        if before.is_metered:
            nonce, approver = hub.refund_nonce(before.id), command.key(provider)
            approval = compute.meter.approve_refund(approver, before.config, nonce, amount, before.claimed, hub)
            made = hub.refund_with_signature(command.signer(by), before.config, amount, nonce, approval)
        else:
            made = hub.refund(command.signer(provider), before.config, amount)
        (receipt,) = hub.send(made)
        now = compute.channel_lists.channel(text)
    _show_balance("refund", (before, now), asset, receipt, command)


@channel.command("withdraw-credit")
@asset_option
@click.option("--account", required=True, help="Account that the hub holds it for: a name or an address.")
@by_option("alice", "Account that submits it; anyone may.")
@network_command
def withdraw_credit(series: str | None, currency: str | None, account: str, by: str, command: Command) -> None:
    """Pay an account what the hub holds for it, since the token refused to pay it before."""
    holder, submitter = command.address(account), command.signer(by)
    with command.compute(write=True) as compute:
        asset = chosen_asset(command, compute, series, currency)
        before = compute.hub.credit_of(holder, asset.token)
        (receipt,) = compute.hub.send(compute.hub.withdraw_credit(submitter, holder, asset.token))
        now = compute.hub.credit_of(holder, asset.token)
    document = {"account": account, "credit": {"before": str(before), "now": str(now)}}
    lines = [f"held for {account}: {asset.change(before, now)}"]
    shown = f"token balance --account {account} {asset.option}" if asset.currency else f"market show {asset.option}"
    command.show_sent(receipt, document, lines, shown)


@channel.command("list")
@wide_option
@network_view
def list_(command: Command) -> None:
    """List the channels."""
    with command.compute() as compute:
        found = compute.channel_lists.channels()
        assets = {(it.config.token, it.is_metered): it for it in found}
        named = {key: asset_of(command, compute, it) for key, it in assets.items()}
    rows = [
        (
            f"0x{it.id.hex()}"[:10],
            command.name(it.config.payer),
            asset.text(it.balance - it.claimed),
            asset.text(it.claimed),
        )
        for it in found
        for asset in [named[it.config.token, it.is_metered]]
    ]
    lines = [table(("channel", "payer", "unclaimed", "claimed"), rows)] if rows else ["no channel"]
    command.show({"channels": [_document(it, command) for it in found]}, lines)


@channel.command()
@_id_option
@wide_option
@network_view
def show(text: str, command: Command) -> None:
    """Show a channel."""
    with command.compute() as compute:
        document = _document(compute.channel_lists.channel(text), command)
    command.show(document, [table(("term", "value"), list(document.items()))])


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


def _document(it: ChannelStanding, command: Command) -> dict[str, str]:
    return {
        "channel": "0x" + it.id.hex(),
        "payer": command.name(it.config.payer),
        "receiver": "0x" + it.config.receiver.hex(),
        "token": "0x" + it.config.token.hex(),
        "balance": str(it.balance),
        "claimed": str(it.claimed),
        "noticed": str(it.noticed),
        "noticed_at": str(it.noticed_at) if it.noticed else "-",
        "withdraw_delay_s": str(it.config.withdraw_delay_s),
    }


def _show_balance(
    verb: str, stood: tuple[ChannelStanding, ChannelStanding], asset: Asset, receipt: Receipt, command: Command
) -> None:
    before, now = stood
    document = {
        "channel": "0x" + now.id.hex(),
        "balance": {"before": str(before.balance), "now": str(now.balance)},
    }
    lines = [f"balance: {asset.change(before.balance, now.balance)}"]
    useful_next = f"channel show --channel 0x{now.id.hex()[:8]}"
    command.show_sent(receipt, document, lines, useful_next)
