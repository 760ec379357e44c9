"""`pysettle obligation`: the queues of obligations of the participants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    Function,
    currency_command,
    currency_view,
    dry_run_option,
    network_command,
)
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, wide_option
from pysettle.cli.output import table, tell
from pysettle.cli.settlement.payload import customers_of
from pysettle.cli.settlement.solved import batch_name, party_name
from pysettle.errors import InvalidNumber, UsageError
from pysettle.money import to_text
from pysettle.reading import read_whole

if TYPE_CHECKING:
    from pysettle.client.core.contract import Transaction
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.clearing import ClearingHouse, ProposedBatch
    from pysettle.client.settlement.obligations import NewBatch
    from pysettle.client.settlement.proposals import Party, Waiting
    from pysettle.values import Address

_EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)
_Step = Callable[["ClearingHouse", "Address", "ProposedBatch"], "Transaction"]


@click.group(cls=Noun)
def obligation() -> None:
    """Queue obligations, which cycles net and settle; hold, cancel and reject them (simulated)."""


@obligation.command()
@click.option(
    "--file",
    type=_EXISTING,
    required=True,
    help="CSV file: debtor, creditor, currency, amount; also priority, index, pair.",
)
@click.option("--debtor", help="Debtor whose obligations to queue, such as its half of pairs.  [default: all]")
@click.option("--customers", type=_EXISTING, help="Payload of the Travel Rule (IVMS 101); the chain stores its hash.")
@dry_run_option
@network_command
def queue(file: Path, debtor: str | None, customers: Path | None, dry_run: bool, command: Command) -> None:
    """Queue the obligations of a CSV file, each signed by its debtor; nothing is sent if a row is wrong.

    Obligations of a debtor with one currency, priority and jurisdiction of creditors make batches of up to 256. A lower
    priority comes first, then a lower index, then the order of the file. `cycle solve` reads the same file.

    Two rows with the same text in the column pair are a PvP pair: two parties pay each other in two currencies. Each of
    them queues its own half, by --debtor, from the same file. Pairs of the same parties make one batch for each.
    """
    from pysettle.client.settlement.clearing import ClearingHouse
    from pysettle.client.settlement.obligations import new_batches
    from pysettle.domain.settlement.clearing_events import BatchQueued

    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        batches, house = _of_debtor(debtor, new_batches(file, network, command.address)), ClearingHouse.of(network)
        legs = tuple(leg for it in batches if it.crosses for leg in it.legs)
        payload = bytes(32) if customers is None else customers_of(customers, legs, network)
        steps = [_queueing(house, it, payload, command) for it in batches]
        for line in _repeated(batches, house, network, command):
            tell(line)
        for step in steps if dry_run else ():
            house.check(step)
        receipts = () if dry_run else house.send(*steps)
        headers = [next(house.said(receipt, BatchQueued)).header for receipt in receipts]
    known: list[int | None] = [*headers] or [None] * len(batches)
    documents = [_new_document(it, header) for it, header in zip(batches, known, strict=True)]
    lines = [
        f"{document['batch']}: {document['obligation_count']} obligations of {it.currency.text(it.total)}"
        for it, document in zip(batches, documents, strict=True)
    ]
    command.show_sent(receipts[-1] if receipts else None, {"batches": documents}, lines, "obligation list")


@obligation.command("list")
@click.option("--account", help="Debtor or creditor whose obligations to list.  [default: all]")
@wide_option
@currency_view
def list_(account: str | None, command: Command) -> None:
    """List the obligations that have not ended, in the order of the queues."""
    from pysettle.client.settlement.clearing import ClearingHouse
    from pysettle.client.settlement.proposals import parties, waiting
    from pysettle.domain.settlement.clearing import places_of

    party = None if account is None else command.address(account)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        house, token = ClearingHouse.of(network), network.system(command.currency).token.address
        known, queued = parties(network, token), waiting(house, token)
    documents = [
        document
        for it in queued
        for place in places_of(it.batch.settled | it.held)
        for document in [_document(it, place, known, command)]
        for parties_of in [(it.batch.header.debtor, it.batch.items[place].creditor)]
        if party is None or party in [known[number].account for number in parties_of if number in known]
    ]
    rows = [
        (*(str(it[name]) for name in ("batch", "item", "creditor")), to_text(units), str(it["cycle"]), str(it["state"]))
        for it in documents
        for units in [int(str(it["amount_units"]))]
    ]
    header = ("batch", "item", "creditor", "amount", "cycle", "state")
    command.show(
        {"obligations": documents},
        [table(header, rows)] if rows else [f"no obligation waits in {command.currency.value}"],
    )


def _batch_options(function: Function) -> Function:
    batch = click.option("--batch", required=True, help="Batch as `obligation list` names it, such as alice:0:3.")
    item = click.option(
        "--item",
        "items",
        type=Count(0, 255),
        multiple=True,
        help="Place of an obligation in it; may be repeated.  [default: all]",
    )
    return batch(item(dry_run_option(currency_command(function))))


@obligation.command()
@_batch_options
def hold(batch: str, items: tuple[int, ...], dry_run: bool, command: Command) -> None:
    """Hold own obligations, so that cycles pass them over."""
    signer = command.signer(_debtor(batch))

    def make(house: ClearingHouse, token: Address, marked: ProposedBatch) -> Transaction:
        return house.set_held(signer, token, marked, held=True)

    _change(batch, items, lambda it, _: it.batch.settled, make, "held", command, dry_run=dry_run)


@obligation.command()
@_batch_options
def resume(batch: str, items: tuple[int, ...], dry_run: bool, command: Command) -> None:
    """Let held obligations wait again, in their old place."""
    signer = command.signer(_debtor(batch))

    def make(house: ClearingHouse, token: Address, marked: ProposedBatch) -> Transaction:
        return house.set_held(signer, token, marked, held=False)

    _change(batch, items, lambda it, _: it.held, make, "waiting", command, dry_run=dry_run)


@obligation.command()
@_batch_options
def cancel(batch: str, items: tuple[int, ...], dry_run: bool, command: Command) -> None:
    """Cancel own obligations, held or not."""
    signer = command.signer(_debtor(batch))

    def make(house: ClearingHouse, token: Address, marked: ProposedBatch) -> Transaction:
        return house.cancel(signer, token, marked)

    _change(batch, items, lambda it, _: it.batch.settled | it.held, make, "cancelled", command, dry_run=dry_run)


@obligation.command()
@click.option("--by", required=True, help="Creditor that rejects.")
@click.option("--reason", required=True, help="Reason code (ISO 20022), such as AC03.")
@_batch_options
def reject(batch: str, items: tuple[int, ...], by: str, reason: str, dry_run: bool, command: Command) -> None:
    """Reject obligations that are owed to an account, held or not."""
    from pysettle.domain.settlement.clearing import bits, places_of
    from pysettle.domain.settlement.messages import code_word

    signer, word = command.signer(by), code_word(reason)

    def owed(it: Waiting, known: dict[int, Party]) -> int:
        waits = places_of(it.batch.settled | it.held)
        its = [number for number, party in known.items() if party.account == signer.address]
        return bits(place for place in waits if it.batch.items[place].creditor in its)

    def make(house: ClearingHouse, token: Address, marked: ProposedBatch) -> Transaction:
        return house.reject(signer, token, marked, word)

    _change(batch, items, owed, make, "rejected", command, dry_run=dry_run)


def _change(
    name: str,
    items: Sequence[int],
    among: Callable[[Waiting, dict[int, Party]], int],
    make: _Step,
    word: str,
    command: Command,
    *,
    dry_run: bool,
) -> None:
    """Send a change of obligations of a batch: of the named ones, or of all that can change so."""
    from pysettle.client.settlement.clearing import ClearingHouse
    from pysettle.client.settlement.proposals import parties, waiting
    from pysettle.domain.settlement.clearing import places_of

    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        house, token = ClearingHouse.of(network), network.system(command.currency).token.address
        known = parties(network, token)
        found = _found(name, waiting(house, token), known, command)
        places = sorted(set(items)) or places_of(among(found, known))
        if not places:
            raise UsageError(
                f"no obligation of {name} can be {word} by this account: see `pysettle obligation list`", batch=name
            )
        if places[-1] >= len(found.batch.items):
            raise UsageError(
                f"{name} has {len(found.batch.items)} obligations, and none with the number {places[-1]}: count from 0",
                batch=name,
                item=places[-1],
            )
        marked = found.batch.marking(places)
        step = make(house, token, marked)
        if dry_run:
            house.check(step)
        receipt = None if dry_run else house.send(step)[0]
    total = sum(found.batch.items[place].amount for place in places)
    document = {"batch": name, "items": [str(place) for place in places], "amount_units": str(total), "now": word}
    lines = [f"{name}: {len(places)} obligations of {command.text(total)} are {word}"]
    command.show_sent(receipt, document, lines, "obligation list")


def _found(name: str, queued: list[Waiting], known: dict[int, Party], command: Command) -> Waiting:
    """Return the batch of a name.

    Raises:
        UsageError: the name has another form, or no such batch waits.
    """
    debtor, *place = name.rsplit(":", 2)
    try:
        priority, index = map(read_whole, place)
    except (InvalidNumber, ValueError):
        raise UsageError(
            f"{name!r} is no batch: write it as `obligation list` does, such as alice:0:3", batch=name
        ) from None
    account = command.address(debtor)
    for it in queued:
        header = it.batch.header
        if (known[header.debtor].account, header.priority, header.index) == (account, priority, index):
            return it
    raise UsageError(f"no obligation of {name} waits in {command.currency.value}: see `obligation list`", batch=name)


def _debtor(name: str) -> str:
    return name.rsplit(":", 2)[0]


def _of_debtor(debtor: str | None, batches: list[NewBatch]) -> list[NewBatch]:
    """Return the batches of a debtor, or all.

    Raises:
        UsageError: the debtor has none.
    """
    found = [it for it in batches if debtor in (None, it.debtor)]
    if debtor is not None and not found:
        raise UsageError(f"the file has no obligation of {debtor}: name a debtor as its rows do", debtor=debtor)
    return found


def _repeated(
    batches: Sequence[NewBatch], house: ClearingHouse, network: SettlementNetwork, command: Command
) -> Iterator[str]:
    """Yield a warning for each batch whose obligations wait already: a file that is queued twice is owed twice."""
    from pysettle.client.settlement.proposals import parties, waiting

    for token in dict.fromkeys(it.token for it in batches):
        known = parties(network, token)
        queued = [(known[it.batch.header.debtor].account, it.batch) for it in waiting(house, token)]
        for batch in (it for it in batches if it.token == token):
            same = (command.address(batch.debtor), batch.priority, batch.items, batch.pair)
            for debtor, old in queued:
                if same == (debtor, old.header.priority, old.items, old.pair):
                    name = batch_name(old.header, batch.debtor)
                    yield f"pysettle: {name} has the same obligations, and still waits: both are owed now"


def _queueing(house: ClearingHouse, batch: NewBatch, payload: bytes, command: Command) -> Transaction:
    """Return the transaction that queues a batch; only obligations that cross a border have a payload."""
    return house.queue(
        command.signer(batch.debtor),
        batch.token,
        batch.items,
        jurisdiction=batch.jurisdiction,
        priority=batch.priority,
        payload=payload if batch.crosses else bytes(32),
        pair=batch.pair,
    )


def _new_document(batch: NewBatch, header: int | None) -> dict[str, object]:
    from pysettle.domain.settlement.clearing import BatchHeader

    return {
        "batch": None if header is None else batch_name(BatchHeader.from_word(header), batch.debtor),
        "debtor": batch.debtor,
        "currency": batch.currency.value,
        "priority": str(batch.priority),
        "to_jurisdiction": str(batch.jurisdiction),
        "obligation_count": str(len(batch.items)),
        "amount_units": str(batch.total),
    }


def _document(it: Waiting, place: int, known: dict[int, Party], command: Command) -> dict[str, object]:
    header, item = it.batch.header, it.batch.items[place]
    debtor, creditor = (party_name(known, number, command) for number in (header.debtor, item.creditor))
    return {
        "batch": batch_name(header, debtor),
        "item": str(place),
        "debtor": debtor,
        "creditor": creditor,
        "amount_units": str(item.amount),
        "cycle": str(header.cycle),
        "state": "held" if it.held >> place & 1 else "waiting",
    }
