"""`pysettle channel`: deposits, vouchers, metered claims, settlement and the ways out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pysettle.cli.compute import (
    ComputeCommand,
    by_option,
    compute_command,
    compute_view,
    series_option,
    tokens_option,
)
from pysettle.cli.output import instant, table
from pysettle.client.channels import ClaimResult, UsageRow
from pysettle.client.compute import ChannelStanding, ComputeSystem
from pysettle.domain import events
from pysettle.domain.messages import ChannelConfig
from pysettle.domain.metering import Voucher, check_vouchers
from pysettle.domain.usage import Meters, Usage
from pysettle.errors import UsageError
from pysettle.evm.backend import Receipt

_HOUR_S = 3_600
_file_option = click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True, help="Rows."
)
_id_option = click.option("--channel", "text", required=True, help="Id of the channel, or how it begins.")
_amount_option = click.option(
    "--amount", type=click.IntRange(min=1), required=True, help="Smallest units of its token."
)


@click.group()
def channel() -> None:
    """Open payment channels in Tokens, sign vouchers, claim attested usage, and get back what is left (simulated)."""


@channel.command("open")
@series_option
@tokens_option
@click.option(
    "--delay-hours", type=click.IntRange(1, 720), default=24, show_default=True, help="Notice of a withdrawal."
)
@click.option(
    "--number", type=click.IntRange(min=0), default=0, show_default=True, help="Tells channels of one payer apart."
)
@by_option("alice", "Account that pays, and signs vouchers.")
@compute_command
def open_(series: str, tokens: int, delay_hours: int, number: int, by: str, command: ComputeCommand) -> None:
    """Deposit Tokens in a channel of their series; the first deposit opens it."""
    payer = command.key(by)
    with command.compute(write=True) as compute:
        hub, token = compute.hub, compute.find(series)
        config = ChannelConfig(
            payer=payer.address,
            payer_authorizer=payer.address,
            receiver=token.address,
            receiver_authorizer=compute.meter.address,
            token=token.address,
            withdraw_delay_s=delay_hours * _HOUR_S,
            salt=number.to_bytes(32, "big"),
        )
        channel_id = config.channel_id(hub.domain)
        before, _ = hub.channel(channel_id)
        deadline = compute.chain.clock.now() + _HOUR_S
        # Deposits into one channel are told apart by the block they come after.
        data = hub.sign_deposit(payer, token, config, tokens, deadline, compute.chain.block().number)
        (receipt,) = hub.send(hub.deposit(payer, config, tokens, data))
    shown = "0x" + channel_id.hex()
    document = {"channel": shown, "balance": {"before": str(before), "now": str(before + tokens)}}
    lines = [f"channel {shown}", f"balance: {before:,} -> {before + tokens:,} Tokens"]
    command.show_sent(
        "channel-open", receipt, document, lines, f"channel sign --channel {shown[:10]} --ceiling {tokens}"
    )


@channel.command()
@_id_option
@click.option("--ceiling", type=click.IntRange(min=1), required=True, help="Most that may ever be claimed, cumulative.")
@by_option("alice", "Account that signs vouchers of the channel.")
@compute_command
def sign(text: str, ceiling: int, by: str, command: ComputeCommand) -> None:
    """Sign a voucher: a cumulative ceiling, which the newest one raises."""
    signer = command.key(by)
    with command.compute() as compute:
        found = compute.channel(text)
        signature = Voucher.signed(signer, compute.hub.domain, found.id, ceiling).signature
    document = {"channel": "0x" + found.id.hex(), "ceiling": str(ceiling), "signature": "0x" + signature.hex()}
    lines = [f"channel {document['channel']}", f"ceiling {ceiling:,}", f"signature {document['signature']}"]
    command.show("channel-sign", document, [*lines, "Next: pysettle channel claim"])


@channel.command()
@series_option
@_file_option
@compute_view
def check(series: str, file: Path, command: ComputeCommand) -> None:
    """Check rows as `claim` reads them, and say what each would claim, before anything is signed or sent."""
    with command.compute() as compute:
        token, rows = compute.find(series), _rows(file, compute)
        balances = [compute.hub.channel(row.voucher.channel_id) for row in rows]
        valid = check_vouchers(compute.hub.domain, [(row.config, row.voucher) for row in rows])
    told = []
    for row, (balance, claimed), is_valid in zip(rows, balances, valid, strict=True):
        metered = token.rate_card.tokens(row.usage)
        amount = max(0, min(metered, row.voucher.ceiling, balance) - claimed) if is_valid else 0
        told.append(("0x" + row.voucher.channel_id.hex(), metered, amount, "valid" if is_valid else "INVALID"))
    document = {
        "rows": [
            {"channel": channel_id, "metered": str(metered), "would_claim": str(amount), "voucher": voucher}
            for channel_id, metered, amount, voucher in told
        ]
    }
    rows_ = [(channel_id[:10], f"{metered:,}", f"{amount:,}", voucher) for channel_id, metered, amount, voucher in told]
    lines = [table(("channel", "metered", "would claim", "voucher"), rows_)]
    command.show("channel-check", document, lines)


@channel.command()
@series_option
@_file_option
@by_option("provider", "Provider, which attests the usage and submits the claim.")
@compute_command
def claim(series: str, file: Path, by: str, command: ComputeCommand) -> None:
    """Attest the usage of channels and claim what it costs, row by row.

    The file is a list of {"channel", "usage", "ceiling", "signature"}: the voucher as `sign --json` tells it, and the
    cumulative usage as six counters, off-peak before peak.
    """
    provider = command.key(by)
    with command.compute(write=True) as compute:
        token, rows = compute.find(series), _rows(file, compute)
        attestation = compute.meter.attest(provider, token.address, rows, compute.hub)
        claimed = compute.hub.claim_metered(provider, compute.meter, token.address, rows, attestation)
        (receipt,) = compute.hub.send(claimed)
    results = [_result(receipt, row.config.channel_id(compute.hub.domain)) for row in rows]
    shown = ["0x" + row.config.channel_id(compute.hub.domain).hex() for row in rows]
    told = [(text[:10], f"{amount:,}", result.text) for text, (result, amount) in zip(shown, results, strict=True)]
    document = {
        "rows": [
            {"channel": text, "result": result.text, "amount": str(amount)}
            for text, (result, amount) in zip(shown, results, strict=True)
        ]
    }
    lines = [table(("channel", "Tokens", "result"), told)]
    command.show_sent("channel-claim", receipt, document, lines, f"channel settle --series {series}")


@channel.command()
@series_option
@by_option("provider", "Account that submits it; anyone may.")
@compute_command
def settle(series: str, by: str, command: ComputeCommand) -> None:
    """Bring the claimed Tokens of a series home: they are delivered then."""
    submitter = command.signer(by)
    with command.compute(write=True) as compute:
        token = compute.find(series)
        before = token.delivered()
        (receipt,) = compute.hub.send(compute.hub.settle(submitter, token.address, token.address))
        now = token.delivered()
    document = {"delivered": {"before": str(before), "now": str(now)}}
    lines = [f"delivered: {before:,} -> {now:,} Tokens"]
    command.show_sent("channel-settle", receipt, document, lines, f"market redeem --series {series} --tokens {now}")


@channel.command()
@_id_option
@_amount_option
@by_option("alice", "Payer of the channel.")
@compute_command
def withdraw(text: str, amount: int, by: str, command: ComputeCommand) -> None:
    """Give notice of a withdrawal; until its delay has passed the provider can claim what it is owed."""
    payer = command.signer(by)
    with command.compute(write=True) as compute:
        found = compute.channel(text)
        (receipt,) = compute.hub.send(compute.hub.initiate_withdraw(payer, found.config, amount))
        at = compute.chain.block(receipt.block_number).timestamp + found.config.withdraw_delay_s
    document = {"channel": "0x" + found.id.hex(), "amount": str(amount), "finalizable_at": str(at)}
    lines = [f"notice of {amount:,}, to be completed from {instant(at)}"]
    command.show_sent("channel-withdraw", receipt, document, lines, f"channel finalize --channel {text}")


@channel.command()
@_id_option
@by_option("alice", "Payer of the channel.")
@compute_command
def finalize(text: str, by: str, command: ComputeCommand) -> None:
    """Complete a withdrawal whose delay has passed."""
    payer = command.signer(by)
    with command.compute(write=True) as compute:
        before = compute.channel(text)
        (receipt,) = compute.hub.send(compute.hub.finalize_withdraw(payer, before.config))
        now = compute.channel(text)
    _show_balance("finalize", before, now, receipt, command)


@channel.command()
@_id_option
@_amount_option
@click.option("--provider", default="provider", show_default=True, help="Provider of the series, which approves.")
@by_option("alice", "Account that submits it; anyone may.")
@compute_command
def refund(text: str, amount: int, provider: str, by: str, command: ComputeCommand) -> None:
    """Return unclaimed Tokens to the payer at once, with the provider's approval."""
    approver, submitter = command.key(provider), command.signer(by)
    with command.compute(write=True) as compute:
        hub, before = compute.hub, compute.channel(text)
        nonce = hub.refund_nonce(before.id)
        approval = compute.meter.approve_refund(approver, before.config, nonce, amount, before.claimed, hub)
        (receipt,) = hub.send(hub.refund_with_signature(submitter, before.config, amount, nonce, approval))
        now = compute.channel(text)
    _show_balance("refund", before, now, receipt, command)


@channel.command("list")
@compute_view
def list_(command: ComputeCommand) -> None:
    """List the channels."""
    with command.compute() as compute:
        found = compute.channels()
    rows = [
        (f"0x{it.id.hex()}"[:10], command.name(it.config.payer), f"{it.balance - it.claimed:,}", f"{it.claimed:,}")
        for it in found
    ]
    lines = [table(("channel", "payer", "unclaimed", "claimed"), rows)] if rows else ["no channel"]
    command.show("channel-list", {"channels": [_document(it, command) for it in found]}, lines)


@channel.command()
@_id_option
@compute_view
def show(text: str, command: ComputeCommand) -> None:
    """Show a channel."""
    with command.compute() as compute:
        document = _document(compute.channel(text), command)
    command.show("channel-show", document, [table(("term", "value"), list(document.items()))])


def _rows(file: Path, compute: ComputeSystem) -> list[UsageRow]:
    try:
        with click.open_file(str(file)) as stream:
            document = json.load(stream)
        return [_row(entry, compute) for entry in document]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UsageError(f"{file} is no list of rows ({problem}): see `pysettle channel claim --help`") from problem


def _row(entry: dict[str, Any], compute: ComputeSystem) -> UsageRow:
    found, counters = compute.channel(entry["channel"]), [int(it) for it in entry["usage"]]
    if len(counters) != 6:
        raise ValueError(f"usage has {len(counters)} counters, not 6")
    usage = Usage(Meters(*counters[:3]), Meters(*counters[3:]))
    signature = bytes.fromhex(entry["signature"].removeprefix("0x"))
    return UsageRow(found.config, usage, Voucher(found.id, int(entry["ceiling"]), signature))


def _result(receipt: Receipt, channel_id: bytes) -> tuple[ClaimResult, int]:
    """Return what became of a row and what it claimed, by the events of the claim."""
    for log in receipt.logs:
        event = events.decode(log.topics, log.data)
        if isinstance(event, events.Claimed) and event.channel_id == channel_id:
            return ClaimResult.CLAIMED, event.amount
        if isinstance(event, events.ClaimRefused) and event.channel_id == channel_id:
            return ClaimResult(event.result), 0
    return ClaimResult.NOTHING_NEW, 0


def _document(it: ChannelStanding, command: ComputeCommand) -> dict[str, str]:
    return {
        "channel": "0x" + it.id.hex(),
        "payer": command.name(it.config.payer),
        "token": "0x" + it.config.token.hex(),
        "balance": str(it.balance),
        "claimed": str(it.claimed),
        "noticed": str(it.noticed),
        "noticed_at": str(it.noticed_at) if it.noticed else "-",
        "withdraw_delay_s": str(it.config.withdraw_delay_s),
    }


def _show_balance(
    verb: str, before: ChannelStanding, now: ChannelStanding, receipt: Receipt, command: ComputeCommand
) -> None:
    document = {
        "channel": "0x" + now.id.hex(),
        "balance": {"before": str(before.balance), "now": str(now.balance)},
    }
    lines = [f"balance: {before.balance:,} -> {now.balance:,}"]
    useful_next = f"channel show --channel 0x{now.id.hex()[:8]}"
    command.show_sent(f"channel-{verb}", receipt, document, lines, useful_next)
