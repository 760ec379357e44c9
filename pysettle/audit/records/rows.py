"""The rows of records. Each type is one form of file too: a field is a column, in this order.

`docs/reference/records.md` describes each column; a test compares it with the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOKENS = "tokens"
"""Unit of the amounts of a series."""


@dataclass(frozen=True, slots=True)
class Row:
    """Base of all rows: the place in the history, by which rows are ordered."""

    block: int
    """Height of the block."""
    time_unix_s: int
    """Time of the block, unix seconds."""
    tx_index: int
    """Place of the transaction in its block, from 0."""
    tx_hash: bytes
    """Hash of the transaction."""


@dataclass(frozen=True, slots=True)
class TransactionRow(Row):
    """One transaction, one that reverted included."""

    sender: bytes | None
    """Account that signed it; None if its signature is of no account."""
    receiver: bytes | None
    """Account or contract that it calls; None if it creates a contract, or cannot be read."""
    created: bytes | None
    """Contract that it created."""
    nonce: int | None
    """Number of earlier transactions of the sender."""
    value_wei: int | None
    """Native coin that it moved, in wei."""
    contract: str | None
    """Name of the listed contract that it calls."""
    function: str | None
    """Signature of the called function, by the published contract of that name."""
    succeeded: bool
    """False if it reverted or ran out of gas: it then has no event and no posting."""
    gas_used: int
    """Gas that it used."""
    error: str | None
    """Name of the error it reverted with; None on success, on other data, and if it was not re-executed."""
    revert_data: bytes | None
    """Data it reverted with; None on success, and if it was not re-executed."""


@dataclass(frozen=True, slots=True)
class EventRow(Row):
    """One event of a listed contract with books."""

    log_index: int
    """Place of the event in its block, from 0."""
    contract: bytes
    """Contract that emitted it."""
    contract_name: str
    """Name of that contract."""
    event: str
    """Name of the event."""
    fields: Mapping[str, Any]
    """Fields of the event by their names: integers as decimal text, bytes as hex."""


@dataclass(frozen=True, slots=True)
class PostingRow(Row):
    """One side of an entry of the books. The postings of an event sum to zero in each asset."""

    log_index: int
    """Place of its event in the block, from 0."""
    side: int
    """Place of the posting in its entry, from 0; the two sides of a movement stand together, the giving one first."""
    event: str
    """Name of the event."""
    asset: bytes
    """Currency or series that is moved."""
    currency: str | None
    """Code of the currency; None for Tokens, and if the contract was not asked for its symbol."""
    purpose: str
    """Purpose of the account that changes."""
    owner: bytes
    """Owner of the account that changes: 20 bytes of an account or a contract, 32 bytes of an id."""
    amount_units: int | None
    """Change in units of the currency, positive for a debit; None for Tokens."""
    amount_tokens: int | None
    """Change in Tokens, positive for a debit; None for a currency."""
    counter_purpose: str | None
    """Purpose of the other account; None for the net of a cycle."""
    counter_owner: bytes | None
    """Owner of the other account; None likewise."""

    @property
    def amount(self) -> int:
        """The change, whatever its unit."""
        return self.amount_units if self.amount_units is not None else self.amount_tokens or 0


@dataclass(frozen=True, slots=True)
class StatementRow(Row):
    """One movement on the statement of an account."""

    log_index: int
    """Place of its event in the block, from 0."""
    side: int
    """Place of its posting in the entry, from 0."""
    event: str
    """Name of the event."""
    asset: bytes
    """Currency or series that is moved."""
    currency: str | None
    """Code of the currency; None for Tokens, and if the contract was not asked for its symbol."""
    purpose: str
    """Purpose for which the account holds the balance."""
    counter_purpose: str | None
    """Purpose for which the counterparty gave or got it; None for the net of a cycle, which is of all its banks."""
    counterparty: bytes | None
    """Owner of the other account; None likewise."""
    amount_units: int | None
    """Change in units of the currency, positive for a debit; None for Tokens."""
    amount_tokens: int | None
    """Change in Tokens; None for a currency."""
    balance_units: int | None
    """Balance after it in units of the currency; None for Tokens."""
    balance_tokens: int | None
    """Balance after it in Tokens; None for a currency."""


def split(unit: str, number: int) -> tuple[int | None, int | None]:
    """Return a number as (units, Tokens), of which one is None."""
    return (None, number) if unit == TOKENS else (number, None)
