"""Check L costs a transaction what the transaction changed, however large the books are: work is counted, not time."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from types import FrameType
from typing import Any

import pytest

from tests.benchmarks.books import Town


class Unwalked(defaultdict[Any, Any]):
    """A dictionary that is asked by key, and never gone through."""

    def __iter__(self) -> Iterator[Any]:
        """Refuse."""
        raise AssertionError("all of the books were gone through for one transaction")

    items = keys = values = __iter__  # type: ignore[assignment]  # none of them


def lines(town: Town) -> int:
    """Return how many lines of Python run for a thousand transactions."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        town.pay(1_000, 0)
    finally:
        sys.settrace(before)
    return count


def test_a_transaction_costs_the_same_in_large_books() -> None:
    """As many lines run for it among 10,000 holders as among 500."""
    large, small = lines(Town(10_000)), lines(Town(500))
    assert large <= 1.01 * small


def test_no_transaction_goes_through_the_books() -> None:
    """Nothing the ledger keeps is gone through for a payment, by C code either; at the head all of it is."""
    town = Town(100)
    ledger = town.check.ledger
    for field in fields(ledger):
        kept = getattr(ledger, field.name)
        if isinstance(kept, dict):
            setattr(ledger, field.name, Unwalked(getattr(kept, "default_factory", None), kept))
    town.pay(100, 0)
    with pytest.raises(AssertionError, match="gone through"):
        town.check.close(2, 1, lambda to, data: b"")
