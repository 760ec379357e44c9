"""The tables of the ledger: SQLAlchemy Core on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Dialect,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.types import TypeDecorator

from pysettle.errors import UsageError

FORMAT = 1
"""Version of the tables, in SQLite's `user_version`."""
_DIGITS = 39
"""Decimal digits of 2^128 - 1."""


class Amounts(TypeDecorator[int]):
    """An amount of up to 128 bits, as decimal text of fixed width: its order is that of the numbers."""

    impl = String(_DIGITS)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Write an amount."""
        if value is None:
            return None
        if not 0 <= value < 1 << 128:
            raise OverflowError(f"{value} is no amount of 128 bits")
        return f"{value:0{_DIGITS}d}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """Read an amount."""
        return None if value is None else int(value)


metadata = MetaData()

channels = Table(
    "channels",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("series", LargeBinary(20), nullable=False),  # or the currency
    Column("payer", LargeBinary(20), nullable=False),
    Column("config", String, nullable=False),  # terms of the channel, JSON
    Column("usage", LargeBinary(32), nullable=False),  # six cumulative counters, packed as in an attestation
    Column("charged", Amounts, nullable=False),  # price of the usage, cumulative
    Column("ceiling", Amounts, nullable=False),  # of the newest voucher; zero without one
    Column("signature", LargeBinary, nullable=False),
    Column("balance", Amounts, nullable=False),  # on the chain, claimed Tokens included
    Column("claimed", Amounts, nullable=False),
    Column("noticed", Amounts, nullable=False),
    Column("withdrawable_at", Integer, nullable=False),
)

payments = Table(
    "payments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", LargeBinary(32), nullable=False, unique=True),  # hash of the key of the request
    Column("payload", LargeBinary(32), unique=True),  # hash of the payload that pays
    Column("kind", String(8), nullable=False),  # `ledger.Kind`
    Column("state", String(10), nullable=False),
    Column("request", LargeBinary(32), nullable=False),  # hash of method, path and body
    Column("body", LargeBinary, nullable=False),
    Column("payer", LargeBinary(20), nullable=False),
    Column("channel", LargeBinary(32)),
    Column("nonce", LargeBinary(32)),  # of the authorization of an exact payment, or of a refund
    Column("signed", String),  # header of an exact payment for a call, to settle it again
    Column("model", String, nullable=False),
    Column("accepted_at", Integer, nullable=False),  # chain time, which sets the price window
    Column("offered", Amounts, nullable=False),  # most that it may cost
    Column("charged", Amounts),
    Column("usage", LargeBinary(32)),  # of this call alone
    Column("is_estimated", Integer),
    Column("transaction", LargeBinary(32)),
    Column("answer", LargeBinary),
    Column("answer_type", String),
    Column("settlement", String),  # header PAYMENT-RESPONSE
    Column("reason", String),
    Column("created_at", Integer, nullable=False),  # machine's time
    Column("ended_at", Integer),
)
Index("payments_by_channel", payments.c.channel)
Index("payments_by_state", payments.c.state)


marks = Table("marks", metadata, Column("name", String, primary_key=True), Column("since", Integer, nullable=False))
"""Marks of the whole gateway; `drained` from the moment on at which nothing new is served."""

sent_metadata = MetaData()

sent = Table(
    "sent",
    sent_metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("sender", LargeBinary(20), nullable=False),
    Column("nonce", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # as it was or would have been sent
    Column("purpose", LargeBinary(32)),  # hash of the payment that it settles; null for the gateway's own claims
    Column("function", String),  # of the settlement, which tells the event that it has to emit
    Column("stored_at", Integer, nullable=False),  # machine's time
)
Index("sent_by_purpose", sent.c.purpose)


def connect(file: Path, tables: MetaData = metadata) -> Engine:
    """Open a ledger or a journal, or make one.

    Args:
        file: SQLite file.
        tables: Its tables.

    Raises:
        UsageError: the file is no ledger of this format, or cannot be opened.
    """
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        # Transactions are begun below, by the words of SQLite, and not by those of Python's module.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar()
            if found not in (0, FORMAT):
                raise UsageError(f"{file} is a ledger of format {found}, this version reads {FORMAT}", path=file)
            tables.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT}")
    except Exception as problem:
        engine.dispose()
        if isinstance(problem, UsageError):
            raise
        raise UsageError(f"{file} cannot be opened as a ledger: {problem}", path=file) from problem
    return engine
