"""The journal of a relayer: each version of a transaction that it has signed, stored before its first byte leaves.

A program that was killed finds there the transactions that it may have sent, and sends those bytes again or waits for
them: it signs none anew for the same payment while one of them can still be sealed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Integer, insert, literal_column, select

from pysettle.evm.encoding import SignedTransaction
from pysettle.serve.gateway.tables import connect, sent, sent_metadata
from pysettle.values import Address, Hash32

_PURPOSE: ContextVar[bytes | None] = ContextVar("_PURPOSE", default=None)
_FUNCTION: ContextVar[str | None] = ContextVar("_FUNCTION", default=None)


@dataclass(frozen=True, slots=True)
class Version:
    """A signed version of a transaction, of which the outcome is not known to whoever waits for it."""

    hash: Hash32
    """Its hash."""
    nonce: int
    """Nonce that all its versions share."""
    raw: bytes
    """Its bytes."""
    purpose: bytes | None
    """Payment that it settles."""
    function: str | None
    """Function of the settlement."""


class Journal:
    """The journal in a file; threads may share it."""

    def __init__(self, file: Path) -> None:
        """Open it, or make one.

        Raises:
            UsageError: the file is none, or cannot be opened.
        """
        self._engine = connect(file, sent_metadata)

    def store(self, versions: Sequence[SignedTransaction]) -> None:
        """Store versions under the present purpose."""
        rows = [
            {
                "hash": version.hash,
                "sender": version.sender,
                "nonce": version.unsigned.nonce,
                "raw": bytes(version),
                "purpose": _PURPOSE.get(),
                "function": _FUNCTION.get(),
                "stored_at": int(time.time()),
            }
            for version in versions
        ]
        with self._engine.begin() as connection:
            connection.execute(insert(sent).prefix_with("OR IGNORE"), rows)

    def ended(self, versions: Sequence[SignedTransaction]) -> None:
        """Forget versions that settle no payment; the others stay until their payment is answered."""
        with self._engine.begin() as connection:
            hashes = [version.hash for version in versions]
            connection.execute(sent.delete().where(sent.c.hash.in_(hashes), sent.c.purpose.is_(None)))

    def answered(self, purpose: bytes) -> None:
        """Forget the versions of a payment, of which the outcome was told."""
        with self._engine.begin() as connection:
            connection.execute(sent.delete().where(sent.c.purpose == purpose))

    def forget(self, hashes: Sequence[Hash32]) -> None:
        """Forget versions."""
        with self._engine.begin() as connection:
            connection.execute(sent.delete().where(sent.c.hash.in_(hashes)))

    def of_sender(self, sender: Address) -> list[Version]:
        """Return the versions of an account, by nonce, the oldest first."""
        return self._versions(sent.c.sender == sender)

    def of_purpose(self, purpose: bytes) -> list[Version]:
        """Return the versions that settle a payment, the oldest first."""
        return self._versions(sent.c.purpose == purpose)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def _versions(self, which: ColumnElement[bool]) -> list[Version]:
        columns = (sent.c.hash, sent.c.nonce, sent.c.raw, sent.c.purpose, sent.c.function)
        order = sent.c.nonce, literal_column("rowid", Integer)
        with self._engine.begin() as connection:
            rows = connection.execute(select(*columns).where(which).order_by(*order))
            return [Version(Hash32(row.hash), row.nonce, row.raw, row.purpose, row.function) for row in rows]


@contextmanager
def purpose(payment: bytes) -> Iterator[None]:
    """Store the transactions that are sent inside as those of a payment."""
    token = _PURPOSE.set(payment)
    try:
        yield
    finally:
        _PURPOSE.reset(token)


@contextmanager
def function(name: str) -> Iterator[None]:
    """Store the transactions that are sent inside with the function that they call."""
    token = _FUNCTION.set(name)
    try:
        yield
    finally:
        _FUNCTION.reset(token)


def present_purpose() -> bytes | None:
    """Return the payment that is being settled."""
    return _PURPOSE.get()
