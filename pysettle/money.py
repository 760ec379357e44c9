"""Integer money: currencies, amounts in units, and the only places where something is rounded.

An amount is an `int` of the currency's smallest unit on chain, from a person's text on: no float and no `Decimal`
appears.
"""

from __future__ import annotations

import re

from pysettle.errors import InvalidAmount
from pysettle.values import UNITS_PER_WHOLE as UNITS_PER_WHOLE
from pysettle.values import Currency as Currency
from pysettle.values import Tokens, Units
from pysettle.values import to_text as to_text

UNITS_PER_MINOR = Units(10_000)
"""Units in one minor unit (fen); issuance and redemption are in whole minor units."""

BPS = 10_000
PRICE_BASIS = 1_000_000
"""Tokens that a unit price is stated for."""

MAX_BALANCE = 2**96 - 1
"""Largest balance, and largest supply, of a currency token."""

_DECIMALS = 6
"""Decimals of every currency token."""
_MINOR_DECIMALS = 2
"""Decimals of an amount in minor units."""
_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_MOST_DIGITS = 40
"""More digits than the largest balance has; an amount with more is not worked out."""


def to_units(text: str) -> Units:
    """Read a person's amount, such as `84.589479`, as units.

    It is written in the digits 0 to 9, with a point between whole and decimals if it has any: no sign, no exponent, no
    thousands, no space.

    Raises:
        InvalidAmount: it is written otherwise, has more than 6 decimals, or is above 96 bits of units.

    Example:
        >>> to_units("84.589479")
        84589479
    """
    return _read(text, _DECIMALS)


def to_minor(text: str) -> int:
    """Read a person's amount of reserve, such as `84.58`, as minor units (fen).

    Raises:
        InvalidAmount: as `to_units`, but at most 2 decimals.

    Example:
        >>> to_minor("84.58")
        8458
    """
    return _read(text, _MINOR_DECIMALS) // UNITS_PER_MINOR


def to_whole_minor(text: str) -> Units:
    """Read a person's amount in whole minor units (fen), as issuance and redemption take it, as units.

    Raises:
        InvalidAmount: as `to_minor`.

    Example:
        >>> to_whole_minor("84.58")
        84580000
    """
    return _read(text, _MINOR_DECIMALS)


def _read(text: str, decimals: int) -> Units:
    """Read an amount of at most so many decimals, as units."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise InvalidAmount(
            f"{text[:40]!r} is not an amount of money; write it in the digits 0 to 9, like 12.50", text=text[:40]
        )
    whole, fraction = match[1].lstrip("0"), match[2] or ""
    if len(fraction) > decimals:
        raise InvalidAmount(
            f"{text[:40]!r} has {len(fraction)} decimals, {decimals} are possible; round it first",
            text=text[:40],
            decimals_count=len(fraction),
            limit_count=decimals,
        )
    if len(whole) > _MOST_DIGITS or (units := int(f"{whole}{fraction.ljust(_DECIMALS, '0')}")) > MAX_BALANCE:
        raise InvalidAmount(
            f"{text[:40]!r} is outside the range of a balance; use an amount from 0 to 2^96-1 units",
            limit_units=MAX_BALANCE,
            currency=None,
        )
    return Units(units)


def to_plain(units: int) -> str:
    """Write units as commands read them: `to_text` without a thousands sign.

    Example:
        >>> to_plain(1_234_500_000)
        '1234.50'
    """
    return to_text(units).replace(",", "")


def price_rounded_up(tokens: Tokens, unit_price: int) -> Units:
    """Price of Tokens in units, rounded up to one unit.

    Args:
        tokens: Tokens bought.
        unit_price: Micro-yuan per 1,000,000 Tokens.

    Rounding: up, at the buyer's expense; the remainder stays in the series as backing.

    Example:
        >>> price_rounded_up(7, 150_000)
        2
    """
    return Units(-(-tokens * unit_price // PRICE_BASIS))


def backing_rounded_down(tokens: Tokens, unit_price: int) -> Units:
    """Backing of redeemed or refunded Tokens in units, rounded down to one unit.

    Args:
        tokens: Tokens given back.
        unit_price: Micro-yuan per 1,000,000 Tokens.

    Rounding: down, at the expense of the account that gives them back; the remainder stays in the series.

    Example:
        >>> backing_rounded_down(7, 150_000)
        1
    """
    return Units(tokens * unit_price // PRICE_BASIS)


def compensation_rounded_down(tokens: Tokens, unit_price: int, compensation_bps: int) -> Units:
    """Compensation of Tokens refunded after a halt, in addition to their backing, rounded down to one unit.

    Args:
        tokens: Tokens refunded.
        unit_price: Micro-yuan per 1,000,000 Tokens.
        compensation_bps: Basis points of the price.

    Rounding: down, at the expense of the account that gives them back; the remainder stays in the series.

    Example:
        >>> compensation_rounded_down(1_000_000, 150_000, 500)
        7500
    """
    return Units(tokens * unit_price * compensation_bps // (PRICE_BASIS * BPS))


def stake_rounded_up(tokens: Tokens, unit_price: int, compensation_bps: int) -> Units:
    """Stake that covers the compensation of Tokens, refunded in any parts, in units, rounded up to one unit.

    Args:
        tokens: Tokens to be compensated.
        unit_price: Micro-yuan per 1,000,000 Tokens.
        compensation_bps: Basis points of the price.

    Rounding: up, at the provider's expense; the provider gets the rest back.

    Example:
        >>> stake_rounded_up(1, 150_000, 500)
        1
    """
    return Units(-(-tokens * unit_price * compensation_bps // (PRICE_BASIS * BPS)))


def tokens_for(payment: Units, unit_price: int) -> Tokens:
    """Tokens that a payment buys at the most, rounded down to whole Tokens.

    Args:
        payment: Units paid.
        unit_price: Micro-yuan per 1,000,000 Tokens.

    Example:
        >>> tokens_for(6_000_000, 150_000)
        40000000
    """
    return Tokens(payment * PRICE_BASIS // unit_price)
