"""`pysettle market register|stake|unstake|compute|release`: the compute and the stake behind series."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.compute.compute import by_option, series_option
from pysettle.cli.compute.terms import until_option
from pysettle.cli.documents import change
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Utf8, Whole, wide_option
from pysettle.cli.output import instant, table
from pysettle.money import Currency, to_plain, to_text, to_units
from pysettle.values import time_text

if TYPE_CHECKING:
    from pysettle.client.core.contract import Transaction
    from pysettle.client.network import SettlementNetwork
    from pysettle.values import Units


@click.command(cls=Verb)
@click.option(
    "--provider", default="provider", show_default=True, help="Provider of the compute: a name or an address."
)
@click.option("--accelerator", type=Utf8(32), required=True, help='Kind, such as "Ascend 910C"; at most 32 bytes.')
@click.option("--units", type=Whole(64, 1), required=True, help="Accelerators of that kind.")
@click.option("--rate", type=Whole(64, 1), required=True, help="Tokens that each accelerator delivers a second.")
@until_option
@by_option("attester", "Account that attests the compute.")
@network_command
def register(provider: str, accelerator: str, units: int, rate: int, until: int, by: str, command: Command) -> None:
    """Attest and register a provider's compute from now to its end. Series are opened on registered compute."""
    from pysettle.domain.compute.messages import ComputeAttestation

    attester = command.key(by)
    with command.compute(write=True) as compute:
        now = compute.chain.clock.now()
        attestation = ComputeAttestation(command.address(provider), accelerator, units, rate, now, until)
        signature = compute.market.attest(attester, attestation)
        (receipt,) = compute.market.send(
            compute.market.register_compute(attester, attestation, attester.address, signature)
        )
        compute_id = "0x" + attestation.digest(compute.market.domain).hex()
    lines = [
        f"{provider} runs {units:,} x {accelerator}, {rate:,} Tokens a second each, until {instant(until)}",
        f"compute {compute_id}",
        f"the compute can deliver {attestation.capacity:,} Tokens",
    ]
    document = {"compute": compute_id, "provider": provider, "capacity_tokens": str(attestation.capacity)}
    command.show_sent(receipt, document, lines, "market open --help")


@click.command(cls=Verb)
@click.option("--amount", required=True, help="Amount of e-CNY, such as 12.50.")
@by_option("provider", "Provider that stakes.")
@network_command
def stake(amount: str, by: str, command: Command) -> None:
    """Stake e-CNY, which backs the compensation that series promise."""
    units = to_units(amount)
    provider = command.signer(by)
    _move_stake(
        by,
        lambda network: (
            network.currency.approve(provider, network.market.address, units),
            network.market.stake(provider, units),
        ),
        command,
    )


@click.command(cls=Verb)
@click.option("--amount", required=True, help="Amount of e-CNY, such as 12.50.")
@by_option("provider", "Provider that staked.")
@network_command
def unstake(amount: str, by: str, command: Command) -> None:
    """Withdraw stake that is not locked for a series."""
    units = to_units(amount)
    provider = command.signer(by)
    _move_stake(by, lambda network: (network.market.withdraw_stake(provider, units),), command)


@click.command("compute", cls=Verb)
@wide_option
@network_view
def compute_(command: Command) -> None:
    """List registered compute: its capacity, and the rest of it that no series uses."""
    with command.compute() as network:
        registered = network.compute_lists.registered()
    document = {
        "compute": [
            {
                "compute": "0x" + compute.id.hex(),
                "provider": command.name(compute.standing.provider),
                "accelerator": compute.accelerator,
                "capacity_tokens": str(compute.standing.capacity),
                "allocated_tokens": str(compute.standing.allocated),
                "left_tokens": str(compute.standing.capacity - compute.standing.allocated),
                "valid_before_unix_s": str(compute.standing.valid_before),
            }
            for compute in registered
        ]
    }
    rows = [
        (
            fields["compute"],
            fields["provider"],
            fields["accelerator"],
            f"{int(fields['left_tokens']):,}",
            time_text(int(fields["valid_before_unix_s"])),
        )
        for fields in document["compute"]
    ]
    lines = [table(("compute", "provider", "accelerator", "Tokens left", "until"), rows)] if rows else ["no compute"]
    command.show(document, lines)


@click.command(cls=Verb)
@series_option
@by_option("provider", "Account that submits it; any account may.")
@network_command
def release(series: str, by: str, command: Command) -> None:
    """Unlock the stake of a series that expired without a halt."""
    submitter = command.signer(by)
    with command.compute() as network:
        token = network.compute_lists.find(series)
        provider = command.name(token.provider)
    _move_stake(
        provider,
        lambda network: (network.market.release_stake(submitter, token.address),),
        command,
        lambda free: f"market unstake --amount {to_plain(free)}",
    )


def _move_stake(
    provider: str,
    make: Callable[[SettlementNetwork], tuple[Transaction, ...]],
    command: Command,
    useful_next: Callable[[Units], str] = lambda _: "market open --help",
) -> None:
    """Send what changes a provider's free stake, and print the change; the next useful command may name the stake."""
    address = command.address(provider)
    with command.compute(write=True) as network:
        before = network.market.free_stake(address)
        *_, receipt = network.market.send(*make(network))
        now = network.market.free_stake(address)
    document = {"provider": provider, "currency": Currency.CNY.value, "free_units": change(before, now)}
    lines = [f"free stake of {provider}: {to_text(before)} -> {to_text(now)} yuan"]
    command.show_sent(receipt, document, lines, useful_next(now))
