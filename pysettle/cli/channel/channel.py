"""`pysettle channel`: deposits, vouchers, metered claims, settlement and the ways out."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.channel.asset import asset_of, asset_option, chosen_asset, token_of
from pysettle.cli.channel.claims import check, claim, settle
from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.compute.compute import by_option
from pysettle.cli.documents import amounts, asset_part, change, whole
from pysettle.cli.nouns import Noun
from pysettle.cli.options import NUMBER, TOKENS, Count, pasteable, wide_option
from pysettle.cli.output import instant, table, write_text
from pysettle.errors import UsageError
from pysettle.money import to_units
from pysettle.values import HOUR_S, Tokens, duration_text

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.client.channel.lists import ChannelStanding
    from pysettle.client.core.contract import Receipt
    from pysettle.values import Amount

_id_option = click.option("--channel", "text", required=True, help="Id of the channel, or its beginning.")
_amount_option = click.option(
    "--amount",
    "wanted",
    required=True,
    help="Amount of the channel's currency, such as 12.50; or Tokens of its series.",
)


@click.group(cls=Noun)
def channel() -> None:
    """Open payment channels in Tokens or a currency, sign vouchers, claim, settle and refund (simulated)."""


@channel.command("open")
@asset_option
@click.option("--tokens", type=TOKENS, help="Tokens of the series to deposit.")
@click.option("--amount", help="Amount of the currency to deposit, such as 12.50.")
@click.option(
    "--receiver", help="In a currency, the account that claims: a name or an address.  [in Tokens: the series]"
)
@click.option("--delay-hours", type=Count(1, 720), default=24, show_default=True, help="Notice period of a withdrawal.")
@click.option("--number", type=NUMBER, default=0, show_default=True, help="Distinguishes channels of one payer.")
@by_option("alice", "Account that pays and signs vouchers.")
@network_command
def open_(
    series: str | None,
    currency: str | None,
    tokens: Tokens | None,
    amount: str | None,
    receiver: str | None,
    delay_hours: int,
    number: int,
    by: str,
    command: Command,
) -> None:
    """Open a channel by its first deposit, or add to its deposit: Tokens of a series, or a currency for a receiver."""
    from pysettle.domain.core.messages import ChannelConfig

    units = _deposit(series, tokens, amount, receiver)
    payer = command.key(by)
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
        # The salt, the number of the head, distinguishes deposits into one channel.
        token, salt = token_of(command, compute, asset), compute.chain.block().number
        data = hub.sign_deposit(payer, token, config, units, deadline, salt)
        (receipt,) = hub.send(hub.deposit(payer, config, units, data))
    shown = "0x" + channel_id.hex()
    document = {"channel": shown, **asset_part(asset), **amounts(asset, balance=change(before, before + units))}
    lines = [f"channel {shown}", f"balance: {asset.change(before, before + units)}"]
    useful_next = f"channel sign --channel {shown[:10]} --ceiling {asset.plain(units)} --by {by}"
    command.show_sent(receipt, document, lines, useful_next)


def _deposit(series: str | None, tokens: Tokens | None, amount: str | None, receiver: str | None) -> Amount:
    """Return the deposit in smallest units; the options of Tokens and of a currency exclude each other."""
    if series is not None:
        if tokens is None or amount is not None or receiver is not None:
            raise UsageError("a channel in Tokens takes --series and --tokens alone: its receiver is the series")
        return tokens
    if tokens is not None or amount is None or receiver is None:
        raise UsageError("a channel in a currency takes --currency, --amount and --receiver")
    return to_units(amount)


@channel.command()
@_id_option
@click.option(
    "--ceiling",
    "most",
    required=True,
    help="Highest cumulative claim: of the channel's currency, such as 12.50; or Tokens of its series.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the row of a claim, with a usage of zero."
)
@by_option("alice", "Account that signs vouchers of the channel.")
@network_command
def sign(text: str, most: str, out: Path | None, by: str, command: Command) -> None:
    """Sign a voucher: a cumulative ceiling of claims. A later voucher may raise it."""
    from pysettle.domain.channel.metering import Voucher

    signer = command.key(by)
    with command.compute() as compute:
        standing = compute.channel_lists.channel(text)
        if signer.address != standing.config.voucher_signer:
            voucher_signer = command.name(standing.config.voucher_signer)
            raise UsageError(
                f"{by} does not sign vouchers of channel 0x{standing.id.hex()}; its vouchers would be worthless: "
                f"give --by {voucher_signer}",
                account=by,
            )
        asset = asset_of(command, compute, standing)
        ceiling = asset.read(most)
        signature = Voucher.signed(signer, compute.hub.domain, standing.id, ceiling).signature
    document = {
        "channel": "0x" + standing.id.hex(),
        **asset_part(asset),
        **amounts(asset, ceiling=str(ceiling)),
        "signature": "0x" + signature.hex(),
    }
    lines = [f"channel {document['channel']}", f"ceiling {asset.text(ceiling)}", f"signature {document['signature']}"]
    with_usage = ", with the usage," if standing.is_metered else ""
    lines += [f"the voucher is{with_usage} a row of the file with which the receiver claims"]
    if out is not None:
        row = {name: document[name] for name in ("channel", f"ceiling_{asset.counted_in}", "signature")}
        write_text(out, json.dumps([row | ({"usage": [0] * 6} if standing.is_metered else {})], indent=2) + "\n")
        lines += [f"{out} contains this row" + (", with a usage of zero" if standing.is_metered else "")]
    useful_next = f"channel show --channel {quote(text)}"
    if out is not None:
        useful_next = f"channel check {asset.option} --file {quote(str(out))}"
    command.show(document, [*lines, f"Next: {pasteable(useful_next)}"])


for _claiming in (check, claim, settle):
    channel.add_command(_claiming)


@channel.command()
@_id_option
@_amount_option
@by_option("alice", "Payer of the channel.")
@network_command
def withdraw(text: str, wanted: str, by: str, command: Command) -> None:
    """Give notice of a withdrawal; the provider can claim its amounts during the notice period."""
    payer = command.signer(by)
    with command.compute(write=True) as compute:
        standing = compute.channel_lists.channel(text)
        asset = asset_of(command, compute, standing)
        amount = asset.read(wanted)
        (receipt,) = compute.hub.send(compute.hub.initiate_withdraw(payer, standing.config, amount))
        end = compute.chain.block(receipt.block_number).timestamp + standing.config.withdraw_delay_s
    document = {"channel": "0x" + standing.id.hex(), **asset_part(asset), **amounts(asset, amount=str(amount))}
    document |= {"finalizable_at_unix_s": str(end)}
    lines = [f"notice of {asset.text(amount)}; the withdrawal can be completed from {instant(end)}"]
    command.show_sent(receipt, document, lines, f"channel finalize --channel {quote(text)}")


@channel.command()
@_id_option
@by_option("alice", "Payer of the channel.")
@network_command
def finalize(text: str, by: str, command: Command) -> None:
    """Complete a withdrawal after its notice period."""
    payer = command.signer(by)
    with command.compute(write=True) as compute:
        before = compute.channel_lists.channel(text)
        (receipt,) = compute.hub.send(compute.hub.finalize_withdraw(payer, before.config))
        now, asset = compute.channel_lists.channel(text), asset_of(command, compute, before)
    _show_balance((before, now), asset, receipt, command)


@channel.command()
@_id_option
@_amount_option
@click.option(
    "--provider",
    default="provider",
    show_default=True,
    help="Provider of the series, which approves; in a currency, the receiver, which submits the refund itself.",
)
@by_option("alice", "Account that submits the approved refund; any account may.")
@network_command
def refund(text: str, wanted: str, provider: str, by: str, command: Command) -> None:
    """Return an unclaimed amount to the payer at once: with the provider's approval, or by the receiver."""
    with command.compute(write=True) as compute:
        hub, before = compute.hub, compute.channel_lists.channel(text)
        asset = asset_of(command, compute, before)
        amount = asset.read(wanted)
        if before.is_metered:
            nonce, approver = hub.refund_nonce(before.id), command.key(provider)
            approval = compute.meter.approve_refund(
                approver, before.config, nonce, Tokens(amount), Tokens(before.claimed), hub
            )
            transaction = hub.refund_with_signature(command.signer(by), before.config, amount, nonce, approval)
        else:
            transaction = hub.refund(command.signer(provider), before.config, amount)
        (receipt,) = hub.send(transaction)
        now = compute.channel_lists.channel(text)
    _show_balance((before, now), asset, receipt, command)


@channel.command("withdraw-credit")
@asset_option
@click.option("--account", required=True, help="Account with the credit: a name or an address.")
@by_option("alice", "Account that submits it; any account may.")
@network_command
def withdraw_credit(series: str | None, currency: str | None, account: str, by: str, command: Command) -> None:
    """Pay an account its credit in the hub: an amount that the token refused to pay it before."""
    holder = command.address(account)
    submitter = command.signer(by)
    with command.compute(write=True) as compute:
        asset = chosen_asset(command, compute, series, currency)
        before = compute.hub.credit_of(holder, asset.token)
        (receipt,) = compute.hub.send(compute.hub.withdraw_credit(submitter, holder, asset.token))
        now = compute.hub.credit_of(holder, asset.token)
    document = {"account": account, **asset_part(asset), **amounts(asset, credit=change(before, now))}
    lines = [f"credit of {account}: {asset.change(before, now)}"]
    shown = f"token balance --account {account} {asset.option}" if asset.currency else f"market show {asset.option}"
    command.show_sent(receipt, document, lines, shown)


@channel.command("list")
@wide_option
@network_view
def list_(command: Command) -> None:
    """List the channels."""
    with command.compute() as compute:
        channels = compute.channel_lists.channels()
        samples = {(standing.config.token, standing.is_metered): standing for standing in channels}
        assets = {key: asset_of(command, compute, standing) for key, standing in samples.items()}
    rows = [
        (
            f"0x{standing.id.hex()}"[:10],
            command.name(standing.config.payer),
            asset.text(standing.balance - standing.claimed),
            asset.text(standing.claimed),
        )
        for standing in channels
        for asset in [assets[standing.config.token, standing.is_metered]]
    ]
    lines = [table(("channel", "payer", "unclaimed", "claimed"), rows)] if rows else ["no channel"]
    documents = [
        _document(standing, assets[standing.config.token, standing.is_metered], command) for standing in channels
    ]
    command.show({"channels": documents}, lines)


@channel.command()
@_id_option
@wide_option
@network_view
def show(text: str, command: Command) -> None:
    """Show a channel."""
    with command.compute() as compute:
        standing = compute.channel_lists.channel(text)
        asset = asset_of(command, compute, standing)
    noticed = f"{asset.text(standing.noticed)} at {instant(standing.noticed_at)}" if standing.noticed else "nothing"
    terms = [
        ("channel", "0x" + standing.id.hex()),
        ("payer", command.name(standing.config.payer)),
        ("receiver", command.name(standing.config.receiver)),
        ("holds", asset.text(standing.balance)),
        ("claimed", asset.text(standing.claimed)),
        ("notice of withdrawal", noticed),
        ("withdrawn after", duration_text(standing.config.withdraw_delay_s)),
    ]
    command.show(_document(standing, asset, command), [table(("term", "value"), terms)])


def _document(standing: ChannelStanding, asset: Asset, command: Command) -> dict[str, object]:
    config = standing.config
    return {
        "channel": "0x" + standing.id.hex(),
        "payer": command.name(config.payer),
        "receiver": "0x" + config.receiver.hex(),
        **asset_part(asset),
        **amounts(asset, balance=str(standing.balance), claimed=str(standing.claimed)),
        **amounts(asset, noticed=whole(standing.noticed or None)),
        "noticed_at_unix_s": whole(standing.noticed_at if standing.noticed else None),
        "withdraw_delay_s": str(config.withdraw_delay_s),
    }


def _show_balance(
    standings: tuple[ChannelStanding, ChannelStanding], asset: Asset, receipt: Receipt, command: Command
) -> None:
    before, now = standings
    document = {
        "channel": "0x" + now.id.hex(),
        **asset_part(asset),
        **amounts(asset, balance=change(before.balance, now.balance)),
    }
    lines = [f"balance: {asset.change(before.balance, now.balance)}"]
    useful_next = f"channel show --channel 0x{now.id.hex()[:8]}"
    command.show_sent(receipt, document, lines, useful_next)
