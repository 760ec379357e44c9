"""`pysettle reserve`: the attested reserve behind the tokens, the reserve ratio, and the quotas of institutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, by_option, currency_command, currency_view, refuse_by
from pysettle.cli.documents import NOT_SENT, change
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count
from pysettle.cli.output import instant
from pysettle.errors.states import Role
from pysettle.money import BPS, UNITS_PER_MINOR, to_minor, to_text, to_units
from pysettle.values import DAY_S

if TYPE_CHECKING:
    from pysettle.domain.money.messages import ReserveAttestation


@click.group(cls=Noun)
def reserve() -> None:
    """Attest and show the reserve behind the tokens of a currency, and set issuance quotas (simulated)."""


@reserve.command()
@click.option("--amount", required=True, help="Reserve, such as 1000000.00; whole hundredths (fen).")
@click.option("--days", type=Count(1, 36_500), default=30, show_default=True, help="Validity in days.")
@click.option("--by", help="Central bank that signs and submits it.  [default: the central bank of the deployment]")
@currency_command
def attest(amount: str, days: int, by: str | None, command: Command) -> None:
    """Attest the reserve as of now. Issuance needs a valid attestation that covers the supply after it."""
    minor = to_minor(amount)
    signer = command.key(by or command.workspace.holder(Role.CENTRAL_BANK, command.currency))
    with command.token(write=True) as token:
        before = token.desk.reserve()
        attestation, signature = token.desk.sign_reserve(signer, minor, days * DAY_S)
        (receipt,) = token.send(token.desk.attest_reserve(signer, signer.address, attestation, signature))
    lines = [
        f"reserve: {command.change(_units(before), _units(attestation))}, attestation {attestation.sequence}",
        f"valid before {instant(attestation.valid_before)}",
    ]
    document = {"attestation": {"before": _document(before), "now": _document(attestation)}}
    command.show_sent(receipt, document, lines, "reserve show")


@reserve.command("show")
@currency_view
def show_(command: Command) -> None:
    """Show the last attestation and the supply."""
    with command.workspace.chain() as chain:
        token = command.workspace.network(chain).system(command.currency).token
        now, block = chain.clock.now(), chain.block().number
        last, supply, ratio = token.desk.reserve(), token.total_supply(), token.desk.reserve_ratio()
    headroom = _units(last) * BPS // ratio - supply
    valid = now < last.valid_before
    document = {
        "block": str(block),
        **_document(last),
        "valid": valid,
        "supply_units": str(supply),
        "ratio_bps": str(ratio),
        "headroom_units": str(headroom),
    }
    allows = "exceeds it by" if ratio == BPS else f"has to cover {_percent(ratio)} and allows"
    lines = [
        f"reserve {command.text(_units(last))} as of {instant(last.as_of)}, attestation {last.sequence}",
        f"{'valid' if valid else 'NOT VALID, was'} before {instant(last.valid_before)}",
        f"issued  {command.text(supply)} at block {block}, the reserve {allows} {to_text(headroom)}",
    ]
    command.show(document, lines)


@reserve.command()
@click.option(
    "--operator", help="Operating institution: a name or an address.  [default: the operator of the deployment]"
)
@click.option("--amount", help="New quota.  [default: show the quota]")
@by_option(Role.CENTRAL_BANK)
@currency_command
def quota(operator: str | None, amount: str | None, by: str | None, command: Command) -> None:
    """Show or set the issuance quota of an operating institution; also shows its position (issued less redeemed)."""
    name = operator or command.workspace.holder(Role.OPERATOR, command.currency)
    address = command.address(name)
    if amount is None:
        refuse_by(by, "--amount")
        with command.token() as token:
            units, position = token.desk.issuance_quota(address), token.desk.operator_position(address)
        document = {"operator": name, "quota_units": change(None, units), "position_units": str(position), **NOT_SENT}
        lines = [f"{name}: may issue {command.text(units)}, its position is {command.text(position)}"]
        command.show(document, lines)
        return
    units = to_units(amount)
    central_bank = command.holder(by, Role.CENTRAL_BANK)
    with command.token(write=True) as token:
        before = token.desk.issuance_quota(address)
        (receipt,) = token.send(token.desk.set_issuance_quota(central_bank, address, units))
        position = token.desk.operator_position(address)
    document = {"operator": name, "quota_units": change(before, units), "position_units": str(position)}
    lines = [f"{name}: may issue {command.change(before, units)}, its position is {command.text(position)}"]
    command.show_sent(receipt, document, lines, f"reserve quota --operator {name}")


@reserve.command()
@click.option(
    "--basis-points", type=Count(0, 2**16), help="Part of the supply; 10000 is all of it.  [default: show the ratio]"
)
@by_option(Role.CENTRAL_BANK)
@currency_command
def ratio(basis_points: int | None, by: str | None, command: Command) -> None:
    """Show or set the part of the supply that the reserve has to cover at an issuance."""
    if basis_points is None:
        refuse_by(by, "--basis-points")
        with command.token() as token:
            bps = token.desk.reserve_ratio()
        command.show(
            {"ratio_bps": change(None, bps), **NOT_SENT}, [f"the reserve has to cover {_percent(bps)} of the supply"]
        )
        return
    central_bank = command.holder(by, Role.CENTRAL_BANK)
    with command.token(write=True) as token:
        before = token.desk.reserve_ratio()
        (receipt,) = token.send(token.desk.set_reserve_ratio(central_bank, basis_points))
    lines = [f"the reserve has to cover {_percent(before)} -> {_percent(basis_points)} of the supply"]
    document = {"ratio_bps": change(before, basis_points)}
    command.show_sent(receipt, document, lines, "reserve show")


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02} %"


def _units(attestation: ReserveAttestation) -> int:
    return attestation.amount_fen * UNITS_PER_MINOR


def _document(attestation: ReserveAttestation) -> dict[str, str]:
    return {
        "reserve_fen": str(attestation.amount_fen),
        "as_of_unix_s": str(attestation.as_of),
        "sequence": str(attestation.sequence),
        "valid_before_unix_s": str(attestation.valid_before),
    }
