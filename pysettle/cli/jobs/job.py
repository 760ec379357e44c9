"""`pysettle job`: batch compute by milestones, paid in advance and released by delivery."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, account_option, currency_command, currency_view
from pysettle.cli.documents import change, whole
from pysettle.cli.jobs.order import HOURS, SHOWN, Wanted, order_options
from pysettle.cli.nouns import Noun
from pysettle.cli.options import BASIS_POINTS, Count, wide_option
from pysettle.cli.output import instant, table, write_text
from pysettle.errors import UsageError
from pysettle.errors.states import OrderState
from pysettle.values import HOUR_S

if TYPE_CHECKING:
    from pysettle.client.core.contract import Receipt, Transaction
    from pysettle.client.jobs.escrow import JobEscrow, Order
    from pysettle.domain.jobs.terms import OrderTerms
    from pysettle.values import OrderId

_order_option = click.option("--order", "text", required=True, help="Id of the order, or how it begins.")
_milestone_option = click.option(
    "--milestone", type=Count(0, 63), default=0, show_default=True, help="Number of the milestone, from 0."
)
_PARTIES = ("payer", "buyer", "provider", "arbiter")


@click.group(cls=Noun)
def job() -> None:
    """Order batch compute by milestones, deliver, accept, dispute and rule (simulated)."""


@job.command()
@order_options
@currency_command
def place(wanted: Wanted, command: Command) -> None:
    """Place an order and pay all of it; the amounts of milestones without delivery are refunded."""
    payer = command.signer(wanted.by)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        jobs, token = network.jobs, network.system(command.currency).token
        terms = wanted.terms(command, token.address, chain.clock.now())
        order_id = jobs.order_id(payer.address, terms)
        *_, receipt = jobs.send(token.approve(payer, jobs.address, terms.total), jobs.place(payer, terms))
    _show_placed(order_id, terms, receipt, command)


@job.command()
@order_options
@click.option("--hours", type=HOURS, default=24, show_default=True, help="Hours in which the order can be submitted.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the signed order."
)
@currency_command
def sign(wanted: Wanted, hours: int, out: Path, command: Command) -> None:
    """Sign an order that another account submits without any change; this sends no transaction."""
    from pysettle.client.signed import SignedOrder

    key = command.key(wanted.by)
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        jobs, token = network.jobs, network.system(command.currency).token
        now = chain.clock.now()
        terms, until = wanted.terms(command, token.address, now), now + hours * HOUR_S
        signed = SignedOrder.of(jobs, token, command.currency, key, terms, until)
    write_text(out, json.dumps(signed.document(), indent=2) + "\n", SignedOrder.SCHEMA)
    shown = "0x" + signed.order_id.hex()
    lines = [
        f"order {shown}",
        f"{wanted.by} pays {command.text(terms.total)}; submit the order before {instant(until)}",
    ]
    document = {"order": shown, "amount_units": str(terms.total), "valid_before_unix_s": str(until)}
    command.show(document, [*lines, f"Next: {command.next(f'job submit --file {quote(str(out))}')}"])


@job.command()
@click.option("--file", type=SHOWN, required=True, help="The signed order.")
@click.option("--by", default="bob", show_default=True, help="Account that submits it; any account may.")
@currency_command
def submit(file: Path, by: str, command: Command) -> None:
    """Place an order that its payer signed; the payment comes from the payer."""
    from pysettle.client.signed import SignedOrder

    signed = SignedOrder.from_bytes(file.read_bytes())
    submitter = command.signer(by)
    if signed.currency is not command.currency:
        raise UsageError(
            f"this order is in {signed.currency.value}: give --currency {signed.currency.value}",
            currency=signed.currency.value,
        )
    signed.terms.check_bounds()
    with command.workspace.chain(write=True) as chain:
        jobs = command.workspace.network(chain).jobs
        (receipt,) = jobs.send(signed.submit(jobs, submitter))
    _show_placed(signed.order_id, signed.terms, receipt, command)


def _show_placed(order_id: OrderId, terms: OrderTerms, receipt: Receipt, command: Command) -> None:
    shown = "0x" + order_id.hex()
    lines = [f"order {shown}", f"held for the order: 0.00 -> {command.text(terms.total)}"]
    document = {"order": shown, "amount_units": str(terms.total)}
    command.show_sent(receipt, document, lines, f"job accept --order {shown}")


@job.command()
@_order_option
@click.option("--by", default="provider", show_default=True, help="Provider of the order.")
@currency_command
def accept(text: str, by: str, command: Command) -> None:
    """Accept an order, as its provider."""
    signer = command.signer(by)
    useful_next = f"job deliver --order {quote(text)} --milestone 0 --help"
    _step(text, lambda jobs, order_id: (jobs.accept(signer, order_id),), useful_next, command)


@job.command()
@_order_option
@click.option("--by", default="alice", show_default=True, help="Payer or buyer; any account after the time to accept.")
@currency_command
def cancel(text: str, by: str, command: Command) -> None:
    """Cancel an order that the provider has not accepted."""
    signer = command.signer(by)
    _step(text, lambda jobs, order_id: (jobs.cancel(signer, order_id),), f"job pay --account {by}", command)


@job.command()
@_order_option
@_milestone_option
@click.option("--file", type=SHOWN, required=True, help="Delivered content; the chain stores its hash.")
@click.option("--by", default="provider", show_default=True, help="Provider of the order.")
@currency_command
def deliver(text: str, milestone: int, file: Path, by: str, command: Command) -> None:
    """Deliver a milestone."""
    from pysettle.hashing import keccak

    content = keccak(file.read_bytes())
    signer = command.signer(by)
    useful_next = f"job accept-delivery --order {quote(text)} --milestone {milestone}"
    _step(text, lambda jobs, order_id: (jobs.deliver(signer, order_id, milestone, content),), useful_next, command)


@job.command()
@_order_option
@_milestone_option
@click.option("--by", default="provider", show_default=True, help="Provider of the order.")
@currency_command
def concede(text: str, milestone: int, by: str, command: Command) -> None:
    """Give up a milestone: its amount goes back to the payer."""
    signer = command.signer(by)
    useful_next = f"job show --order {quote(text)}"
    _step(text, lambda jobs, order_id: (jobs.concede(signer, order_id, milestone),), useful_next, command)


@job.command("accept-delivery")
@_order_option
@_milestone_option
@click.option("--by", default="alice", show_default=True, help="Buyer of the order.")
@currency_command
def accept_delivery(text: str, milestone: int, by: str, command: Command) -> None:
    """Accept a delivery: its amount becomes due to the provider."""
    signer = command.signer(by)
    useful_next = "job pay --account provider"
    _step(text, lambda jobs, order_id: (jobs.accept_delivery(signer, order_id, milestone),), useful_next, command)


@job.command()
@_order_option
@_milestone_option
@click.option("--file", type=SHOWN, required=True, help="Evidence; the chain stores its hash.")
@click.option("--by", default="alice", show_default=True, help="Buyer of the order, which deposits the bond.")
@currency_command
def dispute(text: str, milestone: int, file: Path, by: str, command: Command) -> None:
    """Dispute a delivery within its review period."""
    from pysettle.hashing import keccak

    evidence = keccak(file.read_bytes())
    signer = command.signer(by)

    def make(jobs: JobEscrow, order_id: OrderId) -> tuple[Transaction, ...]:
        token = command.workspace.network(jobs.chain).system(command.currency).token
        approval = token.approve(signer, jobs.address, jobs.order(order_id).bond)
        return approval, jobs.dispute(signer, order_id, milestone, evidence)

    _step(text, make, f"job rule --order {quote(text)} --milestone {milestone} --help", command)


@job.command()
@_order_option
@_milestone_option
@click.option("--provider-bps", type=BASIS_POINTS, required=True, help="Share of the provider, in basis points.")
@click.option("--file", type=SHOWN, required=True, help="Grounds; the chain stores their hash.")
@click.option("--by", required=True, help="Arbiter of the order.")
@currency_command
def rule(text: str, milestone: int, provider_bps: int, file: Path, by: str, command: Command) -> None:
    """Divide a disputed amount between provider and payer, as the arbiter."""
    from pysettle.hashing import keccak

    grounds = keccak(file.read_bytes())
    signer = command.signer(by)
    _step(
        text,
        lambda jobs, order_id: (jobs.rule(signer, order_id, milestone, provider_bps, grounds),),
        "job pay --account provider",
        command,
    )


@job.command()
@_order_option
@_milestone_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@currency_command
def conclude(text: str, milestone: int, by: str, command: Command) -> None:
    """End a milestone after its time: it is refunded, released, or ruled by default."""
    signer = command.signer(by)
    useful_next = f"job show --order {quote(text)}"
    _step(text, lambda jobs, order_id: (jobs.conclude(signer, order_id, milestone),), useful_next, command)


@job.command()
@account_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@currency_command
def pay(account: str, by: str, command: Command) -> None:
    """Pay an account the amounts due to it."""
    payee = command.address(account)
    signer = command.signer(by)
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        jobs, token = network.jobs, network.system(command.currency).token
        before = jobs.due(payee, token.address)
        (receipt,) = jobs.send(jobs.pay_due(signer, payee, token.address))
        now = jobs.due(payee, token.address)
    document = {"account": account, "due_units": change(before, now)}
    lines = [f"due to {account}: {command.change(before, now)}"]
    command.show_sent(receipt, document, lines, f"token balance --account {account}")


@job.command()
@_order_option
@wide_option
@currency_view
def show(text: str, command: Command) -> None:
    """Show an order, its milestones and their times."""
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        order = _order(network.jobs, network.job_lists.find(text), command)
    rows = [
        (str(place), command.text(milestone.amount), milestone.state.word, "-" if end is None else instant(end))
        for place, milestone in enumerate(order.milestones)
        for end in [order.end(milestone)]
    ]
    parties = {name: command.name(getattr(order, name)) for name in _PARTIES}
    terms = {
        "accept_before_unix_s": str(order.accept_before),
        "review_s": str(order.review_s),
        "arbitration_s": str(order.arbitration_s),
        "default_bps": str(order.default_bps),
        "bond_units": str(order.bond),
    }
    lines = [f"order {text}: {order.state.word}", table(("role", "account"), list(parties.items()))]
    lines += [f"the provider may accept before {instant(order.accept_before)}"] * (order.state is OrderState.PLACED)
    lines += [table(("milestone", "amount", "state", "until"), rows)]
    lines += [f"bond of a dispute: {command.text(order.bond)}"]
    command.show({**_document(order), **parties, **terms}, lines)


@job.command("list")
@click.option("--account", help="Only orders with this party: a name or an address.")
@wide_option
@currency_view
def list_(account: str | None, command: Command) -> None:
    """List the orders in a currency, oldest first."""
    party = command.address(account) if account else None
    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        orders = network.job_lists.orders(network.system(command.currency).token.address, party)
    document = {
        "orders": [
            {
                "order": "0x" + order_id.hex(),
                "state": order.state.word,
                **{name: command.name(getattr(order, name)) for name in _PARTIES},
                "amount_units": str(sum(milestone.amount for milestone in order.milestones)),
                "milestone_count": str(len(order.milestones)),
                "ended_count": str(sum(milestone.state.is_final for milestone in order.milestones)),
            }
            for order_id, order in orders.items()
        ]
    }
    rows = [
        (
            fields["order"],
            fields["state"],
            fields["payer"],
            fields["provider"],
            command.text(int(fields["amount_units"])),
            f"{fields['ended_count']} of {fields['milestone_count']}",
        )
        for fields in document["orders"]
    ]
    header = ("order", "state", "payer", "provider", "amount", "milestones ended")
    command.show(document, [table(header, rows)] if rows else ["no order"])


def _order(jobs: JobEscrow, order_id: OrderId, command: Command) -> Order:
    """Return an order, which must be in the currency of the command."""
    order, deployment = jobs.order(order_id), command.workspace.deployment()
    if order.currency == deployment.token(command.currency):
        return order
    for currency in deployment.currencies():
        if deployment.token(currency) == order.currency:
            raise UsageError(
                f"this order is in {currency.value}: give --currency {currency.value}", currency=currency.value
            )
    raise UsageError(
        f"this order is in the token 0x{order.currency.hex()}, which is not a currency of this network",
        token=order.currency,
    )


def _step(
    text: str,
    make: Callable[[JobEscrow, OrderId], tuple[Transaction, ...]],
    useful_next: str,
    command: Command,
) -> None:
    with command.workspace.chain(write=True) as chain:
        network = command.workspace.network(chain)
        jobs, order_id = network.jobs, network.job_lists.find(text)
        before = _order(jobs, order_id, command)
        *_, receipt = jobs.send(*make(jobs, order_id))
        now = jobs.order(order_id)
    milestones = list(zip(before.milestones, now.milestones, strict=True))
    lines = [f"order: {before.state.word} -> {now.state.word}"] * (before.state is not now.state)
    lines += [
        f"milestone {place}: {old.state.word} -> {new.state.word}"
        for place, (old, new) in enumerate(milestones)
        if old.state is not new.state
    ]
    document = {"order": "0x" + order_id.hex(), "before": _document(before), "now": _document(now)}
    command.show_sent(receipt, document, lines, useful_next)


def _document(order: Order) -> dict[str, object]:

    return {
        "state": order.state.word,
        "milestones": [
            {
                "amount_units": str(milestone.amount),
                "state": milestone.state.word,
                "deliver_before_unix_s": str(milestone.deliver_before),
                "since_unix_s": whole(milestone.since or None),
            }
            for milestone in order.milestones
        ],
    }
