"""The attempts that contracts refused: transactions that reverted, each with its reason, which only execution tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pysettle.audit.records.period import Period
from pysettle.audit.records.reading import Records
from pysettle.audit.records.rows import TransactionRow
from pysettle.errors.words import hexed
from pysettle.pins.calls import refusal_of
from pysettle.values import Address, Currency

NOT_EXECUTED = "the reason is known by re-execution alone"
WITHOUT_DATA = "ran out of gas, or reverted without data"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One attempt."""

    row: TransactionRow
    """The transaction."""
    reason: str
    """Its reason in words."""


def refusals(records: Records, period: Period) -> Iterator[Refusal]:
    """Yield the transactions of a period that reverted, in the order of the chain."""
    for row in records.transactions(period, "AND NOT t.succeeded"):
        yield Refusal(row, reason_of(records, row))


def reason_of(records: Records, row: TransactionRow) -> str:
    """Return the reason of a transaction that reverted, in words."""
    if not row.revert_data:
        return NOT_EXECUTED if row.revert_data is None else WITHOUT_DATA
    to, function = Address(row.receiver or bytes(20)), (row.function or "").partition("(")[0]
    refusal = refusal_of(row.contract or "", row.revert_data, to, function, _currencies(records))
    names = records.labels
    refusal.name = lambda account: names.get(account) or hexed(account)
    return refusal.sentence() if row.error else f"unknown data 0x{row.revert_data.hex()}"


def _currencies(records: Records) -> dict[Address, Currency]:
    """Return mapping contract -> currency that its calls are about."""
    of_asset = {address: asset.currency for address, asset in records.assets.items() if asset.currency}
    listed = records.index.rows("SELECT address, currency FROM contracts")
    found = ((address, of_asset.get(address) or of_asset.get(currency)) for address, currency in listed)
    return {Address(address): currency for address, currency in found if currency}
