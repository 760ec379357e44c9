"""`pysettle interest`: interest on e-CNY as deposit money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from pysettle.cli.command import Command, network_command, network_view
from pysettle.cli.documents import change
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, Moment, Whole, wide_option
from pysettle.cli.output import table
from pysettle.errors import AuditFailed, UsageError
from pysettle.money import BPS, Currency, to_text, to_units

if TYPE_CHECKING:
    from pysettle.client.money.interest import DeclaredPeriod
    from pysettle.domain.money.interest import InterestStatement
    from pysettle.values import Address

_DAY_0 = dt.date(1970, 1, 1).toordinal()
_PERIOD = click.option("--period", type=Whole(256, 1), required=True, help="Number of the declared period.")
_NAMED = 10
"""Most accounts that one line names."""
_DAY = Moment(["%Y-%m-%d"])


def _days_options(command: Any) -> Any:
    """Give a command the days of a period and its rate."""
    for option in (
        click.option("--rate-bps", type=Count(1, BPS), required=True, help="Basis points a year."),
        click.option(
            "--end-day", type=_DAY, required=True, help="First day after the period, which bears no interest."
        ),
        click.option("--first-day", type=_DAY, required=True, help="First day (UTC+8) that bears interest."),
    ):
        command = option(command)
    return command


@click.group(cls=Noun)
def interest() -> None:
    """Compute, declare, pay and verify interest on e-CNY as deposit money (simulated)."""


@interest.command("open")
@click.option("--quota", default="10000", show_default=True, help="Most interest that the contract may issue, in yuan.")
@network_command
def open_(quota: str, command: Command) -> None:
    """Deploy the contract that pays interest, as an operating institution with its own quota."""
    from pysettle.workspace.deploying import open_interest

    units = to_units(quota)
    with command.workspace.chain(write=True) as chain:
        contract = open_interest(command.workspace, chain, quota=units, password=command.password)
        block, ratio = chain.block().number, command.workspace.network(chain).currency.desk.reserve_ratio()
    document = {"contract": _hex(contract.address), "block": str(block), "currency": Currency.CNY.value}
    document |= {"quota_units": str(units), "reserve_ratio_bps": str(ratio)}
    lines = [f"{document['contract']} pays interest from block {block}, up to {to_text(units)} yuan"]
    lines += ["The currency is in full reserve now, so no interest can be declared."] * (ratio == BPS)
    lines += [f"Next: {command.next('interest compute --help')}"]
    command.show(document, lines)


@interest.command()
@_days_options
@wide_option
@network_view
def compute(first_day: dt.datetime, end_day: dt.datetime, rate_bps: int, command: Command) -> None:
    """Compute the interest of each account for a period from the chain, and the root to declare."""
    days = _days(first_day, end_day)
    with command.compute() as network:
        statement, barred = network.interest.work_out(*days, rate_bps)
    useful_next = command.next(f"interest declare {_options(days, rate_bps)}")
    lines = [*_lines(statement, command), *_barred_lines(barred, command), f"Next: {useful_next}"]
    document = _document(statement)
    document["class_iv"] = [
        {"account": _hex(account), "unit_days": str(unit_days)} for account, unit_days in barred.items()
    ]
    command.show(document, lines)


@interest.command()
@_days_options
@click.option("--by", default="bank", show_default=True, help="Operating institution that declares.")
@wide_option
@network_command
def declare(
    first_day: dt.datetime,
    end_day: dt.datetime,
    rate_bps: int,
    by: str,
    command: Command,
) -> None:
    """Compute the interest of a period and declare it. A declaration is final."""
    days = _days(first_day, end_day)
    signer = command.signer(by)
    with command.compute(write=True) as network:
        contract = network.interest
        statement = contract.compute(*days, rate_bps)
        (receipt,) = contract.send(contract.declare(signer, statement))
        period = contract.last_period()
    document = {"tx_hash": _hex(receipt.transaction_hash), "block": str(receipt.block_number), "period": str(period)}
    lines = [f"period {period}", *_lines(statement, command), f"transaction {document['tx_hash']}"]
    lines += [f"Next: {command.next(f'interest pay --period {period}')}"]
    command.show(document | _document(statement), lines)


@interest.command()
@_PERIOD
@click.option("--by", default="bank", show_default=True, help="Account that submits the rows; any account may.")
@network_command
def pay(period: int, by: str, command: Command) -> None:
    """Pay the unpaid rows of a declared period, recomputed from the chain."""
    from pysettle.client.core.contract import Receipt
    from pysettle.client.money.interest import RowResult, batches

    signer = command.signer(by)
    transactions, results = list[Receipt](), list[RowResult]()
    with command.compute(write=True) as network:
        contract = network.interest
        before, statement = contract.period(period), contract.recompute(period)
        _check(period, before, statement)
        for rows in batches(contract.unpaid(period, statement)):
            payment = contract.pay(signer, period, statement, rows)
            results += contract.results(payment)
            transactions += contract.send(payment)
        after = contract.period(period)
    refused = [result.name.lower() for result in results if result is not RowResult.PAID]
    document = {
        "tx_hashes": [_hex(receipt.transaction_hash) for receipt in transactions],
        "period": str(period),
        "currency": Currency.CNY.value,
        "paid_count": str(len(results) - len(refused)),
        "refused": refused,
        "paid_units": change(before.paid, after.paid),
        "total_units": str(after.total),
    }
    lines = [f"period {period}: {to_text(before.paid)} -> {to_text(after.paid)} of {to_text(after.total)} yuan paid"]
    lines += [f"{len(refused)} rows were refused: {', '.join(refused)}"] * bool(refused)
    lines += [f"transaction {tx_hash}" for tx_hash in document["tx_hashes"]]
    command.show(document, lines)


@interest.command()
@_PERIOD
@wide_option
@network_view
def verify(period: int, command: Command) -> None:
    """Compare a declared period with the interest recomputed from the chain. Exit code 7 if they differ."""
    with command.compute() as network:
        contract = network.interest
        declared, statement = contract.period(period), contract.recompute(period)
    equal = _is_equal(declared, statement)
    document = {
        "period": str(period),
        "currency": Currency.CNY.value,
        "equal": equal,
        "declared": {"root": _hex(declared.root), "total_units": str(declared.total)},
        "computed": {"root": _hex(statement.root), "total_units": str(statement.total)},
    }
    rows = [("declared", _hex(declared.root), to_text(declared.total))]
    rows += [("computed", _hex(statement.root), to_text(statement.total))]
    lines = [table((f"period {period}", "root", "yuan"), rows), "equal" if equal else "NOT EQUAL"]
    command.show(document, lines)
    _check(period, declared, statement)


@interest.command("show")
@wide_option
@network_view
def show_(command: Command) -> None:
    """Show the declared periods and their payments."""
    with command.compute() as network:
        contract, currency, block = network.interest, network.currency, network.chain.block().number
        periods = [contract.period(number) for number in range(1, contract.last_period() + 1)]
        quota, ratio = currency.desk.issuance_quota(contract.address), currency.desk.reserve_ratio()
    document = {
        "contract": _hex(contract.address),
        "block": str(block),
        "currency": Currency.CNY.value,
        "quota_units": str(quota),
        "reserve_ratio_bps": str(ratio),
        "periods": [
            {
                "period": str(number),
                "first_day": _date(period.first_day),
                "end_day": _date(period.end_day),
                "rate_bps": str(period.rate_bps),
                "root": _hex(period.root),
                "total_units": str(period.total),
                "paid_units": str(period.paid),
            }
            for number, period in enumerate(periods, 1)
        ],
    }
    cells = [
        (
            str(number),
            _date(period.first_day),
            _date(period.end_day),
            str(period.rate_bps),
            to_text(period.total),
            to_text(period.paid),
        )
        for number, period in enumerate(periods, 1)
    ]
    lines = [f"up to {to_text(quota)} yuan of interest may still be issued, reserve ratio {ratio} basis points"]
    lines += [table(("period", "first day", "end day", "bps", "yuan declared", "yuan paid"), cells)]
    command.show(document, lines)


def _is_equal(declared: DeclaredPeriod, statement: InterestStatement) -> bool:
    return (declared.root, declared.total) == (statement.root, statement.total)


def _check(period: int, declared: DeclaredPeriod, statement: InterestStatement) -> None:
    if not _is_equal(declared, statement):
        raise AuditFailed(
            f"the declaration of period {period} differs from the chain; nobody should rely on it", period=period
        )


def _days(first_day: dt.datetime, end_day: dt.datetime) -> tuple[int, int]:
    first, end = (day.toordinal() - _DAY_0 for day in (first_day, end_day))
    if not 0 <= first < end < 2**16:
        raise UsageError("a period has at least one day: give its first day, and the first day after it")
    return first, end


def _options(days: tuple[int, int], rate_bps: int) -> str:
    """Write the days of a period and its rate as options."""
    first, end = map(_date, days)
    return f"--first-day {first} --end-day {end} --rate-bps {rate_bps}"


def _date(day: int) -> str:
    return dt.date.fromordinal(_DAY_0 + day).isoformat()


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _document(statement: InterestStatement) -> dict[str, Any]:
    return {
        "chain_id": str(statement.chain_id),
        "contract": _hex(statement.contract),
        "currency": Currency.CNY.value,
        "first_day": _date(statement.first_day),
        "end_day": _date(statement.end_day),
        "rate_bps": str(statement.rate_bps),
        "root": _hex(statement.root),
        "total_units": str(statement.total),
        "rows": [
            {
                "index": str(row.index),
                "account": _hex(row.account),
                "accumulation_unit_days": str(row.accumulation),
                "amount_units": str(row.amount),
            }
            for row in statement.rows
        ],
    }


def _lines(statement: InterestStatement, command: Command) -> list[str]:
    names = {address: name for name, address in command.workspace.accounts.addresses().items()}
    cells = [
        (names.get(row.account, _hex(row.account)), to_text(row.accumulation), to_text(row.amount))
        for row in statement.rows
    ]
    days = f"{_date(statement.first_day)} to before {_date(statement.end_day)}"
    return [
        f"interest of {days}, {statement.rate_bps} basis points a year: {to_text(statement.total)} yuan",
        table(("account", "yuan x days", "yuan"), cells),
        f"root {_hex(statement.root)}",
    ]


def _barred_lines(barred: Mapping[Address, int], command: Command) -> list[str]:
    """Return lines on the money that bears no interest because its wallets are of class IV, and on the remedy."""
    if not barred:
        return []
    names = [command.name(account) for account in list(barred)[:_NAMED]]
    more = f" and {len(barred) - _NAMED} more" if len(barred) > _NAMED else ""
    return [
        "wallets of class IV bear no interest: their holders are not known, or an identification expired.",
        f"{to_text(sum(barred.values()))} yuan x days of {', '.join(names)}{more} bear none for this reason:",
        "register the holders by `pysettle wallet register`; later days then bear interest",
    ]
