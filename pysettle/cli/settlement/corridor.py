"""`pysettle corridor`: corridors between jurisdictions, under both central banks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    Function,
    account_option,
    currency_command,
    currency_view,
    dry_run_option,
)
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, wide_option
from pysettle.cli.output import table
from pysettle.cli.settlement.calendar import calendar, opening
from pysettle.cli.settlement.homes import agree_home, homes
from pysettle.cli.settlement.payload import (
    auditor_key,
    open_payload,
    seal_payload,
    sign_payload,
    submit_payload,
    write_payload,
)
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.money import Currency, to_units
from pysettle.values import HOUR_S, Seconds, Units, duration_text

if TYPE_CHECKING:
    from pysettle.client.core.contract import Receipt, Transaction, TransactionSigner
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.corridors import Corridors, CorridorStanding
    from pysettle.domain.settlement.corridors import Corridor, CorridorTerms

_CODES = [currency.value for currency in Currency]


@click.group(cls=Noun)
def corridor() -> None:
    """Open, limit, close and show corridors between jurisdictions; set opening hours (simulated)."""


def _ends_options(function: Function) -> Function:
    first = click.option(
        "--from-jurisdiction", "from_", type=Count(1, 999), required=True, help="ISO 3166-1 number of the debtor."
    )
    second = click.option(
        "--to-jurisdiction", "to", type=Count(1, 999), required=True, help="ISO 3166-1 number of the creditor."
    )
    return first(second(function))


def _bank_options(function: Function) -> Function:
    counter = click.option(
        "--counter", type=click.Choice(_CODES), required=True, help="Other currency of the pair of the corridor."
    )
    as_ = click.option(
        "--as",
        "as_",
        type=click.Choice(_CODES),
        help="Currency of the pair for whose central bank to act.  [default: that of --currency]",
    )
    by = click.option("--by", help="Account that holds the role central-bank.  [default: that of the deployment]")
    return _ends_options(counter(as_(by(dry_run_option(currency_command(function))))))


@corridor.command()
@click.option("--settlement-limit", required=True, help="Most of one leg, such as 1000000.")
@click.option("--window-limit", required=True, help="Most of one debtor in a window.")
@click.option("--travel-threshold", help="Amount from which both sign the payload.  [default: never]")
@click.option("--window-hours", type=Count(1, 8_784), default=24, show_default=True, help="Length of a window.")
@click.option("--day-end-limit", required=True, help="Most that a foreign bank keeps at the end of a day.")
@_bank_options
def propose(
    from_: int,
    to: int,
    counter: str,
    as_: str | None,
    by: str | None,
    settlement_limit: str,
    window_limit: str,
    travel_threshold: str | None,
    window_hours: int,
    day_end_limit: str,
    dry_run: bool,
    command: Command,
) -> None:
    """Agree to terms of a corridor as one central bank; they come into force when the other one agrees."""
    from pysettle.domain.settlement.corridors import NEVER, CorridorTerms

    terms = CorridorTerms(
        to_units(settlement_limit),
        to_units(window_limit),
        NEVER if travel_threshold is None else to_units(travel_threshold),
        Seconds(window_hours * HOUR_S),
        to_units(day_end_limit),
    )
    _agree(from_, to, counter, as_ or command.currency.value, by, terms, command, dry_run=dry_run)


@corridor.command()
@_bank_options
def agree(from_: int, to: int, counter: str, as_: str | None, by: str | None, dry_run: bool, command: Command) -> None:
    """Agree to the terms that the other central bank proposed: they come into force."""
    _agree(from_, to, counter, as_ or counter, by, None, command, dry_run=dry_run)


@corridor.command()
@_bank_options
def close(from_: int, to: int, counter: str, as_: str | None, by: str | None, dry_run: bool, command: Command) -> None:
    """Close a corridor as either central bank, alone. Legs that were admitted go on."""
    acting = Currency(as_ or command.currency.value)
    with _opened(command, write=not dry_run) as (network, corridors):
        way = _way(network, from_, to, command.currency, counter)
        before = corridors.corridor(way.id)
        step = corridors.close(_central_bank(by, acting, command), way, network.system(acting).token.address)
        receipt = _made(corridors, step, dry_run=dry_run)
        now = corridors.corridor(way.id)
    document = {**_names(from_, to), "before": _document(before, command), "now": _document(now, command)}
    lines = [f"corridor {from_:03} to {to:03} in {command.currency.value}: {before.word} -> {now.word}"]
    command.show_sent(receipt, document, lines, f"corridor show {_ends(from_, to)}")


@corridor.command()
@_ends_options
@click.option("--account", help="Debtor whose use of the window to show too.")
@currency_view
def show(from_: int, to: int, account: str | None, command: Command) -> None:
    """Show the terms of a corridor, its standing, and the use of it by a debtor."""
    from pysettle.domain.settlement.corridors import corridor_id

    with _opened(command) as (network, corridors):
        identifier = corridor_id(from_, to, network.system(command.currency).token.address)
        found = corridors.corridor(identifier)
        used = None if account is None else corridors.used(identifier, command.address(account))
    document = {**_names(from_, to), "id": "0x" + identifier.hex(), **_document(found, command), "account": account}
    document["used_units"] = None if used is None else str(used[0])
    lines = [f"corridor {from_:03} to {to:03} in {command.currency.value}: {found.word}", *_words(found, command)]
    if used is not None:
        lines += [f"{account} has used {command.text(used[0])} of its last window"]
    command.show(document, lines)


@corridor.command("list")
@wide_option
@currency_view
def list_(command: Command) -> None:
    """List the corridors of a currency, in the order in which they came into force."""
    with _opened(command) as (network, corridors):
        place = network.system(command.currency).token.address
        found = [(way, corridors.corridor(way.id)) for way in corridors.known().values() if way.currency == place]
    documents = [
        {**_names(way.debtor_jurisdiction, way.creditor_jurisdiction), **_document(it, command)} for way, it in found
    ]
    rows = [
        (
            f"{way.debtor_jurisdiction:03}",
            f"{way.creditor_jurisdiction:03}",
            it.word,
            command.text(it.terms.settlement_limit),
            command.text(it.terms.window_limit),
        )
        for way, it in found
    ]
    header = ("from", "to", "standing", "one leg", "window")
    none = [f"{command.currency.value} has no corridor"]
    command.show({"corridors": documents}, [table(header, rows)] if rows else none)


corridor.add_command(homes)
corridor.add_command(agree_home)
corridor.add_command(calendar)
corridor.add_command(opening)


for _command in (write_payload, sign_payload, submit_payload, auditor_key, seal_payload, open_payload):
    corridor.add_command(_command)


@corridor.command("clear-out")
@_ends_options
@account_option
@click.option("--by", default="alice", show_default=True, help="Account that submits it; any account may.")
@dry_run_option
@currency_command
def clear_out(from_: int, to: int, account: str, by: str, dry_run: bool, command: Command) -> None:
    """Move the part of a foreign position above the limit to its settlement agent, while the currency is closed."""
    from pysettle.cli.documents import change
    from pysettle.client.settlement.liquidity import LiquidityAccounts

    holder, signer = command.address(account), command.signer(by)
    with _opened(command, write=not dry_run) as (network, corridors):
        positions, place = LiquidityAccounts.of(network), network.system(command.currency).token.address
        before = positions.position(place, holder).available
        receipt = _made(corridors, corridors.clear_out(signer, from_, to, place, holder), dry_run=dry_run)
        now = positions.position(place, holder).available
    document = {**_names(from_, to), "account": account, "available_units": change(before, now)}
    lines = [f"position of {account}: {command.change(before, now)}"]
    command.show_sent(receipt, document, lines, f"liquidity show --account {account}")


@contextmanager
def _opened(command: Command, *, write: bool = False) -> Iterator[tuple[SettlementNetwork, Corridors]]:
    """Open the chain, and yield the network with its corridors."""
    from pysettle.client.settlement.corridors import Corridors

    with command.workspace.chain(write=write) as chain:
        network = command.workspace.network(chain)
        yield network, Corridors.of(network)


def _agree(
    from_: int,
    to: int,
    counter: str,
    as_: str,
    by: str | None,
    terms: CorridorTerms | None,
    command: Command,
    *,
    dry_run: bool,
) -> None:
    """Agree to terms, or to those that the other central bank proposed, and print the change."""
    acting = Currency(as_)
    with _opened(command, write=not dry_run) as (network, corridors):
        way = _way(network, from_, to, command.currency, counter)
        if terms is None:
            other = counter if acting is command.currency else command.currency.value
            offered = corridors.proposed(way).get(network.system(Currency(other)).token.address)
            if offered is None:
                raise UsageError(
                    f"the central bank of {other} proposed no terms: run `pysettle corridor propose`", currency=other
                )
            terms = offered.terms
        before = corridors.corridor(way.id)
        place = network.system(acting).token.address
        step = corridors.agree(_central_bank(by, acting, command), way, terms, place)
        receipt = _made(corridors, step, dry_run=dry_run)
        now = corridors.corridor(way.id)
    ends, code = _ends(from_, to), command.currency.value
    is_in_force = now.revision != before.revision
    document = {**_names(from_, to), "in_force": is_in_force, **_document(now, command)}
    if is_in_force:
        lines = [f"corridor {from_:03} to {to:03} in {code}: {before.word} -> {now.word}", *_words(now, command)]
        return command.show_sent(receipt, document, lines, f"corridor show {ends}")
    lines = [f"the central bank of {acting.value} agreed to terms of the corridor {from_:03} to {to:03} in {code}"]
    waiting = counter if acting is command.currency else code
    lines += [f"they come into force when the central bank of {waiting} agrees"]
    return command.show_sent(receipt, document, lines, f"corridor agree {ends} --counter {counter} --as {waiting}")


def _made(corridors: Corridors, step: Transaction, *, dry_run: bool) -> Receipt | None:
    """Send a step, or execute it on the present state alone; return its receipt, None of a dry run."""
    if dry_run:
        corridors.check(step)
        return None
    (receipt,) = corridors.send(step)
    return receipt


def _central_bank(by: str | None, acting: Currency, command: Command) -> TransactionSigner:
    return command.signer(by or command.workspace.holder(Role.CENTRAL_BANK, acting))


def _way(network: SettlementNetwork, from_: int, to: int, currency: Currency, counter: str) -> Corridor:
    from pysettle.domain.settlement.corridors import Corridor

    pair = (network.system(it).token.address for it in (currency, Currency(counter)))
    return Corridor(from_, to, *pair)


def _ends(from_: int, to: int) -> str:
    return f"--from-jurisdiction {from_} --to-jurisdiction {to}"


def _names(from_: int, to: int) -> dict[str, object]:
    return {"from_jurisdiction": str(from_), "to_jurisdiction": str(to)}


def _document(found: CorridorStanding, command: Command) -> dict[str, object]:
    from pysettle.domain.settlement.corridors import NEVER

    terms = found.terms
    return {
        "standing": found.word,
        "revision": str(found.revision),
        "counter_currency": command.name(found.counter_currency) if any(found.counter_currency) else None,
        "settlement_limit_units": str(terms.settlement_limit),
        "window_limit_units": str(terms.window_limit),
        "window_s": str(terms.window_s),
        "travel_threshold_units": None if terms.travel_threshold == NEVER else str(terms.travel_threshold),
        "day_end_limit_units": str(terms.day_end_limit),
    }


def _words(found: CorridorStanding, command: Command) -> list[str]:
    from pysettle.domain.settlement.corridors import NEVER

    terms = found.terms
    if not terms.window_s:
        return []

    def text(units: Units) -> str:
        return "never" if units == NEVER else f"from {command.text(units)} on"

    return [
        f"one leg at most {command.text(terms.settlement_limit)}",
        f"one debtor at most {command.text(terms.window_limit)} in {duration_text(terms.window_s)}",
        f"payload signed by both first: {text(terms.travel_threshold)}",
        f"a foreign bank keeps at most {command.text(terms.day_end_limit)} at the end of a day",
    ]
