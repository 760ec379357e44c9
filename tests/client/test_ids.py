"""Ids that a person writes by how they begin."""

from __future__ import annotations

import pytest

from pysettle.client.core.ids import beginning_with
from pysettle.errors import UsageError

IDS = tuple(bytes.fromhex(it) for it in ("aa01", "aa02", "ab03", *(f"cc{number:02}" for number in range(8))))


@pytest.mark.parametrize(("text", "found"), [("0xaa01", 0), ("aa02", 1), ("0xAB", 2), ("ab0", 2)])
def test_an_id_is_found_by_digits_that_no_other_begins_with(text: str, found: int) -> None:
    """An odd number of digits, capital letters and a missing 0x are all understood."""
    assert beginning_with(text, IDS, "order", "job list") == IDS[found]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0xdd", "no order has an id that begins with 0xdd: see `pysettle job list`"),
        ("0xaa03", "no order has an id that begins with 0xaa03: see `pysettle job list`"),
        ("0x", "'0x' names no order: give its id, or how that begins; see `pysettle job list`"),
        ("", "'' names no order: give its id, or how that begins; see `pysettle job list`"),
        ("0xa", "several ids begin with 0xa: 0xaa01, 0xaa02, 0xab03; give more digits of one order"),
        ("c", "several ids begin with c: 0xcc00, 0xcc01, 0xcc02, 0xcc03, 0xcc04 and 3 more; give more digits"),
    ],
)
def test_digits_of_none_or_several_are_refused(text: str, said: str) -> None:
    """The refusal says where ids are listed, or which ids begin so, the first five by name."""
    with pytest.raises(UsageError) as refusal:
        beginning_with(text, IDS, "order", "job list")
    assert said in str(refusal.value)
