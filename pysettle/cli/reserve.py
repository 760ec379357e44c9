"""`pysettle reserve`: what the central bank attests of the e-CNY behind the tokens."""

from __future__ import annotations

import click

from pysettle.cli.options import CURRENCY, json_option, password_option, show, workspace_option
from pysettle.cli.output import instant
from pysettle.client.workspace import Workspace
from pysettle.domain.messages import ReserveAttestation
from pysettle.money import UNITS_PER_MINOR, to_minor, to_text


@click.group()
def reserve() -> None:
    """Attest and show the reserve behind the e-CNY tokens (simulated)."""


@reserve.command()
@click.option("--amount", required=True, help="Reserve in yuan, such as 1000000.00; whole fen.")
@click.option("--days", type=click.IntRange(1, 36_500), default=30, show_default=True, help="Days it is valid for.")
@click.option("--by", default="central-bank", show_default=True, help="Central bank that signs and submits it.")
@workspace_option
@password_option
@json_option
def attest(amount: str, days: int, by: str, workspace: Workspace, password: str | None, as_json: bool) -> None:
    """Attest the reserve as of now. Issuance needs an attestation that is valid and covers it."""
    fen, signer = to_minor(amount), workspace.accounts.key(by, password)
    with workspace.chain(write=True) as chain:
        currency = workspace.currency(chain)
        before = currency.reserve()
        attestation, signature = currency.sign_reserve(signer, fen, days * 86_400)
        (receipt,) = currency.send(currency.attest_reserve(signer, signer.address, attestation, signature))
    document = {
        "tx_hash": "0x" + receipt.transaction_hash.hex(),
        "block": str(receipt.block_number),
        "currency": CURRENCY,
        "before": _document(before),
        "now": _document(attestation),
    }
    lines = [
        f"reserve: {_yuan(before)} -> {_yuan(attestation)} yuan, attestation {attestation.sequence}",
        f"valid before {instant(attestation.valid_before)}",
        f"transaction {document['tx_hash']} in block {receipt.block_number}",
        "Next: pysettle reserve show",
    ]
    show("pysettle.reserve-attest/1", document, lines, as_json)


@reserve.command("show")
@workspace_option
@json_option
def show_(workspace: Workspace, as_json: bool) -> None:
    """Show the attestation made last, beside what is issued."""
    with workspace.chain() as chain:
        currency, now, block = workspace.currency(chain), chain.clock.now(), chain.block().number
        last, supply = currency.reserve(), currency.total_supply()
    covered = last.amount_fen * UNITS_PER_MINOR - supply
    valid = now < last.valid_before
    document = {
        "block": str(block),
        "currency": CURRENCY,
        **_document(last),
        "valid": valid,
        "supply_units": str(supply),
        "headroom_units": str(covered),
    }
    lines = [
        f"reserve {_yuan(last)} yuan as of {instant(last.as_of)}, attestation {last.sequence}",
        f"{'valid' if valid else 'NOT VALID, was'} before {instant(last.valid_before)}",
        f"issued  {to_text(supply)} yuan at block {block}, the reserve exceeds it by {to_text(covered)}",
    ]
    show("pysettle.reserve/1", document, lines, as_json)


def _yuan(attestation: ReserveAttestation) -> str:
    return to_text(attestation.amount_fen * UNITS_PER_MINOR)


def _document(attestation: ReserveAttestation) -> dict[str, str]:
    return {
        "reserve_fen": str(attestation.amount_fen),
        "as_of": str(attestation.as_of),
        "sequence": str(attestation.sequence),
        "valid_before": str(attestation.valid_before),
    }
