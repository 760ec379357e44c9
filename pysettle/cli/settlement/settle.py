"""`pysettle settle`: instructions of which all legs settle or none."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, dry_run_option, network_command, network_view
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, Moment, Whole, wide_option
from pysettle.cli.output import instant, table, write_text
from pysettle.cli.settlement.legs import leg_document, leg_of, leg_words, reversed_leg, word_of
from pysettle.cli.settlement.payload import customers_of
from pysettle.errors import UsageError
from pysettle.values import HOUR_S

if TYPE_CHECKING:
    from pysettle.client.core.contract import Transaction
    from pysettle.client.settlement.documents import SignedInstruction
    from pysettle.client.settlement.settlement import AtomicSettlement

_EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)
_FILE = click.option("--file", type=_EXISTING, required=True, help="File of the instruction.")
_BY = click.option("--by", default="bob", show_default=True, help="Account that submits it; any account may.")
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the instruction."
)
_PURPOSE = click.option("--purpose", default="INTC", show_default=True, help="Purpose code (ISO 20022).")
_HOURS = Count(1, 30 * 24)


@click.group(cls=Noun)
def settle() -> None:
    """Settle payments, DvP and PvP between positions: all legs or none (simulated)."""


@settle.command()
@click.option(
    "--leg",
    "legs",
    multiple=True,
    required=True,
    help="ASSET:DEBTOR:CREDITOR:AMOUNT, such as HKD:alice:bob:12.50; ASSET is a currency or a series. May be repeated.",
)
@click.option("--end-to-end-id", "reference", required=True, help="End-to-end id of the message, up to 35 characters.")
@_PURPOSE
@click.option("--value-time", type=Moment(["%Y-%m-%dT%H:%M:%S"]), help="When it settles, in UTC.  [default: at once]")
@click.option("--customers", type=_EXISTING, help="Payload of the Travel Rule (IVMS 101); the chain stores its hash.")
@_OUT
@network_view
def write(
    legs: tuple[str, ...],
    reference: str,
    purpose: str,
    value_time: dt.datetime | None,
    customers: Path | None,
    out: Path,
    command: Command,
) -> None:
    """Write an instruction, which each debited party then signs; this sends no transaction."""
    from pysettle.client.settlement.documents import SignedInstruction
    from pysettle.client.settlement.settlement import AtomicSettlement
    from pysettle.domain.settlement.messages import Instruction, code_word

    second = int(value_time.replace(tzinfo=dt.UTC).timestamp()) if value_time else 0
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        written = tuple(leg_of(text, network, command) for text in legs)
        contract = AtomicSettlement.of(network)
        instruction = Instruction(
            written,
            word_of(reference),
            code_word(purpose),
            second,
            customers_of(customers, written, network) if customers else bytes(32),
        )
    _write(out, SignedInstruction(chain.chain_id, contract.address, instruction), command)


@settle.command("return")
@_FILE
@click.option("--leg", "place", type=Count(0, 15), default=0, show_default=True, help="Leg to return, from 0.")
@click.option("--amount", help="Amount to return.  [default: all of the leg]")
@click.option("--reason", required=True, help="Reason code of the return (ISO 20022), such as AC03.")
@click.option("--end-to-end-id", "reference", required=True, help="End-to-end id of the return.")
@_PURPOSE
@_OUT
@network_view
def return_(
    file: Path, place: int, amount: str | None, reason: str, reference: str, purpose: str, out: Path, command: Command
) -> None:
    """Write the return of a settled leg, in whole or in part; its creditor then signs it."""
    from pysettle.client.settlement.documents import ReturnOf, SignedInstruction
    from pysettle.domain.settlement.messages import Instruction, code_word

    original = _read(file)
    legs = original.instruction.legs
    if place >= len(legs):
        raise UsageError(
            f"the instruction has {len(legs)} legs, and none with the number {place}: count from 0",
            legs_count=len(legs),
            place=place,
        )
    leg = reversed_leg(legs[place], amount)
    words = word_of(reference), code_word(purpose)
    returned = original.settlement_id, code_word(reason)
    instruction = Instruction((leg,), *words, original=returned[0], reason=returned[1])
    of = ReturnOf(original.instruction, original.ids, (place,))
    _write(out, SignedInstruction(original.chain_id, original.settlement, instruction, returns=of), command)


@settle.command()
@_FILE
@click.option("--by", required=True, help="Debited party that signs.")
@click.option("--id", "approval_id", type=Whole(256), help="Its number for this approval.  [default: its next one]")
@click.option("--hours", type=_HOURS, default=24, show_default=True, help="Time in which it can be submitted.")
@network_command
def sign(file: Path, by: str, approval_id: int | None, hours: int, command: Command) -> None:
    """Sign an instruction as a debited party; the signature is added to the file."""
    from pysettle.client.settlement.settlement import AtomicSettlement

    signed, key = _read(file), command.key(by)
    with command.workspace.chain() as chain:
        contract = AtomicSettlement.of(command.workspace.network(chain))
        number = contract.next_id(key.address) if approval_id is None else approval_id
        until = chain.clock.now() + hours * HOUR_S
        signed = signed.signed(contract, key, number, until)
    write_text(file, json.dumps(signed.document(), indent=2) + "\n", signed.SCHEMA)
    left = [command.name(party) for party in signed.unsigned]
    document = {"file": str(file), "by": by, "id": str(number), "valid_before_unix_s": str(until), "unsigned": left}
    lines = [f"{by} has signed with its id {number}; submit the instruction before {instant(until)}"]
    lines += [f"still to sign: {', '.join(left)}"] * bool(left)
    verb = f"sign --by {left[0]}" if left else "preflight"
    command.show(document, [*lines, f"Next: {command.next(f'settle {verb} --file {quote(str(file))}')}"])


@settle.command()
@_FILE
@wide_option
@network_view
def preflight(file: Path, command: Command) -> None:
    """List every condition that is missing for the settlement now, leg by leg."""
    from pysettle.client.settlement.preflight import missing

    signed = _read(file)
    with command.workspace.chain() as chain:
        found = missing(command.workspace.network(chain), signed, command.name)
    document = {
        "missing": [{"leg": None if it.leg is None else str(it.leg), "condition": it.words} for it in found],
        "ready": not found,
    }
    rows = [("all" if it.leg is None else str(it.leg), it.words) for it in found]
    lines = [table(("leg", "missing"), rows)] if rows else ["nothing is missing"]
    lines += [f"Next: {command.next(f'settle submit --file {quote(str(file))}')}"] * (not found)
    command.show(document, lines)


@settle.command()
@_FILE
@dry_run_option
@_BY
@network_command
def submit(file: Path, dry_run: bool, by: str, command: Command) -> None:
    """Submit an instruction that all debited parties have signed; it settles at once or waits."""
    from pysettle.client.settlement.settlement import AtomicSettlement

    signed, submitter = _read(file), command.signer(by)
    if dry_run:
        with command.workspace.chain() as chain:
            contract = AtomicSettlement.of(command.workspace.network(chain))
            contract.check(signed.submit(contract, submitter))
        document = {"settlement": "0x" + signed.settlement_id.hex()}
        return command.show_sent(None, document, [], f"settle submit --file {quote(str(file))}")
    words = "settled"
    useful_next = f"settle show --file {quote(str(file))}"
    if signed.instruction.value_time:
        words = f"accepted; it settles from {instant(signed.instruction.value_time)} on, unless that has passed"
    return _step(file, lambda contract: signed.submit(contract, submitter), words, useful_next, command)


@settle.command()
@_FILE
@_BY
@network_command
def complete(file: Path, by: str, command: Command) -> None:
    """Settle a waiting instruction from its value time on."""
    signed, caller = _read(file), command.signer(by)
    useful_next = f"settle show --file {quote(str(file))}"

    def make(contract: AtomicSettlement) -> Transaction:
        return contract.settle(caller, signed.instruction, signed.ids)

    _step(file, make, "settled", useful_next, command)


@settle.command()
@_FILE
@_BY
@network_command
def unwind(file: Path, by: str, command: Command) -> None:
    """Send all legs of a waiting instruction home, once a party of it is stopped or frozen."""
    signed, caller = _read(file), command.signer(by)

    def make(contract: AtomicSettlement) -> Transaction:
        return contract.unwind(caller, signed.instruction, signed.ids)

    _step(file, make, "unwound: all legs went home", f"settle show --file {quote(str(file))}", command)


@settle.command()
@click.option("--by", required=True, help="Party that withdraws its approvals.")
@click.option("--id", "approval_id", type=Whole(256), required=True, help="Number of the approvals.")
@network_command
def withdraw(by: str, approval_id: int, command: Command) -> None:
    """Withdraw every approval of a party with an id, before anybody submits one."""
    from pysettle.client.settlement.settlement import AtomicSettlement

    signer = command.signer(by)
    with command.workspace.chain(write=True) as chain:
        contract = AtomicSettlement.of(command.workspace.network(chain))
        (receipt,) = contract.send(contract.withdraw(signer, approval_id))
    document = {"by": by, "id": str(approval_id)}
    command.show_sent(receipt, document, [f"{by} has withdrawn its id {approval_id}"], "settle sign --help")


@settle.command()
@_FILE
@wide_option
@network_view
def show(file: Path, command: Command) -> None:
    """Show an instruction: its legs, its signatures, and its state on the chain."""
    from pysettle.client.settlement.settlement import AtomicSettlement

    signed = _read(file)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        contract = AtomicSettlement.of(network)
        signed.check_place(contract)
        legs = [leg_words(leg, network, command) for leg in signed.instruction.legs]
        leg_documents = [leg_document(leg, network, command) for leg in signed.instruction.legs]
        used = [contract.is_used(party, approval.id) for party, approval in signed.approvals.items()]
        state = _state(contract, signed, used)
    parties = {command.name(party): party in signed.approvals for party in signed.instruction.debtors}
    document = {
        "settlement": None if signed.unsigned else "0x" + signed.settlement_id.hex(),
        "state": state,
        "value_time_unix_s": str(signed.instruction.value_time),
        "signed": parties,
        "legs": leg_documents,
    }
    lines = [f"state: {state}", table(("asset", "debtor", "creditor", "amount"), legs)]
    lines += [f"signed by {', '.join(name for name, has in parties.items() if has) or 'nobody'}"]
    lines += [f"value time {instant(signed.instruction.value_time)}"] * bool(signed.instruction.value_time)
    command.show(document, lines)


def _state(contract: AtomicSettlement, signed: SignedInstruction, used: list[bool]) -> str:
    """Return the state of an instruction in words: that on the chain, once an approval was used."""
    from pysettle.errors.states import WaitingState

    if signed.unsigned or not any(used):
        return "not submitted"
    if (waiting := contract.waiting(signed.settlement_id)) is not WaitingState.NONE:
        return waiting.word
    settled = contract.was_settled(signed.settlement_id)
    return "settled" if settled else "withdrawn"


def _read(file: Path) -> SignedInstruction:
    from pysettle.client.settlement.documents import SignedInstruction

    return SignedInstruction.from_bytes(file.read_bytes(), str(file))


def _write(out: Path, signed: SignedInstruction, command: Command) -> None:
    write_text(out, json.dumps(signed.document(), indent=2) + "\n", signed.SCHEMA)
    debtors = [command.name(party) for party in signed.instruction.debtors]
    document = {"file": str(out), "debtors": debtors, "leg_count": str(len(signed.instruction.legs))}
    lines = [f"{out} has {len(signed.instruction.legs)} legs; to be signed by {', '.join(debtors)}"]
    useful_next = f"settle sign --file {quote(str(out))} --by {debtors[0]}"
    command.show(document, [*lines, f"Next: {command.next(useful_next)}"])


def _step(
    file: Path,
    make: Callable[[AtomicSettlement], Transaction],
    words: str,
    useful_next: str,
    command: Command,
) -> None:
    from pysettle.client.settlement.settlement import AtomicSettlement

    signed = _read(file)
    with command.workspace.chain(write=True) as chain:
        contract = AtomicSettlement.of(command.workspace.network(chain))
        signed.check_place(contract)
        (receipt,) = contract.send(make(contract))
    shown = "0x" + signed.settlement_id.hex()
    command.show_sent(receipt, {"settlement": shown}, [f"settlement {shown}: {words}"], useful_next)
