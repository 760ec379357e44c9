"""`pysettle cycle operator|close|settle|end`: the steps of a cycle on the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, by_option, currency_command, dry_run_option
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Count
from pysettle.errors import UsageError
from pysettle.errors.states import CycleState, Role
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from pysettle.client.core.contract import Receipt, Transaction, TransactionSigner
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.clearing import ClearingHouse, CycleStanding
    from pysettle.client.settlement.proposal_files import ProposedSet
    from pysettle.values import Address

    _Proposed = tuple[list[tuple[Currency, ProposedSet]], list[Transaction]]

most_gas_option = click.option(
    "--most-gas",
    type=Count(1, 2**40),
    default=30_000_000,
    show_default=True,
    help="Most gas that the transaction of one set states.",
)
_BY = click.option("--by", help="Account that submits it.  [default: the operator]")


@click.command(cls=Verb)
@click.option("--account", help="Account that operates the cycles of the currency.")
@click.option("--nobody", is_flag=True, help="Have no operator: anybody acts, after the waiting times.")
@by_option(Role.CENTRAL_BANK)
@dry_run_option
@currency_command
def operator(account: str | None, nobody: bool, by: str | None, dry_run: bool, command: Command) -> None:
    """Appoint the operator of the cycles of a currency; the first time, cycle 1 opens."""
    from pysettle.domain.core.messages import ZERO_ADDRESS

    if (account is None) != nobody:
        raise UsageError("name the operator with --account, or give --nobody")
    appointed = ZERO_ADDRESS if account is None else command.address(account)
    central_bank = command.holder(by, Role.CENTRAL_BANK)

    def make(house: ClearingHouse, token: Address) -> Transaction:
        return house.set_operator(central_bank, token, appointed)

    receipt, before, now = _stepped(make, command, dry_run=dry_run)
    names = [command.name(it.operator) if any(it.operator) else None for it in (before, now)]
    document = {"cycle": str(now.number) if now.number else None, "before": names[0], "now": names[1]}
    lines = [f"operator of {command.currency.value}: {names[0] or 'nobody'} -> {names[1] or 'nobody'}"]
    command.show_sent(receipt, document, lines, "cycle show")


@click.command(cls=Verb)
@_BY
@dry_run_option
@currency_command
def close(by: str | None, dry_run: bool, command: Command) -> None:
    """Close the open cycle: the operator after 5 minutes, anybody after 15."""

    def make(house: ClearingHouse, token: Address) -> Transaction:
        return house.close_cycle(_caller(by, house.cycle(token), command), token)

    receipt, before, now = _stepped(make, command, dry_run=dry_run)
    document = {"cycle": str(before.number), "before": before.state.word, "now": now.state.word}
    lines = [f"cycle {before.number} of {command.currency.value}: {before.state.word} -> {now.state.word}"]
    command.show_sent(receipt, document, lines, "cycle settle")


@click.command(cls=Verb)
@click.option("--leave-due", is_flag=True, help="End it although obligations that are due can settle.")
@_BY
@dry_run_option
@currency_command
def end(leave_due: bool, by: str | None, dry_run: bool, command: Command) -> None:
    """End the closed cycle and open the next one: the operator at any time, anybody an hour after the closing.

    An audit notes for ever that a cycle ended although obligations could settle.
    """

    def make(house: ClearingHouse, token: Address) -> Transaction:
        standing = house.cycle(token)
        caller = _caller(by, standing, command)
        if not leave_due:
            _check_settled(house, standing, command)
        return house.end_cycle(caller, token)

    receipt, before, now = _stepped(make, command, dry_run=dry_run)
    ended = "settled" if before.sets else "unwound"
    words = before.state.word if receipt is None else ended
    document = {"cycle": str(before.number), "before": before.state.word, "now": words}
    lines = [f"cycle {before.number} of {command.currency.value}: {before.state.word} -> {ended}"]
    lines += [f"cycle {now.number} is {now.state.word}; what was left stays queued"]
    command.show_sent(receipt, document, lines, "cycle show")


@click.command(cls=Verb)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of `cycle solve`.  [default: the sets are computed from the chain]",
)
@click.option(
    "--with-currency",
    "others",
    type=click.Choice([it.value for it in Currency], case_sensitive=False),
    multiple=True,
    help="Further currency to settle in one transaction, with the PvP pairs; may be repeated.",
)
@most_gas_option
@_BY
@dry_run_option
@currency_command
def settle(
    file: Path | None, others: tuple[str, ...], most_gas: int, by: str | None, dry_run: bool, command: Command
) -> None:
    """Settle what is due: the operator in the closed cycle, anybody 15 minutes later or before the next closing."""
    from pysettle.client.settlement.clearing import ClearingHouse
    from pysettle.domain.settlement.clearing_events import SetSettled

    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        house, token = ClearingHouse.of(network), network.system(command.currency).token.address
        standing = house.cycle(token)
        caller = _caller(by, standing, command)
        if others:
            if file is not None:
                raise UsageError("a file has the sets of one currency: leave out --file or --with-currency")
            codes = dict.fromkeys([command.currency, *map(Currency, others)])
            sets, steps = _joined(list(codes), most_gas, network, caller)
        else:
            sets, steps = _proposed(file, most_gas, network, command.currency, caller)
        if dry_run:
            # The sets after the first one need those before it.
            house.check(steps[0])
        receipts = [] if dry_run else [house.send(step)[0] for step in steps]
        settled = [event.set for receipt in receipts for event in house.said(receipt, SetSettled)]
    numbers: list[int | None] = [*settled] or [None] * len(sets)
    documents = [
        {
            "set": None if number is None else str(number),
            "currency": currency.value,
            "obligation_count": str(it.count),
            "value_units": str(it.value),
            "moved_units": str(it.moved),
        }
        for number, (currency, it) in zip(numbers, sets, strict=True)
    ]
    lines = [
        f"set {number}: {it.count} obligations of {to_text(it.value)} settled by a movement of {code.text(it.moved)}"
        for number, (code, it) in zip(numbers, sets, strict=True)
    ]
    useful_next = "cycle end" if standing.state.word == "closed" else "cycle show"
    command.show_sent(receipts[-1] if receipts else None, {"sets": documents}, lines, useful_next)


def _proposed(
    file: Path | None, most_gas: int, network: SettlementNetwork, currency: Currency, caller: TransactionSigner
) -> _Proposed:
    """Return the sets of a file, or else of the chain, with their transactions.

    Raises:
        UsageError: there is nothing to settle, or the file is for another place.
    """
    from pysettle.client.settlement.clearing import ClearingHouse
    from pysettle.client.settlement.proposal_files import ProposalFile
    from pysettle.client.settlement.proposals import due
    from pysettle.domain.settlement.netting.strict import strict

    token = network.system(currency).token.address
    if file is not None:
        proposal = ProposalFile.from_bytes(file.read_bytes())
    else:
        known = due(network, token)
        sets, _ = known.proposals(strict(known.queue), most_gas)
        proposal = ProposalFile.of(network, token, known.last, sets)
    steps = proposal.steps(ClearingHouse.of(network), caller, token)
    if not steps:
        raise _nothing_due()
    return [(currency, it) for it in proposal.sets], list(steps)


def _joined(
    currencies: Sequence[Currency], most_gas: int, network: SettlementNetwork, caller: TransactionSigner
) -> _Proposed:
    """Return the sets of several currencies with their pairs, and the one transaction that settles them.

    Raises:
        UsageError: there is nothing to settle, or one transaction cannot hold it.
    """
    from pysettle.client.settlement.clearing import ClearingHouse
    from pysettle.client.settlement.pairs import links_of, propose_sets, sets_of

    tokens = {network.system(it).token.address: it for it in currencies}
    proposals = propose_sets(network, list(tokens))
    if not proposals:
        raise _nothing_due()
    sets = sets_of(proposals)
    step = ClearingHouse.of(network).settle_sets(caller, sets, links_of(sets))
    if step.gas > most_gas:
        raise UsageError(
            f"these sets state {step.gas:,} gas, and may state {most_gas:,}: raise --most-gas, or settle the "
            "currencies one by one first, without their pairs",
            gas=step.gas,
            most_gas=most_gas,
        )
    return [(tokens[token], it) for token, it in proposals.items()], [step]


def _nothing_due() -> UsageError:
    return UsageError("nothing that is due can settle now: `pysettle cycle show` names who waits and why")


def _check_settled(house: ClearingHouse, standing: CycleStanding, command: Command) -> None:
    """Check that nothing can settle in the closed cycle, whose hour is not over.

    Raises:
        UsageError: obligations can.
    """
    from pysettle.client.settlement.proposals import due
    from pysettle.domain.settlement.clearing import LONGEST_CLOSED_S
    from pysettle.domain.settlement.netting.strict import strict

    network = command.workspace.network(house.chain)
    if standing.state is not CycleState.CLOSED or network.chain.clock.now() >= standing.since + LONGEST_CLOSED_S:
        return
    known = due(network, network.system(command.currency).token.address)
    if count := int(strict(known.queue).sum()):
        raise UsageError(
            f"{count} obligations can settle in cycle {standing.number}: settle them by `pysettle cycle settle`, or "
            "end the cycle without them by --leave-due",
            count=count,
            cycle=standing.number,
        )


def _stepped(
    make: Callable[[ClearingHouse, Address], Transaction], command: Command, *, dry_run: bool
) -> tuple[Receipt | None, CycleStanding, CycleStanding]:
    """Send a step, or only try it; return its receipt, and the cycle before and after it."""
    from pysettle.client.settlement.clearing import ClearingHouse

    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        house, token = ClearingHouse.of(network), network.system(command.currency).token.address
        before, step = house.cycle(token), make(house, token)
        if dry_run:
            house.check(step)
        receipt = None if dry_run else house.send(step)[0]
        return receipt, before, house.cycle(token)


def _caller(by: str | None, standing: CycleStanding, command: Command) -> TransactionSigner:
    """Return the signer of a step: the named account, or the operator.

    Raises:
        UsageError: nobody is named, and there is no operator.
    """
    if by is None and not any(standing.operator):
        code = command.currency.value
        raise UsageError(
            f"{code} has no operator of its cycles: name an account with --by, or see `pysettle cycle operator --help`",
            currency=code,
        )
    return command.signer(by or command.name(standing.operator))
