"""Integer money: reading, writing and the three roundings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pysettle.errors import InvalidAmount
from pysettle.money import (
    MAX_BALANCE,
    PRICE_BASIS,
    UNITS_PER_MINOR,
    backing_rounded_down,
    price_rounded_up,
    to_minor,
    to_plain,
    to_units,
    to_whole_minor,
    tokens_for,
)

AMOUNTS = st.integers(min_value=0, max_value=MAX_BALANCE)
PRICES = st.integers(min_value=1, max_value=2**64 - 1)


@given(AMOUNTS)
def test_text_and_units_are_inverse(units: int) -> None:
    """What is written for a person reads back as the same units."""
    assert to_units(to_plain(units)) == units
    assert to_units(f"{units // 10**6}.{units % 10**6:06}") == units


@given(st.integers(min_value=0, max_value=MAX_BALANCE // UNITS_PER_MINOR))
def test_minor_units_have_two_decimals(minor: int) -> None:
    """What is written of a reserve reads back, and a third decimal is refused although it is zero."""
    text = to_plain(minor * UNITS_PER_MINOR)
    assert (to_minor(text), to_whole_minor(text)) == (minor, minor * UNITS_PER_MINOR)
    for read in (to_minor, to_whole_minor):
        with pytest.raises(InvalidAmount, match="has 3 decimals, 2 are possible"):
            read(f"{text}0")


@pytest.mark.parametrize(
    "text",
    [
        *("", "ten", "-1", "0.0000001", "1.0000000", "NaN", "Infinity", "1e40", "1e6", "1_000", "\uff11\uff12", "+5"),
        *(
            " 5",
            "5\n",
            "1e-999999999",
            "1e9999999",
            ".5",
            "5.",
            "1,000",
            "5.\u0665",
            str(MAX_BALANCE + 1),
            "9" * 10_000,
        ),
    ],
)
def test_bad_amounts_are_refused(text: str) -> None:
    """An amount that is no number, negative, too fine or too large is refused with what to do."""
    with pytest.raises(InvalidAmount, match=r"; (write|round|use) "):
        to_units(text)


@given(st.integers(min_value=0, max_value=2**100), PRICES)
def test_a_purchase_never_costs_less_than_its_backing(tokens: int, unit_price: int) -> None:
    """Price is backing rounded up, backing is rounded down, and they differ by at most one unit."""
    price, backing = price_rounded_up(tokens, unit_price), backing_rounded_down(tokens, unit_price)
    assert backing * PRICE_BASIS <= tokens * unit_price <= price * PRICE_BASIS
    assert price - backing in (0, 1)


@given(st.lists(st.integers(min_value=1, max_value=10**12), min_size=1, max_size=20), PRICES)
def test_rounding_never_leaves_a_series_short(parts: list[int], unit_price: int) -> None:
    """Bought in one way and given back in any other, Tokens never take out more than was paid in."""
    paid_in = price_rounded_up(sum(parts), unit_price)
    assert sum(backing_rounded_down(part, unit_price) for part in parts) <= paid_in


@given(AMOUNTS, PRICES)
def test_a_payment_buys_what_it_can_pay_for(payment: int, unit_price: int) -> None:
    """The Tokens of a payment cost at most the payment, and one more would cost more."""
    tokens = tokens_for(payment, unit_price)
    assert price_rounded_up(tokens, unit_price) <= payment
    assert (tokens + 1) * unit_price > payment * PRICE_BASIS
