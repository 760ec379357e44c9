"""Payloads of the Travel Rule: signed by both institutions, each in its own workspace, and sealed for an auditor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, amount_option, currency_view, dry_run_option, network_command
from pysettle.cli.nouns import Verb
from pysettle.cli.options import json_option, show
from pysettle.cli.output import write_text
from pysettle.errors import UsageError
from pysettle.money import to_units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.statements import SignedStatement
    from pysettle.domain.settlement.ivms101 import TravelData
    from pysettle.domain.settlement.messages import Leg

_EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW = click.Path(path_type=Path, dir_okay=False)
_PAYLOAD = click.option("--payload", type=_EXISTING, required=True, help="Payload of the Travel Rule, in IVMS 101.")
_STATEMENT = click.option("--file", type=_EXISTING, required=True, help="File of the statement.")


@click.command("write-payload", cls=Verb)
@click.option("--debtor", required=True, help="Institution that pays: a name or an address.")
@click.option("--creditor", required=True, help="Institution that is paid: a name or an address.")
@amount_option
@_PAYLOAD
@click.option("--out", type=_NEW, required=True, help="File for the statement.")
@currency_view
def write_payload(debtor: str, creditor: str, amount: str, payload: Path, out: Path, command: Command) -> None:
    """Write the statement that a payload belongs to a payment; both institutions sign it."""
    from pysettle.client.settlement.corridors import Corridors
    from pysettle.client.settlement.statements import SignedStatement
    from pysettle.domain.settlement.corridors import TravelPayload

    units, parties = to_units(amount), (command.address(debtor), command.address(creditor))
    data = _read_payload(payload)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        place = network.system(command.currency).token.address
        statement = TravelPayload(*parties, place, units, data.hash)
        written = SignedStatement(chain.chain_id, Corridors.of(network).address, statement)
        _check_institutions(network, written, data, command)
    _write(out, written)
    document = {**_document(written, command), "file": str(out)}
    lines = [f"{out} states the payload of {command.text(units)} from {debtor} to {creditor}"]
    useful_next = f"corridor sign-payload --file {quote(str(out))} --payload {quote(str(payload))} --by {debtor}"
    command.show(document, [*lines, f"payload {document['payload']}", f"Next: {command.next(useful_next)}"])


@click.command("sign-payload", cls=Verb)
@_STATEMENT
@_PAYLOAD
@click.option("--by", required=True, help="Institution that signs: a name.")
@network_command
def sign_payload(file: Path, payload: Path, by: str, command: Command) -> None:
    """Sign a statement on a payload as one of its institutions, with the payload at hand."""
    from pysettle.client.settlement.corridors import Corridors

    read, data, key = _read(file), _read_payload(payload), command.key(by)
    read.check_payload(data.hash)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        signed = read.signed(Corridors.of(network), key)
        _check_institutions(network, signed, data, command)
    _write(file, signed)
    left = [command.name(party) for party in signed.unsigned]
    document = {**_document(signed, command), "file": str(file)}
    lines = [f"{by} has signed; still to sign: {', '.join(left) or 'nobody'}"]
    shown = quote(str(file))
    useful_next = (
        f"corridor sign-payload --file {shown} --payload {quote(str(payload))} --by {left[0]}"
        if left
        else f"corridor submit-payload --file {shown}"
    )
    command.show(document, [*lines, f"Next: {command.next(useful_next)}"])


@click.command("submit-payload", cls=Verb)
@_STATEMENT
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@dry_run_option
@network_command
def submit_payload(file: Path, by: str, dry_run: bool, command: Command) -> None:
    """Store on the chain that both institutions signed a statement on a payload."""
    from pysettle.client.settlement.corridors import Corridors

    read, signer = _read(file), command.signer(by)
    with command.workspace.chain(write=not dry_run) as chain:
        corridors = Corridors.of(command.workspace.network(chain))
        step = read.submit(corridors, signer)
        if dry_run:
            corridors.check(step)
        receipt = None if dry_run else corridors.send(step)[0]
        state = corridors.payload_state(read.statement)
    document = {**_document(read, command), "state": state.word}
    lines = [f"the payload {document['payload']} is {state.word}"]
    command.show_sent(receipt, document, lines, "corridor list")


@click.command("auditor-key", cls=Verb)
@click.option("--out", type=_NEW, required=True, help="File for the secret key of the auditor.")
@click.option("--public-out", type=_NEW, required=True, help="File for its public part, for those who seal.")
@json_option
def auditor_key(out: Path, public_out: Path, as_json: bool) -> None:
    """Create the key of an auditor, which opens sealed payloads."""
    from pysettle.domain.settlement.sealing import AuditorKey

    key = AuditorKey.generate()
    if out == public_out:
        raise UsageError("--out and --public-out name one file: the secret part needs its own", path=out)
    for file, with_secret in ((public_out, False), (out, True)):
        write_text(file, json.dumps(key.document(with_secret=with_secret), indent=2) + "\n")
    out.chmod(0o600)
    document = {"file": str(out), "public_file": str(public_out), "public": "0x" + key.public.hex()}
    lines = [f"{out} has the secret key; give {public_out} to those who seal", f"public key {document['public']}"]
    show(document, lines, as_json)


@click.command("seal-payload", cls=Verb)
@_PAYLOAD
@click.option("--key", "key_file", type=_EXISTING, required=True, help="Public key of the auditor.")
@click.option("--out", type=_NEW, required=True, help="File for the sealed payload.")
@json_option
def seal_payload(payload: Path, key_file: Path, out: Path, as_json: bool) -> None:
    """Encrypt a payload, so that the auditor alone can open it."""
    from pysettle.domain.settlement.sealing import AuditorKey, SealedPayload

    _read_payload(payload)
    sealed = SealedPayload.seal(payload.read_bytes(), AuditorKey.from_bytes(key_file.read_bytes()))
    write_text(out, json.dumps(sealed.document(), indent=2) + "\n", sealed.SCHEMA)
    document = {"file": str(out), "payload": "0x" + sealed.payload.hex(), "auditor": "0x" + sealed.auditor.hex()}
    show(document, [f"{out} has the payload {document['payload']}, sealed for {document['auditor']}"], as_json)


@click.command("open-payload", cls=Verb)
@click.option("--file", type=_EXISTING, required=True, help="File of the sealed payload.")
@click.option("--key", "key_file", type=_EXISTING, required=True, help="Secret key of the auditor.")
@click.option("--out", type=_NEW, required=True, help="File for the payload.")
@json_option
def open_payload(file: Path, key_file: Path, out: Path, as_json: bool) -> None:
    """Open a sealed payload with the key of the auditor, and compare it with the hash that was signed."""
    from pysettle.domain.settlement.ivms101 import read_payload
    from pysettle.domain.settlement.sealing import AuditorKey, SealedPayload

    sealed = SealedPayload.from_bytes(file.read_bytes())
    content = sealed.open(AuditorKey.from_bytes(key_file.read_bytes()))
    read_payload(content, f"the payload in {file}")
    # As the institutions signed it, down to the last byte.
    write_text(out, content.decode())
    document = {"file": str(out), "payload": "0x" + sealed.payload.hex()}
    show(document, [f"{out} is the payload {document['payload']}"], as_json)


def _read(file: Path) -> SignedStatement:
    from pysettle.client.settlement.statements import SignedStatement

    return SignedStatement.from_bytes(file.read_bytes())


def _read_payload(file: Path) -> TravelData:
    from pysettle.domain.settlement.ivms101 import read_payload

    return read_payload(file.read_bytes(), str(file))


def customers_of(file: Path, legs: Sequence[Leg], network: SettlementNetwork) -> bytes:
    """Return the hash of a payload whose institutions are debtor and creditor of a leg, by the LEI of their admission.

    Raises:
        UsageError: it is no payload, or of other institutions.
    """
    from pysettle.client.settlement.registry import ParticipantRegistry
    from pysettle.domain.settlement.messages import LegKind

    data, registry = _read_payload(file), ParticipantRegistry.of(network)
    stated = [data.debtor_lei, data.creditor_lei]
    for leg in legs:
        known = registry.admitted(leg.asset) if leg.kind is LegKind.POSITION else {}
        if [known[party].lei for party in (leg.debtor, leg.creditor) if party in known] == stated:
            return data.hash
    raise UsageError(
        f"the payload in {file} is of a payment from {stated[0]} to {stated[1]}, and no leg pays from one to the other",
        debtor_lei=data.debtor_lei,
        creditor_lei=data.creditor_lei,
    )


def _write(out: Path, signed: SignedStatement) -> None:
    write_text(out, json.dumps(signed.document(), indent=2) + "\n", signed.SCHEMA)


def _check_institutions(
    network: SettlementNetwork, signed: SignedStatement, data: TravelData, command: Command
) -> None:
    """Check that the institutions of a payload are those of its statement, by the LEI of their admission.

    Raises:
        UsageError: one is another institution, or was not admitted to the currency.
    """
    from pysettle.client.settlement.registry import ParticipantRegistry

    known = ParticipantRegistry.of(network).admitted(signed.statement.currency)
    for party, stated in zip(signed.institutions, (data.debtor_lei, data.creditor_lei), strict=True):
        admitted = known[party].lei if party in known else None
        if admitted != stated:
            raise UsageError(
                f"the payload names the institution {stated}; {command.name(party)} "
                + (f"was admitted as {admitted}" if admitted else "was not admitted to the currency"),
                lei=stated,
                admitted=admitted,
            )


def _document(signed: SignedStatement, command: Command) -> dict[str, object]:
    statement = signed.statement
    return {
        "debtor": command.name(statement.debtor),
        "creditor": command.name(statement.creditor),
        "payload": "0x" + statement.payload.hex(),
        "signed": [command.name(party) for party in signed.signatures],
    }
