"""The statement of a payer: what it has paid a gateway in a month, by the ledger."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pysettle.domain.compute.usage import Meters
from pysettle.errors import UsageError
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Kind, Payment
from pysettle.values import Address

_NOTHING = Meters()


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One settled payment: a call, a purchase of Tokens, or a refund."""

    time_unix_s: int
    """Chain time of its acceptance."""
    payment_id: str
    """Its id."""
    kind: str
    """Its object, as the ledger has it."""
    model: str
    """Model."""
    channel: bytes | None
    """Channel that paid."""
    cached_input: int
    """LLM tokens of cached input."""
    input: int
    """LLM tokens of other input."""
    output: int
    """LLM tokens of output."""
    is_estimated: bool
    """Whether the provider reported no counts."""
    charged_tokens: int | None
    """Tokens charged; None for a payment in e-CNY."""
    paid_micro_yuan: int | None
    """Micro-yuan paid; None for a payment in Tokens."""
    bought_tokens: int | None
    """Tokens bought; None for anything but a purchase."""
    tx_hash: bytes | None
    """Transaction on the chain, if the payment has one of its own."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a statement."""

    calls: int
    """Calls served."""
    meters: Meters
    """LLM tokens of all calls."""
    charged_tokens: int
    """Tokens charged for calls."""
    paid_micro_yuan: int
    """Micro-yuan paid for Tokens and calls."""
    bought_tokens: int
    """Tokens bought."""
    transactions: int
    """Transactions on the chain."""


def month(text: str) -> tuple[int, int]:
    """Return the first second of a month of UTC, and that of the month after it.

    Raises:
        UsageError: it is not written as 2026-03.
    """
    try:
        begin = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC)
        if begin.strftime("%Y-%m") != text:
            raise ValueError(text)
    except ValueError as problem:
        raise UsageError(f"{text!r} is no month: write it as 2026-03", month=text) from problem
    end = (begin + dt.timedelta(days=31)).replace(day=1)
    return int(begin.timestamp()), int(end.timestamp())


def rows_of(ledger: Ledger, payer: Address, period: tuple[int, int]) -> list[PaymentRow]:
    """Return the settled payments of an account that were accepted in a period, in their order."""
    begin, end = period
    paid = [it for it in ledger.settled() if it.payer == payer and begin <= it.accepted_at < end]
    return [_row(it) for it in sorted(paid, key=lambda it: it.accepted_at)]


def totals_of(rows: Sequence[PaymentRow]) -> Totals:
    """Return the sums of rows."""
    calls = [row for row in rows if row.kind not in (Kind.TOKENS, Kind.REFUND)]
    return Totals(
        calls=len(calls),
        meters=Meters(*(sum(getattr(row, name) for row in calls) for name in ("cached_input", "input", "output"))),
        charged_tokens=_sum(row.charged_tokens for row in calls),
        paid_micro_yuan=_sum(row.paid_micro_yuan for row in rows),
        bought_tokens=_sum(row.bought_tokens for row in rows),
        transactions=len({row.tx_hash for row in rows if row.tx_hash}),
    )


def _row(paid: Payment) -> PaymentRow:
    meters = _NOTHING if paid.usage is None else paid.usage.total
    is_purchase, is_in_tokens = paid.kind is Kind.TOKENS, paid.kind in (Kind.CALL, Kind.REFUND)
    bought = int(json.loads(paid.answer)["tokens"]) if is_purchase and paid.answer else None
    return PaymentRow(
        time_unix_s=paid.accepted_at,
        payment_id=paid.id,
        kind=paid.kind,
        model=paid.model,
        channel=paid.channel,
        cached_input=meters.cached_input,
        input=meters.input,
        output=meters.output,
        is_estimated=paid.is_estimated,
        charged_tokens=paid.charged if is_in_tokens else None,
        paid_micro_yuan=None if is_in_tokens else paid.charged,
        bought_tokens=bought,
        tx_hash=paid.transaction,
    )


def _sum(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)
