"""InterestPayments: interest worked out from the chain, declared as a root, paid row by row, recomputed by anyone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pysettle.client.core.access import Role
from pysettle.client.core.blocks import emitted
from pysettle.client.core.contract import Contract
from pysettle.client.money.currency import CurrencyToken
from pysettle.domain.core.events import Emitted
from pysettle.domain.money.interest import InterestRow, InterestStatement, accumulate_all
from pysettle.evm.backend import ChainBackend
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address

MOST_ROWS = 100
"""Rows that the contract takes in one batch."""


class RowResult(IntEnum):
    """Result of one row of a batch, as the contract numbers it."""

    PAID = 0
    PAID_BEFORE = 1
    NOT_DECLARED = 2
    AMOUNT_INVALID = 3
    ACCOUNT_INVALID = 4
    TOTAL_EXCEEDED = 5


@dataclass(frozen=True, slots=True)
class DeclaredPeriod:
    """A declared period, with its payments so far."""

    first_day: int
    """First day of UTC+8, counted from 1970-01-01, that bears interest."""
    end_day: int
    """First day after it that does not."""
    rate_bps: int
    """Interest of a year of 360 days, in basis points."""
    total: int
    """Units declared for all rows."""
    paid: int
    """Units paid so far."""
    root: bytes
    """Root of the tree over the rows."""


class InterestPayments(Contract):
    """Interest on one currency. Amounts are units."""

    GAS_DECLARATION = 300_000
    """Gas stated for a declaration, and for a batch apart from its rows."""
    GAS_ROW = 130_000
    """Gas for a row: most of it for an account with an empty balance, or with interest that becomes a credit."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address one deployed InterestPayments."""
        super().__init__(sender, address, "InterestPayments", first_block)

    # Operating institution

    def declare(self, operator: TransactionSigner, statement: InterestStatement) -> Transaction:
        """Declare the root and the total of a period."""
        days = (statement.first_day, statement.end_day)
        arguments = (*days, statement.rate_bps, statement.root, statement.total)
        return self._transaction(operator, self.GAS_DECLARATION, "declare", *arguments)

    def accept_role(self, operator: TransactionSigner, role: Role) -> Transaction:
        """Have the contract accept a role that was offered to it."""
        return self._transaction(operator, self.GAS_DECLARATION, "acceptRole", int(role))

    # Anyone

    def pay(
        self, submitter: TransactionSigner, period_id: int, statement: InterestStatement, rows: Sequence[InterestRow]
    ) -> Transaction:
        """Pay rows of a declared period, `MOST_ROWS` at the most; a row that cannot be paid is passed over."""
        encoded = [(row.index, row.account, row.amount, list(statement.proof(row))) for row in rows]
        gas = self.GAS_DECLARATION + self.GAS_ROW * len(rows)
        return self._transaction(submitter, gas, "pay", period_id, encoded)

    def results(self, payment: Transaction) -> tuple[RowResult, ...]:
        """Return the result of each row of a `pay`, if it were sealed now."""
        answer = self._sender.simulate(payment)
        return tuple(map(RowResult, self.interface.decode("pay", answer)))

    # Views

    def last_period(self) -> int:
        """Return the number of the last declared period; zero when there is none."""
        return int(self._read("lastPeriod"))

    def period(self, period_id: int) -> DeclaredPeriod:
        """Return a declared period."""
        return DeclaredPeriod(*self._read("period", period_id))

    def is_paid(self, period_id: int, index: int) -> bool:
        """Whether a row of a period was paid."""
        return bool(self._read("isPaid", period_id, index))

    def unpaid(self, period_id: int, statement: InterestStatement) -> tuple[InterestRow, ...]:
        """Return the rows of a period that were not paid yet."""
        return tuple(row for row in statement.rows if not self.is_paid(period_id, row.index))

    def compute(self, first_day: int, end_day: int, rate_bps: int) -> InterestStatement:
        """Compute the interest of all accounts from the chain, for the days from `first_day` to before `end_day`."""
        return self.work_out(first_day, end_day, rate_bps)[0]

    def work_out(self, first_day: int, end_day: int, rate_bps: int) -> tuple[InterestStatement, dict[Address, int]]:
        """Return the result of `compute`, and mapping account -> units x days without interest because of class IV."""
        chain = self._sender.chain
        currency = Address(self._read("currency"))
        desk = CurrencyToken(self._sender, currency).desk.address
        history = currency_history(chain, currency, desk, self.first_block)
        bearing, barred = accumulate_all(history, currency, desk, first_day, end_day)
        statement = InterestStatement.of(
            bearing,
            chain_id=chain.chain_id,
            contract=self.address,
            first_day=first_day,
            end_day=end_day,
            rate_bps=rate_bps,
        )
        return statement, barred

    def recompute(self, period_id: int) -> InterestStatement:
        """Compute the statement of a declared period from the chain, for a comparison of the roots."""
        declared = self.period(period_id)
        return self.compute(declared.first_day, declared.end_day, declared.rate_bps)


def batches(rows: Sequence[InterestRow]) -> Iterable[Sequence[InterestRow]]:
    """Return rows in batches that the contract takes."""
    return (rows[start : start + MOST_ROWS] for start in range(0, len(rows), MOST_ROWS))


def currency_history(chain: ChainBackend, currency: Address, desk: Address, first_block: int = 0) -> Iterator[Emitted]:
    """Return every event of a currency and its desk, with the time of its block, in the order of the chain.

    Args:
        chain: The chain.
        currency: The currency.
        desk: Its IssuanceDesk.
        first_block: First block that may hold its events, such as that of its deployment.
    """
    return emitted(chain, chain.logs(from_block=first_block, addresses=[currency, desk]))
