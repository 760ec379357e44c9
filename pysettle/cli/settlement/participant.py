"""`pysettle participant`: the institutions of a currency."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    Function,
    account_option,
    by_option,
    currency_command,
    currency_view,
    dry_run_option,
)
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, wide_option
from pysettle.cli.output import table
from pysettle.errors import UsageError
from pysettle.errors.states import Role

if TYPE_CHECKING:
    from pysettle.client.settlement.registry import Participant
    from pysettle.domain.settlement.identifiers import Identity
    from pysettle.domain.settlement.participant_file import ParticipantRow
    from pysettle.values import Address


@click.group(cls=Noun)
def participant() -> None:
    """Admit, stop and show the institutions of a currency (simulated)."""


@participant.command()
@account_option
@click.option("--lei", required=True, help="Legal entity identifier (ISO 17442): 20 characters.")
@click.option("--bic", required=True, help="Business identifier code (ISO 9362): 8 or 11 characters.")
@click.option("--jurisdiction", type=Count(1, 999), required=True, help="ISO 3166-1 number, such as 344.")
@click.option("--agent", help="Account that takes over its position at the end of a day.  [default: its own]")
@by_option(Role.REGISTRAR)
@currency_command
def admit(
    account: str, lei: str, bic: str, jurisdiction: int, agent: str | None, by: str | None, command: Command
) -> None:
    """Admit an institution to a currency, or change its registration."""
    from pysettle.client.settlement.registry import ParticipantRegistry
    from pysettle.domain.settlement.identifiers import Identity

    identity = Identity(lei, bic)
    identity.check()
    address, settlement_agent = command.address(account), command.address(agent or account)
    registrar = command.holder(by, Role.REGISTRAR)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        registry, token = ParticipantRegistry.of(network), network.system(command.currency).token.address
        before = registry.participant(token, address)
        step = registry.admit(registrar, token, address, identity, jurisdiction, settlement_agent)
        (receipt,) = registry.send(step)
        now = registry.participant(token, address)
    document = {"account": account, **_names(identity), **_changed(before, now, command)}
    lines = [f"{account}: {before.word} -> participant {now.index} of {command.currency.value}, {now.word}"]
    lines += [f"LEI {lei}, BIC {bic}, jurisdiction {jurisdiction:03}, settlement agent {agent or account}"]
    command.show_sent(receipt, document, lines, f"liquidity pay-in --account {account} --amount 100")


@participant.command("admit-all")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="CSV file with the columns account, lei, bic, jurisdiction and agent.",
)
@by_option(Role.REGISTRAR)
@dry_run_option
@currency_command
def admit_all(file: Path, by: str | None, dry_run: bool, command: Command) -> None:
    """Admit the institutions of a CSV file to a currency; nothing is sent if a row is wrong."""
    from pysettle.client.settlement.registry import ParticipantRegistry

    rows = _addressed(file, command)
    registrar = command.holder(by, Role.REGISTRAR)
    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        registry, token = ParticipantRegistry.of(network), network.system(command.currency).token.address
        before = {account: registry.participant(token, account) for _, account, _ in rows}
        steps = [
            registry.admit(registrar, token, account, row.identity, row.jurisdiction, agent)
            for row, account, agent in rows
        ]
        if dry_run:
            for step in steps:
                registry.check(step)
        receipt = None if dry_run else registry.send(*steps)[-1]
        now = {account: registry.participant(token, account) for _, account, _ in rows}
    documents = [
        {"account": row.account, **_names(row.identity), **_changed(before[account], now[account], command)}
        for row, account, _ in rows
    ]
    lines = [
        f"{row.account}: {before[account].word} -> participant {now[account].index} of {command.currency.value}"
        for row, account, _ in rows
    ]
    command.show_sent(receipt, {"participants": documents}, lines, "participant list")


def _addressed(file: Path, command: Command) -> list[tuple[ParticipantRow, Address, Address]]:
    """Return each row of a CSV file with the addresses of its account and of its settlement agent.

    Raises:
        UsageError: a row is wrong, or names an unknown account; the message names row and column.
    """
    from pysettle.domain.settlement.participant_file import read_participants, wrong_cell

    try:
        rows = read_participants(file.read_text(encoding="utf-8"), str(file))
    except UnicodeDecodeError as problem:
        row = problem.object[: problem.start].count(b"\n") + 1
        raise wrong_cell(str(file), row, "-", "this is no UTF-8 text") from None
    found = []
    for it in rows:
        addresses = []
        for column, account in (("account", it.account), ("agent", it.agent)):
            try:
                addresses.append(command.address(account))
            except UsageError as problem:
                raise wrong_cell(str(file), it.row, column, str(problem)) from None
        found.append((it, addresses[0], addresses[1]))
    return found


def _stop_options(command: Function) -> Function:
    file = click.Path(path_type=Path, exists=True, dir_okay=False)
    ground = click.option("--file", type=file, required=True, help="Ground; the chain stores the hash of the document.")
    return account_option(ground(by_option(Role.FREEZER)(currency_command(command))))


@participant.command()
@_stop_options
def suspend(account: str, file: Path, by: str | None, command: Command) -> None:
    """Suspend a participant: it begins nothing; instructions that were accepted before still settle."""
    _set_stops(account, file, by, command, suspended=True)


@participant.command()
@_stop_options
def stop(account: str, file: Path, by: str | None, command: Command) -> None:
    """Stop a participant at once, by order of a court or under sanctions."""
    _set_stops(account, file, by, command, stopped=True)


@participant.command()
@_stop_options
def release(account: str, file: Path, by: str | None, command: Command) -> None:
    """Lift both stops on a participant."""
    _set_stops(account, file, by, command)


@participant.command()
@account_option
@currency_view
def show(account: str, command: Command) -> None:
    """Show the registration of an institution in a currency, and the stops on it."""
    from pysettle.client.settlement.registry import ParticipantRegistry

    address = command.address(account)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        registry, token = ParticipantRegistry.of(network), network.system(command.currency).token.address
        found, identity = registry.participant(token, address), registry.admitted(token).get(address)
    document = {"account": account, **_names(identity), **_document(found, command)}
    lines = [f"{account}: {found.word} in {command.currency.value}"]
    if identity is not None:
        lines += [f"participant {found.index}, LEI {identity.lei}, BIC {identity.bic}"]
        agent = command.name(found.settlement_agent)
        lines += [f"jurisdiction {found.jurisdiction:03}, settlement agent {agent}"]
    command.show(document, lines)


@participant.command("list")
@wide_option
@currency_view
def list_(command: Command) -> None:
    """List the participants of a currency, in the order in which they were admitted."""
    from pysettle.client.settlement.registry import ParticipantRegistry

    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        registry, token = ParticipantRegistry.of(network), network.system(command.currency).token.address
        found = [
            (command.name(account), identity, registry.participant(token, account))
            for account, identity in registry.admitted(token).items()
        ]
    documents = [
        {"account": name, **_names(identity), **_document(member, command)} for name, identity, member in found
    ]
    rows = [
        (str(member.index), name, identity.bic, f"{member.jurisdiction:03}", member.word)
        for name, identity, member in found
    ]
    header = ("number", "account", "BIC", "jurisdiction", "standing")
    command.show(
        {"participants": documents}, [table(header, rows)] if rows else [f"{command.currency.value} has no participant"]
    )


def _set_stops(
    account: str,
    file: Path,
    by: str | None,
    command: Command,
    *,
    suspended: bool = False,
    stopped: bool = False,
) -> None:
    """Add a stop to those on a participant; lift all if none is given."""
    from pysettle.client.settlement.registry import ParticipantRegistry
    from pysettle.hashing import keccak

    address, ground = command.address(account), keccak(file.read_bytes())
    freezer = command.holder(by, Role.FREEZER)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        registry, token = ParticipantRegistry.of(network), network.system(command.currency).token.address
        before = registry.participant(token, address)
        is_release = not (suspended or stopped)
        step = registry.set_stops(
            freezer,
            token,
            address,
            suspended=not is_release and (suspended or before.suspended),
            stopped=not is_release and (stopped or before.stopped),
            ground=ground,
        )
        (receipt,) = registry.send(step)
        now = registry.participant(token, address)
    document = {"account": account, "ground": "0x" + ground.hex(), **_changed(before, now, command)}
    lines = [f"{account} in {command.currency.value}: {before.word} -> {now.word}", f"ground {document['ground']}"]
    command.show_sent(receipt, document, lines, f"participant show --account {account}")


def _names(identity: Identity | None) -> dict[str, object]:
    return {"lei": identity.lei if identity else None, "bic": identity.bic if identity else None}


def _document(participant: Participant, command: Command) -> dict[str, object]:
    is_known = participant.index > 0
    return {
        "participant": str(participant.index) if is_known else None,
        "jurisdiction": str(participant.jurisdiction) if is_known else None,
        "agent": command.name(participant.settlement_agent) if is_known else None,
        "suspended": participant.suspended,
        "stopped": participant.stopped,
    }


def _changed(before: Participant, now: Participant, command: Command) -> dict[str, object]:
    return {"before": _document(before, command), "now": _document(now, command)}
