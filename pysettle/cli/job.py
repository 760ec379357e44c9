"""`pysettle job`: batch compute by milestones, paid for in advance and released by delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import click
from eth_hash.auto import keccak

from pysettle.cli.currency import CurrencyCommand, account_option, currency_command, currency_view
from pysettle.cli.output import instant, table
from pysettle.client.jobs import JobEscrow, Order
from pysettle.domain.jobs import MilestoneState, OrderTerms
from pysettle.errors import UsageError
from pysettle.evm.transactions import Transaction
from pysettle.money import to_units

_HOUR_S = 3_600
_order_option = click.option("--order", "text", required=True, help="Id of the order, as `place` told.")
_milestone_option = click.option(
    "--milestone", type=click.IntRange(min=0), default=0, show_default=True, help="From 0."
)
_SHOWN = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def job() -> None:
    """Order batch compute by milestones, deliver, accept, dispute and rule (simulated)."""


@job.command()
@click.option("--file", type=_SHOWN, required=True, help="What is ordered; the order carries its hash.")
@click.option("--by", default="alice", show_default=True, help="Account that pays, and gets every refund.")
@click.option("--buyer", help="Account that accepts deliveries.  [default: who pays]")
@click.option("--provider", default="provider", show_default=True, help="Account that delivers.")
@click.option("--arbiter", required=True, help="Account that rules on disputes.")
@click.option("--milestone", "stages", multiple=True, required=True, help="AMOUNT@DATE, once for each delivery.")
@click.option("--accept-hours", type=click.IntRange(min=1), default=24, show_default=True, help="For the provider.")
@click.option("--review-hours", type=click.IntRange(min=1), default=72, show_default=True, help="For the buyer.")
@click.option(
    "--arbitration-hours", type=click.IntRange(min=1), default=168, show_default=True, help="For the arbiter."
)
@click.option(
    "--default-bps", type=click.IntRange(0, 10_000), default=5_000, show_default=True, help="If it is silent."
)
@click.option("--bond", default="0", show_default=True, help="What the buyer puts up with a dispute.")
@click.option("--number", type=click.IntRange(min=0), default=0, show_default=True, help="Tells equal orders apart.")
@currency_command
def place(
    file: Path,
    by: str,
    buyer: str | None,
    provider: str,
    arbiter: str,
    stages: tuple[str, ...],
    accept_hours: int,
    review_hours: int,
    arbitration_hours: int,
    default_bps: int,
    bond: str,
    number: int,
    command: CurrencyCommand,
) -> None:
    """Place an order and pay for all of it; what is not delivered comes back."""
    payer = command.signer(by)
    with command.workspace.chain(write=True) as chain:
        jobs, token = command.workspace.jobs(chain), command.workspace.currency(chain, command.currency)
        terms = OrderTerms(
            currency=token.address,
            buyer=command.address(buyer or by),
            provider=command.address(provider),
            arbiter=command.address(arbiter),
            description=keccak(file.read_bytes()),
            accept_before=chain.clock.now() + accept_hours * _HOUR_S,
            review_s=review_hours * _HOUR_S,
            arbitration_s=arbitration_hours * _HOUR_S,
            milestones=tuple(map(_stage, stages)),
            default_bps=default_bps,
            bond=to_units(bond),
            salt=number.to_bytes(32, "big"),
        )
        order_id = jobs.order_id(payer.address, terms)
        *_, receipt = jobs.send(token.approve(payer, jobs.address, terms.total), jobs.place(payer, terms))
    shown = "0x" + order_id.hex()
    lines = [f"order {shown}", f"held for it: 0.00 -> {command.text(terms.total)}"]
    document = {"order": shown, "units": str(terms.total)}
    command.show_sent("job-place", receipt, document, lines, f"job accept --order {shown}")


@job.command()
@_order_option
@click.option("--by", default="provider", show_default=True, help="Provider of the order.")
@currency_command
def accept(text: str, by: str, command: CurrencyCommand) -> None:
    """Accept an order, as its provider."""
    signer, order_id = command.signer(by), _id(text)
    _step("accept", order_id, lambda it: (it.accept(signer, order_id),), f"job deliver --order {text}", command)


@job.command()
@_order_option
@click.option("--by", default="alice", show_default=True, help="Payer or buyer; anybody once the time has passed.")
@currency_command
def cancel(text: str, by: str, command: CurrencyCommand) -> None:
    """Take an order back that the provider has not accepted."""
    signer, order_id = command.signer(by), _id(text)
    _step("cancel", order_id, lambda it: (it.cancel(signer, order_id),), f"job pay --account {by}", command)


@job.command()
@_order_option
@_milestone_option
@click.option("--file", type=_SHOWN, required=True, help="What is delivered; its hash is told.")
@click.option("--by", default="provider", show_default=True, help="Provider of the order.")
@currency_command
def deliver(text: str, milestone: int, file: Path, by: str, command: CurrencyCommand) -> None:
    """Deliver a milestone."""
    signer, order_id, content = command.signer(by), _id(text), keccak(file.read_bytes())
    useful_next = f"job accept-delivery --order {text} --milestone {milestone}"
    _step("deliver", order_id, lambda it: (it.deliver(signer, order_id, milestone, content),), useful_next, command)


@job.command()
@_order_option
@_milestone_option
@click.option("--by", default="provider", show_default=True, help="Provider of the order.")
@currency_command
def concede(text: str, milestone: int, by: str, command: CurrencyCommand) -> None:
    """Give a milestone up: its amount goes back to who paid."""
    signer, order_id = command.signer(by), _id(text)
    useful_next = f"job show --order {text}"
    _step("concede", order_id, lambda it: (it.concede(signer, order_id, milestone),), useful_next, command)


@job.command("accept-delivery")
@_order_option
@_milestone_option
@click.option("--by", default="alice", show_default=True, help="Buyer of the order.")
@currency_command
def accept_delivery(text: str, milestone: int, by: str, command: CurrencyCommand) -> None:
    """Accept a delivery: its amount is due to the provider."""
    signer, order_id = command.signer(by), _id(text)
    useful_next = "job pay --account provider"
    _step(
        "accept-delivery", order_id, lambda it: (it.accept_delivery(signer, order_id, milestone),), useful_next, command
    )


@job.command()
@_order_option
@_milestone_option
@click.option("--file", type=_SHOWN, required=True, help="What is wrong with it; its hash is told.")
@click.option("--by", default="alice", show_default=True, help="Buyer of the order, which puts up the bond.")
@currency_command
def dispute(text: str, milestone: int, file: Path, by: str, command: CurrencyCommand) -> None:
    """Dispute a delivery within its review period."""
    signer, order_id, evidence = command.signer(by), _id(text), keccak(file.read_bytes())

    def make(jobs: JobEscrow) -> tuple[Transaction, ...]:
        token = command.workspace.currency(jobs.chain, command.currency)
        approval = token.approve(signer, jobs.address, jobs.order(order_id).bond)
        return approval, jobs.dispute(signer, order_id, milestone, evidence)

    _step("dispute", order_id, make, f"job rule --order {text} --milestone {milestone} --help", command)


@job.command()
@_order_option
@_milestone_option
@click.option("--provider-bps", type=click.IntRange(0, 10_000), required=True, help="Share of the provider.")
@click.option("--file", type=_SHOWN, required=True, help="The grounds; their hash is told.")
@click.option("--by", required=True, help="Arbiter of the order.")
@currency_command
def rule(text: str, milestone: int, provider_bps: int, file: Path, by: str, command: CurrencyCommand) -> None:
    """Split a disputed amount, as the arbiter."""
    signer, order_id, grounds = command.signer(by), _id(text), keccak(file.read_bytes())
    _step(
        "rule",
        order_id,
        lambda it: (it.rule(signer, order_id, milestone, provider_bps, grounds),),
        "job pay --account provider",
        command,
    )


@job.command()
@_order_option
@_milestone_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; anyone may.")
@currency_command
def conclude(text: str, milestone: int, by: str, command: CurrencyCommand) -> None:
    """End a milestone whose time has passed: refunded, released, or ruled by default."""
    signer, order_id = command.signer(by), _id(text)
    useful_next = f"job show --order {text}"
    _step("conclude", order_id, lambda it: (it.conclude(signer, order_id, milestone),), useful_next, command)


@job.command()
@account_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; anyone may.")
@currency_command
def pay(account: str, by: str, command: CurrencyCommand) -> None:
    """Pay an account what is due to it."""
    payee, signer = command.address(account), command.signer(by)
    with command.workspace.chain(write=True) as chain:
        jobs, token = command.workspace.jobs(chain), command.workspace.currency(chain, command.currency)
        before = jobs.due(payee, token.address)
        (receipt,) = jobs.send(jobs.pay_due(signer, payee, token.address))
        now = jobs.due(payee, token.address)
    document = {"account": account, "due": {"before": str(before), "now": str(now)}}
    lines = [f"due to {account}: {command.change(before, now)}"]
    command.show_sent("job-pay", receipt, document, lines, f"token balance --account {account}")


@job.command()
@_order_option
@currency_view
def show(text: str, command: CurrencyCommand) -> None:
    """Show an order and its milestones."""
    with command.workspace.chain() as chain:
        order = command.workspace.jobs(chain).order(_id(text))
    rows = [
        (str(place), command.text(it.amount), it.state.name.lower(), instant(it.deliver_before))
        for place, it in enumerate(order.milestones)
    ]
    parties = {name: command.name(getattr(order, name)) for name in ("payer", "buyer", "provider", "arbiter")}
    lines = [f"order {text}: {order.state.name.lower()}", table(("role", "account"), list(parties.items()))]
    command.show("job-show", {**_document(order), **parties}, [*lines, table(_HEADER, rows)] if rows else lines)


_HEADER = ("milestone", "amount", "state", "to be delivered before")


def _step(
    verb: str,
    order_id: bytes,
    make: Callable[[JobEscrow], tuple[Transaction, ...]],
    useful_next: str,
    command: CurrencyCommand,
) -> None:
    with command.workspace.chain(write=True) as chain:
        jobs = command.workspace.jobs(chain)
        before = jobs.order(order_id)
        *_, receipt = jobs.send(*make(jobs))
        now = jobs.order(order_id)
    stages = list(zip(before.milestones, now.milestones, strict=True))
    lines = [f"order: {before.state.name.lower()} -> {now.state.name.lower()}"] * (before.state is not now.state)
    lines += [
        f"milestone {place}: {was.state.name.lower()} -> {it.state.name.lower()}"
        for place, (was, it) in enumerate(stages)
        if was.state is not it.state
    ]
    document = {"order": "0x" + order_id.hex(), "before": _document(before), "now": _document(now)}
    command.show_sent(f"job-{verb}", receipt, document, lines, useful_next)


def _document(order: Order) -> dict[str, object]:
    return {
        "state": order.state.name.lower(),
        "milestones": [
            {
                "units": str(it.amount),
                "state": it.state.name.lower(),
                "deliver_before": str(it.deliver_before),
                "since": str(it.since) if it.state is not MilestoneState.DUE else "-",
            }
            for it in order.milestones
        ],
    }


def _stage(text: str) -> tuple[int, int]:
    amount, _, day = text.partition("@")
    try:
        moment = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
    except ValueError as problem:
        raise UsageError(f"the milestone {text!r} is not like 120.50@2026-02-01") from problem
    return to_units(amount), int(moment.timestamp())


def _id(text: str) -> bytes:
    try:
        order_id = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        order_id = b""
    if len(order_id) != 32:
        raise UsageError(f"{text} is not the id of an order, 32 bytes in hex")
    return order_id
